"""Links by which a visitor changes their call without a log-in.

A link names a booking and carries a signature over what the booking is now: when it is, with whom,
its status and its calendar sequence. So it dies when it has been used, when anybody moves or
cancels the call, and when the call begins; nothing is stored. A link that is wrong, old or used
gives the same answer: none. The address holds nothing but an id and the signature.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from bookings.models import Booking

_SEPARATOR = "."


def to_change(booking: Booking) -> str:
    """The whole address of the page where this call is moved or cancelled, for a mail."""
    return f"{settings.PUBLIC_URL}{path_to_change(booking)}"


def path_to_change(booking: Booking) -> str:
    """The same within the site, for a page."""
    signature = _signer().sign(_state(booking)).rpartition(_SEPARATOR)[2]
    return reverse("public:call", args=[f"{booking.pk.hex}{_SEPARATOR}{signature}"])


def booking_of(token: str, *, now: datetime) -> Booking | None:
    """The call that may be changed with this part of a link; None when there is none (any more)."""
    key, _separator, signature = token.partition(_SEPARATOR)
    try:
        pk = UUID(hex=key)
    except ValueError:
        return None
    rows = Booking.objects.select_related("patient", "navigator")
    booking: Booking | None = rows.filter(
        pk=pk, status=Booking.Status.BOOKED, starts_at__gt=now
    ).first()
    if booking is None:
        return None
    try:
        _signer().unsign(f"{_state(booking)}{_SEPARATOR}{signature}")
    except BadSignature:
        return None
    return booking


def _signer() -> Signer:
    return Signer(sep=_SEPARATOR, salt="bookings.links")


def _state(booking: Booking) -> str:
    return "|".join(
        (
            booking.pk.hex,
            booking.status,
            f"{booking.starts_at.timestamp():.0f}",
            f"{booking.ends_at.timestamp():.0f}",
            str(booking.navigator_id),
            str(booking.ics_sequence),
        )
    )
