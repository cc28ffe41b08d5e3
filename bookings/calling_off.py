"""Calling off a planned call, and saying that somebody did not come to it.

Nothing becomes a no-show by itself: somebody says so, of the navigator or of the patient, and not
before the call was to begin. Who was called in vain is recorded by `bookings.calling`.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.conditions import Transition, demand
from bookings.locking import locked_booking
from bookings.models import Booking
from bookings.placing import let_go, said_by
from bookings.scheduling import Change, Happened, follow
from portal.core.errors import Refused
from portal.core.models import User

Status = Booking.Status
Party = Booking.Party


def cancel(*, booking_id: UUID, by: User | None, party: Booking.Party, reason: str = "") -> Booking:
    """Cancel a call that is held or booked, on behalf of `party`, and return it.

    `by` None is the patient, who gives a reason or none; staff give one. What is cancelled stays
    as it is. Raises Refused with `reason_missing`; with `booking_not_in_force` for a call that was
    moved or is over, and with `begun` for a patient after its start.
    """
    now = timezone.now()
    with transaction.atomic(), said_by(by):
        booking = locked_booking(booking_id, although_restricted=by is None)
        if booking.status == Status.CANCELLED:
            return booking
        demand(Transition.CANCEL, booking, now=now, by_patient=by is None)
        if by is not None and not reason.strip():
            raise Refused(_("Say why the call is cancelled."), code="reason_missing")
        return call_off(booking, party=party, reason=reason.strip(), now=now)


def call_off(booking: Booking, *, party: Booking.Party, reason: str, now: datetime) -> Booking:
    """Cancel this booking, which is locked and held or booked, with all that follows."""
    if booking.status == Status.HELD:
        let_go(booking, party=party, reason=reason)
        return booking
    booking.status = Status.CANCELLED
    booking.cancelled_by = party
    booking.cancel_reason = reason
    booking.ics_sequence += 1
    changed = ("status", "cancelled_by", "cancel_reason", "ics_sequence")
    booking.clean_fields(exclude={f.name for f in booking._meta.fields} - set(changed))
    booking.save(update_fields=changed)
    follow(Change(Happened.CANCELLED, booking, party, now))
    return booking


def missed(*, booking_id: UUID, who: Booking.Party, by: User) -> Booking:
    """Say that `who` did not come to a booked call, and return it. It can be put right later.

    Raises Refused with `not_begun` before its start, and with `booking_not_in_force` for a call
    that was called off, moved or held.
    """
    now = timezone.now()
    with transaction.atomic(), said_by(by):
        booking = locked_booking(booking_id)
        if (booking.status, booking.no_show_by) == (Status.NO_SHOW, who):
            return booking
        demand(Transition.NO_SHOW, booking, now=now)
        booking.status, booking.no_show_by = Status.NO_SHOW, who
        booking.save(update_fields=("status", "no_show_by"))
        return booking
