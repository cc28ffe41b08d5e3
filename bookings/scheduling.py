"""Planning calls: a slot is held, booked, confirmed or moved for one patient, or it is refused.

A call is booked, moved or cancelled here, by hand or because a patient is closed, merged or
withdraws. What has to follow from that (reminders, mails, calendars) joins the list of steps
below, in `AppConfig.ready` of whoever needs it. The steps run in the order of joining, inside the
transaction of the change: a step that raises takes the change back, so a step writes rows and
leaves sending to `transaction.on_commit` or to a worker. A hold is told to nobody: no step runs
when it is made, let go or runs out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from bookings.availability import next_free
from bookings.conditions import Transition, demand, was_held
from bookings.locking import locked_booking, too_busy
from bookings.models import Booking
from bookings.placing import SlotTaken, Wish, let_go, place, refused, said_by
from patients.contacting import demand_allowed
from patients.models import Patient
from portal.core.models import User

Status = Booking.Status

# How long a slot is kept for somebody who has not booked it yet.
HOLD = timedelta(minutes=10)


class Happened(StrEnum):
    """What became of a booking."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Change:
    """What every step is told.

    `booking` is the row as it was saved just now: the new one when a call was moved, and then
    `before` is the old one, which it continues. `party` is whose doing it was. `ics_sequence`
    has been raised already for what was moved or cancelled.
    """

    happened: Happened
    booking: Booking
    party: Booking.Party
    now: datetime
    before: Booking | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that follows when a call was booked, moved or cancelled."""

    name: str
    run: Callable[[Change], None]


_steps: list[Step] = []


def join(*steps: Step) -> None:
    """Declare steps, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second step of one name.
    """
    for step in steps:
        if step in _steps:
            continue
        if step.name in {known.name for known in _steps}:
            raise LookupError(f"the step “{step.name}” is declared twice")
        _steps.append(step)


def steps() -> tuple[Step, ...]:
    """What follows when a call was booked, moved or cancelled, in this order."""
    return tuple(_steps)


def follow(change: Change) -> None:
    """Run the steps. For the verbs that change a booking, in their transaction."""
    for step in _steps:
        step.run(change)


def hold(
    *,
    patient_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    by: User | None,
    navigator_id: UUID | None = None,
    language: str = "",
    patient_time_zone: str = "",
    instead_of: UUID | None = None,
) -> Booking:
    """Keep a slot for `HOLD`, to be booked by `confirm`, and return it.

    One person chooses one time: what is held for the patient already is let go when this one is
    made. `instead_of` is such a hold whose minutes may be held again. The rest, and what is
    raised, is as for `book`.
    """
    now = timezone.now()
    wish = Wish(
        patient_id=patient_id,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        now=now,
        navigator_id=navigator_id,
        language=language,
        instead_of=instead_of,
    )

    def make(patient: Patient, assigned: UUID) -> Booking:
        demand_allowed(patient, by=by)
        _let_go_earlier(patient)
        held = _new(wish, patient, assigned, patient_time_zone)
        held.status, held.held_until = Status.HELD, now + HOLD
        return _saved(held)

    return place(wish, make, afterwards=False)


def book(
    *,
    patient_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    by: User | None,
    navigator_id: UUID | None = None,
    language: str = "",
    patient_time_zone: str = "",
    reminder_at: datetime | None = None,
    submission_id: UUID | None = None,
    afterwards: bool = False,
    override: str = "",
) -> Booking:
    """Book a call from `starts_at` up to `ends_at` (aware instants) and return it.

    `by` None is the patient, over the public page: only a slot that is offered is theirs. Staff
    book any time at which neither has another call, also outside working hours; one that is over
    only when they say that it is entered `afterwards`. Without a navigator, one is assigned who
    takes calls then and speaks `language` (blank: any), who has the fewest calls to come.
    `submission_id` is the form after which a visitor picks the time; it has one call at a time,
    and what is held for a visitor is let go when they book.

    Raises SlotTaken when the time is not free, Refused for a patient who is not open for anything
    new (see `patients.locking`), for one who said no to being contacted (unless `override` says
    why they are called, see `patients.contacting`) and for somebody who takes no calls, and
    ValidationError when the times make no sense.
    """
    wish = Wish(
        patient_id=patient_id,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        now=timezone.now(),
        navigator_id=navigator_id,
        language=language,
    )

    def make(patient: Patient, assigned: UUID) -> Booking:
        demand_allowed(patient, by=by, override=override)
        if by is None:
            _let_go_earlier(patient)
        booking = _new(wish, patient, assigned, patient_time_zone)
        booking.reminder_at, booking.submission_id = reminder_at, submission_id
        _saved(booking)
        follow(Change(Happened.BOOKED, booking, _party(by), wish.now))
        return booking

    return place(wish, make, afterwards=afterwards)


def confirm(*, booking_id: UUID, by: User | None) -> Booking:
    """Book what is held, and return it. What is booked already stays as it is.

    Raises SlotTaken with the code `hold_expired` when it was not held any more, and Refused with
    `booking_not_in_force` for one that was called off, or is over, and for a patient who said no
    to being contacted.
    """
    now = timezone.now()
    with transaction.atomic(), said_by(by):
        booking = locked_booking(booking_id)
        if booking.status == Status.BOOKED:
            return booking
        if not was_held(booking, now=now):
            demand(Transition.CONFIRM, booking, now=now)
            booking.status, booking.held_until = Status.BOOKED, None
            booking.save(update_fields=("status", "held_until"))
            follow(Change(Happened.BOOKED, booking, _party(by), now))
            return booking
    free = next_free(
        navigator_id=booking.navigator_id,
        patient_id=booking.patient_id,
        after=booking.starts_at,
        now=now,
    )
    raise refused("hold_expired", free)


def reschedule(
    *,
    booking_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    by: User | None,
    navigator_id: UUID | None = None,
    anybody: bool = False,
    language: str = "",
    patient_time_zone: str = "",
    submission_id: UUID | None = None,
    afterwards: bool = False,
) -> Booking:
    """Move a booked call to another time, and return the new booking, which continues it.

    It stays with its navigator, or goes to `navigator_id`. With `anybody` another navigator who
    speaks `language` is assigned when that one is not free; so it is for a call without navigator.
    The old row stays, `rescheduled`, and points at the new one; both have one calendar id. Moving
    it to the same time again gives the same booking. `submission_id` is another form of the same
    visitor, after which they picked the new time.

    Raises what `book` raises, and Refused with `booking_not_in_force` for a call that was called
    off, moved elsewhere or is over, and with `begun` when a patient moves it after its start.
    """
    old = Booking.objects.select_related("patient", "rescheduled_to").get(pk=booking_id)
    wish = Wish(
        patient_id=old.patient_id,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        now=timezone.now(),
        navigator_id=navigator_id or (None if anybody else old.navigator_id),
        preferred=old.navigator_id,
        language=language,
        instead_of=old.pk,
    )
    if (done := _moved_there(old, wish)) is not None:
        return done
    demand(Transition.RESCHEDULE, old, now=wish.now, by_patient=wish.by is None)
    try:
        return place(
            wish,
            lambda patient, assigned: _moved(
                booking_id, wish, patient, assigned, patient_time_zone, submission_id
            ),
            afterwards=afterwards,
        )
    except SlotTaken:
        # By a second click of the same person, at the same moment?
        if (done := _moved_there(Booking.objects.get(pk=booking_id), wish)) is not None:
            return done
        raise


def _moved_there(old: Booking, wish: Wish) -> Booking | None:
    """The booking that continues this one, when it was moved to that time before."""
    new = old.rescheduled_to
    is_there = new is not None and (
        new.status == Status.BOOKED
        and (new.starts_at, new.ends_at) == (wish.starts_at, wish.ends_at)
    )
    return new if is_there else None


def _moved(
    booking_id: UUID,
    wish: Wish,
    patient: Patient,
    assigned: UUID,
    time_zone: str,
    submission_id: UUID | None,
) -> Booking:
    old: Booking = Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)
    if old.patient_id != patient.pk:
        raise too_busy()
    old.patient = patient
    if (done := _moved_there(old, wish)) is not None:
        return done
    demand(Transition.RESCHEDULE, old, now=wish.now, by_patient=wish.by is None)
    new = _new(wish, patient, assigned, time_zone or old.patient_time_zone)
    new.submission_id = submission_id or old.submission_id
    if old.reminder_at is not None:
        new.reminder_at = old.reminder_at + (new.starts_at - old.starts_at)
    new.ics_uid, new.ics_sequence = old.ics_uid, old.ics_sequence + 1
    # The old row first, as both may want the same minutes; the foreign key is checked at the end.
    old.status, old.rescheduled_to_id = Status.RESCHEDULED, new.pk
    old.save(update_fields=("status", "rescheduled_to"))
    _saved(new)
    follow(Change(Happened.MOVED, new, _party(wish.by), wish.now, before=old))
    return new


def _let_go_earlier(patient: Patient) -> None:
    """End what is held for this patient, who is locked. The rows are locked in one order."""
    held = Booking.objects.filter(patient=patient, status=Status.HELD).order_by("pk")
    for earlier in held.select_for_update(of=("self",), no_key=True):
        let_go(earlier, reason="Another slot was chosen instead.")


def _new(wish: Wish, patient: Patient, navigator_id: UUID, time_zone: str) -> Booking:
    return Booking(
        patient=patient,
        navigator_id=navigator_id,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        patient_time_zone=time_zone or patient.time_zone,
    )


def _saved(booking: Booking) -> Booking:
    """The new row; patient and navigator are locked, so nobody has to look for them again."""
    booking.clean_fields(exclude={"patient", "navigator", "submission", "rescheduled_to"})
    booking.save(force_insert=True)
    return booking


def _party(by: User | None) -> Booking.Party:
    return Booking.Party.NAVIGATOR if by else Booking.Party.PATIENT
