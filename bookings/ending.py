"""What closing a patient ends here: the calls that are still to come."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Model, Q
from django.utils import timezone

from bookings.calling_off import call_off
from bookings.models import Booking, BookingQuerySet
from patients.closing import Ending, Step
from patients.models import Patient

Status = Booking.Status


def to_come(patient: Patient, now: datetime) -> BookingQuerySet:
    """Held slots and booked calls that have not begun. A call under way keeps its outcome."""
    ahead = Q(status=Status.HELD) | Q(status=Status.BOOKED, starts_at__gt=now)
    return Booking.objects.filter(ahead, patient=patient)


def cancel_all(rows: BookingQuerySet, *, party: Booking.Party, why: str) -> list[Booking]:
    """Cancel these, on behalf of the patient or of us, and return them."""
    bookings: list[Booking] = list(rows.select_for_update(of=("self",)).order_by("pk"))
    now = timezone.now()
    return [call_off(booking, party=party, reason=why, now=now) for booking in bookings]


def cancel_upcoming(ending: Ending) -> Sequence[Model]:
    """Cancel the calls to come. The patient cancels when they withdraw, else we do."""
    withdrew = ending.closed_as == Patient.ClosedReason.WITHDRAWN
    return cancel_all(
        to_come(ending.patient, ending.now),
        party=Booking.Party.PATIENT if withdrew else Booking.Party.NAVIGATOR,
        why=str(ending.closed_as.label),
    )


STEPS = (
    Step("cancel upcoming calls", cancel_upcoming, lambda patient, now: (to_come(patient, now),)),
)
