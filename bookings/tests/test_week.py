"""A week by days, on the clock of who looks, also when that clock is changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from bookings.tests.factories import BookingFactory, TimeOffFactory, WorkingHoursFactory
from bookings.week import Day, axis, days_of, hours, monday_of
from portal.core.models import User

AMSTERDAM, NEW_YORK = ZoneInfo("Europe/Amsterdam"), ZoneInfo("America/New_York")
LORD_HOWE, KATHMANDU = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday
MONDAY = date(2026, 11, 23)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "on", "begins", "length"),
    [
        (AMSTERDAM, date(2026, 3, 29), "2026-03-28T23:00Z", 23),
        (AMSTERDAM, date(2026, 10, 25), "2026-10-24T22:00Z", 25),
        (AMSTERDAM, date(2026, 10, 26), "2026-10-25T23:00Z", 24),
        (NEW_YORK, date(2026, 3, 8), "2026-03-08T05:00Z", 23),
        (NEW_YORK, date(2026, 11, 1), "2026-11-01T04:00Z", 25),
        (LORD_HOWE, date(2026, 4, 5), "2026-04-04T13:00Z", 24.5),
        (LORD_HOWE, date(2026, 10, 4), "2026-10-03T13:30Z", 23.5),
        (KATHMANDU, date(2026, 3, 29), "2026-03-28T18:15Z", 24),
        (ZoneInfo("America/Santiago"), date(2026, 9, 6), "2026-09-06T04:00Z", 23),
    ],
    ids=lambda value: str(value),
)
def test_day_is_from_midnight_to_midnight(
    zone: ZoneInfo, on: date, begins: str, length: float
) -> None:
    day = Day.of(on, zone)

    assert day.starts_at == at(begins)
    assert day.ends_at - day.starts_at == timedelta(hours=length)
    assert day.longer_by == timedelta(hours=length - 24)
    assert len(day.quarters()) == length * 4


def shown(zone: ZoneInfo, monday: date, *, first: int, last: int) -> list[str]:
    days = [Day.of(monday + timedelta(days=number), zone) for number in range(7)]
    return [
        f"{hour:02}:{minute:02}{'*' if again else ''}"
        for hour, again, minute in axis(days, first_hour=first, last_hour=last)
    ]


def test_axis_has_an_hour_twice_in_a_week_in_which_the_clock_goes_back() -> None:
    assert shown(AMSTERDAM, date(2026, 10, 19), first=2, last=4) == [
        *("02:00", "02:15", "02:30", "02:45"),
        *("02:00*", "02:15*", "02:30*", "02:45*"),
        *("03:00", "03:15", "03:30", "03:45"),
    ]
    assert shown(NEW_YORK, date(2026, 10, 26), first=1, last=2) == [
        *("01:00", "01:15", "01:30", "01:45"),
        *("01:00*", "01:15*", "01:30*", "01:45*"),
    ]


def test_axis_has_half_an_hour_twice_where_the_clock_goes_back_by_that() -> None:
    assert shown(LORD_HOWE, date(2026, 3, 30), first=1, last=2) == [
        *("01:00", "01:15", "01:30", "01:45", "01:30*", "01:45*"),
    ]


def test_axis_has_the_hour_that_one_day_of_the_week_skips() -> None:
    sunday = Day.of(date(2026, 3, 29), AMSTERDAM)

    assert "02:00" in shown(AMSTERDAM, date(2026, 3, 23), first=2, last=3)
    assert (2, 0, 0) not in sunday.quarters()


def test_call_after_the_clock_changed_lies_in_its_elapsed_quarter() -> None:
    day = Day.of(date(2026, 3, 29), AMSTERDAM)

    # 10:00 on the wall is nine hours after midnight.
    first, count = day.within(at("2026-03-29T08:00Z"), at("2026-03-29T08:30Z"))

    assert (first, count) == (36, 2)
    assert day.quarters()[first] == (10, 0, 0)


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("2026-11-23T09:10Z", "2026-11-23T09:40Z", (36, 3)),
        ("2026-11-22T12:00Z", "2026-11-24T12:00Z", (0, 96)),
        ("2026-11-23T23:50Z", "2026-11-24T00:20Z", (95, 1)),
        ("2026-11-23T09:00Z", "2026-11-23T09:05Z", (36, 1)),
    ],
    ids=["within", "beyond both ends", "over midnight", "short"],
)
def test_span_takes_every_quarter_that_it_touches(
    starts: str, ends: str, expected: tuple[int, int]
) -> None:
    assert Day.of(MONDAY, ZoneInfo("UTC")).within(at(starts), at(ends)) == expected


def test_monday_of_any_day() -> None:
    days = [MONDAY + timedelta(days=number) for number in range(7)]

    assert {monday_of(day) for day in days} == {MONDAY}
    assert monday_of(MONDAY - timedelta(days=1)) == date(2026, 11, 16)


@pytest.mark.django_db
def test_week_of_a_navigator_holds_what_is_theirs_by_day(navigator: User) -> None:
    WorkingHoursFactory(navigator=navigator, weekday=2)
    WorkingHoursFactory(weekday=2)
    call = BookingFactory(navigator=navigator, starts_at=at("2026-11-24T23:30Z"))
    BookingFactory(starts_at=at("2026-11-24T09:00Z"))
    away = TimeOffFactory(
        navigator=navigator, starts_at=at("2026-11-24T08:00Z"), ends_at=at("2026-11-26T08:00Z")
    )

    days = days_of(MONDAY, zone=AMSTERDAM, now=NOW, navigator_id=navigator.pk)

    assert [day.on.isoweekday() for day in days if day.calls] == [3]  # half past midnight there
    assert days[2].calls == [call]
    assert [day.on.isoweekday() for day in days if day.away == [away]] == [2, 3, 4]
    assert [slot for day in days for slot in day.free] == []  # away on the one working day


@pytest.mark.django_db
def test_free_slots_lie_on_the_day_they_begin_on_and_can_be_left_out(navigator: User) -> None:
    WorkingHoursFactory(navigator=navigator, weekday=2)

    days = days_of(MONDAY, zone=AMSTERDAM, now=NOW)
    without = days_of(MONDAY, zone=AMSTERDAM, now=NOW, with_away=False)

    assert [bool(day.free) for day in days] == [False, True, False, False, False, False, False]
    assert days[1].free[0].starts_at == at("2026-11-24T08:00Z")
    assert not any(day.away for day in without)


@pytest.mark.django_db
def test_called_off_and_run_out_are_not_in_the_week(navigator: User) -> None:
    common = {"navigator": navigator}
    BookingFactory(**common, status="cancelled", cancelled_by="patient")
    BookingFactory(**common, status="held", held_until=NOW - timedelta(minutes=1))
    held = BookingFactory(**common, status="held", held_until=NOW + timedelta(minutes=5))
    missed = BookingFactory(**common, status="no_show", no_show_by="patient")

    days = days_of(monday_of(held.starts_at.date()), zone=AMSTERDAM, now=NOW)

    assert {call.pk for day in days for call in day.calls} <= {held.pk, missed.pk}
    assert held.pk in {call.pk for day in days for call in day.calls}


@pytest.mark.django_db
def test_hours_shown_reach_as_far_as_what_is_planned(navigator: User) -> None:
    early = at("2026-11-23T05:30Z")
    BookingFactory(navigator=navigator, starts_at=early)
    BookingFactory(navigator=navigator, starts_at=at("2026-11-25T18:40Z"))

    days = days_of(MONDAY, zone=AMSTERDAM, now=NOW)

    assert hours(days, first=9, last=17) == (6, 21)
    assert hours(days[5:], first=9, last=17) == (9, 17)


@pytest.mark.django_db
def test_call_over_midnight_shows_the_day_to_its_end(navigator: User) -> None:
    BookingFactory(navigator=navigator, starts_at=at("2026-11-23T22:45Z"))

    assert hours(days_of(MONDAY, zone=AMSTERDAM, now=NOW), first=9, last=17) == (9, 24)


@pytest.mark.django_db
def test_week_takes_three_queries(
    navigator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for hour in range(8, 16):
        start = at(f"2026-11-23T{hour:02}:00Z")
        BookingFactory(navigator=navigator, starts_at=start)
        TimeOffFactory(navigator=navigator)

    with django_assert_num_queries(3):
        days = days_of(MONDAY, zone=AMSTERDAM, now=NOW)
        names = {(str(call.patient), str(call.navigator)) for day in days for call in day.calls}

    assert len(names) == 8
