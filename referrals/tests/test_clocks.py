"""Working days."""

from datetime import date

import pytest

from referrals import clocks


@pytest.mark.parametrize(
    ("day", "days", "country", "expected"),
    [
        # A Thursday; the Friday is a working day, the weekend is not.
        (date(2026, 5, 7), 1, "", date(2026, 5, 8)),
        (date(2026, 5, 8), 1, "", date(2026, 5, 11)),
        (date(2026, 5, 9), 1, "", date(2026, 5, 11)),
        (date(2026, 5, 8), 0, "", date(2026, 5, 8)),
        (date(2026, 5, 7), 10, "", date(2026, 5, 21)),
        # King's Day, Monday 27 April 2026.
        (date(2026, 4, 24), 1, "NL", date(2026, 4, 28)),
        (date(2026, 4, 24), 1, "DE", date(2026, 4, 27)),
        # Thanksgiving, Thursday 26 November 2026.
        (date(2026, 11, 25), 1, "US", date(2026, 11, 27)),
        # Christmas, and the new year beyond it.
        (date(2026, 12, 24), 5, "NL", date(2027, 1, 4)),
        # Friday is free in Saudi Arabia, and Sunday is not.
        (date(2026, 5, 7), 1, "SA", date(2026, 5, 10)),
        # A country that nobody has made a calendar for.
        (date(2026, 5, 8), 1, "ZZ", date(2026, 5, 11)),
    ],
    ids=str,
)
def test_working_days_are_those_of_the_country(
    day: date, days: int, country: str, expected: date
) -> None:
    assert clocks.after(day, days, country=country) == expected


@pytest.mark.parametrize("country", ["", "NL", "US"])
def test_counting_stops_where_the_calendar_ends(country: str) -> None:
    assert clocks.later(date.max, 1) == clocks.after(date.max, 3, country=country) == date.max
    assert clocks.before(date.min, 3, country=country) == date.min
