"""Criteria on what was measured or asked."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from referrals.eligibility import facts as names
from referrals.eligibility.criteria import NOTHING, Leaf, Seen
from referrals.eligibility.facts import Fact, Facts
from referrals.eligibility.verdicts import NOT_MET, UNKNOWN, Verdict, known
from referrals.eligibility.words import any_of, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Leaf):
    """A value that was observed: within limits, one of some words, or yes. It may be too old."""

    measure: UUID
    name: str
    ask: str  # the question of the measure
    unit: str = ""
    least: Decimal | None = None
    most: Decimal | None = None
    open_ended: bool = False  # yes: more and less than the limits, not the limits themselves
    choices: tuple[str, ...] = ()
    days: int | None = None  # None: however old
    # No: the limits are in another unit than the measure has now, and nothing can be compared.
    is_comparable: bool = True

    @property
    def uses(self) -> frozenset[str]:
        return frozenset({names.of_measure(self.measure)})

    @property
    def label(self) -> str:
        said = f"{self.name} {self._limits()}".strip()
        if self.days is None:
            return said
        age = ngettext("not older than %(days)d day", "not older than %(days)d days", self.days)
        return f"{said}, {age % {'days': self.days}}"

    def _limits(self) -> str:
        if self.choices:
            return _("is %(choices)s") % {"choices": any_of(self.choices)}
        values = {"least": number(self.least), "most": number(self.most), "unit": self.unit}
        if self.least is not None and self.most is not None:
            return (_("from %(least)s to %(most)s %(unit)s") % values).rstrip()
        if self.least is not None:
            said = _("over %(least)s %(unit)s") if self.open_ended else None
            return ((said or _("at least %(least)s %(unit)s")) % values).rstrip()
        if self.most is not None:
            said = _("under %(most)s %(unit)s") if self.open_ended else None
            return ((said or _("at most %(most)s %(unit)s")) % values).rstrip()
        return ""

    def question(self, facts: Facts) -> str:
        return self.ask

    def judge(self, facts: Facts) -> Seen:
        fact = facts.observations.get(self.measure)
        if fact is None:
            return NOTHING
        if self.days is not None and self._is_too_old(fact, facts.today):
            return Seen(UNKNOWN, _too_old(fact), fact.as_of, fact.source)
        return Seen.of(fact, self._holds(fact.value))

    def _is_too_old(self, fact: Fact, today: date) -> bool:
        return fact.as_of is None or (today - fact.as_of).days > (self.days or 0)

    def _holds(self, value: bool | Decimal | str) -> Verdict:
        """Unknown for a value of another kind than the one that is demanded."""
        if not self.is_comparable:
            return UNKNOWN
        if self.choices:
            return known(value in self.choices) if isinstance(value, str) else UNKNOWN
        if isinstance(value, bool):
            return known(value) if self.least is self.most is None else UNKNOWN
        if isinstance(value, str) or self.least is self.most is None:
            return UNKNOWN
        if self.open_ended and value in (self.least, self.most):
            return NOT_MET
        over = self.least is None or value >= self.least
        return known(over and (self.most is None or value <= self.most))


def _too_old(fact: Fact) -> str:
    if fact.as_of is None:
        return _("%(fact)s: nobody said when") % {"fact": fact.text}
    day = date_format(fact.as_of, "j M Y")
    return _("%(fact)s of %(day)s is too old") % {"fact": fact.text, "day": day}
