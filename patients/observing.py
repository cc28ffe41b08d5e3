"""Writing down what is known about a patient's health, and that something was wrong.

A value is kept in the measure's own unit, with what was entered beside it. What cannot be true is
refused: an unknown unit, a number beyond the measure's limits, a day that has not come. A fact is
never changed: `mark_wrong` says that it was wrong, and `corrects` that another takes its place.
What follows from a change of facts (which trials fit) joins as a `Step` in `AppConfig.ready` and
is run in the same transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from patients.locking import locked
from patients.models import Document, Measure, Observation, Patient
from patients.models.measures import shown_unit
from patients.repeating import KeyReused
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Source = Observation.Source
Status = Observation.Status

# Four decimals, as the column has them.
_EXACT = Decimal("0.0001")
_LONGEST = Decimal(10) ** 12
# It is this much later somewhere on earth than in UTC.
_FARTHEST_EAST = timedelta(hours=14)
_EARLIEST = date(1900, 1, 1)


class NotPlausible(Refused):
    """The value cannot be true, or is none of this measure's. `members["field"]` says of what."""

    code = "value_not_plausible"


@dataclass(frozen=True, slots=True)
class Said:
    """One fact as somebody says it; `value` is a number or one of the measure's answers."""

    measure: Measure
    value: str | Decimal | int
    observed_on: date
    source: str
    unit: str = ""  # blank: the measure's own
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What every step is told: about whom, and which facts came or were found wrong, by whom."""

    patient: Patient
    facts: tuple[Observation, ...]
    by: User

    @property
    def measures(self) -> frozenset[UUID]:
        """The ids of the measures about which something else is known now."""
        return frozenset(fact.measure_id for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that follows from a change of facts."""

    name: str
    follow: Callable[[Change], None]


_steps: list[Step] = []


def join(*steps: Step) -> None:
    """Declare steps, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second step of one name.
    """
    for step in steps:
        if step in _steps:
            continue
        if step.name in {known.name for known in _steps}:
            raise LookupError(f"the step “{step.name}” is declared twice")
        _steps.append(step)


def steps() -> tuple[Step, ...]:
    """What follows from a change of facts, in this order."""
    return tuple(_steps)
