"""Booking: one winner for a slot, and everybody else is told."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from bookings.models import Booking
from bookings.scheduling import SlotTaken, book
from bookings.tests.factories import MONDAY_NINE, BookingFactory
from patients.locking import MergedAway
from patients.models import Patient
from patients.tests.factories import MergedPatientFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

HALF_AN_HOUR = timedelta(minutes=30)


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
def test_book_by_many_at_once_without_the_constraint_would_double_book() -> None:
    """Shows that the race above can be lost: the constraint, not luck, decides it."""
    navigator = UserFactory()
    patients = [PatientFactory() for _ in range(8)]
    name = "bookings_booking_navigator_free"
    [constraint] = [c for c in Booking._meta.constraints if c.name == name]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Booking, constraint)
    try:
        results = race(8, lambda number: slot(patients[number], navigator))
        rows = Booking.objects.count()
    finally:
        Booking.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Booking, constraint)

    assert all(isinstance(result, Booking) for result in results)
    assert rows == 8
