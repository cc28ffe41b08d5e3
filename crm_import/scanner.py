"""Cuts a headed CSV file into records, and keeps bad ones out of the database's way.

A record goes on only when it is strict UTF-8, proper CSV and has as many cells as the header.
Nothing is ever shifted, cut or guessed: what does not fit is handed over as bytes with its offset.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from crm_import.refusals import SourceUnreadable

CHUNK = 1 << 18
# A quote that is never closed swallows the rest of the file; no real record is this long.
LONGEST_RECORD = 1 << 26
BOM = b"\xef\xbb\xbf"

# Free text of several megabytes is text all the same.
csv.field_size_limit(sys.maxsize)


@dataclass(slots=True)
class BadRecord:
    """A record as bytes. `loaded`: it went on all the same, without its NUL characters."""

    record: int
    offset: int
    raw: bytes
    reason: str
    loaded: bool = False


@dataclass(slots=True)
class Batch:
    """Consecutive records: plain ones as CSV lines (without line end), others as cells."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)


def sha256(path: Path) -> str:
    """The file's SHA-256 as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows(text: str) -> list[list[str]]:
    """The rows of a text, at most two of them; none when it is no proper CSV."""
    try:
        return list(islice(csv.reader(io.StringIO(text, newline=""), strict=True), 2))
    except csv.Error:
        return []


def _is_one_record(raw: bytes) -> bool:
    """Whether several lines are one record: only then the quotes in them belong together."""
    # What delimits records is ASCII, so any encoding that takes every byte will do.
    return len(_rows(raw.rstrip(b"\r\n").decode("latin-1"))) == 1


class Scanner:
    """One pass over one file. `header` can be read at once; `records` counts what was passed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = 0
        self.size = path.stat().st_size
        self.header = self._read_header()
        self._width = len(self.header)
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of the bytes that `batches` has read so far."""
        return self._hash.hexdigest()

    def _read_header(self) -> list[str]:
        with self.path.open("rb") as file:
            first = self._header_line(file)
        if first.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise SourceUnreadable(
                f"{self.path.name} is UTF-16. Export it again as CSV in UTF-8, with commas."
            )
        try:
            text = first.removeprefix(BOM).decode()
            header = next(csv.reader([text], strict=True), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise SourceUnreadable(
                f"The first line of {self.path.name} is no CSV header in UTF-8. "
                "Export it again as CSV in UTF-8, with commas."
            ) from error
        if not header:
            raise SourceUnreadable(
                f"{self.path.name} is empty. Export it again; without rows it still has a header."
            )
        return header

    def _header_line(self, file: BinaryIO) -> bytes:
        return file.readline(LONGEST_RECORD).rstrip(b"\r\n")

    def batches(self) -> Iterator[Batch]:
        """The records after the header, in order. Memory does not grow with the file."""
        with self.path.open("rb") as file:
            first = file.readline(LONGEST_RECORD)
            self._hash.update(first)
            offset = len(first)
            waiting: list[bytes] = []  # lines of a record that goes on after a quoted line end
            while lines := file.readlines(CHUNK):
                self._hash.update(b"".join(lines))
                batch = Batch()
                lines = waiting + lines
                waiting, used = self._cut(lines, offset, batch, at_end=False)
                offset += used
                yield batch
            batch = Batch()
            while waiting:
                waiting, used = self._cut(waiting, offset, batch, at_end=True)
                offset += used
            if batch.lines or batch.rows or batch.bad:
                yield batch

    def _cut(
        self, lines: list[bytes], offset: int, batch: Batch, *, at_end: bool
    ) -> tuple[list[bytes], int]:
        """Cut `lines`, which begin at `offset`. Returns the lines left over, and the bytes used."""
        commas = self._width - 1
        start = offset
        position, count = 0, len(lines)
        while position < count:
            line = lines[position]
            if (
                line.count(b",") == commas
                and b'"' not in line
                and b"\0" not in line
                and b"\r" not in line
                and line.isascii()
            ):
                self.records += 1
                batch.lines.append((self.records, line.rstrip(b"\n")))
                position += 1
                offset += len(line)
                continue
            end = self._end_of_record(lines, position)
            if end is None and not at_end and sum(map(len, lines[position:])) < LONGEST_RECORD:
                return lines[position:], offset - start
            raw = b"".join(lines[position:end])
            if end is None or (end > position + 1 and not _is_one_record(raw)):
                # A quote that opens nothing or is never closed must not swallow what follows:
                # this line is bad, and the next one is looked at for itself.
                self.records += 1
                reason = "unterminated_quote" if end is None else "no_csv"
                batch.bad.append(BadRecord(self.records, offset, line, reason))
                raw, end = line, position + 1
            elif raw.strip(b"\r\n"):
                self.records += 1
                self._judge(raw, offset, batch)
            offset += len(raw)
            position = end
        return [], offset - start

    def _end_of_record(self, lines: list[bytes], position: int) -> int | None:
        """The line after the record that begins at `position`; None when it is not closed."""
        quotes = 0
        for end in range(position, len(lines)):
            quotes += lines[end].count(b'"')
            if quotes % 2 == 0:
                return end + 1
        return None

    def _judge(self, raw: bytes, offset: int, batch: Batch) -> None:
        """Put one record where it belongs."""
        body = raw.rstrip(b"\r\n")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            batch.bad.append(BadRecord(self.records, offset, raw, "not_utf8"))
            return
        if "\0" in text:
            text = text.replace("\0", "")
            batch.bad.append(BadRecord(self.records, offset, raw, "nul_removed", loaded=True))
        if '"' not in text and "\r" not in text and "\0" not in text:
            cells = text.split(",")
        else:
            rows = _rows(text)
            if len(rows) != 1:  # none: no CSV; two: a carriage return outside of quotes
                self._refuse(batch, offset, raw, "no_csv")
                return
            cells = rows[0]
        if len(cells) != self._width:
            few = len(cells) < self._width
            self._refuse(batch, offset, raw, "too_few_cells" if few else "too_many_cells")
        elif '"' in text or "\r" in text:
            batch.rows.append((self.records, cells))
        else:
            batch.lines.append((self.records, text.encode()))

    def _refuse(self, batch: Batch, offset: int, raw: bytes, reason: str) -> None:
        if batch.bad and batch.bad[-1].record == self.records:
            batch.bad.pop()  # one line in the ledger for one record
        batch.bad.append(BadRecord(self.records, offset, raw, reason))
