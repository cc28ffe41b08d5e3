"""The week in the workplace: one navigator by the hour, the team in a table."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.admin.week import _lanes
from bookings.models import Booking
from bookings.tests.factories import (
    MONDAY_NINE,
    BookingFactory,
    TimeOffFactory,
    WorkingHoursFactory,
)
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
WEEK = "/admin/bookings/booking/week/"
ON = MONDAY_NINE.date().isoformat()


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def shown(client: Client, **query: Any) -> str:
    response = client.get(WEEK, query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def days(content: str) -> list[tuple[str, list[str]]]:
    """The days of one navigator, each with what it holds, without tags."""
    found = []
    for section in re.findall(r"<section class=\"week-day.*?</section>", content):
        title = re.search(r"<h3[^>]*>(.*?)</h3>", section)
        items = re.findall(r"<li class=\"week-item.*?>(.*?)</li>", section)
        assert title is not None
        found.append((_text(title[1]), [_text(item) for item in items]))
    return found


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split()).replace(" –", "–")


def named(name: str, **more: Any) -> Booking:
    return BookingFactory(
        patient__first_name=name, patient__last_name="", patient__medical_condition=None, **more
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_week_shows_calls_time_off_and_free_slots_in_the_viewers_zone(
    desk: Client, navigator: User
) -> None:
    WorkingHoursFactory(navigator=navigator, weekday=1)
    booking = named("Ivan", navigator=navigator, starts_at=MONDAY_NINE)
    named("Somebody else's", starts_at=MONDAY_NINE)
    TimeOffFactory(
        navigator=navigator,
        starts_at=MONDAY_NINE + timedelta(hours=4),
        ends_at=MONDAY_NINE + timedelta(days=2),
        reason="Training",
    )

    content = shown(desk, on=ON)

    monday, tuesday, *others = days(content)
    assert monday == (
        f"Mon {MONDAY_NINE:%-d %b}",
        [
            "14:00–00:00 Time off Training",
            "09:00–09:30 Free",
            "10:00–10:30 Ivan Booked",
            "11:15–11:45 Free",
            "12:00–12:30 Free",
            "12:45–13:15 Free",
            "13:30–14:00 Free",
        ],
    )
    assert tuesday[1] == ["Time off Training"]
    assert [len(items) for _day, items in others] == [1, 0, 0]
    assert "Times in Europe/Amsterdam" in content
    assert booking.get_absolute_url() in content


def test_each_status_is_said_in_words(desk: Client, navigator: User) -> None:
    past = MONDAY_NINE - timedelta(days=21)
    kinds: dict[str, dict[str, Any]] = {
        "Completed": {"status": "completed"},
        "No-show": {"status": "no_show", "no_show_by": "patient"},
        "Outcome missing": {"status": "booked"},
    }
    for hour, (name, fields) in enumerate(kinds.items()):
        named(name[:3], navigator=navigator, starts_at=past + timedelta(hours=hour), **fields)
    named(
        "Held",
        navigator=navigator,
        starts_at=MONDAY_NINE,
        status="held",
        held_until=timezone.now() + timedelta(minutes=5),
    )

    before = days(shown(desk, on=past.date().isoformat(), navigator=navigator.pk))
    after = days(shown(desk, on=ON, navigator=navigator.pk))

    assert [item.rpartition("0 ")[2] for item in before[0][1]] == [
        "Com Completed",
        "No- No-show",
        "Out Outcome missing",
    ]
    assert after[0][1] == ["10:00–10:30 Held Held"]


def test_free_slot_leads_to_a_form_that_is_filled_in(desk: Client, navigator: User) -> None:
    hours = WorkingHoursFactory(navigator=navigator, weekday=1)
    content = shown(desk, on=ON)
    links = re.findall(
        r'href="(/admin/bookings/booking/add/\?navigator=[^"]*starts_at[^"]*)"', content
    )

    form = desk.get(links[0].replace("&amp;", "&")).content.decode()

    assert hours.navigator == navigator
    local = timezone.localtime(MONDAY_NINE, navigator.zone)
    assert f'value="{local:%Y-%m-%d}"' in form
    assert 'value="09:00' in form
    assert "Aisha Okafor" in form


@pytest.mark.parametrize("value", ["soon", "2026-02-30T10:00", ""])
def test_moment_in_an_address_that_is_none_leaves_the_field_blank(desk: Client, value: str) -> None:
    response = desk.get(reverse("admin:bookings_booking_add"), {"starts_at": value})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("zone", "on", "call", "expected", "note"),
    [
        ("Europe/Amsterdam", "2026-03-29", "2026-03-29T08:00", "10:00–10:30", "23 hours"),
        ("Europe/Amsterdam", "2026-10-25", "2026-10-25T00:30", "02:30–02:00", "25 hours"),
        ("Europe/Amsterdam", "2026-10-25", "2026-10-25T01:30", "02:30–03:00", "25 hours"),
        ("America/New_York", "2026-03-08", "2026-03-08T14:00", "10:00–10:30", "23 hours"),
        ("America/New_York", "2026-11-01", "2026-11-01T06:00", "01:00–01:30", "25 hours"),
    ],
    ids=["forward", "first of two", "second of two", "forward there", "back there"],
)
def test_day_on_which_the_clock_is_changed_says_so(
    desk: Client, navigator: User, zone: str, on: str, call: str, expected: str, note: str
) -> None:
    User.objects.filter(pk=navigator.pk).update(time_zone=zone)
    named("Ivan", navigator=navigator, starts_at=at(call))

    content = shown(desk, on=on, navigator=navigator.pk)

    *_others, (sunday, items) = days(content)
    assert note in sunday
    assert items[0].startswith(f"{expected} Ivan")
    assert f"Times in {zone}" in content


def places(content: str) -> dict[str, str]:
    """Hour beside the grid → its classes."""
    axis = re.search(r'<div class="week-axis".*?</div>', content)
    assert axis is not None
    return {hour: place for place, hour in re.findall(r'<span class="([^"]*)">([^<]*)<', axis[0])}


def test_hour_that_is_shown_twice_has_two_places_and_other_days_have_a_gap(
    desk: Client, navigator: User
) -> None:
    for call in ("2026-10-25T00:00", "2026-10-25T01:00"):
        named("Ivan", navigator=navigator, starts_at=at(call))

    content = shown(desk, on="2026-10-25", navigator=navigator.pk)

    hours = places(content)
    assert hours["02:00"] == "week-row-1 week-span-4"
    assert hours["02:00 again"] == "week-row-5 week-span-4"
    assert hours["03:00"] == "week-row-9 week-span-4"
    assert content.count('class="week-skipped week-row-5 week-span-4"') == 6
    assert 'week-missing week-row-1 week-span-2"' in content
    assert 'week-missing week-row-5 week-span-2"' in content


def test_hour_that_a_day_skips_is_a_gap_in_it(desk: Client, navigator: User) -> None:
    named("Ivan", navigator=navigator, starts_at=at("2026-03-23T01:00"))  # 02:00 on Monday
    named("Olga", navigator=navigator, starts_at=at("2026-03-29T08:00"))  # Sunday

    content = shown(desk, on="2026-03-29", navigator=navigator.pk)

    assert places(content)["02:00"] == "week-row-1 week-span-4"
    assert content.count('class="week-skipped week-row-1 week-span-4"') == 1
    assert 'week-row-33 week-span-2"' in content  # 10:00 stands beside 10:00 of other days


def test_weekend_is_shown_when_something_is_in_it(desk: Client, navigator: User) -> None:
    assert len(days(shown(desk, on=ON, navigator=navigator.pk))) == 5

    named("Ivan", navigator=navigator, starts_at=MONDAY_NINE + timedelta(days=5))

    assert len(days(shown(desk, on=ON, navigator=navigator.pk))) == 7


def test_team_is_one_table_with_free_slots_counted(
    desk: Client, navigator: User, member: Callable[..., User]
) -> None:
    colleague = member("navigator", name="Karim Benali")
    WorkingHoursFactory(navigator=navigator, weekday=2)
    WorkingHoursFactory(navigator=colleague, weekday=1)
    gone = UserFactory(name="Xenia Gone", is_active=False)
    named("Ivan", navigator=colleague, starts_at=MONDAY_NINE)
    named("Olga", navigator=gone, starts_at=MONDAY_NINE)
    named("Petra", navigator=None, starts_at=MONDAY_NINE)

    content = shown(desk, on=ON, navigator="team")

    rows = [
        [_text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", content)[1:]
    ]
    assert [row[0] for row in rows] == [
        "Aisha Okafor",
        "Karim Benali",
        "Xenia Gone",
        "No navigator",
    ]
    assert rows[0][2].endswith("free, from 09:00")
    assert rows[1][1].startswith("10:00–10:30 Ivan Booked")
    assert f"?on={ON}&amp;navigator={colleague.pk}" in content


def test_viewer_who_takes_no_calls_sees_the_team(client: Client, member: Any) -> None:
    client.force_login(member("auditor"))

    assert "week-team" in shown(client)
    assert "Nobody takes calls yet" in shown(client)


def test_auditor_sees_the_week_and_is_offered_nothing(
    client: Client, navigator: User, member: Callable[..., User]
) -> None:
    WorkingHoursFactory(navigator=navigator, weekday=1)
    client.force_login(member("auditor"))

    content = shown(client, on=ON, navigator=navigator.pk)

    assert "Week of Aisha Okafor" in content
    assert "Free" in content
    assert "/add/" not in content
    assert "In my calendar" not in content


def test_who_may_not_see_bookings_is_refused(client: Client) -> None:
    client.force_login(UserFactory())

    assert client.get(WEEK).status_code == 403


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ({"on": "never"}, "My week"),
        ({"on": "0001-01-01"}, "My week"),
        ({"on": "9999-12-31"}, "My week"),
        ({"navigator": "nobody"}, "My week"),
        ({"navigator": "019a0000-0000-7000-8000-000000000000"}, "The team&#x27;s week"),
    ],
    ids=lambda value: str(value),
)
def test_nonsense_in_the_address_gives_a_week(
    desk: Client, navigator: User, asked: dict[str, str], title: str
) -> None:
    WorkingHoursFactory(navigator=navigator)

    assert title in shown(desk, **asked)


def test_dates_name_both_months_and_years_where_there_are_two(
    desk: Client, navigator: User
) -> None:
    assert "23 – 27 November 2026" in shown(desk, on="2026-11-24", navigator="team")
    assert "30 November – 4 December 2026" in shown(desk, on="2026-12-01", navigator="team")
    assert "28 December 2026 – 1 January 2027" in shown(desk, on="2026-12-31", navigator="team")


def test_empty_week_says_so(desk: Client, navigator: User) -> None:
    assert "Nothing is planned in this week" in shown(desk, on=ON, navigator=navigator.pk)


@pytest.mark.parametrize("whose", ["mine", "team"])
def test_week_takes_as_many_queries_however_full_it_is(
    desk: Client, navigator: User, whose: str
) -> None:
    def count() -> int:
        query = {"on": ON, "navigator": "team" if whose == "team" else navigator.pk}
        with CaptureQueriesContext(
            connection,
        ) as captured:
            shown(desk, **query)
        return len(captured)

    WorkingHoursFactory(navigator=navigator, weekday=1)
    few = count()
    for hour in range(6):
        WorkingHoursFactory(weekday=1)
        starts_at = MONDAY_NINE + timedelta(hours=hour)
        BookingFactory(navigator=navigator, starts_at=starts_at)
        BookingFactory(starts_at=starts_at)
        TimeOffFactory(navigator=navigator)

    assert count() == few
    assert few <= 9


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(0, 2), (2, 2)], [(1, 1), (1, 1)]),
        ([(0, 2), (1, 2), (4, 1)], [(1, 2), (2, 2), (1, 1)]),
        ([(0, 4), (1, 1), (2, 1)], [(1, 2), (2, 2), (2, 2)]),
        ([(0, 4), (0, 4), (0, 4), (0, 4)], [(1, 3), (2, 3), (3, 3), (3, 3)]),
    ],
    ids=["none", "one after the other", "overlap", "two within one", "more than fit"],
)
def test_what_overlaps_stands_in_lanes(
    spans: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    assert _lanes(spans) == expected
