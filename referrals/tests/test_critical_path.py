"""The critical path: known graphs, with the dates worked out by hand."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from referrals.critical_path import Forecast, Step, Unknown, forecast, what_if

TODAY = date(2026, 5, 4)  # a Monday


def may(day: int) -> date:
    return date(2026, 5, day)


def june(day: int) -> date:
    return date(2026, 6, day)


DOSE = Step(key="dose", days=0, is_first_dose=True)
# The letter takes 10 days and the FDA 30 after it: 14 May, 13 June. The IRB takes 14: 18 May.
US = (
    Step(key="letter", days=10),
    Step(key="fda", days=30, needs=("letter",)),
    Step(key="irb", days=14),
    Step(key="consent", days=0, needs=("irb",)),
    replace(DOSE, needs=("fda", "consent")),
)


def ahead(*steps: Step) -> Forecast:
    return forecast(steps, today=TODAY)


def changed(steps: Iterable[Step], key: str, **fields: Any) -> list[Step]:
    return [replace(step, **fields) if step.key == key else step for step in steps]


def test_one_after_the_other_adds_up() -> None:
    found = ahead(
        Step(key="a", days=3),
        Step(key="b", days=5, needs=("a",)),
        replace(DOSE, needs=("b",)),
    )

    assert found.finishes == {"a": may(7), "b": may(12), "dose": may(12)}
    assert (found.first_dose_on, found.critical) == (may(12), ("a", "b", "dose"))
    assert found.next_step == "a"


def test_longest_of_two_ways_decides() -> None:
    found = ahead(*US)

    assert found.finishes == {
        "letter": may(14),
        "fda": june(13),
        "irb": may(18),
        "consent": may(18),
        "dose": june(13),
    }
    assert found.critical == ("letter", "fda", "dose")


@pytest.mark.parametrize(
    ("key", "days", "expected", "critical"),
    [
        ("irb", 20, june(13), ("letter", "fda", "dose")),  # 24 May: nothing waits for it
        ("irb", 39, june(12), None),
        ("irb", 45, june(18), ("irb", "consent", "dose")),
        ("letter", 12, june(15), ("letter", "fda", "dose")),
        ("fda", 2, may(18), ("irb", "consent", "dose")),  # 16 May, before the IRB
    ],
)
def test_delay_counts_only_on_the_longest_way(
    key: str, days: int, expected: date, critical: tuple[str, ...] | None
) -> None:
    found = what_if(US, {key: {"days": days}}, today=TODAY)

    if critical is None:  # 12 June is a day before the other way
        assert (found.first_dose_on, found.finishes[key]) == (june(13), expected)
    else:
        assert (found.first_dose_on, found.critical) == (expected, critical)
    assert forecast(US, today=TODAY).first_dose_on == june(13)


def test_two_ways_that_are_equally_long_are_both_critical() -> None:
    found = what_if(US, {"irb": {"days": 40}}, today=TODAY)

    assert found.first_dose_on == june(13)
    assert found.critical == ("letter", "fda", "irb", "consent", "dose")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        # Sent on 27 April: its 30 days are over on 27 May.
        (Step(key="a", status="submitted", submitted_on=date(2026, 4, 27), days=30), may(27)),
        (Step(key="a", status="questions", submitted_on=date(2026, 4, 27), days=30), may(27)),
        # What should have been there on 31 March comes today at the earliest.
        (Step(key="a", status="submitted", submitted_on=date(2026, 3, 1), days=30), TODAY),
        (Step(key="a", status="in_preparation", days=3), may(7)),
        (Step(key="a", days=3, due_on=may(20)), may(20)),
        (Step(key="a", days=3, due_on=may(5)), may(7)),
        (Step(key="a", due_on=may(20)), may(20)),
        (Step(key="a", due_on=date(2026, 4, 1)), TODAY),
        (Step(key="a", status="approved", days=30), TODAY),
        (Step(key="a", status="waived", days=30), TODAY),
        (Step(key="a", status="not_required", days=30), TODAY),
        # Five working days from the Monday are the next Monday; in the Netherlands the Tuesday of
        # the Liberation is free in 2025 and 2030, and Ascension Day is on Thursday the 14th.
        (Step(key="a", days=5, is_working_days=True), may(11)),
        (Step(key="a", days=8, is_working_days=True, country="NL"), may(15)),
        (Step(key="a", days=9, is_working_days=True, country="NL"), may(18)),
        (Step(key="a", days=9, is_working_days=True), may(15)),
        # Memorial Day is on Monday the 25th: 15 working days from the 4th are the 25th, then 26th.
        (Step(key="a", days=15, is_working_days=True, country="US"), may(26)),
    ],
)
def test_day_of_one_step(step: Step, expected: date) -> None:
    assert ahead(step, replace(DOSE, needs=("a",))).first_dose_on == expected


def test_date_of_its_own_leaves_time_to_what_comes_before() -> None:
    steps = [
        Step(key="a", days=3),
        Step(key="b", days=2, needs=("a",), due_on=may(30)),
        replace(DOSE, needs=("b",)),
    ]

    found, later = ahead(*steps), ahead(*changed(steps, "a", days=13))

    assert (found.first_dose_on, found.critical) == (may(30), ("b", "dose"))
    assert (later.first_dose_on, later.critical) == (may(30), ("b", "dose"))
    assert ahead(*changed(steps, "a", days=25)).first_dose_on == may(31)


def test_unknown_days_are_unknown_from_there_on_and_named() -> None:
    steps = changed(US, "letter", days=None)

    found = ahead(*steps)

    assert found.finishes == {
        "letter": None,
        "fda": None,
        "irb": may(18),
        "consent": may(18),
        "dose": None,
    }
    assert (found.first_dose_on, found.missing) == (None, ("letter",))
    assert found.unknown == {"letter": Unknown.DAYS}
    assert found.critical == ("letter", "fda", "dose")


def test_every_missing_number_on_the_way_is_named_and_no_other() -> None:
    steps = [
        *changed(changed(US, "letter", days=None), "irb", days=None),
        Step(key="report", needs=("dose",)),
    ]

    found = ahead(*steps)

    assert found.missing == ("letter", "irb")
    assert found.unknown["report"] == Unknown.DAYS


def test_date_makes_up_for_days_that_nobody_knows() -> None:
    found = ahead(*changed(US, "letter", days=None, due_on=may(20)))

    assert (found.first_dose_on, found.missing) == (date(2026, 6, 19), ())


@pytest.mark.parametrize("is_working_days", [False, True])
def test_day_at_the_end_of_the_calendar_ends_there(is_working_days: bool) -> None:
    steps = changed(US, "letter", due_on=date.max)

    found = ahead(*changed(steps, "fda", is_working_days=is_working_days, country="US"))

    assert found.first_dose_on == date.max


@pytest.mark.parametrize("status", ["rejected", "expired", "cancelled"])
def test_step_that_stopped_stops_what_waits_for_it(status: str) -> None:
    found = ahead(*changed(US, "fda", status=status))

    assert (found.first_dose_on, found.missing) == (None, ("fda",))
    assert found.unknown == {"fda": Unknown.STOPPED}
    assert found.next_step == "fda"


def test_what_is_done_delays_nothing() -> None:
    found = ahead(*changed(changed(US, "letter", status="approved"), "irb", status="waived"))

    assert (found.first_dose_on, found.critical) == (june(3), ("fda", "dose"))


def test_after_the_first_dose_what_is_due_first_comes_first() -> None:
    given = replace(DOSE, status="approved", decided_on=may(1))
    found = ahead(
        given,
        Step(key="form", needs=("dose",), due_on=may(22)),
        Step(key="irb", needs=("dose",), due_on=may(8)),
        Step(key="summary", needs=("form",), due_on=may(5)),
    )

    assert (found.first_dose_on, found.is_first_dose_given) == (may(1), True)
    assert (found.critical, found.missing) == (("irb",), ())


@pytest.mark.parametrize("status", ["not_started", "approved"])
def test_first_dose_that_was_cancelled_and_replaced_is_not_waited_for(status: str) -> None:
    cancelled = replace(DOSE, key="before", status="cancelled", decided_on=may(2))

    found = ahead(cancelled, replace(DOSE, status=status, decided_on=may(1)))
    alone = ahead(cancelled)

    is_given = status == "approved"
    assert found.first_dose_on == (may(1) if is_given else TODAY)
    assert (found.is_first_dose_given, found.missing) == (is_given, ())
    assert (alone.is_first_dose_given, alone.missing) == (False, ("before",))


def test_first_dose_would_be_given_today() -> None:
    found = what_if(US, {"dose": {"status": "approved"}}, today=TODAY)

    assert (found.first_dose_on, found.is_first_dose_given) == (TODAY, True)


def test_without_a_first_dose_no_day_is_made_up() -> None:
    found = ahead(Step(key="a", days=3), Step(key="b", due_on=may(5)))

    assert (found.first_dose_on, found.has_first_dose, found.critical) == (None, False, ("b",))


def test_nothing_at_all() -> None:
    found = ahead()

    assert (found.first_dose_on, found.critical, found.next_step) == (None, (), None)


def test_circle_is_unknown_and_ends() -> None:
    found = ahead(
        Step(key="a", days=1, needs=("b",)),
        Step(key="b", days=1, needs=("a",)),
        replace(DOSE, needs=("b",)),
    )

    assert found.first_dose_on is None
    assert Unknown.CIRCLE in found.unknown.values()


def test_need_of_another_dossier_is_ignored() -> None:
    assert ahead(replace(DOSE, needs=("elsewhere",))).first_dose_on == TODAY
