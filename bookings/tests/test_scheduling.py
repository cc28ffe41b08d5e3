"""Booking: one winner for a slot, and everybody else is told."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from bookings.models import Booking, SlotRules
from bookings.placing import SlotTaken
from bookings.scheduling import book
from bookings.tests.factories import MONDAY_NINE, BookingFactory, WorkingHoursFactory
from patients.closing import withdraw
from patients.locking import MergedAway
from patients.models import Patient, StageChange
from patients.tests.factories import MergedPatientFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

HALF_AN_HOUR = timedelta(minutes=30)
Reason = StageChange.Reason


def slot(patient: Patient, navigator: User, **fields: Any) -> Booking:
    starts_at = fields.pop("starts_at", MONDAY_NINE)
    return book(
        patient_id=patient.pk,
        navigator_id=navigator.pk,
        starts_at=starts_at,
        ends_at=fields.pop("ends_at", starts_at + HALF_AN_HOUR),
        by=navigator,
        **fields,
    )


@pytest.mark.django_db
def test_book_free_time_keeps_who_did_it_and_the_patients_zone() -> None:
    navigator = UserFactory()

    booking = slot(PatientFactory(time_zone="America/New_York"), navigator)

    assert (booking.status, booking.patient_time_zone) == ("booked", "America/New_York")
    assert booking.events.get().pgh_context.metadata["user"] == str(navigator.pk)


@pytest.mark.django_db
def test_book_taken_time_of_the_navigator_is_refused() -> None:
    taken = BookingFactory(starts_at=MONDAY_NINE)

    with pytest.raises(SlotTaken) as refused:
        slot(PatientFactory(), taken.navigator)

    assert refused.value.code == "navigator_busy"


@pytest.mark.django_db
def test_book_taken_time_of_the_patient_is_refused() -> None:
    taken = BookingFactory(starts_at=MONDAY_NINE)

    with pytest.raises(SlotTaken) as refused:
        slot(taken.patient, UserFactory())

    assert refused.value.code == "patient_busy"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"processing_restricted": True}, "restricted"),
        ({"stage": "closed", "closed_reason": "withdrawn"}, "closed"),
        ({"stage": "closed", "closed_reason": "deceased"}, "deceased"),
        ({"deceased_on": "2026-05-05"}, "deceased"),
    ],
)
def test_book_for_who_is_not_open_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        slot(PatientFactory(**fields), UserFactory())

    assert refused.value.code == code
    assert not Booking.objects.exists()


@pytest.mark.django_db
def test_book_for_who_was_merged_away_is_refused_with_the_new_id() -> None:
    merged, navigator = MergedPatientFactory(), UserFactory()

    with pytest.raises(MergedAway) as refused:
        slot(Patient(pk=merged.old_id), navigator)

    assert refused.value.survivor_id == merged.survivor_id


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_book_with_somebody_who_takes_no_calls_is_refused(field: str) -> None:
    with pytest.raises(Refused) as refused:
        slot(PatientFactory(), UserFactory(**{field: False}))

    assert refused.value.code == "navigator_inactive"


@pytest.mark.django_db
def test_book_takes_the_place_of_a_hold_that_ran_out() -> None:
    now = timezone.now()
    hold = BookingFactory(status="held", held_until=now, starts_at=MONDAY_NINE)
    elsewhere = BookingFactory(
        status="held",
        held_until=now,
        navigator=hold.navigator,
        starts_at=MONDAY_NINE + HALF_AN_HOUR,
    )

    booking = slot(PatientFactory(), hold.navigator)

    hold.refresh_from_db()
    elsewhere.refresh_from_db()
    assert booking.status == "booked"
    assert (hold.status, hold.held_until, hold.cancelled_by) == ("cancelled", None, "patient")
    assert elsewhere.status == "held"


@pytest.mark.django_db
def test_book_takes_the_place_of_the_patients_own_hold_that_ran_out() -> None:
    hold = BookingFactory(status="held", held_until=timezone.now(), starts_at=MONDAY_NINE)

    assert slot(hold.patient, UserFactory()).status == "booked"


@pytest.mark.django_db
def test_book_does_not_take_the_place_of_a_hold_that_runs() -> None:
    soon = timezone.now() + timedelta(minutes=10)
    hold = BookingFactory(status="held", held_until=soon, starts_at=MONDAY_NINE)

    with pytest.raises(SlotTaken):
        slot(PatientFactory(), hold.navigator)

    hold.refresh_from_db()
    assert hold.status == "held"


@pytest.mark.django_db
def test_refused_booking_names_the_next_slots_that_are_free() -> None:
    rules = {"minutes": 30, "buffer_minutes": 0, "notice_hours": 0, "horizon_days": 365}
    SlotRules.objects.update(**rules)
    day = timezone.now().date() + timedelta(days=7)
    nine = datetime.combine(day, time(9), UTC)
    navigator = UserFactory()
    WorkingHoursFactory(navigator=navigator, weekday=day.isoweekday(), time_zone="UTC")
    BookingFactory(navigator=navigator, starts_at=nine)
    patient = PatientFactory()
    BookingFactory(patient=patient, starts_at=nine + HALF_AN_HOUR)

    with pytest.raises(SlotTaken) as refused:
        slot(patient, navigator, starts_at=nine)

    expected = [nine + n * HALF_AN_HOUR for n in (2, 3, 4)]
    assert [free.starts_at for free in refused.value.free] == expected


@pytest.mark.django_db
def test_book_that_breaks_another_rule_of_the_database_raises_that_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = IntegrityError("a rule of the database")

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise original from ValueError("the driver's")

    monkeypatch.setattr(Booking, "save", broken)

    with pytest.raises(IntegrityError) as raised:
        slot(PatientFactory(), UserFactory())

    assert raised.value is original
    assert isinstance(raised.value.__cause__, ValueError)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields", [{"ends_at": MONDAY_NINE}, {"patient_time_zone": "Mars/Olympus"}]
)
def test_book_nonsense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        slot(PatientFactory(), UserFactory(), **fields)

    assert not Booking.objects.exists()


def race(attempts: int, attempt: Callable[[int], Any]) -> list[Any]:
    """What each of `attempts` threads got that began at the same moment: a result or an error."""
    start = threading.Barrier(attempts)
    results: list[Any] = [None] * attempts

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = attempt(number)
        except Exception as error:  # noqa: BLE001 - the error is what the test looks at
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stagger", [0, 1], ids=["same slot", "overlapping slots"])
def test_book_by_many_at_once_has_one_winner(stagger: int) -> None:
    navigator = UserFactory()
    patients: list[UUID] = [PatientFactory().pk for _ in range(8)]

    def attempt(number: int) -> Booking:
        starts_at = MONDAY_NINE + timedelta(minutes=stagger * number)
        return book(
            patient_id=patients[number],
            navigator_id=navigator.pk,
            starts_at=starts_at,
            ends_at=starts_at + HALF_AN_HOUR,
            by=navigator,
        )

    results = race(8, attempt)

    assert sum(isinstance(result, Booking) for result in results) == 1
    assert sum(isinstance(result, SlotTaken) for result in results) == 7
    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_book_that_waited_for_a_closing_is_refused() -> None:
    navigator, patient = UserFactory(), PatientFactory()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            withdraw(patient_id=patient.pk, by=navigator, reason=Reason.NOT_INTERESTED)
            waiting = pool.submit(in_thread, lambda: slot(patient, navigator))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)

        with pytest.raises(Refused) as refused:
            waiting.result(timeout=30)

    assert refused.value.code == "closed"
    assert not Booking.objects.exists()


def in_thread(attempt: Callable[[], Any]) -> Any:
    try:
        return attempt()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_book_by_many_at_once_without_the_constraint_would_double_book() -> None:
    """Shows that a race can be lost: each looks, finds the patient free, and books.

    The navigator's lock lets one at a time look for that navigator, but here are many of them:
    the constraint, not luck, decides between them.
    """
    navigators, patient = UserFactory.create_batch(8), PatientFactory()
    name = "bookings_booking_patient_free"
    [constraint] = [c for c in Booking._meta.constraints if c.name == name]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Booking, constraint)
    try:
        results = race(8, lambda number: slot(patient, navigators[number]))
        rows = Booking.objects.count()
    finally:
        Booking.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Booking, constraint)

    assert sum(isinstance(result, Booking) for result in results) == rows
    assert rows > 1
