"""What is known of one person, as criteria look at it. Nothing here reads the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from uuid import UUID

from django.utils.translation import gettext as _

from referrals.eligibility.ages import age_in_words
from referrals.eligibility.words import countries

# The names under which a criterion says what it looks at.
BIRTH = "birth"
SEX = "sex"
CONDITION = "condition"
COUNTRY = "country"
TRAVEL = "travel"  # whether they would travel to another country for a treatment


def of_measure(measure: UUID) -> str:
    """The name of what was observed under this measure."""
    return f"measure:{measure}"


def of_answer(criterion: UUID) -> str:
    """The name of what a person answered to this criterion."""
    return f"answer:{criterion}"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known of a person: in a form to compare, and in words."""

    value: bool | Decimal | str
    text: str  # "FVC 48 % predicted"
    as_of: date | None = None  # None: it is so, whenever one looks
    source: str = ""  # "the patient said so"


@dataclass(frozen=True)
class Facts:
    """What is known of one person on one day; what is left out is not known.

    What every trial would put into words anew is put into words once, in the language of the first
    who asks: thousands of trials look at one age and one country.
    """

    today: date
    born: date | None = None
    sex: str = ""  # female or male; blank for anything that does not decide
    country: str = ""  # ISO 3166-1 alpha-2
    condition: UUID | None = None  # what they look for treatment for
    condition_name: str = ""
    # Itself, and what it is a kind of.
    conditions: frozenset[UUID] = frozenset()
    travels: Fact | None = None
    # The newest of each measure, by the measure's id.
    observations: Mapping[UUID, Fact] = field(default_factory=lambda: MappingProxyType({}))
    # The newest answer to each criterion that people answer.
    answers: Mapping[UUID, Fact] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def age(self) -> str:
        """“42 years old”; blank when the birthday is not known."""
        if self.born is None:
            return ""
        return _("%(age)s old") % {"age": age_in_words(self.born, today=self.today)}

    @cached_property
    def home(self) -> str:
        """“lives in Netherlands”; blank when the country is not known."""
        if not self.country:
            return ""
        return _("lives in %(country)s") % {"country": countries({self.country})}
