"""The criteria of a trial or program as a tree: groups, and leaves that look at one fact.

A leaf says in words what it demands, what it looks at (`uses`), and what to ask when that is not
known. Its `judge` sees facts only.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from referrals.eligibility import facts as names
from referrals.eligibility.ages import Age
from referrals.eligibility.facts import Fact, Facts
from referrals.eligibility.verdicts import MET, NOT_MET, UNKNOWN, Verdict, every, known
from referrals.eligibility.words import countries

# The key of what stands in for criteria that nobody has entered.
IN_WORDS = "text"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a leaf came to, and what it saw: blank when there was nothing to see."""

    verdict: Verdict
    fact: str = ""
    as_of: date | None = None
    source: str = ""

    @classmethod
    def of(cls, fact: Fact, verdict: Verdict) -> "Seen":
        return cls(verdict, fact.text, fact.as_of, fact.source)


NOTHING = Seen(UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A demand on one fact. `key` is the criterion's id, or a word for what the record implies."""

    key: UUID | str = ""

    @property
    @abstractmethod
    def uses(self) -> frozenset[str]:
        """The names of the facts that it looks at."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What it demands, in words."""

    @abstractmethod
    def question(self, facts: Facts) -> str:
        """What to ask somebody of whom the fact is not known."""

    @abstractmethod
    def judge(self, facts: Facts) -> Seen:
        """What these facts come to."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of these."""

    children: "tuple[Node, ...]" = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these."""

    children: "tuple[Node, ...]" = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite: what a trial excludes."""

    child: "Node"


Node = AllOf | AnyOf | Not | Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeBetween(Leaf):
    """An age, both ends included: at most 75 years is until the day somebody is 76."""

    at_least: Age | None = None
    at_most: Age | None = None

    @property
    def uses(self) -> frozenset[str]:
        return frozenset({names.BIRTH})

    @property
    def label(self) -> str:
        if self.at_least and self.at_most:
            return _("Age %(least)s to %(most)s") % {"least": self.at_least, "most": self.at_most}
        if self.at_least:
            return _("At least %(age)s old") % {"age": self.at_least}
        return _("At most %(age)s old") % {"age": self.at_most}

    def question(self, facts: Facts) -> str:
        return _("What is the date of birth?")

    def judge(self, facts: Facts) -> Seen:
        born, today = facts.born, facts.today
        if born is None:
            return NOTHING
        reached = self.at_least.reached(born, today=today) if self.at_least else MET
        kept = self.at_most.not_passed(born, today=today) if self.at_most else MET
        return Seen(every((reached, kept)), facts.age)


@dataclass(frozen=True, slots=True, kw_only=True)
class SexIs(Leaf):
    """One sex only. Another than female and male decides nothing: people have to look."""

    sex: str

    @property
    def uses(self) -> frozenset[str]:
        return frozenset({names.SEX})

    @property
    def label(self) -> str:
        return _("Sex is %(sex)s") % {"sex": _sex(self.sex)}

    def question(self, facts: Facts) -> str:
        return _("What is the sex, as the trial's physician would record it?")

    def judge(self, facts: Facts) -> Seen:
        if not facts.sex:
            return NOTHING
        return Seen(known(facts.sex == self.sex), _sex(facts.sex))


def _sex(sex: str) -> str:
    return _("female") if sex == "female" else _("male")


@dataclass(frozen=True, slots=True, kw_only=True)
class HasCondition(Leaf):
    """That they look for treatment of one of these conditions, or of a kind of one.

    It says nothing of other illnesses: those are asked for with a question. Somebody with a wider
    condition (motor neurone disease, where ALS is demanded) may have it: unknown.
    """

    conditions: frozenset[UUID]
    title: str
    wider: frozenset[UUID] = frozenset()  # what the conditions are kinds of
    is_complete: bool = True  # no: the registry names further ones that are not placed yet

    @property
    def uses(self) -> frozenset[str]:
        return frozenset({names.CONDITION})

    @property
    def label(self) -> str:
        return _("Condition is %(conditions)s") % {"conditions": self.title}

    def question(self, facts: Facts) -> str:
        if facts.condition is None:
            return _("What is the diagnosis?")
        return _("Is the diagnosis %(conditions)s?") % {"conditions": self.title}

    def judge(self, facts: Facts) -> Seen:
        if facts.condition is None:
            return NOTHING
        if facts.conditions & self.conditions:
            verdict = MET
        elif facts.condition in self.wider or not self.is_complete:
            verdict = UNKNOWN
        else:
            verdict = NOT_MET
        return Seen(verdict, facts.condition_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class InCountry(Leaf):
    """That they live in one of these countries, or would travel to one."""

    countries: frozenset[str]
    may_travel: bool = True

    @property
    def uses(self) -> frozenset[str]:
        travel = {names.TRAVEL} if self.may_travel else set()
        return frozenset({names.COUNTRY, *travel})

    @property
    def label(self) -> str:
        words = {"countries": countries(self.countries)}
        if self.may_travel:
            return _("Lives in %(countries)s, or would travel there") % words
        return _("Lives in %(countries)s") % words

    def question(self, facts: Facts) -> str:
        if not facts.country:
            return _("In which country do they live?")
        return _("Would they travel to %(countries)s?") % {"countries": countries(self.countries)}

    def judge(self, facts: Facts) -> Seen:
        if facts.country in self.countries:
            return Seen(MET, facts.home)
        travel = facts.travels if self.may_travel else None
        if travel is not None and travel.value is True:
            return Seen.of(travel, MET)
        if not facts.country:
            return NOTHING
        if not self.may_travel:
            return Seen(NOT_MET, facts.home)
        if travel is None:
            return Seen(UNKNOWN, facts.home)
        return Seen(NOT_MET, f"{facts.home}, {travel.text}", travel.as_of, travel.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Leaf):
    """A criterion in free words, which people answer with yes or no."""

    key: UUID
    text: str

    @property
    def uses(self) -> frozenset[str]:
        return frozenset({names.of_answer(self.key)})

    @property
    def label(self) -> str:
        return self.text

    def question(self, facts: Facts) -> str:
        return self.text

    def judge(self, facts: Facts) -> Seen:
        answer = facts.answers.get(self.key)
        if answer is None:
            return NOTHING
        return Seen.of(answer, known(answer.value is True))


@dataclass(frozen=True, slots=True, kw_only=True)
class InWords(Leaf):
    """What nobody has entered: the registry's text says it, and people have to read it."""

    key: UUID | str = IN_WORDS

    @property
    def uses(self) -> frozenset[str]:
        return frozenset()

    @property
    def label(self) -> str:
        return _("Meets the criteria in the registry's words")

    def question(self, facts: Facts) -> str:
        return _("Do they meet the criteria in the registry's words? Nobody has entered them yet.")

    def judge(self, facts: Facts) -> Seen:
        return NOTHING
