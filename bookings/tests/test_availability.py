"""Free slots: on days when the clock changes, and around what takes time away.

The times of the DST table were written out by hand from the published rules of each zone.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bookings.availability import Slot, free_slots, next_free, wall_spans
from bookings.models import SlotRules, WorkingHours
from bookings.tests.factories import BookingFactory, TimeOffFactory, WorkingHoursFactory
from patients.tests.factories import PatientFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest, staff

pytestmark = pytest.mark.django_db

# Monday 23 November 2026; before it is nothing that takes time.
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def rules(**fields: Any) -> None:
    """Slots of an hour, one after the other, at any distance, unless said otherwise."""
    every = {"minutes": 60, "buffer_minutes": 0, "notice_hours": 0, "horizon_days": 365}
    SlotRules.objects.update(**{**every, "per_day": 100, **fields})


def works(navigator: User, weekday: int, hours: str, zone: str = "UTC") -> WorkingHours:
    """Working hours such as "09:00-17:00"."""
    starts, ends = (time.fromisoformat(text) for text in hours.split("-"))
    made: WorkingHours = WorkingHoursFactory(
        navigator=navigator, weekday=weekday, starts=starts, ends=ends, time_zone=zone
    )
    return made


def slots(start: datetime, end: datetime, *, now: datetime = LONG_AGO, **asked: Any) -> list[Slot]:
    return free_slots(start=start, end=end, now=now, **asked)


def begins(found: list[Slot], zone: str = "UTC") -> list[str]:
    """When the slots begin, by the clock of a zone."""
    return [f"{slot.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for slot in found]


def on(day: date, **asked: Any) -> list[Slot]:
    """The slots of the three days around a date."""
    noon = datetime.combine(day, time(12), UTC)
    return slots(noon - timedelta(days=1.5), noon + timedelta(days=1.5), **asked)


# --- the clock ------------------------------------------------------------------------------------

# Zone, day, hours; the slots of an hour in UTC and on the patient's clock, who is elsewhere.
CLOCK: dict[str, tuple[str, str, str, str, str, str]] = {
    "Amsterdam, winter": (
        *("Europe/Amsterdam", "2026-01-12", "09:00-12:00"),
        *("08:00 09:00 10:00", "America/New_York", "03:00 04:00 05:00"),
    ),
    "Amsterdam, summer": (
        *("Europe/Amsterdam", "2026-07-13", "09:00-12:00"),
        *("07:00 08:00 09:00", "America/New_York", "03:00 04:00 05:00"),
    ),
    # 29 March 2026, 01:00 UTC: 02:00 becomes 03:00.
    "Amsterdam, skipped hour": (
        *("Europe/Amsterdam", "2026-03-29", "01:00-05:00"),
        *("00:00 01:00 02:00", "Asia/Kathmandu", "05:45 06:45 07:45"),
    ),
    "Amsterdam, hours that begin in the skipped one": (
        *("Europe/Amsterdam", "2026-03-29", "02:30-05:00"),
        *("01:00 02:00", "Asia/Kathmandu", "06:45 07:45"),
    ),
    "Amsterdam, hours within the skipped one": (
        *("Europe/Amsterdam", "2026-03-29", "02:00-03:00"),
        *("", "Asia/Kathmandu", ""),
    ),
    # 25 October 2026, 01:00 UTC: 03:00 becomes 02:00.
    "Amsterdam, doubled hour": (
        *("Europe/Amsterdam", "2026-10-25", "01:00-04:00"),
        *("23:00 00:00 01:00 02:00", "America/New_York", "19:00 20:00 21:00 22:00"),
    ),
    "Amsterdam, hours within the doubled one": (
        *("Europe/Amsterdam", "2026-10-25", "02:00-03:00"),
        *("00:00 01:00", "America/New_York", "20:00 21:00"),
    ),
    # The half hours from 02:30 to 03:00 between the two halves are outside.
    "Amsterdam, hours that end in the doubled one": (
        *("Europe/Amsterdam", "2026-10-25", "01:00-02:30"),
        *("23:00", "America/New_York", "19:00"),
    ),
    # 8 March 2026, 07:00 UTC: 02:00 becomes 03:00. Europe has not changed yet.
    "New York, skipped hour": (
        *("America/New_York", "2026-03-08", "01:00-05:00"),
        *("06:00 07:00 08:00", "Europe/Amsterdam", "07:00 08:00 09:00"),
    ),
    # 1 November 2026, 06:00 UTC: 02:00 becomes 01:00. Europe has changed a week before.
    "New York, doubled hour": (
        *("America/New_York", "2026-11-01", "00:00-03:00"),
        *("04:00 05:00 06:00 07:00", "Europe/Amsterdam", "05:00 06:00 07:00 08:00"),
    ),
    # 4 October 2026, 15:30 UTC of the 3rd: 02:00 becomes 02:30, by half an hour.
    "Lord Howe, skipped half hour": (
        *("Australia/Lord_Howe", "2026-10-04", "01:00-04:00"),
        *("14:30 15:30", "Europe/Amsterdam", "16:30 17:30"),
    ),
    # 5 April 2026, 15:00 UTC of the 4th: 02:00 becomes 01:30.
    "Lord Howe, doubled half hour": (
        *("Australia/Lord_Howe", "2026-04-05", "01:00-03:30"),
        *("14:00 15:00 16:00", "Europe/Amsterdam", "16:00 17:00 18:00"),
    ),
    # Never changes; 5 h 45 min ahead.
    "Kathmandu": (
        *("Asia/Kathmandu", "2026-03-29", "09:00-12:00"),
        *("03:15 04:15 05:15", "Europe/Amsterdam", "05:15 06:15 07:15"),
    ),
    # The patient's clock changes in the middle of the navigator's day.
    "Kathmandu, for a patient whose hour is skipped": (
        *("Asia/Kathmandu", "2026-03-29", "05:45-08:45"),
        *("00:00 01:00 02:00", "Europe/Amsterdam", "01:00 03:00 04:00"),
    ),
    "Kathmandu, for a patient whose hour is doubled": (
        *("Asia/Kathmandu", "2026-10-25", "05:45-08:45"),
        *("00:00 01:00 02:00", "Europe/Amsterdam", "02:00 02:00 03:00"),
    ),
}


@pytest.mark.parametrize(
    ("zone", "day", "hours", "in_utc", "patient_zone", "for_patient"), CLOCK.values(), ids=CLOCK
)
def test_slots_follow_the_clock_on_the_wall(
    zone: str, day: str, hours: str, in_utc: str, patient_zone: str, for_patient: str
) -> None:
    rules()
    of_day = date.fromisoformat(day)
    works(UserFactory(), of_day.isoweekday(), hours, zone)

    found = on(of_day)

    assert begins(found) == in_utc.split()
    assert begins(found, patient_zone) == for_patient.split()
    assert {slot.ends_at - slot.starts_at for slot in found} <= {timedelta(hours=1)}


def test_hours_that_end_in_a_doubled_hour_are_two_stretches() -> None:
    spans = wall_spans(ZoneInfo("Europe/Amsterdam"), date(2026, 10, 25), time(1), time(2, 30))

    assert spans == [
        (datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ]


# --- what takes time away -------------------------------------------------------------------------


@pytest.fixture
def navigator() -> User:
    """Takes calls on Mondays from nine to one, UTC."""
    rules()
    made: User = UserFactory(name="Aisha Okafor", languages_spoken=["nl", "en"])
    works(made, 1, "09:00-13:00")
    return made


def of_monday(**asked: Any) -> list[str]:
    return begins(slots(MONDAY, MONDAY + timedelta(days=1), **asked))


def taken(navigator: User, at: str, minutes: int = 60, **fields: Any) -> Any:
    starts_at = datetime.combine(MONDAY, time.fromisoformat(at), UTC)
    ends_at = starts_at + timedelta(minutes=minutes)
    return BookingFactory(navigator=navigator, starts_at=starts_at, ends_at=ends_at, **fields)


def test_slots_are_the_working_hours(navigator: User) -> None:
    assert of_monday() == ["09:00", "10:00", "11:00", "12:00"]
    assert slots(MONDAY + timedelta(days=1), MONDAY + timedelta(days=7)) == []


SOON = LONG_AGO + timedelta(minutes=10)
BUSY: dict[str, tuple[dict[str, Any], list[str]]] = {
    "booked": ({}, ["09:00", "11:00", "12:00"]),
    "held": ({"status": "held", "held_until": SOON}, ["09:00", "11:00", "12:00"]),
    "held until a moment ago": (
        {"status": "held", "held_until": LONG_AGO},
        ["09:00", "10:00", "11:00", "12:00"],
    ),
    "cancelled": (
        {"status": "cancelled", "cancelled_by": "patient"},
        ["09:00", "10:00", "11:00", "12:00"],
    ),
}


@pytest.mark.parametrize(("fields", "free"), BUSY.values(), ids=BUSY)
def test_booking_takes_its_time(navigator: User, fields: dict[str, Any], free: list[str]) -> None:
    taken(navigator, "10:00", **fields)

    assert of_monday() == free


def test_booking_beside_the_grid_takes_both_slots_that_it_touches(navigator: User) -> None:
    taken(navigator, "09:45", 30)

    assert of_monday() == ["11:00", "12:00"]


def test_booking_of_somebody_else_takes_nothing(navigator: User) -> None:
    taken(UserFactory(), "10:00")

    assert of_monday() == ["09:00", "10:00", "11:00", "12:00"]


def test_time_off_takes_its_time(navigator: User) -> None:
    TimeOffFactory(
        navigator=navigator,
        starts_at=MONDAY + timedelta(hours=10, minutes=30),
        ends_at=MONDAY + timedelta(days=3),
    )

    assert of_monday() == ["09:00"]


def test_time_off_after_the_range_takes_the_slot_that_reaches_into_it(navigator: User) -> None:
    half_past = MONDAY + timedelta(hours=10, minutes=30)
    TimeOffFactory(navigator=navigator, starts_at=half_past, ends_at=MONDAY + timedelta(days=3))

    assert begins(slots(MONDAY, half_past)) == ["09:00"]


def test_long_time_off_and_a_short_booking_within_it(navigator: User) -> None:
    TimeOffFactory(
        navigator=navigator,
        starts_at=MONDAY + timedelta(hours=8),
        ends_at=MONDAY + timedelta(hours=12),
    )
    taken(navigator, "09:00", 30)

    assert of_monday() == ["12:00"]


def test_pause_is_kept_between_slots_and_around_calls(navigator: User) -> None:
    rules(minutes=30, buffer_minutes=15)
    assert of_monday() == ["09:00", "09:45", "10:30", "11:15", "12:00"]

    taken(navigator, "10:20", 30)

    assert of_monday() == ["09:00", "11:15", "12:00"]


def test_notice_and_horizon_bound_what_is_offered(navigator: User) -> None:
    rules(notice_hours=2, horizon_days=7)
    month = {"start": MONDAY, "end": MONDAY + timedelta(days=28)}

    found = free_slots(**month, now=MONDAY + timedelta(hours=9, minutes=30))

    assert [f"{slot.starts_at:%d %H:%M}" for slot in found] == ["23 12:00", "30 09:00"]


def test_full_day_offers_nothing_more(navigator: User) -> None:
    rules(per_day=2)
    taken(navigator, "09:00", status="completed")
    assert of_monday() == ["10:00", "11:00", "12:00"]

    taken(navigator, "20:00")

    assert of_monday() == []


def test_range_that_cuts_a_day_counts_the_whole_of_it(navigator: User) -> None:
    rules(per_day=1)
    taken(navigator, "09:00")

    assert slots(MONDAY + timedelta(hours=11), MONDAY + timedelta(hours=14)) == []


def test_range_begins_on_the_grid_of_the_hours(navigator: User) -> None:
    found = slots(MONDAY + timedelta(hours=9, minutes=20), MONDAY + timedelta(hours=11))

    assert begins(found) == ["10:00"]


def test_hours_in_two_zones_that_meet_offer_no_overlapping_slots(navigator: User) -> None:
    works(navigator, 1, "14:30-15:30", "Europe/Helsinki")  # 12:30 to 13:30 UTC
    works(navigator, 1, "16:00-18:00", "Europe/Helsinki")  # 14:00 to 16:00 UTC
    works(navigator, 1, "20:15-20:45", "Asia/Kathmandu")  # 14:30 to 15:00 UTC, within those
    works(navigator, 1, "21:00-22:15", "Asia/Kathmandu")  # 15:15 to 16:30 UTC

    assert of_monday() == ["09:00", "10:00", "11:00", "12:00", "14:00", "15:00"]


def test_slots_of_who_speaks_the_language_by_time_and_name(navigator: User) -> None:
    other = UserFactory(name="Zoë Vermeulen", languages_spoken=["es", "nl"])
    works(other, 1, "09:00-10:00")

    found = slots(MONDAY, MONDAY + timedelta(hours=10, minutes=1), language="nl")

    assert [slot.navigator.name for slot in found] == [
        "Aisha Okafor",
        "Zoë Vermeulen",
        "Aisha Okafor",
    ]
    assert of_monday(language="es") == ["09:00"]
    assert of_monday(language="fr") == []
    assert of_monday(navigator_id=other.pk) == ["09:00"]


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_who_works_here_no_more_is_not_offered(navigator: User, field: str) -> None:
    User.objects.filter(pk=navigator.pk).update(**{field: False})

    assert of_monday() == []


def test_next_slots_are_free_for_the_patient_too(navigator: User) -> None:
    patient = PatientFactory()
    taken(UserFactory(), "10:00", patient=patient)
    taken(navigator, "11:00")

    found = next_free(navigator_id=navigator.pk, patient_id=patient.pk, after=MONDAY, now=LONG_AGO)

    assert [f"{slot.starts_at:%d %H:%M}" for slot in found] == ["23 09:00", "23 12:00", "30 09:00"]


def test_slots_are_one_query_however_many_navigators_and_calls(navigator: User) -> None:
    for _each in range(3):
        other = UserFactory()
        works(other, 1, "09:00-17:00")
        taken(other, "10:00")
        TimeOffFactory(navigator=other)

    with CaptureQueriesContext(connection) as queries:
        slots(MONDAY, MONDAY + timedelta(days=31))

    assert len(queries) == 1


# --- working hours and rules ----------------------------------------------------------------------


@pytest.mark.parametrize("hours", ["08:00-09:30", "10:00-11:00", "12:59-14:00", "09:00-13:00"])
def test_overlapping_hours_of_one_navigator_are_refused(navigator: User, hours: str) -> None:
    with pytest.raises(IntegrityError, match="no_overlap"), transaction.atomic():
        works(navigator, 1, hours)


def test_hours_that_meet_or_are_of_another_day_or_navigator_are_fine(navigator: User) -> None:
    works(navigator, 1, "13:00-17:00")
    works(navigator, 2, "09:00-13:00")
    works(UserFactory(), 1, "09:00-13:00")

    assert WorkingHours.objects.count() == 4


def test_there_is_one_row_of_rules() -> None:
    with pytest.raises(IntegrityError, match="one_row"), transaction.atomic():
        SlotRules.objects.create()


# --- over REST ------------------------------------------------------------------------------------


def ask(rest: Rest, **query: str) -> Any:
    return rest.get("slots/?" + "&".join(f"{k}={v.replace('+', '%2B')}" for k, v in query.items()))


@pytest.fixture
def ahead(navigator: User) -> datetime:
    """The Monday after the next, when the navigator takes calls."""
    today = datetime.now(UTC).date()
    day = today + timedelta(days=14 - today.weekday())
    return datetime.combine(day, time(), UTC)


def test_slots_over_rest(reader: Rest, navigator: User, ahead: datetime) -> None:
    answer = ask(reader, **{"from": ahead.isoformat(), "to": f"{ahead:%Y-%m-%d}T10:00:00Z"})

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "results": [
            {
                "navigator": {"id": str(navigator.pk), "name": "Aisha Okafor"},
                "starts_at": (ahead + timedelta(hours=9)).isoformat(),
                "ends_at": (ahead + timedelta(hours=10)).isoformat(),
            }
        ]
    }
    assert answer["Cache-Control"] == "private, no-cache"


def test_slots_over_rest_are_narrowed(reader: Rest, navigator: User, ahead: datetime) -> None:
    when = {"from": ahead.isoformat()}

    def found(**query: str) -> int:
        return len(ask(reader, **when, **query).json()["results"])

    assert found() == found(language="nl") == found(navigator=str(navigator.pk)) == 4
    assert found(language="es") == found(navigator=str(UserFactory().pk)) == 0


AT = "2026-11-23T00:00:00Z"
BAD: dict[str, tuple[dict[str, str], str, str]] = {
    "no instant": ({"from": "2026-11-23"}, "from", "invalid"),
    "no offset": ({"to": "2026-11-23T00:00:00"}, "to", "invalid"),
    "runs backwards": ({"from": AT, "to": "2026-11-22T00:00:00Z"}, "to", "before_from"),
    "empty": ({"from": AT, "to": AT}, "to", "before_from"),
    "too long": ({"from": AT, "to": "2026-12-24T00:00:01Z"}, "to", "range_too_long"),
    "last of days": ({"from": "9999-12-31T00:00:00Z"}, "from", "invalid"),
    "first of days": ({"from": "0001-01-01T00:00:00Z"}, "from", "invalid"),
    "no language": ({"language": "klingon"}, "language", "unknown_code"),
    "no id": ({"navigator": "aisha"}, "navigator", "invalid"),
    "unknown parameter": ({"page": "2"}, "page", "unknown_parameter"),
    "blank": ({"language": ""}, "language", "blank"),
}


@pytest.mark.parametrize(("query", "parameter", "code"), BAD.values(), ids=BAD)
def test_bad_question_is_a_problem(
    reader: Rest, query: dict[str, str], parameter: str, code: str
) -> None:
    refused = ask(reader, **query)

    assert refused.status_code == 400
    assert refused["Content-Type"] == "application/problem+json"
    assert [(e["parameter"], e["code"]) for e in refused.json()["errors"]] == [(parameter, code)]


@pytest.mark.parametrize("role", ["navigator", "team lead", "data steward", "auditor"])
def test_who_sees_bookings_sees_slots(role: str) -> None:
    assert staff(role).get("slots/").status_code == 200


def test_slots_are_for_nobody_else_and_for_reading(reader: Rest) -> None:
    stranger = Rest()
    stranger.client.force_login(UserFactory())

    assert Rest().get("slots/").status_code == 401
    assert stranger.get("slots/").status_code == 403
    assert reader.post("slots/", {}).status_code == 405
    assert reader.get(f"slots/{UUID(int=0)}/").status_code == 404
