"""What a booking cannot be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from bookings.models import Booking
from bookings.tests.factories import MONDAY_NINE, BookingFactory, CallFactory

pytestmark = pytest.mark.django_db

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "ends first": ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "end_after_start"),
    "held for ever": ({"status": "held"}, "held_has_end"),
    "booked but held": ({"held_until": MONDAY_NINE}, "held_has_end"),
    "no-show of nobody": ({"status": "no_show"}, "no_show_says_who"),
    "cancelled by nobody": ({"status": "cancelled"}, "cancelled_says_who"),
    "moved nowhere": ({"status": "rescheduled"}, "rescheduled_says_where"),
}


@pytest.mark.parametrize(("fields", "constraint"), REFUSED.values(), ids=REFUSED.keys())
def test_booking_that_cannot_be_is_refused(fields: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"bookings_booking_{constraint}"):
        BookingFactory(**fields)


@pytest.mark.parametrize("person", ["navigator", "patient"])
@pytest.mark.parametrize("minutes", [-29, 0, 29])
def test_overlapping_call_of_one_person_is_refused(person: str, minutes: int) -> None:
    first = BookingFactory()
    starts = first.starts_at + timedelta(minutes=minutes)

    with pytest.raises(IntegrityError, match=f"bookings_booking_{person}_free"):
        BookingFactory(**{person: getattr(first, person)}, starts_at=starts)


@pytest.mark.parametrize("minutes", [-30, 30])
def test_back_to_back_calls_are_fine(minutes: int) -> None:
    first = BookingFactory()

    second = BookingFactory(
        navigator=first.navigator,
        patient=first.patient,
        starts_at=first.starts_at + timedelta(minutes=minutes),
    )

    assert second.pk


def test_cancelled_call_frees_its_time_and_cannot_come_back_into_a_taken_one() -> None:
    first = BookingFactory(status="cancelled", cancelled_by="patient")
    BookingFactory(navigator=first.navigator, starts_at=first.starts_at)

    first.status, first.cancelled_by = "booked", ""
    with pytest.raises(IntegrityError, match="navigator_free"):
        first.save()


def test_calls_without_a_navigator_do_not_meet() -> None:
    first = BookingFactory(navigator=None)

    assert BookingFactory(navigator=None, starts_at=first.starts_at).pk


def test_overlap_is_told_in_words_before_it_is_saved() -> None:
    first = BookingFactory()
    second = BookingFactory.build(
        navigator=first.navigator, patient=BookingFactory().patient, starts_at=first.starts_at
    )

    with pytest.raises(ValidationError) as refused:
        second.validate_constraints()

    assert refused.value.messages == ["The navigator has another call at that time."]


def test_past_call_waits_for_its_outcome_and_never_becomes_a_no_show() -> None:
    booking = BookingFactory()
    later = booking.ends_at

    assert list(Booking.objects.upcoming(now=booking.starts_at)) == [booking]
    assert list(Booking.objects.outcome_missing(now=later)) == [booking]
    assert booking.is_outcome_missing(now=later)
    assert not booking.is_outcome_missing(now=booking.starts_at)
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_due_date_says_what_is_due() -> None:
    with pytest.raises(IntegrityError, match="due_has_action"):
        CallFactory(next_action_due=MONDAY_NINE.date())
