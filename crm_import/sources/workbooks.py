"""Files that were exported from the screens of the CRM: workbooks, and CSV with hidden columns."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from crm_import.refusals import SourceUnreadable
from crm_import.sources.encodings import Text, look_at
from crm_import.sources.files import CHUNK, Entry, readable
from crm_import.sources.scanner import Scanner, header_of
from crm_import.sources.shape import BadRecord

# "(Do Not Modify) Contact", in the language of whoever exported it.
HIDDEN = re.compile(r"^\s*\(([^()]+)\)\s*(.+)$")

Cells = list[Any]


@dataclass(slots=True)
class Sheet:
    """One table of cells: a sheet of a workbook, or a CSV file (`text`)."""

    entry: Entry
    title: str
    header: list[str]
    sha256: str
    text: Text | None = None

    @property
    def name(self) -> str:
        return self.entry.name if self.text else f"{self.entry.name}/{self.title}"

    def records(self, scanner: Scanner | None = None) -> Iterator[Cells | BadRecord]:
        """Its records below the heading; of a CSV file also those that are none."""
        if self.text is None:
            yield from _of_workbook(self)
            return
        scanner = scanner or Scanner(self.text, len(self.header))
        for framed in scanner.batches():
            mark = self.text.separator
            found: list[tuple[int, Any]] = [
                *((number, line.decode().split(mark)) for number, line in framed.lines),
                *framed.rows,
                *((bad.record, bad) for bad in framed.bad if not bad.loaded),
            ]
            for _number, record in sorted(found, key=lambda item: item[0]):
                yield record


def _of_workbook(sheet: Sheet) -> Iterator[Cells]:
    with readable(sheet.entry.name), sheet.entry.open() as file:
        rows = CalamineWorkbook.from_filelike(file).get_sheet_by_name(sheet.title).iter_rows()
        width = len(sheet.header)
        next(rows, None)
        for row in rows:
            if any(cell not in ("", None) for cell in row):
                yield [*row, *[""] * (width - len(row))][:width]


def sheets_of(entry: Entry) -> list[Sheet]:
    """The sheets of a file whose first row has headings.

    Raises SourceUnreadable when it is no workbook.
    """
    if not entry.base.lower().endswith(".xlsx"):
        text = look_at(entry)
        return [Sheet(entry, PurePosixPath(entry.base).stem, header_of(text), text.sha256, text)]
    found = []
    digest = digest_of(entry)
    with readable(entry.name), entry.open() as file:
        try:
            book = CalamineWorkbook.from_filelike(file)
            for title in book.sheet_names:
                first = next(book.get_sheet_by_name(title).iter_rows(), [])
                header = [str(cell).strip() for cell in first]
                if any(HIDDEN.match(cell) for cell in header):
                    found.append(Sheet(entry, title, header, digest))
        except CalamineError as error:
            raise SourceUnreadable(
                f"{entry.base} is no workbook. Export it again, without a password."
            ) from error
    if not found:
        raise SourceUnreadable(
            f"{entry.base} has no hidden id column, which begins with (Do Not Modify). Export it "
            "again as a static worksheet, and do not remove columns."
        )
    return found


def digest_of(entry: Entry) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with readable(entry.name), entry.open() as file:
        while data := file.read(CHUNK):
            digest.update(data)
    return digest.hexdigest()


def is_sheet(entry: Entry) -> bool:
    """Whether a file was exported from the screens: a workbook, or CSV with the hidden columns."""
    name = entry.base.lower()
    if name.endswith(".xlsx"):
        return True
    if not name.endswith((".csv", ".txt", ".tsv")):
        return False
    start = entry.head(4096).replace(b"\0", b"").decode("latin-1").lstrip("ÿþï»¿\"'")
    return bool(HIDDEN.match(start.splitlines()[0])) if start.strip() else False
