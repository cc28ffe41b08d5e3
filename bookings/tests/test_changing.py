"""Held, assigned, confirmed, moved, cancelled, missed: what becomes of a planned call."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from bookings import locking
from bookings.calling_off import cancel, missed
from bookings.models import Booking, SlotRules
from bookings.placing import SlotTaken
from bookings.scheduling import (
    HOLD,
    Change,
    Happened,
    Step,
    book,
    confirm,
    hold,
    join,
    reschedule,
    steps,
)
from bookings.tests.factories import (
    MONDAY_NINE,
    BookingFactory,
    TimeOffFactory,
    WorkingHoursFactory,
)
from bookings.tests.test_scheduling import in_thread, race
from patients import consenting
from patients.closing import withdraw
from patients.locking import MergedAway
from patients.models import MergedPatient, Patient, StageChange
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

HALF_AN_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)
Party = Booking.Party


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    """Half hours, one after the other, as far ahead as one likes."""
    SlotRules.objects.update(minutes=30, buffer_minutes=0, horizon_days=365)


def works(name: str = "Aisha Okafor", *languages: str, hours: str = "09:00-12:00") -> User:
    """A navigator who takes calls on Mondays, UTC."""
    navigator: User = UserFactory(name=name, languages_spoken=list(languages))
    starts, ends = (time.fromisoformat(text) for text in hours.split("-"))
    WorkingHoursFactory(navigator=navigator, starts=starts, ends=ends, time_zone="UTC")
    return navigator


def wanted(at: datetime = MONDAY_NINE, **fields: Any) -> dict[str, Any]:
    """What a visitor asks for: half an hour, with anybody."""
    return {
        "patient_id": fields.pop("patient", None) or PatientFactory().pk,
        "starts_at": at,
        "ends_at": at + HALF_AN_HOUR,
        "by": None,
        **fields,
    }


def kept(booking: Booking) -> Booking:
    booking.refresh_from_db()
    return booking


# --- who said no ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", [book, hold])
def test_visitor_who_waited_for_their_withdrawal_gets_no_call(verb: Callable[..., Booking]) -> None:
    navigator, patient = works(), PatientFactory()
    asked = wanted(patient=patient.pk)
    no = ConsentFactory.build(patient=patient, purpose="contact", decision="withdrawn")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            consenting.record(consent=no, by=navigator)
            waiting = pool.submit(in_thread, lambda: verb(**asked))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)

        with pytest.raises(Refused) as refused:
            waiting.result(timeout=30)

    assert refused.value.code == "contact_refused"
    assert not Booking.objects.exists()


# --- steps ----------------------------------------------------------------------------------------


def test_steps_are_joined_once_and_by_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookings.scheduling._steps", [])
    step = Step("remind", lambda change: None)

    join(step)
    join(step)

    assert steps() == (step,)
    with pytest.raises(LookupError, match="remind"):
        join(Step("remind", lambda change: None))


def test_steps_follow_each_change_in_its_order(followed: list[Change]) -> None:
    navigator = works()

    made = book(**wanted(by=navigator, navigator_id=navigator.pk))
    moved = reschedule(
        booking_id=made.pk,
        starts_at=MONDAY_NINE + HOUR,
        ends_at=MONDAY_NINE + HOUR + HALF_AN_HOUR,
        by=None,
    )
    cancel(booking_id=moved.pk, by=navigator, party=Party.PATIENT, reason="Is in hospital.")

    assert [(c.happened, c.booking, c.party) for c in followed] == [
        (Happened.BOOKED, made, Party.NAVIGATOR),
        (Happened.MOVED, moved, Party.PATIENT),
        (Happened.CANCELLED, moved, Party.PATIENT),
    ]
    assert followed[1].before == made


def test_step_that_fails_takes_the_booking_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(change: Change) -> None:
        raise Refused("no", code="no")

    monkeypatch.setattr("bookings.scheduling._steps", [Step("fail", fail)])
    navigator = works()

    with pytest.raises(Refused):
        book(**wanted(by=navigator, navigator_id=navigator.pk))

    assert not Booking.objects.exists()


def test_closing_runs_the_steps_for_what_was_booked(followed: list[Change]) -> None:
    booked = BookingFactory()
    BookingFactory(
        patient=booked.patient, status="held", held_until=timezone.now() + HOUR, navigator=None
    )

    withdraw(
        patient_id=booked.patient_id,
        by=UserFactory(),
        reason=StageChange.Reason.NOT_INTERESTED,
    )

    assert [(c.happened, c.booking.pk) for c in followed] == [(Happened.CANCELLED, booked.pk)]
    assert kept(booked).ics_sequence == 1


# --- holding and confirming -----------------------------------------------------------------------


def test_hold_keeps_the_slot_for_ten_minutes_and_tells_nobody(followed: list[Change]) -> None:
    navigator = works()
    before = timezone.now()

    held = hold(**wanted(patient_time_zone="Asia/Kathmandu"))

    assert (held.status, held.navigator, held.patient_time_zone) == (
        *("held", navigator, "Asia/Kathmandu"),
    )
    assert held.held_until is not None
    assert before + HOLD <= held.held_until <= timezone.now() + HOLD
    assert held.events.get().pgh_context.metadata == {"reason": "by the patient"}
    assert followed == []


def test_hold_of_another_slot_lets_the_earlier_one_go() -> None:
    works()
    first = hold(**wanted())

    second = hold(
        **wanted(MONDAY_NINE + HALF_AN_HOUR, patient=first.patient_id, instead_of=first.pk)
    )
    again = hold(
        **wanted(MONDAY_NINE + HALF_AN_HOUR, patient=first.patient_id, instead_of=second.pk)
    )

    assert kept(first).status == kept(second).status == "cancelled"
    assert kept(first).ics_sequence == 0
    assert again.status == "held"


@pytest.mark.parametrize("verb", [book, hold])
def test_visitor_who_chooses_again_elsewhere_leaves_no_hold_behind(verb: Any) -> None:
    works()
    first = hold(**wanted())

    second = verb(**wanted(MONDAY_NINE + 2 * HALF_AN_HOUR, patient=first.patient_id))

    assert kept(first).status == "cancelled"
    assert kept(second).status in Booking.BLOCKING


def test_hold_does_not_let_the_hold_of_somebody_else_go() -> None:
    navigator = works()
    theirs = hold(**wanted())

    with pytest.raises(SlotTaken):
        hold(**wanted(navigator_id=navigator.pk, instead_of=theirs.pk))

    assert kept(theirs).status == "held"


def test_confirm_books_what_is_held_once(followed: list[Change]) -> None:
    works()
    held = hold(**wanted())

    first, second = (confirm(booking_id=held.pk, by=None) for _click in range(2))

    assert (first.status, first.held_until) == ("booked", None)
    assert first == second
    assert [change.happened for change in followed] == [Happened.BOOKED]


@pytest.mark.parametrize("flipped", [False, True])
def test_confirm_after_the_hold_is_refused_with_what_is_free(flipped: bool) -> None:
    works()
    held = hold(**wanted())
    Booking.objects.filter(pk=held.pk).update(held_until=timezone.now())
    if flipped:
        hold(**wanted())

    with pytest.raises(SlotTaken) as refused:
        confirm(booking_id=held.pk, by=None)

    assert refused.value.code == "hold_expired"
    taken = 1 if flipped else 0
    first = MONDAY_NINE + taken * HALF_AN_HOUR
    assert [slot.starts_at for slot in refused.value.free] == [
        first + number * HALF_AN_HOUR for number in range(3)
    ]


def test_confirm_does_not_revive_what_was_cancelled() -> None:
    works()
    booking = confirm(booking_id=hold(**wanted()).pk, by=None)
    cancel(booking_id=booking.pk, by=None, party=Party.PATIENT)

    with pytest.raises(Refused) as refused:
        confirm(booking_id=booking.pk, by=None)

    assert refused.value.code == "booking_not_in_force"
    assert kept(booking).status == "cancelled"


def test_confirm_finds_the_booking_of_somebody_who_was_merged_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works()
    held, survivor = hold(**wanted()), PatientFactory()
    gone = held.patient_id
    original, calls = locking.locked, []

    def merging(patient_id: Any, **kwargs: Any) -> Patient:
        calls.append(patient_id)
        if len(calls) == 1:
            Booking.objects.filter(pk=held.pk).update(patient=survivor)
            Patient.objects.filter(pk=gone).delete()
            MergedPatient.objects.create(old_id=gone, survivor=survivor)
        return original(patient_id, **kwargs)

    monkeypatch.setattr(locking, "locked", merging)

    assert confirm(booking_id=held.pk, by=None).patient == survivor
    assert calls == [gone, survivor.pk]


def test_confirm_gives_up_when_the_patient_is_merged_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works()
    held = hold(**wanted())

    def merged(patient_id: Any, **kwargs: Any) -> Patient:
        raise MergedAway(patient_id)

    monkeypatch.setattr(locking, "locked", merged)

    with pytest.raises(Refused) as refused:
        confirm(booking_id=held.pk, by=None)

    assert refused.value.code == "busy"


# --- who is assigned ------------------------------------------------------------------------------


def test_assigned_is_who_has_the_fewest_calls_to_come() -> None:
    busy, idle = works("Aisha Okafor"), works("Zoë Vermeulen")
    BookingFactory(navigator=busy, starts_at=MONDAY_NINE + timedelta(days=7))

    assert book(**wanted()).navigator == idle


def test_assigned_of_equals_is_the_first_and_then_the_other() -> None:
    first, second = sorted([works(), works()], key=lambda user: user.pk)

    assert [hold(**wanted()).navigator for _visitor in range(2)] == [first, second]
    with pytest.raises(SlotTaken) as refused:
        hold(**wanted())
    assert refused.value.code == "not_offered"


def test_assigned_speaks_the_language() -> None:
    works("Aisha Okafor", "en")
    dutch = works("Zoë Vermeulen", "nl", "en")

    assert book(**wanted(language="nl")).navigator == dutch
    with pytest.raises(SlotTaken) as refused:
        book(**wanted(language="fr"))
    assert refused.value.free == ()


def _away(navigator: User) -> None:
    TimeOffFactory(navigator=navigator, starts_at=MONDAY_NINE - HOUR)


def _busy(navigator: User) -> None:
    BookingFactory(navigator=navigator, starts_at=MONDAY_NINE)


def _pause(navigator: User) -> None:
    SlotRules.objects.update(buffer_minutes=15)
    BookingFactory(navigator=navigator, starts_at=MONDAY_NINE + HALF_AN_HOUR)


def _full(navigator: User) -> None:
    SlotRules.objects.update(per_day=1)
    BookingFactory(navigator=navigator, starts_at=MONDAY_NINE + 5 * HOUR)


def _left(navigator: User) -> None:
    User.objects.filter(pk=navigator.pk).update(is_active=False)


def _idle(navigator: User) -> None:
    navigator.working_hours.all().delete()


@pytest.mark.parametrize("by_staff", [False, True], ids=["patient", "staff"])
@pytest.mark.parametrize("prevent", [_away, _busy, _pause, _full, _left, _idle])
def test_nobody_is_assigned_who_takes_no_call_then(
    prevent: Callable[[User], None], by_staff: bool
) -> None:
    prevent(works())

    with pytest.raises(SlotTaken) as refused:
        book(**wanted(by=UserFactory() if by_staff else None))

    assert refused.value.code == ("nobody_free" if by_staff else "not_offered")


def test_staff_assign_also_at_a_time_that_is_no_slot() -> None:
    navigator = works()
    beside = MONDAY_NINE + timedelta(minutes=10)

    assert book(**wanted(beside, by=UserFactory())).navigator == navigator
    with pytest.raises(SlotTaken) as refused:
        book(**wanted(MONDAY_NINE + timedelta(minutes=50)))
    assert refused.value.code == "not_offered"


def test_patient_gets_no_slot_of_a_navigator_that_is_not_offered() -> None:
    navigator = works()

    with pytest.raises(SlotTaken) as refused:
        book(**wanted(MONDAY_NINE - HOUR, navigator_id=navigator.pk))

    assert refused.value.code == "not_offered"
    assert [slot.starts_at for slot in refused.value.free][:1] == [MONDAY_NINE]


def test_refusal_offers_each_time_once_whoever_is_free() -> None:
    works("Aisha Okafor"), works("Zoë Vermeulen", hours="09:30-12:00")
    patient = PatientFactory()
    BookingFactory(patient=patient, starts_at=MONDAY_NINE)

    with pytest.raises(SlotTaken) as refused:
        book(**wanted(patient=patient.pk))

    assert refused.value.code == "patient_busy"
    assert [slot.starts_at for slot in refused.value.free] == [
        MONDAY_NINE + number * HALF_AN_HOUR for number in (1, 2, 3)
    ]


def test_time_that_is_over_is_booked_only_when_entered_afterwards() -> None:
    navigator = UserFactory()
    yesterday = wanted(timezone.now() - timedelta(days=1), by=navigator, navigator_id=navigator.pk)

    with pytest.raises(Refused) as refused:
        book(**yesterday)

    assert refused.value.code == "in_the_past"
    assert book(**yesterday, afterwards=True).status == "booked"


def test_refusal_looks_a_month_ahead() -> None:
    works()
    TimeOffFactory(
        navigator=User.objects.get(name="Aisha Okafor"),
        starts_at=MONDAY_NINE,
        ends_at=MONDAY_NINE + timedelta(days=8),
    )

    with pytest.raises(SlotTaken) as refused:
        book(**wanted())

    assert [slot.starts_at for slot in refused.value.free][:1] == [MONDAY_NINE + timedelta(days=14)]


@pytest.mark.django_db(transaction=True)
def test_visitors_at_once_get_as_many_navigators_as_there_are() -> None:
    navigators = {works().pk for _each in range(3)}
    patients = [PatientFactory().pk for _each in range(8)]

    results = race(8, lambda number: hold(**wanted(patient=patients[number])))

    made = [each for each in results if isinstance(each, Booking)]
    assert {each.navigator_id for each in made} == navigators
    assert len(made) == 3
    assert sum(isinstance(each, SlotTaken) for each in results) == 5


# --- moving ---------------------------------------------------------------------------------------


def move(booking: Booking, to: datetime, **fields: Any) -> Booking:
    return reschedule(
        **{"booking_id": booking.pk, "starts_at": to, "ends_at": to + HALF_AN_HOUR, **fields}
    )


def test_moved_call_is_a_new_row_that_continues_the_old_one() -> None:
    navigator = UserFactory()
    old = BookingFactory(
        navigator=navigator,
        starts_at=MONDAY_NINE,
        reminder_at=MONDAY_NINE - HOUR,
        patient_time_zone="Asia/Kathmandu",
    )
    # Into its own time: it does not stand in its own way.
    later = MONDAY_NINE + timedelta(minutes=15)

    new = move(old, later, by=navigator)

    assert (kept(old).status, old.rescheduled_to, old.ics_sequence) == ("rescheduled", new, 0)
    assert kept(new).rescheduled_from == old
    assert (new.status, new.ics_uid, new.ics_sequence) == ("booked", old.ics_uid, 1)
    assert (new.patient, new.navigator) == (old.patient, navigator)
    assert (new.reminder_at, new.patient_time_zone) == (later - HOUR, "Asia/Kathmandu")


def test_moved_twice_to_the_same_time_is_moved_once(followed: list[Change]) -> None:
    old = BookingFactory(starts_at=MONDAY_NINE)

    first, second = (move(old, MONDAY_NINE + HOUR, by=old.navigator) for _click in range(2))

    assert first == second
    assert len(followed) == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_move_it_once() -> None:
    old = BookingFactory(starts_at=MONDAY_NINE)

    results = race(4, lambda number: move(old, MONDAY_NINE + HOUR, by=old.navigator))

    assert len({each.pk for each in results}) == 1
    assert Booking.objects.count() == 2


def test_move_to_a_taken_time_is_refused_and_changes_nothing() -> None:
    old = BookingFactory(starts_at=MONDAY_NINE)
    BookingFactory(navigator=old.navigator, starts_at=MONDAY_NINE + HOUR)

    with pytest.raises(SlotTaken) as refused:
        move(old, MONDAY_NINE + HOUR, by=old.navigator)

    assert refused.value.code == "navigator_busy"
    assert kept(old).status == "booked"


def test_patient_moves_to_another_navigator_when_anybody_will_do() -> None:
    first = works("Aisha Okafor", "en", hours="09:00-10:00")
    other = works("Zoë Vermeulen", "nl", hours="09:00-11:00")
    old = book(**wanted(navigator_id=first.pk))
    anybody = {"by": None, "anybody": True, "language": "nl"}

    with pytest.raises(SlotTaken):
        move(old, MONDAY_NINE + HOUR, by=None)
    stays = move(old, MONDAY_NINE + HALF_AN_HOUR, **anybody)
    goes = move(stays, MONDAY_NINE + HOUR, **anybody)

    assert (stays.navigator, goes.navigator) == (first, other)
    assert goes.ics_sequence == 2


def test_call_without_navigator_gets_one_when_it_is_moved() -> None:
    navigator = works()
    old = BookingFactory(navigator=None)

    assert move(old, MONDAY_NINE, by=navigator).navigator == navigator


NOT_MOVABLE: dict[str, tuple[dict[str, Any], bool, str]] = {
    "cancelled": ({"status": "cancelled", "cancelled_by": "patient"}, True, "booking_not_in_force"),
    "completed": ({"status": "completed"}, True, "booking_not_in_force"),
    "held": (
        {"status": "held", "held_until": MONDAY_NINE},
        True,
        "booking_not_in_force",
    ),
    "of somebody who died": ({"patient__deceased_on": "2026-05-05"}, True, "deceased"),
    "of somebody who is closed": (
        {"patient__stage": "closed", "patient__closed_reason": "withdrawn"},
        True,
        "closed",
    ),
    "begun, by the patient": ({"starts_at": timezone.now() - HOUR}, False, "begun"),
}


@pytest.mark.parametrize(
    ("fields", "by_staff", "code"), NOT_MOVABLE.values(), ids=NOT_MOVABLE.keys()
)
def test_what_is_not_booked_any_more_is_not_moved(
    fields: dict[str, Any], by_staff: bool, code: str
) -> None:
    old = BookingFactory(**fields)

    with pytest.raises(Refused) as refused:
        move(old, MONDAY_NINE, by=old.navigator if by_staff else None)

    assert refused.value.code == code


def test_call_that_is_moved_elsewhere_is_not_moved_again() -> None:
    old = BookingFactory(starts_at=MONDAY_NINE)
    move(old, MONDAY_NINE + HOUR, by=old.navigator)

    with pytest.raises(Refused) as refused:
        move(old, MONDAY_NINE + 2 * HOUR, by=old.navigator)

    assert refused.value.code == "booking_not_in_force"


# --- cancelling -----------------------------------------------------------------------------------


def test_cancel_keeps_who_and_why_and_lets_calendars_follow(followed: list[Change]) -> None:
    booking = BookingFactory()

    for _click in range(2):
        cancel(
            booking_id=booking.pk, by=booking.navigator, party=Party.NAVIGATOR, reason=" I am ill. "
        )

    assert (kept(booking).status, booking.cancelled_by, booking.cancel_reason) == (
        *("cancelled", "navigator", "I am ill."),
    )
    assert booking.ics_sequence == 1
    assert [change.happened for change in followed] == [Happened.CANCELLED]


def test_cancel_by_the_patient_needs_no_reason_even_when_restricted() -> None:
    booking = BookingFactory(patient__processing_restricted=True)

    cancel(booking_id=booking.pk, by=None, party=Party.PATIENT)

    assert (kept(booking).status, booking.cancelled_by) == ("cancelled", "patient")
    metadata = booking.events.latest("pgh_id").pgh_context.metadata
    assert metadata == {"reason": "by the patient"}


NOT_CANCELLED: dict[str, tuple[dict[str, Any], bool, str, str]] = {
    "no reason": ({}, True, " ", "reason_missing"),
    "completed": ({"status": "completed"}, True, "x", "booking_not_in_force"),
    "restricted": ({"patient__processing_restricted": True}, True, "x", "restricted"),
    "begun, by the patient": ({"starts_at": timezone.now() - HOUR}, False, "", "begun"),
}


@pytest.mark.parametrize(
    ("fields", "by_staff", "reason", "code"), NOT_CANCELLED.values(), ids=NOT_CANCELLED.keys()
)
def test_cancel_is_refused(fields: dict[str, Any], by_staff: bool, reason: str, code: str) -> None:
    booking = BookingFactory(**fields)
    by = booking.navigator if by_staff else None

    with pytest.raises(Refused) as refused:
        cancel(booking_id=booking.pk, by=by, party=Party.PATIENT, reason=reason)

    assert refused.value.code == code


def test_cancel_with_too_long_a_reason_is_refused() -> None:
    booking = BookingFactory()

    with pytest.raises(ValidationError):
        cancel(booking_id=booking.pk, by=booking.navigator, party=Party.PATIENT, reason="x" * 301)


# --- not coming -----------------------------------------------------------------------------------


def test_missed_call_says_who_and_can_be_put_right() -> None:
    booking = BookingFactory(starts_at=timezone.now() - HOUR)
    by = booking.navigator

    said = [
        missed(booking_id=booking.pk, who=who, by=by).no_show_by
        for who in (Party.PATIENT, Party.PATIENT, Party.NAVIGATOR)
    ]

    assert said == ["patient", "patient", "navigator"]
    assert kept(booking).status == "no_show"
    assert booking.version == 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "not_begun"),
        ({"status": "completed"}, "booking_not_in_force"),
        ({"status": "cancelled", "cancelled_by": "patient"}, "booking_not_in_force"),
    ],
)
def test_missed_is_refused(fields: dict[str, Any], code: str) -> None:
    booking = BookingFactory(**fields)

    with pytest.raises(Refused) as refused:
        missed(booking_id=booking.pk, who=Party.PATIENT, by=booking.navigator)

    assert refused.value.code == code
