"""The queues: who is to be called, and what was left open."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bookings import queues
from bookings.models import Booking
from bookings.queues import REBOOK_WITHIN, to_rebook, unreachable
from bookings.tests.factories import BookingFactory, CallFactory
from patients.closing import ATTEMPTS_NEEDED
from patients.models import Patient
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
DAY = timedelta(days=1)
MISSED = {"status": "no_show", "no_show_by": "patient"}


def planned(at: datetime, **fields: Any) -> Booking:
    made: Booking = BookingFactory(starts_at=at, ends_at=at + timedelta(minutes=30), **fields)
    return made


# --- to rebook ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "is_in"),
    [
        ({"status": "no_show", "no_show_by": "patient"}, True),
        ({"status": "no_show", "no_show_by": "navigator"}, True),
        ({"status": "cancelled", "cancelled_by": "navigator"}, True),
        ({"status": "cancelled", "cancelled_by": "patient"}, False),
        ({"status": "completed"}, False),
        ({"status": "booked"}, False),
    ],
    ids=["missed", "missed by us", "called off by us", "called off by them", "held", "open"],
)
def test_call_that_came_to_nothing_is_to_be_rebooked(status: dict[str, str], is_in: bool) -> None:
    booking = planned(NOW - DAY, **status)

    assert list(to_rebook(NOW)) == ([booking] if is_in else [])


@pytest.mark.django_db
def test_lead_of_a_call_that_was_held_was_called() -> None:
    spoken_to, waiting = PatientFactory(), PatientFactory()
    BookingFactory(patient=spoken_to, status=Booking.Status.COMPLETED)
    BookingFactory(patient=waiting)

    assert list(queues.never_called()) == [waiting]


@pytest.mark.parametrize(
    "later",
    [
        {"status": "booked"},
        {"status": "completed"},
        {"status": "cancelled", "cancelled_by": "patient", "ics_sequence": 1},
    ],
    ids=["booked", "held", "called off by them"],
)
def test_last_booking_counts(later: dict[str, Any]) -> None:
    missed = planned(NOW - 2 * DAY, **MISSED)
    planned(NOW - DAY, patient=missed.patient, **later)

    assert not to_rebook(NOW).exists()


@pytest.mark.parametrize(
    "later",
    [
        {"status": "held", "held_until": NOW - DAY},
        {"status": "cancelled", "cancelled_by": "patient"},
    ],
    ids=["ran out", "let go"],
)
def test_time_that_was_only_held_makes_up_for_nothing(later: dict[str, Any]) -> None:
    missed = planned(NOW - 2 * DAY, **MISSED)
    planned(NOW, patient=missed.patient, **later)

    assert list(to_rebook(NOW)) == [missed]


def test_time_that_is_only_held_is_no_call_of_today() -> None:
    booked = planned(NOW)
    planned(NOW, status="held", held_until=NOW - DAY)
    planned(NOW, status="held", held_until=NOW + DAY)

    assert list(queues.calls_today(NOW)) == [booked]


def test_call_that_was_moved_to_an_earlier_time_is_to_be_rebooked_when_missed() -> None:
    missed = planned(NOW - 2 * DAY, **MISSED)
    planned(NOW - DAY, patient=missed.patient, status="rescheduled", rescheduled_to=missed)

    assert list(to_rebook(NOW)) == [missed]


def test_person_who_missed_two_calls_is_there_once() -> None:
    first = planned(NOW - 2 * DAY, **MISSED)
    second = planned(NOW - DAY, patient=first.patient, **MISSED)

    assert list(to_rebook(NOW)) == [second]


@pytest.mark.parametrize(
    ("outcome", "is_in"), [("reached", False), ("refused", False), ("no_answer", True)]
)
def test_call_since_in_which_they_were_spoken_to_makes_up_for_it(outcome: str, is_in: bool) -> None:
    missed = planned(NOW - 2 * DAY, **MISSED)
    CallFactory(patient=missed.patient, started_at=NOW - DAY, outcome=outcome)
    CallFactory(patient=missed.patient, started_at=NOW - 9 * DAY, outcome="reached")

    assert to_rebook(NOW).exists() is is_in


def test_call_that_was_recorded_wrongly_makes_up_for_nothing() -> None:
    missed = planned(NOW - 2 * DAY, **MISSED)
    wrong = CallFactory(patient=missed.patient, started_at=NOW - DAY, outcome="reached")
    CallFactory(patient=missed.patient, started_at=NOW - DAY, outcome="no_answer", supersedes=wrong)

    assert list(to_rebook(NOW)) == [missed]


@pytest.mark.parametrize(
    "fields",
    [{"stage": "closed", "closed_reason": "withdrawn"}, {"do_not_contact": True}],
    ids=["closed", "do not contact"],
)
def test_who_is_not_to_be_called_is_not_rebooked(fields: dict[str, Any]) -> None:
    planned(NOW - DAY, patient=PatientFactory(**fields), **MISSED)

    assert not to_rebook(NOW).exists()


def test_call_missed_long_ago_waits_for_nobody() -> None:
    planned(NOW - REBOOK_WITHIN - DAY, **MISSED)

    assert not to_rebook(NOW).exists()


# --- tried in vain --------------------------------------------------------------------------------


def try_in_vain(patient: Patient, times: int, *, outcome: str = "no_answer") -> None:
    for number in range(times):
        CallFactory(patient=patient, started_at=NOW - (number + 1) * DAY, outcome=outcome)


@pytest.mark.parametrize(
    ("times", "is_in"), [(ATTEMPTS_NEEDED - 1, False), (ATTEMPTS_NEEDED, True)]
)
def test_lead_tried_often_enough_is_unreachable(times: int, is_in: bool) -> None:
    patient = PatientFactory()
    try_in_vain(patient, times)

    assert list(unreachable(NOW)) == ([patient] if is_in else [])


def test_number_of_attempts_is_shown() -> None:
    try_in_vain(PatientFactory(), ATTEMPTS_NEEDED + 1)

    assert unreachable(NOW).get().times == ATTEMPTS_NEEDED + 1


def test_attempts_before_they_were_spoken_to_do_not_count() -> None:
    patient = PatientFactory()
    try_in_vain(patient, ATTEMPTS_NEEDED)
    CallFactory(patient=patient, started_at=NOW - DAY, outcome="refused")

    assert not unreachable(NOW).exists()


def test_attempt_that_was_recorded_wrongly_does_not_count() -> None:
    patient = PatientFactory()
    try_in_vain(patient, ATTEMPTS_NEEDED - 1)
    wrong = CallFactory(patient=patient, started_at=NOW - 9 * DAY, outcome="no_answer")
    CallFactory(patient=patient, started_at=NOW - 9 * DAY, outcome="voicemail", supersedes=wrong)

    assert unreachable(NOW).get().times == ATTEMPTS_NEEDED


@pytest.mark.parametrize(
    "fields",
    [
        {"stage": "closed", "closed_reason": "unreachable"},
        {"initial_consult_at": NOW - 99 * DAY},
        {"do_not_contact": True},
    ],
    ids=["closed", "reached before", "do not contact"],
)
def test_others_are_not_unreachable(fields: dict[str, Any]) -> None:
    try_in_vain(PatientFactory(**fields), ATTEMPTS_NEEDED)

    assert not unreachable(NOW).exists()


def test_who_has_a_call_to_come_is_still_tried() -> None:
    patient = PatientFactory()
    try_in_vain(patient, ATTEMPTS_NEEDED)
    planned(NOW + DAY, patient=patient)

    assert not unreachable(NOW).exists()


# --- all of them ----------------------------------------------------------------------------------


def test_queues_narrow_what_is_chosen_already() -> None:
    mine, other = UserFactory(), UserFactory()
    for navigator in (mine, other):
        planned(NOW - DAY, navigator=navigator, **MISSED)
        planned(NOW - 2 * DAY, navigator=navigator)
        planned(NOW + timedelta(hours=1), navigator=navigator)
        CallFactory(
            navigator=navigator,
            started_at=NOW - 3 * DAY,
            next_action="Call again",
            next_action_due=NOW.date(),
        )
        try_in_vain(PatientFactory(owner=navigator), ATTEMPTS_NEEDED)
    bookings = Booking.objects.filter(navigator=mine)
    people = Patient.objects.filter(owner=mine)

    with timezone.override("Europe/Amsterdam"):
        counts = [
            queues.calls_today(NOW, bookings).count(),
            queues.outcome_missing(NOW, bookings).count(),
            to_rebook(NOW, bookings).count(),
            queues.follow_ups_due(NOW, mine.calls.all()).count(),
            unreachable(NOW, people).count(),
            queues.never_called(people).count(),
        ]

    assert counts == [1, 1, 1, 1, 1, 0]


def test_one_no_counts_in_every_queue_of_people_to_call() -> None:
    patient = ConsentFactory(purpose="contact", decision="refused").patient
    planned(NOW - DAY, patient=patient, **MISSED)
    try_in_vain(patient, ATTEMPTS_NEEDED)

    found = [to_rebook(NOW).exists(), unreachable(NOW).exists(), queues.never_called().exists()]

    assert found == [False, False, False]
