"""Reads JSON of any size piece by piece: one object, one array, or one value on each line.

Numbers come as the text they were written in, so that nothing is rounded.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from crm_import.refusals import SourceUnreadable
from crm_import.sources.scanner import LONGEST_RECORD

CHUNK = 1 << 18
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class Malformed(SourceUnreadable):
    """The text is no JSON, or ends before it is whole."""


class Document:
    """The text of one file, taken from its beginning to its end."""

    def __init__(self, name: str, file: BinaryIO, encoding: str = "utf-8") -> None:
        self._name = name
        self._file = file
        is_wide = encoding == "utf-16"
        self._encoding = "utf-16-le" if is_wide else encoding
        self._passed = 2 if is_wide else 0  # bytes before `_text`, a byte order mark among them
        self._start = 0  # of the last value, within `_text`
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._text = ""
        self._at = 0
        self._ended = False

    @property
    def offset(self) -> int:
        """Where the record that came last begins, in bytes."""
        return self._passed + self._bytes(self._start)

    def _bytes(self, end: int) -> int:
        return len(self._text[:end].encode(self._encoding))

    def records(
        self, key: str, other: Callable[[str, Any], None] = lambda name, value: None
    ) -> Iterator[Any]:
        """The elements of the array under `key`, or of an array at the top, or one value a line.

        What else an object at the top has is handed to `other`. An object without `key` is a
        record itself. Raises Malformed where the text is no JSON.
        """
        first = self._peek()
        if first == "[":
            yield from self._array()
        elif first == "{":
            yield from self._object(key, other)
        while self._peek():  # further lines
            yield self._value()

    def _object(self, key: str, other: Callable[[str, Any], None]) -> Iterator[Any]:
        start: dict[str, Any] = {}
        streamed = False
        self._expect("{")
        while self._peek() != "}":
            name = self._value()
            self._expect(":")
            if name == key and self._peek() == "[":
                streamed = True
                for earlier in start.items():
                    other(*earlier)
                yield from self._array()
            elif streamed:
                other(name, self._value())
            else:
                start[name] = self._value()
            if self._peek() == ",":
                self._expect(",")
        self._expect("}")
        if not streamed:
            yield start

    def _array(self) -> Iterator[Any]:
        self._expect("[")
        while self._peek() != "]":
            yield self._value()
            if self._peek() == ",":
                self._expect(",")
        self._expect("]")

    def _peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read():
                return ""

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            self._fail()
        self._at += 1

    def _value(self) -> Any:
        self._peek()
        while True:
            self._start = self._at
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                # It may only be cut off here, which no error tells from what is no JSON.
                if len(self._text) - self._at > LONGEST_RECORD or not self._read():
                    self._fail()
                continue
            except RecursionError:
                self._fail()
            if end == len(self._text) and self._read():
                continue  # a number may go on
            self._at = end
            return value

    def _read(self) -> bool:
        if self._ended:
            return False
        # As much again as is waiting, so that one huge value is not scanned over and over.
        data = self._file.read(max(CHUNK, len(self._text) - self._at))
        self._ended = not data
        try:
            more = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            self._fail()
        self._passed += self._bytes(self._at)
        self._text = self._text[self._at :] + more
        self._at = 0
        if self._text.startswith("\ufeff"):
            self._passed += self._bytes(1)
            self._text = self._text[1:]
        return bool(data)

    def _fail(self) -> None:
        raise Malformed(
            f"{self._name} is no whole JSON: it is cut off, or something else stands in it. "
            "Export it again."
        )
