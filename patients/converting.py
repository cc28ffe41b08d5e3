"""What somebody says of a measure, as it is kept: a number in the measure's own unit, or an answer.

What cannot be true is refused with what can: the units that are known, the limits, the answers.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from patients.models import Measure
from patients.models.measures import shown_unit
from portal.core.errors import Refused

# Four decimals, as the column has them.
_EXACT = Decimal("0.0001")
_LONGEST = Decimal(10) ** 12


class NotPlausible(Refused):
    """What is said cannot be true. `members["field"]` names the part of it that is meant."""

    code = "value_not_plausible"

    def __init__(self, message: str, about: str, *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.members = {"field": about}


@dataclass(frozen=True, slots=True)
class Value:
    """A number in the measure's own unit, or the code of an answer; `unit` it was said in."""

    number: Decimal | None = None
    text: str = ""
    unit: str = ""


def kept(measure: Measure, value: str | Decimal | int, unit: str = "") -> Value:
    """What is kept of `value` in `unit`: UCUM or as people write it, blank for the measure's own.

    Raises NotPlausible.
    """
    if not measure.is_active:
        message = _("%(measure)s is no longer in use. Choose another measure.")
        raise NotPlausible(message % {"measure": measure}, "measure", code="measure_not_in_use")
    if measure.kind != Measure.Kind.NUMBER:
        return Value(text=_answer(measure, str(value)))
    said_in, number = _converted(measure, _number(value), unit.strip())
    if (measure.low is not None and number < measure.low) or (
        measure.high is not None and number > measure.high
    ):
        message = _("%(measure)s is plausible from %(limits)s. Check the value and its unit.")
        raise NotPlausible(message % {"measure": measure, "limits": measure.limits}, "value")
    return Value(number=number, unit=said_in)


def units_of(measure: Measure) -> list[tuple[str, str]]:
    """The units in which a measure may be said, its own first: UCUM, and as people write it."""
    if measure.kind != Measure.Kind.NUMBER:
        return []
    known = [measure.unit, *(one.unit for one in measure.units.all())]
    return [(unit, shown_unit(unit)) for unit in known]


def _answer(measure: Measure, value: str) -> str:
    wanted = value.strip().casefold()
    for code, words in measure.answers:
        if wanted in (code.casefold(), words.casefold()):
            return code
    known = get_text_list([words for _code, words in measure.answers], _("or"))
    message = _("The answer for %(measure)s is %(known)s.")
    raise NotPlausible(message % {"measure": measure, "known": known}, "value")


def _number(value: str | Decimal | int) -> Decimal:
    """The number that was said. A comma before three digits may be either kind, and is refused."""
    text = str(value).strip()
    whole, comma, rest = text.partition(",")
    if comma and len(rest) == 3 and whole not in ("", "0"):
        message = _("Write %(one)s or %(other)s: a comma can mean both.")
        raise NotPlausible(message % {"one": f"{whole}{rest}", "other": f"{whole}.{rest}"}, "value")
    try:
        number = Decimal(text.replace(",", ".", 1))
    except InvalidOperation:
        raise NotPlausible(_("Write a number, like 12.5."), "value") from None
    if not number.is_finite() or abs(number) >= _LONGEST:
        raise NotPlausible(_("Write a number, like 12.5."), "value")
    return number


def _converted(measure: Measure, number: Decimal, unit: str) -> tuple[str, Decimal]:
    """The unit as UCUM, and the number in the measure's own."""
    if unit in ("", measure.unit, shown_unit(measure.unit)):
        return measure.unit, number.quantize(_EXACT)
    for other in measure.units.all():
        if unit in (other.unit, shown_unit(other.unit)):
            return other.unit, (number * other.factor + other.offset).quantize(_EXACT)
    known = get_text_list([shown or unit for unit, shown in units_of(measure)], _("or"))
    message = _("%(measure)s is known in %(known)s, not in this unit.")
    raise NotPlausible(message % {"measure": measure, "known": known}, "unit", code="unit_unknown")
