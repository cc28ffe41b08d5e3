"""What may be thrown away: a planned call that is still ahead.

One that is over, was cancelled or was moved is part of the patient's record and stays.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from bookings.models import Booking
from portal.core.errors import Refused


class NotDiscardable(Refused):
    """The booking is part of the record."""

    code = "not_deletable"


def refuse_unless_ahead(booking: Booking, *, now: datetime) -> None:
    """Raise NotDiscardable for a booking that is over or whose status says how it went."""
    if booking.status not in Booking.BLOCKING or booking.ends_at <= now:
        raise NotDiscardable(_("Only a call that is still ahead can be deleted."))
