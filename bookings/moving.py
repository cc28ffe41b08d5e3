"""What a merge does with calls.

One person cannot be in two calls at once. Where planned calls of both records overlap, the one
that is only held gives way; of two equals, the one of the record that gives way. It is cancelled,
not lost.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.models import Booking
from bookings.scheduling import Change, Happened, follow
from patients.relations import Merging, Policy, moves

Status = Booking.Status


def planned(merging: Merging) -> None:
    """Cancel what overlaps, move every booking, then let follow what follows from that."""
    cancelled = []
    own = [b for b in merging.survivors(Booking) if b.status in Booking.BLOCKING]
    for booking in merging.rows(Booking):
        if booking.status not in Booking.BLOCKING:
            continue
        clashing = [o for o in own if o.status in Booking.BLOCKING and _overlap(o, booking)]
        if booking.status == Status.BOOKED and all(o.status == Status.HELD for o in clashing):
            for other in clashing:
                _cancel(merging, other)
        elif clashing:
            if booking.status == Status.BOOKED:
                cancelled.append(booking)
            _cancel(merging, booking)
    merging.move("bookings.Booking.patient")
    if not cancelled:
        return
    with merging.adding():
        for booking in cancelled:
            booking.patient = merging.survivor
            follow(Change(Happened.CANCELLED, booking, Booking.Party.NAVIGATOR, timezone.now()))


def _overlap(one: Booking, other: Booking) -> bool:
    return bool(one.starts_at < other.ends_at and other.starts_at < one.ends_at)


def _cancel(merging: Merging, booking: Booking) -> None:
    if booking.status == Status.BOOKED:
        # Not in the journal: a merge that is taken back must not set calendars back.
        booking.ics_sequence += 1
        booking.save(update_fields=("ics_sequence",))
    merging.journal.change(
        booking,
        status=Status.CANCELLED,
        held_until=None,
        cancelled_by=Booking.Party.NAVIGATOR,
        cancel_reason="Same person, merged: another call at that time stays.",
    )
    merging.give_way(
        booking, "calls_overlap", _("Another call at that time stays; this one is cancelled.")
    )


POLICIES = (
    Policy(("bookings.Booking.patient",), planned),
    moves("bookings.Call.patient"),
)
