"""How often somebody tried to reach a person who did not answer."""

from bookings.models import Call
from patients.models import Patient


def since_reached(patient: Patient) -> int:
    """The number of calls in vain since the last one in which the person was spoken to."""
    return int(Call.objects.tried().filter(patient=patient).count())
