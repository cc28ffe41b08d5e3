"""A value in whichever unit, as it is kept; what cannot be true is refused with what can."""

from decimal import Decimal

import pytest

from patients.converting import NotPlausible, kept, units_of
from patients.models import Measure
from patients.models.measures import plain_number, rounded, shown_unit
from patients.tests.factories import MeasureFactory

pytestmark = pytest.mark.django_db


def of(code: str) -> Measure:
    return Measure.objects.get(code=code)


@pytest.mark.parametrize(
    ("code", "said", "unit", "expected"),
    [
        ("2160-0", "1.2", "", "1.2"),
        ("2160-0", "1,2", "mg/dL", "1.2"),
        ("2160-0", "88.42", "umol/L", "1"),
        ("2160-0", "133", "µmol/L", "1.5042"),
        ("1975-2", "17.1", "umol/L", "1"),
        ("718-7", "8.5", "mmol/L", "13.6969"),
        ("718-7", "132", "g/L", "13.2"),
        ("777-3", "150000", "/uL", "150"),
        ("777-3", "150", "×10³/µL", "150"),
        ("1742-6", "0.5", "ukat/L", "30"),
        ("29463-7", "165", "lb", "74.8427"),
        ("8302-2", "1,78", "m", "178"),
        ("64098-7", "1200", "ft", "365.76"),
        ("89247-1", "2", "", "2"),
        ("19872-1", "0,5e2", "%", "50"),
    ],
)
def test_number_is_kept_in_the_own_unit(code: str, said: str, unit: str, expected: str) -> None:
    assert kept(of(code), said, unit).number == Decimal(expected)


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        ("travel-abroad", "yes", "yes"),
        ("travel-abroad", " No ", "no"),
        ("idh-mutation", "Wild-type", "wild-type"),
    ],
)
def test_answer_is_kept_as_its_code(code: str, said: str, expected: str) -> None:
    assert kept(of(code), said).text == expected


@pytest.mark.parametrize(
    ("code", "said", "unit", "field", "why"),
    [
        ("2160-0", "106", "", "value", "Creatinine is plausible from 0.1 to 25 mg/dL"),
        ("2160-0", "1", "mmol/L", "unit", "Creatinine is known in mg/dL or µmol/L"),
        ("64098-7", "1,200", "", "value", "Write 1200 or 1.200"),
        ("2160-0", "about 1", "", "value", "Write a number"),
        ("2160-0", "NaN", "", "value", "Write a number"),
        ("2160-0", "1e30", "", "value", "Write a number"),
        ("2160-0", "", "", "value", "Write a number"),
        ("travel-abroad", "maybe", "", "value", "Can travel abroad is Yes or No"),
        ("idh-mutation", "no", "", "value", "IDH mutation is mutated or wild-type"),
    ],
)
def test_what_cannot_be_true_is_refused_with_what_can(
    code: str, said: str, unit: str, field: str, why: str
) -> None:
    with pytest.raises(NotPlausible, match=why) as refused:
        kept(of(code), said, unit)

    assert refused.value.members["field"] == field


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"low": 2}, "at least 2 mg/dL"),
        ({"high": Decimal("7.50")}, "at most 7.5 mg/dL"),
        ({}, ""),
    ],
)
def test_limits_are_said_from_one_side_too(limits: dict[str, Decimal], said: str) -> None:
    assert Measure(kind="number", unit="mg/dL", **limits).limits == said


def test_measure_out_of_use_takes_no_value() -> None:
    with pytest.raises(NotPlausible, match="no longer in use"):
        kept(MeasureFactory(is_active=False), "1")


def test_units_of_a_measure_begin_with_its_own() -> None:
    assert units_of(of("777-3")) == [
        ("10*9/L", "×10⁹/L"),
        ("/uL", "/µL"),
        ("10*3/uL", "×10³/µL"),
    ]
    assert units_of(of("pregnant")) == []


@pytest.mark.parametrize(
    ("ucum", "shown"),
    [
        ("umol/L", "µmol/L"),
        ("ukat/L", "µkat/L"),
        ("10*9/L", "×10⁹/L"),
        ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
        ("{score}", ""),
        ("[lb_av]", "lb"),
        ("U/L", "U/L"),
    ],
)
def test_units_are_shown_as_people_write_them(ucum: str, shown: str) -> None:
    assert shown_unit(ucum) == shown


@pytest.mark.parametrize(("number", "shown"), [("13.2000", "13.2"), ("150", "150"), ("0.0", "0")])
def test_numbers_are_shown_without_zeros_at_their_end(number: str, shown: str) -> None:
    assert plain_number(Decimal(number)) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1.1988", "1.2"),
        ("0.01131", "0.0113"),
        ("13.6969", "13.7"),
        ("365.76", "366"),
        ("150000", "150000"),
        ("0", "0"),
    ],
)
def test_converted_numbers_are_shown_with_three_digits(number: str, shown: str) -> None:
    assert plain_number(rounded(Decimal(number))) == shown
