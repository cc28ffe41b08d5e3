"""What the apps above add to patients: tables and facts on the page, columns and queues of the
list.

`patients` knows no other app. The admin modules of bookings and referrals call `join` when they
are loaded; everything is shown in the order of its `position`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.core.admin import Fact, RelatedTable, Shortcut, Verb


@dataclass(frozen=True, kw_only=True)
class Table:
    position: int
    table: RelatedTable


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the patient list.

    `annotations` are added to the rows of the page that is shown, and `cell` displays a row.
    """

    position: int
    heading: Any
    annotations: Callable[[datetime], Mapping[str, Any]]
    cell: Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class FactSource:
    """Makes one fact at the top of a patient's page; `read` runs a bounded number of queries."""

    position: int
    read: Callable[[Any, datetime], Fact]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """People that wait for something; the list then shows the oldest first."""

    key: str
    label: Any
    narrow: Callable[[Any], Any]


# Puts what came in from one source into words that people know.
Describer = Callable[[Mapping[str, Any]], Mapping[str, Any]]

VERBS: list[Verb] = []
SHORTCUTS: list[Shortcut] = []
_queues: list[Queue] = []
_describers: dict[str, Describer] = {}
_tables: list[Table] = []
_columns: list[Column] = []
_facts: list[FactSource] = []


def join(
    *,
    tables: Iterable[Table] = (),
    columns: Iterable[Column] = (),
    facts: Iterable[FactSource] = (),
    queues: Iterable[Queue] = (),
    verbs: Iterable[Verb] = (),
    shortcuts: Iterable[Shortcut] = (),
) -> None:
    """Add parts to the patient's page and list. Called once by each app, at import.

    The verbs of the apps above stand before those of `patients`.
    """
    VERBS[:0] = verbs
    SHORTCUTS.extend(shortcuts)
    _tables.extend(tables)
    _columns.extend(columns)
    _facts.extend(facts)
    _queues.extend(queues)


def describe(source: str, describer: Describer) -> None:
    """Declare how submissions of a source are put into words. Called once by an app, at import."""
    _describers[source] = describer


def in_words(source: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What came in from a source, in words; as it is when nobody has better ones."""
    describer = _describers.get(source)
    return describer(values) if describer else values


def queues() -> dict[str, Queue]:
    return {queue.key: queue for queue in _queues}


def tables() -> list[RelatedTable]:
    return [part.table for part in sorted(_tables, key=lambda part: part.position)]


def columns() -> list[Column]:
    return sorted(_columns, key=lambda part: part.position)


def facts(patient: Any, *, now: datetime) -> list[Fact]:
    return [part.read(patient, now) for part in sorted(_facts, key=lambda part: part.position)]
