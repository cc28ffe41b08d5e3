"""What is known of one person, as criteria look at it. Nothing here reads the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

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


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one person on one day; what is left out is not known."""

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
