"""How long stock lasts, when to order again, and what is due next: dates computed by hand."""

from datetime import date

import pytest

from referrals import clocks
from referrals.running_out import Stock, next_due, resupply_by, runs_out

JUNE_1 = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([], []),
        ([Stock(JUNE_1, 28)], [date(2026, 6, 29)]),
        # Before the first is used up: the second is begun after it.
        (
            [Stock(JUNE_1, 28), Stock(date(2026, 6, 20), 28)],
            [date(2026, 6, 29), date(2026, 7, 27)],
        ),
        # Three days without: the second lasts from the day it came.
        (
            [Stock(JUNE_1, 28), Stock(date(2026, 7, 2), 28)],
            [date(2026, 6, 29), date(2026, 7, 30)],
        ),
        # The last day of use is 10 June, so on the 11th there is none.
        ([Stock(JUNE_1, 28, date(2026, 6, 10))], [date(2026, 6, 11)]),
        # Expired before it could be begun: it adds nothing.
        (
            [Stock(JUNE_1, 28), Stock(date(2026, 6, 2), 28, date(2026, 6, 20))],
            [date(2026, 6, 29), date(2026, 6, 29)],
        ),
        # Nobody said how long the first lasts, so it is not counted on.
        ([Stock(JUNE_1, None), Stock(date(2026, 6, 8), 7)], [None, date(2026, 6, 15)]),
        ([Stock(JUNE_1, 7), Stock(date(2026, 6, 8), None)], [date(2026, 6, 8), None]),
        ([Stock(JUNE_1, 28, date.max)], [date(2026, 6, 29)]),
        ([Stock(date.max, 28, date.max)], [date.max]),
    ],
    ids=[
        *("none", "one", "in time", "gap", "expires", "too late", "unknown first", "unknown last"),
        *("expires never", "end of the calendar"),
    ],
)
def test_stock_lasts_until(deliveries: list[Stock], expected: list[date | None]) -> None:
    assert runs_out(deliveries) == expected


@pytest.mark.parametrize(
    ("runs_out_on", "lead_days", "country", "expected"),
    [
        # Monday 29 June 2026, two weeks of working days.
        (date(2026, 6, 29), 10, "NL", date(2026, 6, 15)),
        # A Sunday: counted from the Friday before it.
        (date(2026, 6, 28), 10, "NL", date(2026, 6, 12)),
        # The King's day, Monday 27 April, is no working day in the Netherlands, and one elsewhere.
        (date(2026, 4, 29), 5, "NL", date(2026, 4, 21)),
        (date(2026, 4, 29), 5, "BE", date(2026, 4, 22)),
        # Christmas in a country without a calendar: weekends only.
        (date(2026, 12, 28), 2, "", date(2026, 12, 24)),
        (JUNE_1, 0, "", JUNE_1),
    ],
    ids=["two weeks", "on a sunday", "kings day", "not in belgium", "no calendar", "no lead"],
)
def test_order_again_by(runs_out_on: date, lead_days: int, country: str, expected: date) -> None:
    by = resupply_by(runs_out_on, lead_days=lead_days, country=country)

    assert by == expected
    assert clocks.after(by, lead_days, country=country) <= runs_out_on


@pytest.mark.parametrize(
    ("due_on", "done_on", "every_days", "expected"),
    [
        (JUNE_1, JUNE_1, 28, date(2026, 6, 29)),
        (JUNE_1, date(2026, 5, 29), 28, date(2026, 6, 29)),
        (JUNE_1, date(2026, 6, 5), 28, date(2026, 6, 29)),
        (JUNE_1, date(2026, 6, 29), 28, date(2026, 7, 27)),
        (JUNE_1, date(2026, 8, 1), 7, date(2026, 8, 3)),
        (date.max, JUNE_1, 28, date.max),
    ],
    ids=["on the day", "early", "late", "as late as the next", "very late", "never"],
)
def test_what_comes_again_keeps_its_rhythm(
    due_on: date, done_on: date, every_days: int, expected: date
) -> None:
    assert next_due(due_on=due_on, done_on=done_on, every_days=every_days) == expected
