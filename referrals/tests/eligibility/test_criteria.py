"""What each kind of criterion says of what is known. Without a database."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from referrals.eligibility import (
    Age,
    AgeBetween,
    Fact,
    Facts,
    HasCondition,
    InCountry,
    Leaf,
    Measured,
    Not,
    SexIs,
    Verdict,
    assess,
    read_age,
)
from referrals.eligibility.ages import Unit, age_in_words
from referrals.tests.eligibility.people import TODAY

MET, NOT_MET, UNKNOWN = Verdict
ALS, MND, NEURO, CANCER = (UUID(int=number) for number in range(1, 5))
FVC = UUID(int=5)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("18 Years", Age(18, Unit.YEAR)),
        ("1 Year", Age(1, Unit.YEAR)),
        ("6 Months", Age(6, Unit.MONTH)),
        ("2 Weeks", Age(2, Unit.WEEK)),
        ("24 Hours", Age(24, Unit.HOUR)),
        ("", None),
        ("N/A", None),
    ],
)
def test_read_age(text: str, age: Age | None) -> None:
    assert read_age(text) == age


@pytest.mark.parametrize(
    ("born", "today", "limit", "reached", "not_passed"),
    [
        # The day itself, and the day before.
        ("2008-11-21", "2026-11-21", "18 Years", MET, MET),
        ("2008-11-22", "2026-11-21", "18 Years", NOT_MET, MET),
        # At most 75 years is until the day they are 76.
        ("1950-11-22", "2026-11-21", "75 Years", MET, MET),
        ("1950-11-21", "2026-11-21", "75 Years", MET, NOT_MET),
        ("2026-05-21", "2026-11-21", "6 Months", MET, MET),
        ("2026-05-22", "2026-11-21", "6 Months", NOT_MET, MET),
        ("2026-04-21", "2026-11-21", "6 Months", MET, NOT_MET),
        # 29 February counts as 1 March, the 31st of a short month as the day after its end.
        ("2008-02-29", "2026-02-28", "18 Years", NOT_MET, MET),
        ("2008-02-29", "2026-03-01", "18 Years", MET, MET),
        ("2026-08-31", "2026-09-30", "1 Month", NOT_MET, MET),
        ("2026-08-31", "2026-10-01", "1 Month", MET, MET),
        ("2026-11-07", "2026-11-21", "2 Weeks", MET, MET),
        ("2026-11-08", "2026-11-21", "2 Weeks", NOT_MET, MET),
        ("2026-11-18", "2026-11-21", "3 Days", MET, MET),
        ("2026-11-17", "2026-11-21", "3 Days", MET, NOT_MET),
        # A birthday does not say the hour.
        ("2026-11-19", "2026-11-21", "24 Hours", MET, UNKNOWN),
        ("2026-11-20", "2026-11-21", "24 Hours", UNKNOWN, UNKNOWN),
        ("2026-11-21", "2026-11-21", "24 Hours", NOT_MET, MET),
        ("2026-11-21", "2026-11-21", "90 Minutes", UNKNOWN, UNKNOWN),
        # Nobody gets that old.
        ("2026-11-21", "2026-11-21", "9999 Years", NOT_MET, MET),
    ],
)
def test_age_to_the_day(
    born: str, today: str, limit: str, reached: Verdict, not_passed: Verdict
) -> None:
    age = read_age(limit)
    day = date.fromisoformat(today)

    assert age is not None
    assert age.reached(date.fromisoformat(born), today=day) is reached
    assert age.not_passed(date.fromisoformat(born), today=day) is not_passed


@pytest.mark.parametrize(
    ("born", "words"),
    [
        ("1982-11-22", "43 years"),
        ("2024-11-22", "23 months"),
        ("2026-11-20", "1 day"),
    ],
)
def test_age_in_words(born: str, words: str) -> None:
    assert age_in_words(date.fromisoformat(born), today=TODAY) == words


def fvc(**options: object) -> Measured:
    fields = {"measure": FVC, "name": "FVC", "ask": "What is the FVC?", "unit": "%"}
    return Measured(**{**fields, **options})  # type: ignore[arg-type]


def observed(value: bool | Decimal | str, text: str, day: str = "2026-11-03") -> Facts:
    fact = Fact(value, text, date.fromisoformat(day), "physician")
    return Facts(today=TODAY, observations={FVC: fact})


def travels(value: bool, country: str = "") -> Facts:
    fact = Fact(value, "would travel" if value else "would not travel", TODAY, "patient")
    return Facts(today=TODAY, country=country, travels=fact)


ADULT = AgeBetween(at_least=Age(18, Unit.YEAR))
UP_TO_75 = AgeBetween(at_least=Age(18, Unit.YEAR), at_most=Age(75, Unit.YEAR))
BENELUX = InCountry(countries=frozenset({"NL", "BE"}))
HERE_ONLY = InCountry(countries=frozenset({"NL"}), may_travel=False)
HAS_ALS = HasCondition(conditions=frozenset({ALS}), title="ALS", wider=frozenset({MND, NEURO}))
SOME_UNPLACED = HasCondition(conditions=frozenset({ALS}), title="ALS", is_complete=False)
AT_LEAST_50 = fvc(least=Decimal(50), days=90)


def with_condition(condition: UUID, *wider: UUID) -> Facts:
    return Facts(
        today=TODAY,
        condition=condition,
        condition_name="it",
        conditions=frozenset({condition, *wider}),
    )


NOBODY = Facts(today=TODAY)


@pytest.mark.parametrize(
    ("leaf", "facts", "verdict", "fact"),
    [
        (ADULT, Facts(today=TODAY, born=date(1982, 11, 3)), MET, "44 years old"),
        (ADULT, Facts(today=TODAY, born=date(2020, 1, 1)), NOT_MET, "6 years old"),
        (UP_TO_75, Facts(today=TODAY, born=date(1940, 1, 1)), NOT_MET, "86 years old"),
        (SexIs(sex="female"), Facts(today=TODAY, sex="female"), MET, "female"),
        (SexIs(sex="female"), Facts(today=TODAY, sex="male"), NOT_MET, "male"),
        (HAS_ALS, with_condition(ALS, MND), MET, "it"),
        (HAS_ALS, with_condition(CANCER), NOT_MET, "it"),
        (HAS_ALS, with_condition(MND, NEURO), UNKNOWN, "it"),
        (SOME_UNPLACED, with_condition(CANCER), UNKNOWN, "it"),
        (
            HasCondition(conditions=frozenset({MND}), title="MND"),
            with_condition(ALS, MND),
            MET,
            "it",
        ),
        (BENELUX, Facts(today=TODAY, country="NL"), MET, "lives in Netherlands"),
        (BENELUX, Facts(today=TODAY, country="FR"), UNKNOWN, "lives in France"),
        (BENELUX, travels(True, "FR"), MET, "would travel"),
        (BENELUX, travels(True), MET, "would travel"),
        (BENELUX, travels(False, "FR"), NOT_MET, "lives in France, would not travel"),
        (BENELUX, travels(False), UNKNOWN, ""),
        (HERE_ONLY, travels(True, "FR"), NOT_MET, "lives in France"),
        (AT_LEAST_50, observed(Decimal(50), "FVC 50 %"), MET, "FVC 50 %"),
        (AT_LEAST_50, observed(Decimal("49.9"), "FVC 49.9 %"), NOT_MET, "FVC 49.9 %"),
        (
            AT_LEAST_50,
            observed(Decimal(48), "FVC 48 %", "2025-01-03"),
            UNKNOWN,
            "FVC 48 % of 3 Jan 2025 is too old",
        ),
        (
            AT_LEAST_50,
            Facts(today=TODAY, observations={FVC: Fact(Decimal(48), "FVC 48 %")}),
            UNKNOWN,
            "FVC 48 %: nobody said when",
        ),
        (fvc(least=Decimal(50), is_comparable=False), observed(Decimal(60), "60"), UNKNOWN, "60"),
        (fvc(least=Decimal(50), open_ended=True), observed(Decimal(50), "50"), NOT_MET, "50"),
        (fvc(most=Decimal(50), open_ended=True), observed(Decimal(49), "49"), MET, "49"),
        (fvc(most=Decimal(50)), observed(Decimal(50), "50"), MET, "50"),
        (fvc(least=Decimal(1), most=Decimal(3)), observed(Decimal(4), "4"), NOT_MET, "4"),
        (fvc(choices=("a", "b")), observed("b", "b"), MET, "b"),
        (fvc(choices=("a", "b")), observed("c", "c"), NOT_MET, "c"),
        (fvc(), observed(True, "yes"), MET, "yes"),
        (fvc(), observed(False, "no"), NOT_MET, "no"),
        # A value of another kind than the one demanded says nothing.
        (fvc(), observed("b", "b"), UNKNOWN, "b"),
        (fvc(least=Decimal(1)), observed(True, "yes"), UNKNOWN, "yes"),
        (fvc(choices=("a",)), observed(Decimal(1), "1"), UNKNOWN, "1"),
    ],
)
def test_leaf(leaf: Leaf, facts: Facts, verdict: Verdict, fact: str) -> None:
    (found,) = assess(leaf, facts).findings

    assert (found.verdict, found.fact) == (verdict, fact)
    assert bool(found.question) == (verdict is UNKNOWN)


@pytest.mark.parametrize(
    ("leaf", "facts", "label", "question"),
    [
        (ADULT, NOBODY, "At least 18 years old", "What is the date of birth?"),
        (UP_TO_75, NOBODY, "Age 18 years to 75 years", "What is the date of birth?"),
        (
            AgeBetween(at_most=Age(6, Unit.MONTH)),
            NOBODY,
            "At most 6 months old",
            "What is the date of birth?",
        ),
        (
            SexIs(sex="male"),
            NOBODY,
            "Sex is male",
            "What is the sex, as the trial's physician would record it?",
        ),
        (HAS_ALS, NOBODY, "Condition is ALS", "What is the diagnosis?"),
        (HAS_ALS, with_condition(MND), "Condition is ALS", "Is the diagnosis ALS?"),
        (
            BENELUX,
            NOBODY,
            "Lives in Belgium or Netherlands, or would travel there",
            "In which country do they live?",
        ),
        (
            HERE_ONLY,
            NOBODY,
            "Lives in Netherlands",
            "In which country do they live?",
        ),
        (
            InCountry(countries=frozenset({"NL", "BE", "FR", "DE", "ES", "IT"})),
            Facts(today=TODAY, country="US"),
            "Lives in one of 6 countries, or would travel there",
            "Would they travel to one of 6 countries?",
        ),
        (AT_LEAST_50, NOBODY, "FVC at least 50 %, not older than 90 days", "What is the FVC?"),
        (fvc(most=Decimal("2.50")), NOBODY, "FVC at most 2.5 %", "What is the FVC?"),
        (fvc(least=Decimal(5), open_ended=True), NOBODY, "FVC over 5 %", "What is the FVC?"),
        (
            fvc(most=Decimal(5), open_ended=True, unit=""),
            NOBODY,
            "FVC under 5",
            "What is the FVC?",
        ),
        (
            fvc(least=Decimal(1), most=Decimal(3), days=1),
            NOBODY,
            "FVC from 1 to 3 %, not older than 1 day",
            "What is the FVC?",
        ),
        (fvc(choices=("a", "b", "c")), NOBODY, "FVC is a, b or c", "What is the FVC?"),
        (fvc(), NOBODY, "FVC", "What is the FVC?"),
    ],
)
def test_leaf_in_words(leaf: Leaf, facts: Facts, label: str, question: str) -> None:
    (found,) = assess(leaf, facts).findings

    assert (found.label, found.question) == (label, question)


def test_finding_tells_when_and_from_whom() -> None:
    facts = observed(Decimal(48), "FVC 48 %")

    (found,) = assess(Not(AT_LEAST_50), facts).findings

    assert (found.as_of, found.source) == (date(2026, 11, 3), "physician")
    assert found.uses == {f"measure:{FVC}"}
