"""What has to be true of a planned call before something can be done to it.

The verbs refuse by these questions; the workplace and REST show the answers beforehand.
"""

from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from bookings.models import Booking
from patients import contacting
from patients.models import Patient
from portal.core.errors import Missing, Refused

Status = Booking.Status


class Transition(StrEnum):
    """What can be done to a planned call; the value is the last part of its address."""

    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    NO_SHOW = "no-show"


_FROM: dict[Transition, tuple[Status, ...]] = {
    Transition.CONFIRM: (Status.HELD,),
    Transition.RESCHEDULE: (Status.BOOKED,),
    Transition.CANCEL: (Status.HELD, Status.BOOKED),
    # Whose no-show it was can be put right.
    Transition.NO_SHOW: (Status.BOOKED, Status.NO_SHOW),
}
# What lets a call take place, and so needs somebody to be called.
_FOR_WHO_IS_OPEN = (Transition.CONFIRM, Transition.RESCHEDULE)


def missing(
    transition: Transition, booking: Booking, *, now: datetime, by_patient: bool = False
) -> tuple[Missing, ...]:
    """What is in the way; empty when it can be done. Whether a time is free is seen by trying."""
    return (
        *_of_patient(transition, booking.patient, by_patient=by_patient),
        *_of_booking(transition, booking, now=now, by_patient=by_patient),
    )


def demand(
    transition: Transition, booking: Booking, *, now: datetime, by_patient: bool = False
) -> None:
    """Raise Refused with all that is missing, named after the first of it."""
    found = missing(transition, booking, now=now, by_patient=by_patient)
    if found:
        raise Refused(found[0].message, code=found[0].code, missing=found)


def _of_patient(
    transition: Transition, patient: Patient, *, by_patient: bool
) -> tuple[Missing, ...]:
    # A patient may always say that they do not come.
    is_their_word = by_patient and transition == Transition.CANCEL
    if patient.processing_restricted and not is_their_word:
        return (Missing("restricted", _("This person's data may not be changed.")),)
    if transition not in _FOR_WHO_IS_OPEN:
        return ()
    if patient.is_deceased:
        return (Missing("deceased", _("This person has died.")),)
    if patient.stage == Patient.Stage.CLOSED:
        return (Missing("closed", _("The record is closed. Reopen it first.")),)
    # A call that is booked already was booked by this rule, or in spite of a no.
    return contacting.missing(patient) if transition == Transition.CONFIRM else ()


def _of_booking(
    transition: Transition, booking: Booking, *, now: datetime, by_patient: bool
) -> tuple[Missing, ...]:
    if transition == Transition.CONFIRM and was_held(booking, now=now):
        return (Missing("hold_expired", _("The time was held for a while and is not any more.")),)
    if booking.status not in _FROM[transition]:
        message = _("This call is not planned any more: %(status)s.")
        if booking.status in Booking.BLOCKING:
            message = _("That is not possible while the call is: %(status)s.")
        said = message % {"status": booking.get_status_display().lower()}
        return (Missing("booking_not_in_force", said),)
    has_begun = booking.starts_at <= now
    if transition == Transition.NO_SHOW and not has_begun:
        return (Missing("not_begun", _("This call has not begun yet.")),)
    if by_patient and has_begun and transition != Transition.CONFIRM:
        return (Missing("begun", _("This call has begun. It cannot be changed any more.")),)
    return ()


def was_held(booking: Booking, *, now: datetime) -> bool:
    """Whether it was held and not booked in time, also when the hold has been ended since."""
    if booking.status == Status.HELD:
        return booking.held_until is not None and booking.held_until <= now
    # Cancelling a call that was booked raises its sequence; the end of a hold does not.
    return booking.status == Status.CANCELLED and booking.ics_sequence == 0
