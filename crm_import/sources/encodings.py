"""In what encoding and with what separator a text file is written: found in it, never asked for.

Another encoding than UTF-8 is believed only when the whole file decodes in it. A file that is
UTF-8 but for a record or two stays UTF-8, and those records are told as unreadable.
"""

import codecs
import csv
import hashlib
import io
import re
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from crm_import.refusals import SourceUnreadable
from crm_import.sources.files import CHUNK, Entry, Hashed, readable

UTF8, CP1252 = "utf-8", "cp1252"
SEPARATORS = ",;\t"
BOM = codecs.BOM_UTF8

# A character of more than one byte in UTF-8, and a letter of Windows-1252 beside one of ASCII.
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_IN_A_WORD = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]+|[\x80-\xff]+(?=[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Text:
    """What a text file is written in, and its SHA-256."""

    entry: Entry
    sha256: str
    encoding: str
    separator: str = ","

    def open(self) -> "tuple[BinaryIO, Hashed]":
        """Its text as UTF-8 bytes without a byte order mark, and what hashes its own bytes."""
        hashed = Hashed(self.entry.open())
        if self.encoding == UTF8:
            return cast("BinaryIO", io.BufferedReader(hashed, CHUNK)), hashed
        return cast("BinaryIO", io.BufferedReader(_Recoded(hashed, self.encoding), CHUNK)), hashed


class _Recoded(io.RawIOBase):
    """Text of another encoding as UTF-8."""

    def __init__(self, file: Hashed, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._file.read(CHUNK)
            text = self._decoder.decode(data or b"", final=not data)
            self._ready = text.removeprefix("\ufeff").encode()
            if not data:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def look_at(entry: Entry) -> Text:
    """Read a text file once: its SHA-256, its encoding, the separator of its first line.

    Raises SourceUnreadable for UTF-16 that is none, and for what cannot be read at all.
    """
    digest = hashlib.sha256()
    evidence = _Evidence()
    with readable(entry.name), entry.open() as file:
        start = file.read(CHUNK)
        decoder = _utf16(start)
        data = start
        while data:
            digest.update(data)
            if decoder is None:
                evidence.add(data)
            else:
                _decode(decoder, data, entry)
            data = file.read(CHUNK)
        if decoder is not None:
            _decode(decoder, b"", entry, final=True)
    encoding = evidence.encoding if decoder is None else _utf16_name(start)
    text = Text(entry, digest.hexdigest(), encoding)
    first = _first_line(text)
    separator = separator_of(first)
    if encoding == UTF8 and evidence.bad and separator == ";" and evidence.may_be_cp1252:
        encoding = CP1252  # what a spreadsheet of western Europe writes
    return Text(entry, text.sha256, encoding, separator)


def _utf16_name(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-16-le"


def _utf16(start: bytes) -> "codecs.IncrementalDecoder | None":
    marked = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    bare = len(start) > 3 and start[0] != 0 and start[1] == 0 and start[2] != 0 and start[3] == 0
    if marked or bare:
        return codecs.getincrementaldecoder(_utf16_name(start))("strict")
    return None


def _decode(
    decoder: "codecs.IncrementalDecoder", data: bytes, entry: Entry, *, final: bool = False
) -> None:
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError as error:
        raise SourceUnreadable(
            f"{entry.base} begins as UTF-16 and is none further on. Export it again, as UTF-8."
        ) from error


class _Evidence:
    """What speaks for UTF-8 and for Windows-1252, gathered chunk by chunk."""

    def __init__(self) -> None:
        self.bad = False  # not all of it is UTF-8
        self.may_be_cp1252 = True
        self._utf8 = codecs.getincrementaldecoder(UTF8)("strict")
        self._runs = self._in_words = 0
        self._tail = b""

    def add(self, data: bytes) -> None:
        if data.isascii() and not self._utf8.getstate()[0]:
            self._tail = data[-4:]
            return
        if not self.bad:
            try:
                self._utf8.decode(data)
            except UnicodeDecodeError:
                self.bad = True
        window = self._tail + data
        self._tail = data[-4:]
        if self.may_be_cp1252 and _MULTIBYTE.search(window):
            self.may_be_cp1252 = False
        if self.may_be_cp1252:
            try:
                data.decode(CP1252)
            except UnicodeDecodeError:
                self.may_be_cp1252 = False
            self._runs += len(_HIGH.findall(data))
            self._in_words += len(_IN_A_WORD.findall(data))

    @property
    def encoding(self) -> str:
        """Windows-1252 needs evidence: most of its letters stand in words."""
        cp1252 = self.bad and self.may_be_cp1252 and 2 * self._in_words > self._runs
        return CP1252 if cp1252 else UTF8


def _first_line(text: Text) -> str:
    with readable(text.entry.name):
        file, _hashed = text.open()
        with file:
            line = file.readline(CHUNK)
    return line.removeprefix(BOM).decode(errors="replace")


def separator_of(line: str) -> str:
    """What parts the cells of a first line: comma, semicolon or tab; a comma when none does."""
    best, width = ",", 1
    for separator in SEPARATORS:
        try:
            cells = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            continue
        if len(cells) > width:
            best, width = separator, len(cells)
    return best
