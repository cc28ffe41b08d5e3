"""The row of a planned call, locked and read anew, before a verb decides anything.

Everybody locks in one order, so that nobody waits in a circle: the navigator (where a place is
taken), the patient, the bookings by id.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from bookings.models import Booking
from patients.locking import MergedAway, locked
from portal.core.errors import Refused

# The patient is merged into another at the same moment: how often we look again.
_ATTEMPTS = 3


def locked_booking(booking_id: UUID, *, although_restricted: bool = False) -> Booking:
    """The booking, locked after its patient, until the end of the transaction.

    Raises Booking.DoesNotExist for none, and Refused for a patient who is restricted, unless it
    is said by the patient (`although_restricted`).
    """
    rows = Booking.objects.select_for_update(of=("self",), no_key=True)
    for _attempt in range(_ATTEMPTS):
        patient_id = Booking.objects.values_list("patient_id", flat=True).get(pk=booking_id)
        try:
            patient = locked(patient_id, no_key=True, although_restricted=although_restricted)
        except MergedAway:
            continue
        booking: Booking = rows.get(pk=booking_id)
        if booking.patient_id == patient.pk:
            booking.patient = patient
            return booking
    raise too_busy()


def too_busy() -> Refused:
    return Refused(_("Too many people write this record at once. Try again."), code="busy")
