"""Later exports: lists that changed, and calls that were moved meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bookings.models import Booking
from crm_import.importing import Result
from crm_import.tests.exports import ANNA, LATER, MOVED, NEWER, SOON, guid
from crm_import.tests.told import changed
from patients.models import (
    Hospital,
)

Bring = Callable[..., Result]


# --- lists -------------------------------------------------------------------------------------


def test_edited_row_of_a_list_is_a_newer_version(bring: Bring) -> None:
    row = {"hospitalid": guid(70), "name": "UMC", "city": "Utrect", "versionnumber": "1"}
    bring(hospitals=[row])

    again = bring(hospitals=[{**row, "city": "Utrecht", "versionnumber": "2"}])

    assert again.quarantined == 0
    assert again.report["tables"]["Hospital"]["imported"] == 1


def test_edited_row_without_a_version_counts_by_its_file(bring: Bring) -> None:
    row = {"hospitalid": guid(70), "name": "UMC", "city": "Utrect"}
    bring(hospitals=[row])

    again = bring(hospitals=[{**row, "city": "Utrecht"}])

    assert again.quarantined == 0
    assert Hospital.objects.get().city == "Utrect"  # the list is the portal's own since it came


# --- calls -------------------------------------------------------------------------------------


def test_row_87_call_that_is_moved_away_and_back_stands(bring: Bring) -> None:
    bring(contacts=[ANNA])
    bring(contacts=[MOVED])

    bring(contacts=[{**ANNA, "modifiedon": "2024-07-01T00:00:00Z", "versionnumber": "9100"}])

    first, second = Booking.objects.order_by("starts_at")
    assert (first.status, first.rescheduled_to) == ("booked", None)
    assert (second.status, second.rescheduled_to) == ("rescheduled", first)


def test_call_that_goes_where_another_went_before_is_called_off(bring: Bring) -> None:
    third = {**MOVED, "booking_date": f"{LATER + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"}
    bring(contacts=[ANNA])
    bring(contacts=[MOVED])
    bring(contacts=[{**third, "versionnumber": "9100"}])

    bring(contacts=[{**MOVED, "versionnumber": "9200"}])

    statuses = Booking.objects.order_by("starts_at").values_list("status", flat=True)
    assert list(statuses) == ["rescheduled", "booked", "cancelled"]


@pytest.mark.parametrize(("said", "status"), [("true", "no_show"), ("false", "completed")])
def test_outcome_that_the_crm_adds_is_taken_over(bring: Bring, said: str, status: str) -> None:
    past = {**ANNA, "booking_date": "2024-01-20T10:00:00Z"}
    bring(contacts=[past])

    bring(contacts=[{**past, **NEWER, "no_show": said}])

    assert Booking.objects.get().status == status


def test_outcome_of_a_call_that_people_have_touched_is_only_told(bring: Bring) -> None:
    past = {**ANNA, "booking_date": "2024-01-20T10:00:00Z"}
    bring(contacts=[past])
    Booking.objects.update(status="completed")

    bring(contacts=[{**past, **NEWER, "no_show": "true"}])

    assert Booking.objects.get().status == "completed"
    assert list(changed()) == ["no_show"]


def test_newer_row_about_something_else_says_nothing_of_a_cancelled_call(bring: Bring) -> None:
    bring(contacts=[ANNA])
    Booking.objects.update(status="cancelled", cancelled_by="navigator", cancel_reason="ill")

    bring(contacts=[{**ANNA, **NEWER, "job_title": "clerk"}])

    assert Booking.objects.get().cancel_reason == "ill"
    assert changed() == []


def test_call_that_people_have_touched_is_not_moved_but_told(bring: Bring) -> None:
    bring(contacts=[ANNA])
    Booking.objects.update(reminder_at=SOON)

    bring(contacts=[MOVED])

    statuses = Booking.objects.order_by("starts_at").values_list("status", flat=True)
    assert list(statuses) == ["booked", "booked"]
    assert changed() == ["booking_date"]
