"""What closing a patient ends here: the calls that are still to come."""

from collections.abc import Sequence

from django.db.models import Model, Q

from bookings.models import Booking
from patients.closing import Ending, Step
from patients.models import Patient

Status = Booking.Status


def cancel_upcoming(ending: Ending) -> Sequence[Model]:
    """Cancel held slots and booked calls that have not begun. A call under way keeps its outcome.

    The patient cancels when they withdraw, else we do.
    """
    to_come = Q(status=Status.HELD) | Q(status=Status.BOOKED, starts_at__gt=ending.now)
    mine = Booking.objects.filter(to_come, patient=ending.patient)
    bookings = list(mine.select_for_update(of=("self",)).order_by("pk"))
    withdrew = ending.closed_as == Patient.ClosedReason.WITHDRAWN
    for booking in bookings:
        booking.status = Status.CANCELLED
        booking.held_until = None
        booking.cancelled_by = Booking.Party.PATIENT if withdrew else Booking.Party.NAVIGATOR
        booking.cancel_reason = str(ending.closed_as.label)
        booking.save(update_fields=("status", "held_until", "cancelled_by", "cancel_reason"))
    return bookings


STEPS = (Step("cancel upcoming calls", cancel_upcoming),)
