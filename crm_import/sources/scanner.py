"""Cuts a CSV file into records, and keeps bad ones out of the database's way.

A record goes on only when it is strict UTF-8, proper CSV and has as many cells as the header.
Nothing is ever shifted, cut or guessed: what does not fit is handed over as bytes with its offset
(in a file of another encoding: within its text as UTF-8).
"""

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from crm_import.refusals import SourceUnreadable
from crm_import.sources.encodings import BOM, UTF8, Text
from crm_import.sources.files import readable
from crm_import.sources.shape import BadRecord

CHUNK = 1 << 18
# A quote that is never closed swallows the rest of the file; no real record is this long.
LONGEST_RECORD = 1 << 26

# Free text of several megabytes is text all the same.
csv.field_size_limit(sys.maxsize)


@dataclass(slots=True)
class Framed:
    """Consecutive records: plain ones as CSV lines (without line end), others as cells."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)


def header_of(text: Text) -> list[str]:
    """The cells of the first line.

    Raises SourceUnreadable when it is no header.
    """
    with readable(text.entry.name):
        file, _hashed = text.open()
        with file:
            first = file.readline(LONGEST_RECORD).rstrip(b"\r\n")
    try:
        line = first.removeprefix(BOM).decode()
        header = next(csv.reader([line], delimiter=text.separator, strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceUnreadable(
            f"The first line of {text.entry.base} is no CSV header in UTF-8. "
            "Export it again as CSV in UTF-8, with commas."
        ) from error
    if not header:
        raise SourceUnreadable(
            f"{text.entry.base} is empty. Export it again; without rows it still has a header."
        )
    return header


def _is_plain(data: bytes) -> bool:
    """Whether it is UTF-8 without characters that have to be looked at one by one."""
    if b"\0" in data or b"\r" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class Scanner:
    """One pass over one file. `records` counts what was passed, from `first` on.

    `width` is how many cells a record has. A file that is not `headed` has records from its first
    line on; with `short`, a record that has at least so many cells is only missing its last ones.
    """

    def __init__(
        self, text: Text, width: int, *, first: int = 0, headed: bool = True, short: int = 0
    ) -> None:
        self.records = first
        self._text = text
        self._width = width
        self._headed = headed
        self._short = short or width
        self._separator = text.separator
        self._file, self._hashed = text.open()

    @property
    def sha256(self) -> str:
        """Of the bytes of the file that were read so far."""
        return self._hashed.sha256

    def batches(self) -> Iterator[Framed]:
        """The records after the header, in order. Memory does not grow with the file."""
        with readable(self._text.entry.name), self._file as file:
            offset = self._begin(file)
            waiting: list[bytes] = []  # lines of a record that goes on after a quoted line end
            last, bad = b"\n", None
            while lines := file.readlines(CHUNK):
                batch = Framed()
                last = lines[-1]
                lines = waiting + lines
                waiting, used = self._cut(lines, offset, batch, at_end=False)
                offset += used
                bad = batch.bad[-1] if batch.bad else bad
                yield batch
            batch = Framed()
            while waiting:
                waiting, used = self._cut(waiting, offset, batch, at_end=True)
                offset += used
            bad = batch.bad[-1] if batch.bad else bad
            if not last.endswith((b"\n", b"\r")) and bad and bad.record == self.records:
                self._expect_whole(bad)
            if batch.lines or batch.rows or batch.bad:
                yield batch

    def _expect_whole(self, last: BadRecord) -> None:
        """Raise SourceUnreadable when the last record, without a line end, is a piece of one.

        A record that only has a quote too many has all of its cells, and is one bad record.
        """
        if last.raw.count(self._separator.encode()) < self._short - 1:
            raise SourceUnreadable(
                f"{self._text.entry.base} ends in the middle of record {last.record}: it is cut "
                "off. Copy it again, or export it again."
            )

    def _begin(self, file: BinaryIO) -> int:
        """Pass the header, or the byte order mark of a file without one."""
        if self._headed:
            return len(file.readline(LONGEST_RECORD))
        if self._text.encoding == UTF8 and self._text.entry.head(3) == BOM:
            return len(file.read(3))
        return 0

    def _cut(
        self, lines: list[bytes], offset: int, batch: Framed, *, at_end: bool
    ) -> tuple[list[bytes], int]:
        """Cut `lines`, which begin at `offset`. Returns the lines left over, and the bytes used."""
        marks, mark = self._width - 1, self._separator.encode()
        start = offset
        position, count = 0, len(lines)
        # Most is said of all lines at once; of each one only whether it is whole.
        plain = _is_plain(b"".join(lines))
        while position < count:
            line = lines[position]
            if plain and b'"' not in line and line.count(mark) == marks:
                self.records += 1
                batch.lines.append((self.records, line.rstrip(b"\n")))
                position += 1
                offset += len(line)
                continue
            end = self._end_of_record(lines, position)
            if end is None and not at_end and sum(map(len, lines[position:])) < LONGEST_RECORD:
                return lines[position:], offset - start
            raw = b"".join(lines[position:end])
            if end is None or (end > position + 1 and not self._is_one_record(raw)):
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

    def _is_one_record(self, raw: bytes) -> bool:
        """Whether several lines are one record: only then the quotes in them belong together."""
        # What delimits records is ASCII, so any encoding that takes every byte will do.
        return len(self._rows(raw.rstrip(b"\r\n").decode("latin-1"))) == 1

    def _rows(self, text: str) -> list[list[str]]:
        """The rows of a text, at most two of them; none when it is no proper CSV."""
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._separator, strict=True)
        try:
            return list(islice(reader, 2))
        except csv.Error:
            return []

    def _judge(self, raw: bytes, offset: int, batch: Framed) -> None:
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
            cells = text.split(self._separator)
        else:
            rows = self._rows(text)
            if len(rows) != 1:  # none: no CSV; two: a carriage return outside of quotes
                self._refuse(batch, offset, raw, "no_csv")
                return
            cells = rows[0]
        if len(cells) > self._width:
            self._refuse(batch, offset, raw, "too_many_cells")
        elif len(cells) < self._short:
            self._refuse(batch, offset, raw, "too_few_cells")
        elif '"' in text or "\r" in text or len(cells) < self._width:
            batch.rows.append((self.records, cells))
        else:
            batch.lines.append((self.records, text.encode()))

    def _refuse(self, batch: Framed, offset: int, raw: bytes, reason: str) -> None:
        if batch.bad and batch.bad[-1].record == self.records:
            batch.bad.pop()  # one line in the ledger for one record
        batch.bad.append(BadRecord(self.records, offset, raw, reason))
