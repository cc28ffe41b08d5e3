"""What people export from the screens of the CRM: XLSX, or CSV that a spreadsheet wrote.

Headings are labels, and so are options and look-ups. The id stands in a hidden column, found by
its heading and by what is in it. Local times become UTC; whether 10/3 is in March or October is
said by a day above 12 in the same column, and asked where there is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from crm_import.refusals import DecisionNeeded, SourceUnreadable
from crm_import.sources import words
from crm_import.sources.files import Entry
from crm_import.sources.headed import check_columns
from crm_import.sources.scanner import Scanner
from crm_import.sources.shape import BadRecord, Batch, Choices, Part, Reading, Row, Source
from crm_import.sources.workbooks import HIDDEN, Cells, Sheet, digest_of, sheets_of
from crm_import.tables import TABLES, Table

KIND = "export from the screens"
# As many rows as the CRM exports at most.
ROW_LIMIT = 100_000
_AT_ONCE = 2_000
_GUID = re.compile(r"^\{?[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}\}?$")


def open_sheets(name: str, entries: list[Entry], choices: Choices) -> Source:
    """The export in the files.

    Raises SourceUnreadable when it is not whole or has no ids, and DecisionNeeded when days and
    months of a column cannot be told apart.
    """
    found: dict[str, SheetPart] = {}
    for sheet in (sheet for entry in entries for sheet in sheets_of(entry)):
        table = _table(sheet)
        if table.name in found:
            raise SourceUnreadable(
                f"{found[table.name].name} and {sheet.name} are both rows of {table.name}. "
                "Name the folder that holds one export only."
            )
        found[table.name] = _survey(sheet, table, choices)
    if missing := [table.name for table in TABLES if table.name not in found]:
        raise SourceUnreadable(
            f"{name} lacks {', '.join(missing)}. Export these tables too (a table without rows is "
            "a sheet with headings only), and name the folder that holds all of them."
        )
    called = {table: part.called for table, part in found.items()}
    for part in found.values():
        part.targets = {column: called[target] for column, target in part.table.lookups.items()}
    parts: list[Part] = [found[table.name] for table in TABLES]
    return Source(name, KIND, f"{parts[0].name} has the hidden columns of a static sheet", parts)


def _table(sheet: Sheet) -> Table:
    """The table whose rows these are, by the heading of the id, the title, or all headings."""
    hidden = [match[2] for cell in sheet.header if (match := HIDDEN.match(cell))]
    for said in (*hidden[:1], sheet.title, PurePosixPath(sheet.entry.base).stem):
        for table in TABLES:
            if words.plain(said) in words.TABLE_NAMES[table.name]:
                return table
    for table in TABLES:
        columns = {words.column(table, cell) for cell in sheet.header}
        if len(table.needed) > 2 and columns.issuperset(table.needed[1:]):
            return table
    raise SourceUnreadable(
        f"Nobody can tell which table {sheet.name} holds. Name the file after it: "
        f"{', '.join(table.name for table in TABLES)}."
    )


@dataclass(slots=True)
class SheetPart(Part):
    """One sheet. `orders`: that of day and month, by column; `called`: label → id of its rows.

    `targets` are the labels of the rows that a look-up points at, by column.
    """

    sheet: Sheet
    places: list[tuple[int, str]]
    others: list[tuple[int, str]]
    orders: dict[str, str]
    called: dict[str, str]
    targets: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def unknown(self) -> list[str]:
        return [title for _place, title in self.others]

    @property
    def encoding(self) -> str:
        return self.sheet.text.encoding if self.sheet.text else ""

    @property
    def date_orders(self) -> dict[str, str]:
        return self.orders

    def reading(self, first: int) -> Reading:
        """Begin a pass over it."""
        return _Reading(self, first)


def _survey(sheet: Sheet, table: Table, choices: Choices) -> SheetPart:
    """Read a sheet once: where the columns are, how its dates are written, how many rows it has."""
    shapes = [_Shape() for _cell in sheet.header]
    rows = 0
    for record in sheet.records():
        rows += 1
        if not isinstance(record, BadRecord):
            for shape, cell in zip(shapes, record, strict=False):
                shape.see(cell)
    if rows == ROW_LIMIT and not choices.accept_row_limit:
        raise SourceUnreadable(
            f"{sheet.name} has exactly {ROW_LIMIT:,} rows, where the CRM cuts an export off. "
            "Export it in several parts by another way (docs/migration.md), or say "
            "--accept-row-limit when it is whole."
        )
    columns = _columns(sheet, table, shapes, rows)
    check_columns(sheet.name, table, columns)
    places = [(place, column) for place, column in enumerate(columns) if column]
    hidden = {place for place, cell in enumerate(sheet.header) if HIDDEN.match(cell)}
    others, seen = [], set()
    for place, (cell, column) in enumerate(zip(sheet.header, columns, strict=True)):
        if column is None and place not in hidden and cell:
            title = cell if cell not in seen else f"{cell} ({place + 1})"
            seen.add(cell)
            others.append((place, title))
    orders = {
        column: _order(sheet, column, shapes[place], choices)
        for place, column in places
        if column in words.DATES
    }
    known: list[str | None] = [column for _place, column in places]
    called = _called(sheet, table, places) if table.name in words.POINTED_AT else {}
    return SheetPart(
        *(table, sheet.name, sheet.entry.size, sheet.sha256, sheet.header, known, ","),
        *(sheet, places, others, orders, called),
    )


@dataclass(slots=True)
class _Shape:
    """What the cells of a column look like."""

    guids: int = 0
    filled: int = 0
    day_first: bool = False
    month_first: bool = False
    unclear: bool = False

    def see(self, cell: Any) -> None:
        if cell in ("", None):
            return
        self.filled += 1
        if isinstance(cell, str):
            self.guids += bool(_GUID.match(cell.strip()))
            if order := words.order_of(cell):
                self.day_first |= order == "dmy"
                self.month_first |= order == "mdy"
                self.unclear |= order == "unclear"


def _columns(sheet: Sheet, table: Table, shapes: list[_Shape], rows: int) -> list[str | None]:
    columns: list[str | None] = []
    for place, cell in enumerate(sheet.header):
        if not HIDDEN.match(cell):
            columns.append(words.column(table, cell))
        elif shapes[place].filled == shapes[place].guids and (shapes[place].guids or not rows):
            columns.append(table.id if table.id not in columns else None)
        else:
            columns.append(None)
    if table.id not in columns:
        raise SourceUnreadable(
            f"{sheet.name} has no hidden column with ids, which begins with (Do Not Modify). "
            "Export it again as a static worksheet, and do not remove columns."
        )
    if "modifiedon" in table.columns and "modifiedon" not in columns:
        for place, cell in enumerate(sheet.header):
            hidden = HIDDEN.match(cell)
            if hidden and words.column(table, hidden[2]) == "modifiedon":
                columns[place] = "modifiedon"
    return columns


def _order(sheet: Sheet, column: str, shape: _Shape, choices: Choices) -> str:
    declared = choices.dates.get(column)
    if declared:
        return declared
    if shape.day_first != shape.month_first:
        return "dmy" if shape.day_first else "mdy"
    if shape.day_first or shape.unclear:
        said = "in both orders" if shape.day_first else "that can be read in two ways"
        raise DecisionNeeded(
            f"The column {column} of {sheet.name} has dates {said} (day or month first). Look at "
            f"a date you know, and say --dates {column}=dmy or --dates {column}=mdy."
        )
    return "dmy"  # there is no such date in it


def _called(sheet: Sheet, table: Table, places: list[tuple[int, str]]) -> dict[str, str]:
    """How rows are called in look-ups → their ids. A name that two rows share is not in it."""
    where = {column: place for place, column in places}
    found: dict[str, str] = {}
    for record in sheet.records():
        if isinstance(record, BadRecord):
            continue
        names = [str(record[where[c]]) for c in words.POINTED_AT[table.name] if c in where]
        label = words.plain(" ".join(names))
        found[label] = "" if label in found else str(record[where[table.id]])
    return {label: id_ for label, id_ in found.items() if label and id_}


class _Reading(Reading):
    def __init__(self, part: SheetPart, first: int) -> None:
        self.records = first
        self._part = part
        sheet = part.sheet
        text = sheet.text
        self._scanner = Scanner(text, len(part.header), first=first) if text else None
        # A workbook is read as a whole and at once.
        self._sha256 = "" if text else digest_of(sheet.entry)

    @property
    def sha256(self) -> str:
        return self._scanner.sha256 if self._scanner else self._sha256

    def batches(self) -> Iterator[Batch]:
        batch = Batch()
        for record in self._part.sheet.records(self._scanner):
            self.records += 1
            if isinstance(record, BadRecord):
                batch.bad.append(record)
            else:
                batch.rows.append(self._row(record))
            if len(batch.rows) >= _AT_ONCE:
                yield batch
                batch = Batch()
        yield batch

    def _row(self, cells: Cells) -> Row:
        part = self._part
        known = [self._cell(column, cells[place]) for place, column in part.places]
        extra = {title: text for place, title in part.others if (text := _plain(cells[place]))}
        for (place, column), cell in zip(part.places, known, strict=True):
            if column in words.DATES and words.came_twice(cell):
                extra[f"{column}{words.TWICE}"] = _plain(cells[place])
        return Row(self.records, known, extra or None)

    def _cell(self, column: str, cell: Any) -> str:
        if column in words.DATES:
            if self._part.watch:
                self._part.watch(column, cell)
            serial = self._part.sheet.text is None
            return words.instant(cell, self._part.orders[column], is_serial=serial)
        text = _plain(cell)
        if column in words.FLAGS:
            return words.FLAGS[column].get(text.strip().lower(), text)
        targets = self._part.targets.get(column)
        if targets and not _GUID.match(text):
            return targets.get(words.plain(text), text)
        return text


def _plain(cell: Any) -> str:
    """A cell as text. Whole numbers lose the fraction that a spreadsheet keeps."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return str(cell).replace("\0", "")
