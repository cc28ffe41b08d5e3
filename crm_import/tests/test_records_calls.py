"""What legacy rows become: the calls that were planned, moved, missed and held."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from bookings.models import Booking
from crm_import.importing import Result
from crm_import.models import RowOutcome
from crm_import.tests.exports import (
    DMD,
    contact,
    guid,
    iso,
    patient,
    physician,
)
from crm_import.tests.tables import numbered, values
from crm_import.tests.told import codes, person, told
from patients.models import (
    Patient,
    PossibleDuplicate,
    Specialist,
    Submission,
)

Bring = Callable[..., Result]

PAST, AHEAD = timezone.now() - timedelta(days=30), timezone.now() + timedelta(days=30)


# --- calls ---


CALLS = numbered(
    (PAST, "true", "no_show", None),
    (PAST, "false", "completed", None),
    (PAST, "", "booked", None),
    (AHEAD, "", "booked", None),
    (AHEAD, "false", "booked", None),
    pytest.param(
        AHEAD, "true", "booked", "no_show_future:no_show", id="row_65_no_show_of_a_call_ahead"
    ),
)


@pytest.mark.parametrize(("number", "when", "no_show", "status", "code"), CALLS)
def test_call_has_the_status_the_crm_recorded(
    bring: Bring, number: int, when: datetime, no_show: str, status: str, code: str | None
) -> None:
    rows = values(CALLS)
    bring(contacts=[contact(n, "A", "B", booking_date=iso(w), no_show=s) for n, w, s, *_ in rows])

    call = person(number).bookings.get()
    assert call.starts_at == when.replace(microsecond=0)
    assert call.status == status
    assert call.no_show_by == ("patient" if status == "no_show" else "")
    assert call.navigator is None
    assert call.ends_at - call.starts_at == timedelta(minutes=30)
    assert told(number) == ({code} if code else set())


NO_DATES = numbered(
    pytest.param("1900-01-01T00:00:00Z", "sentinel_date", id="row_58_date_that_means_none"),
    ("1753-01-01T00:00:00Z", "sentinel_date"),
    ("1970-01-01T00:00:00Z", "sentinel_date"),
    ("9999-12-31T23:59:59Z", "sentinel_date"),
    pytest.param("2203-03-04T10:00:00Z", "implausible_date", id="row_69_far_year"),
    pytest.param("now", "invalid_date", id="row_63_word_that_postgresql_takes_for_a_date"),
    ("tomorrow", "invalid_date"),
    ("infinity", "invalid_date"),
    ("2024-02-30T10:00:00Z", "invalid_date"),
    ("03/04/2023", "invalid_date"),
    ("45228.1", "invalid_date"),
)


@pytest.mark.parametrize(("number", "raw", "code"), NO_DATES)
def test_date_that_is_none_makes_no_call(bring: Bring, number: int, raw: str, code: str) -> None:
    bring(contacts=[contact(n, "Anna", "Berg", booking_date=raw) for n, raw, _ in values(NO_DATES)])

    assert not person(number).bookings.exists()
    assert told(number) == {f"{code}:booking_date"}


def test_time_that_was_overwritten_before_it_came_was_moved(bring: Bring) -> None:
    later = {"booking_date": "2024-01-27T10:00:00Z", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z"),
            contact(1, "Anna", "Berg", modifiedon="2024-01-19T10:00:00Z", **later),
        ]
    )

    first, second = Booking.objects.order_by("starts_at")
    assert (first.status, first.rescheduled_to) == ("rescheduled", second)
    assert second.status == "booked"
    assert sorted(RowOutcome.objects.values_list("outcome", flat=True)) == [
        "imported",
        "superseded",
    ]
    assert Submission.objects.count() == 2


def test_time_that_was_overwritten_afterwards_has_no_outcome(bring: Bring) -> None:
    later = {"booking_date": "2024-01-27T10:00:00Z", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z"),
            contact(1, "Anna", "Berg", modifiedon="2024-01-21T10:00:00Z", **later),
        ]
    )

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "booked",
        "booked",
    ]


def test_no_show_beside_a_time_ahead_is_of_the_call_before(bring: Bring) -> None:
    later = {"booking_date": iso(AHEAD), "no_show": "true", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z", no_show="false"),
            contact(1, "Anna", "Berg", modifiedon=iso(PAST), **later),
        ]
    )

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "completed",  # said after the call, so it did take place
        "booked",
    ]
    assert "no_show_future:no_show" in codes()


@pytest.mark.parametrize("said", ["", "false"])
def test_no_show_beside_a_time_ahead_is_of_the_open_call_before(bring: Bring, said: str) -> None:
    first = {"modifiedon": "2024-01-05T10:00:00Z", "no_show": said}
    later = {"booking_date": iso(AHEAD), "no_show": "true", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z", **first),
            contact(1, "Anna", "Berg", modifiedon=iso(PAST), **later),
        ]
    )

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "no_show",
        "booked",
    ]
    assert codes() == set()


def test_call_ahead_of_an_inactive_row_is_cancelled(bring: Bring) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", statecode="1", booking_date=iso(AHEAD))])

    call = Booking.objects.get()
    assert (call.status, call.cancel_reason) == ("cancelled", "Inactive in the legacy CRM.")
    assert "rule_6:booking_date" in codes()


def test_calls_of_rows_without_dates_leave_one_standing(bring: Bring) -> None:
    undated = {"createdon": "", "modifiedon": "", "booking_date": iso(AHEAD)}
    bring(contacts=[contact(n, "Anna", "Berg", "anna@example.org", **undated) for n in (1, 2)])

    assert sorted(Booking.objects.values_list("status", flat=True)) == ["booked", "cancelled"]


def test_overwritten_call_keeps_what_is_known_of_it(bring: Bring) -> None:
    cells = {"booking_date": "2024-01-20T10:00:00Z", "no_show": "true"}
    later = {"booking_date": "2024-01-27T10:00:00Z", "versionnumber": "2000"}
    bring(contacts=[contact(1, "Anna", "Berg", **cells), contact(1, "Anna", "Berg", **later)])

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "no_show",
        "booked",
    ]


def test_same_row_again_is_counted_and_not_imported_twice(bring: Bring) -> None:
    row = contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z")
    result = bring(contacts=[row, row])

    assert result.report["tables"]["Contact"]["exact_repeat"] == 1
    assert (Submission.objects.count(), Booking.objects.count()) == (1, 1)


def test_older_version_is_no_part_of_a_conflict(bring: Bring) -> None:
    older = contact(1, "Ann", "Berg", versionnumber="5")
    result = bring(contacts=[contact(1, "Anna", "Berg"), contact(1, "Anna", "Smit"), older])

    counts = result.report["tables"]["Contact"]
    assert (counts["quarantined"], counts["superseded"]) == (2, 1)


def test_row_27_physician_who_became_a_lead_is_both(bring: Bring) -> None:
    result = bring(
        contacts=[
            physician(1, "Ida", "Vos", booking_date="2024-01-20T10:00:00Z"),
            contact(1, "Ida", "Vos", versionnumber="2000"),
        ],
        patients=[patient(1, "Anna", "Berg", physician=guid(1))],
    )

    ida = Specialist.objects.get()
    assert Patient.objects.get(first_name="Anna").physician == ida
    assert Patient.objects.get(first_name="Ida").submissions.count() == 1
    assert not Booking.objects.exists()
    assert PossibleDuplicate.objects.get(first_specialist=ida).tier == "R5"
    assert {"both_roles:contact_type", "role_mismatch:booking_date"} <= codes()
    assert result.report["tables"]["Contact"]["superseded"] == 1


def test_lead_who_became_a_physician_is_both(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Ida", "Vos", booking_date="2024-01-20T10:00:00Z"),
            physician(1, "Ida", "Vos", versionnumber="2000"),
        ]
    )

    assert Specialist.objects.count() == 1
    ida = Patient.objects.get()
    assert (ida.submissions.count(), ida.bookings.count()) == (1, 1)
    assert RowOutcome.objects.filter(entity="Contact").count() == 2


def test_two_contents_of_one_version_wait_for_somebody(bring: Bring) -> None:
    result = bring(contacts=[contact(1, "Anna", "Berg"), contact(1, "Anna", "Smit")])

    assert result.report["tables"]["Contact"]["quarantined"] == 2
    assert not Patient.objects.exists()


def test_two_forms_for_one_time_leave_one_call_standing(bring: Bring) -> None:
    rows = [contact(n, "Anna", "Berg", "anna@example.org", booking_date=iso(AHEAD)) for n in (1, 2)]
    bring(contacts=rows)

    assert sorted(Booking.objects.values_list("status", flat=True)) == ["booked", "cancelled"]
    assert "overlapping_bookings:booking_date" in codes()


def test_row_42_a_specialist_has_no_call_and_no_condition(bring: Bring) -> None:
    cells = {"booking_date": "2024-01-20T10:00:00Z", "medical_condition": DMD}
    bring(contacts=[physician(1, "Ida", "Vos", **cells)])

    assert Specialist.objects.count() == 1
    assert not Booking.objects.exists()
    assert codes() == {"role_mismatch:booking_date", "role_mismatch:medical_condition"}


CONTRADICTIONS = numbered(
    pytest.param(
        {"no_show": "true"},
        "no_show_without_booking:no_show",
        id="row_66_no_show_without_a_booking",
    ),
    pytest.param(
        {"reminder_date": "2024-01-19T10:00:00Z"},
        "reminder_without_booking:reminder_date",
        id="reminder of no booking",
    ),
    pytest.param(
        {"booking_date": "2024-01-18T10:00:00Z", "reminder_date": "2024-01-19T10:00:00Z"},
        "reminder_after_booking:reminder_date",
        id="row_67_reminder_after_the_booking",
    ),
)


@pytest.mark.parametrize(("number", "cells", "code"), CONTRADICTIONS)
def test_what_contradicts_itself_is_reported(
    bring: Bring, number: int, cells: dict[str, str], code: str
) -> None:
    bring(contacts=[contact(n, "Anna", "Berg", **cells) for n, cells, _ in values(CONTRADICTIONS)])

    assert told(number) == {code}
    assert person(number).submissions.get().payload.items() >= cells.items()
