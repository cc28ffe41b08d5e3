"""Headed CSV: a file for each table, named after it, with the names of its columns on top."""

from collections.abc import Iterator
from dataclasses import dataclass

from crm_import.refusals import SourceUnreadable
from crm_import.sources.encodings import Text, look_at
from crm_import.sources.files import Entry
from crm_import.sources.scanner import Scanner, header_of
from crm_import.sources.shape import Batch, Choices, Part, Reading, Row, Source
from crm_import.tables import FILES, TABLES, Table

KIND = "headed CSV"


def table_of(entry: Entry) -> Table | None:
    """The table that a file is named after, or None."""
    name, dot, suffix = entry.base.rpartition(".")
    found = (table for table in FILES if table.name.lower() == name.lower())
    return next(found, None) if dot and suffix.lower() in {"csv", "txt", "tsv"} else None


def open_headed(name: str, entries: list[Entry], choices: Choices) -> Source:
    """The export in the files, each of which is named after a table.

    Raises SourceUnreadable when a table is missing (but from a delta) or a header lacks what is
    needed.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        if table := table_of(entry):
            if table.name in found:
                raise SourceUnreadable(
                    f"{name} has {found[table.name].name} and {entry.name}. "
                    "Name the folder that holds one export only."
                )
            found[table.name] = entry
    missing = [f"{table.name}.csv" for table in TABLES if table.name not in found]
    if missing and not choices.is_delta:
        raise SourceUnreadable(
            f"{name} lacks {', '.join(missing)}. Export these tables too (a table without "
            "rows is a file with a header only), and name the folder that holds all of them. Or "
            "say --delta when it holds only what changed."
        )
    # Without labels the integers of options are only proposed: a person says what they mean.
    parts: list[Part] = [
        part(look_at(found[table.name]), table, is_delta=choices.is_delta)
        for table in FILES
        if table.name in found
    ]
    return Source(name, KIND, f"{parts[0].name} and the others have a header each", parts)


def part(text: Text, table: Table, *, is_delta: bool = False) -> "HeadedPart":
    """One file as a part of the table.

    Raises SourceUnreadable when its header is none, lacks what is needed, or says a thing twice.
    """
    header = header_of(text)
    columns = [table.column(cell) for cell in header]
    check_columns(text.entry.base, table, columns, is_delta=is_delta)
    return HeadedPart(
        table,
        text.entry.name,
        text.entry.size,
        text.sha256,
        header,
        columns,
        text.separator,
        text,
    )


def check_columns(
    name: str, table: Table, columns: list[str | None], *, is_delta: bool = False
) -> None:
    """Raise SourceUnreadable when a column that is needed is missing, or one is there twice.

    Rows of a delta need their id only: what is not delivered is known already.
    """
    known = [column for column in columns if column]
    needed = table.needed[:1] if is_delta else table.needed
    if lacking := [column for column in needed if column not in known]:
        raise SourceUnreadable(
            f"{name} lacks the column {', '.join(lacking)}. "
            "Export it with all columns, and their names in the first line."
        )
    if twice := sorted({column for column in known if known.count(column) > 1}):
        raise SourceUnreadable(
            f"{name} has the column {', '.join(twice)} twice. Remove one of them."
        )


@dataclass(slots=True)
class HeadedPart(Part):
    """One CSV file with a header."""

    text: Text

    @property
    def encoding(self) -> str:
        return self.text.encoding

    def reading(self, first: int) -> Reading:
        """Begin a pass over it."""
        return _Reading(self, first)


class _Reading(Reading):
    def __init__(self, part: HeadedPart, first: int) -> None:
        self._part = part
        self._scanner = Scanner(part.text, len(part.header), first=first)

    @property
    def records(self) -> int:  # type: ignore[override]
        return self._scanner.records

    @property
    def sha256(self) -> str:
        return self._scanner.sha256

    def batches(self) -> Iterator[Batch]:
        part = self._part
        plain = None not in part.columns
        for framed in self._scanner.batches():
            if plain:
                rows = [Row(number, cells) for number, cells in framed.rows]
                yield Batch(framed.lines, rows, bad=framed.bad)
                continue
            # The header has columns of which we know nothing: their cells go into `extra`.
            mark = part.separator
            lines = [(number, line.decode().split(mark)) for number, line in framed.lines]
            rows = [self._row(number, cells) for number, cells in sorted(lines + framed.rows)]
            yield Batch(rows=rows, bad=framed.bad)

    def _row(self, number: int, cells: list[str]) -> Row:
        known, extra = [], {}
        for header, column, cell in zip(self._part.header, self._part.columns, cells, strict=True):
            if column:
                known.append(cell)
            elif cell:
                extra[header] = cell
        return Row(number, known, extra or None)
