"""How often somebody tried to reach a person who did not answer."""

from bookings.models import Call
from patients.models import Patient


def since_reached(patient: Patient) -> int:
    """The number of calls in vain since the last one in which the person was spoken to."""
    calls = Call.objects.current().filter(patient=patient)
    spoken = calls.exclude(outcome__in=Call.IN_VAIN).order_by("-started_at")
    last = spoken.values_list("started_at", flat=True).first()
    in_vain = calls.filter(outcome__in=Call.IN_VAIN)
    return (in_vain.filter(started_at__gt=last) if last else in_vain).count()
