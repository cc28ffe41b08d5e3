"""What may be thrown away: a time that is only held and still ahead, of which nobody was told.

A booked call is cancelled, so that who expects it hears of that. One that is over, was cancelled
or was moved is part of the patient's record and stays.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from bookings.models import Booking
from portal.core.errors import Refused

Status = Booking.Status


class NotDiscardable(Refused):
    """Somebody expects the call, or it is part of the record."""

    code = "not_deletable"


def is_discardable(booking: Booking, *, now: datetime) -> bool:
    """Whether it can be deleted and nobody misses it."""
    return booking.status == Status.HELD and booking.ends_at > now


def refuse_unless_discardable(booking: Booking, *, now: datetime) -> None:
    """Raise NotDiscardable for anything but a hold that is still ahead."""
    if is_discardable(booking, now=now):
        return
    if booking.status == Status.BOOKED and booking.ends_at > now:
        raise NotDiscardable(_("The patient expects this call. Cancel it instead."))
    raise NotDiscardable(_("This call is part of the record and cannot be deleted."))
