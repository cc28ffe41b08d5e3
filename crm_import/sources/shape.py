"""The one shape in which every export reaches the archive: parts, and batches of their records.

A source is a list of parts; a part is one file (or table) that holds records of one table of the
CRM. Whatever it was written in, its cells come under the legacy names and in one spelling: UTF-8,
instants as `2023-10-29T00:30:00Z`, booleans as `true` and `false`, no value as an empty cell.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm_import.tables import Table


@dataclass(frozen=True, slots=True)
class Choices:
    """What an operator has decided about an export that does not say it itself.

    `dates`: the order of day and month by column ("dmy" or "mdy"); `accept_row_limit`: a sheet
    of exactly as many rows as the CRM exports at most is whole all the same; `is_delta`: it holds
    only what changed, so that tables and columns may be missing.
    """

    dates: dict[str, str] = field(default_factory=dict)
    accept_row_limit: bool = False
    is_delta: bool = False


@dataclass(slots=True)
class BadRecord:
    """A record as bytes. `loaded`: it went on all the same, without its NUL characters."""

    record: int
    offset: int
    raw: bytes
    reason: str
    loaded: bool = False


class Row(NamedTuple):
    """A record as cells, in the order of its part's `known` columns.

    `absent` names those of them that were not delivered (which is not the same as empty), and
    `written` is when the export wrote this version of the row, where it says so.
    """

    record: int
    cells: list[str]
    extra: dict[str, str] | None = None
    absent: list[str] | None = None
    written: str | None = None


class Tombstone(NamedTuple):
    """The news that a row was deleted: no cells, perhaps a version."""

    record: int
    id: str
    version: str = ""


@dataclass(slots=True)
class Batch:
    """Consecutive records: `lines` are CSV as they stood, the known columns in their order."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    deleted: list[Tombstone] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)


class Reading(ABC):
    """One pass over a part. `records` counts what was passed, from the given start on."""

    records: int

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Of the bytes that `batches` has read so far."""

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """The records in order. Memory does not grow with the part."""


@dataclass(slots=True)
class Part(ABC):
    """One file of an export. `columns` has None for headers that are not columns of the table.

    `separator` is what parts the cells of `Batch.lines`. While it is read, `watch` is told of each
    cell with a date as it was written (column, cell), where that is not how it is handed on.
    """

    table: Table
    name: str
    size: int
    sha256: str
    header: list[str]
    columns: list[str | None]
    separator: str
    watch: Callable[[str, Any], None] | None = field(default=None, kw_only=True, repr=False)

    @property
    def known(self) -> list[str]:
        return [column for column in self.columns if column]

    @property
    def absent(self) -> list[str]:
        """Columns of the table that the part does not have."""
        return [column for column in self.table.columns if column not in self.columns]

    @property
    def unknown(self) -> list[str]:
        """Headers of columns of which we know nothing: their cells come beside each row."""
        pairs = zip(self.header, self.columns, strict=True)
        return [header for header, column in pairs if column is None]

    @property
    def encoding(self) -> str:
        """What the file is written in, "" for what is no text."""
        return ""

    @property
    def date_orders(self) -> dict[str, str]:
        """The order of day and month ("dmy" or "mdy") by column, where one was needed."""
        return {}

    @abstractmethod
    def reading(self, first: int) -> Reading:
        """Begin a pass over it. `first` records of the table came before."""


@dataclass(slots=True)
class Source:
    """An export that was understood. `why` tells an operator what it was taken for, and by what.

    `is_delta`: it holds only what changed, so that tables may be missing from it. `ignored` are
    files and tables in it that are none of ours. `close` is called when all was read.
    """

    name: str
    kind: str
    why: str
    parts: list[Part]
    is_delta: bool = False
    ignored: list[str] = field(default_factory=list)
    close: Callable[[], None] = lambda: None
