"""Finding records in what was downloaded: files, folders of them, and archives.

The shape is told from the content, never from the name. A broken record does not stand in the way
of the others; what is no download of the registry at all is a `Found` with WHOLE_FILE as place.
"""

import csv
import gzip
import io
import itertools
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import orjson

from referrals.registry import api, xml
from referrals.registry import csv as download
from referrals.registry.studies import Found, Reason, Study, Unusable

WHOLE_FILE = "the whole file"
# How much is looked at to tell the shape, and how much of a record is kept when it is set aside.
_HEAD = 64 * 1024
_KEPT = 500_000
_BOM = b"\xef\xbb\xbf"
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)


def find(path: Path) -> Iterator[Found]:
    """Every record in a file, a folder or an archive, in the order of their names.

    Raises OSError when the path cannot be opened.
    """
    if path.is_dir():
        for one in sorted(path.rglob("*")):
            name = one.relative_to(path)
            if one.is_file() and not any(part.startswith(".") for part in name.parts):
                with one.open("rb", _HEAD) as stream:
                    yield from _in_stream(name.as_posix(), stream)
        return
    with path.open("rb", _HEAD) as stream:
        yield from _in_stream(path.name, stream)


def _in_stream(name: str, stream: Any) -> Iterator[Found]:
    """The records in one stream of bytes; a stream that breaks off is said, not raised."""
    try:
        head = stream.peek(_HEAD)
        if head.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=stream) as inside:
                yield from _in_stream(name, inside)
        elif head.startswith(b"PK\x03\x04"):
            yield from _in_archive(name, stream)
        else:
            yield from _reader(head)(name, stream)
    except _BROKEN:
        yield _whole(name, "It breaks off or is damaged.")


def _in_archive(name: str, stream: IO[bytes]) -> Iterator[Found]:
    with zipfile.ZipFile(stream) as archive:
        for member in sorted(archive.infolist(), key=lambda one: one.filename):
            if not member.is_dir():
                with archive.open(member) as inside:
                    yield from _in_stream(f"{name}: {member.filename}", inside)


def _reader(head: bytes) -> Callable[[str, IO[bytes]], Iterator[Found]]:
    start = head.removeprefix(_BOM).lstrip()
    if start.startswith((b"{", b"[")):
        return _json
    if start.startswith(b"<"):
        return _xml
    first_line = start.partition(b"\n")[0]
    return _csv if download.NUMBER.encode() in first_line else _nothing


def _nothing(name: str, _stream: IO[bytes]) -> Iterator[Found]:
    yield _whole(name, "It is in none of the shapes that the registry publishes.")


def _whole(name: str, detail: str) -> Found:
    return Found(name, WHOLE_FILE, str, Unusable(Reason.UNREADABLE, detail))


def _read(reader: Callable[[Any], Study], record: Any) -> Study | Unusable:
    try:
        return reader(record)
    except Unusable as error:
        return error


# --- JSON -----------------------------------------------------------------------------------------


def _json(name: str, stream: IO[bytes]) -> Iterator[Found]:
    """One document, or one on each line. The first line tells, unless it is a broken one."""
    first = stream.readline().removeprefix(_BOM)
    lines: Iterable[bytes] = stream
    if _parsed(first) is None:
        rest = stream.read()
        document = _parsed(first + rest)
        if document is not None:
            yield from _studies(name, "", document)
            return
        lines = rest.splitlines()
        if not any(isinstance(_parsed(line), dict) for line in lines):
            yield _whole(name, "It is no complete JSON.")
            return
    for number, line in enumerate(itertools.chain((first,), lines), 1):
        document = _parsed(line)
        place = f"line {number}"
        if document is not None:
            yield from _studies(name, place, document)
        elif line.strip():
            broken = Unusable(Reason.UNREADABLE, "The line is no complete JSON.")
            yield Found(name, place, partial(_decoded, line), broken)


def _parsed(content: bytes) -> Any:
    """The JSON value; None when it is none, and for a bare null."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _studies(name: str, place: str, document: Any) -> Iterator[Found]:
    """The studies in a document: it is one, a page of them, or a list."""
    if isinstance(document, dict) and "studies" in document:
        document = document["studies"]
    if not isinstance(document, list):
        yield _found_json(name, place or "record 1", document)
        return
    for number, record in enumerate(document, 1):
        yield _found_json(name, ", ".join(filter(None, (place, f"record {number}"))), record)


def _found_json(name: str, place: str, record: Any) -> Found:
    content = partial(_as_json, record)
    if not (isinstance(record, dict) and api.PROTOCOL in record):
        return Found(name, place, content, Unusable(Reason.UNREADABLE, "It is no study record."))
    return Found(name, place, content, _read(api.study, record))


def _as_json(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False)[:_KEPT]


def _decoded(content: bytes) -> str:
    return content[:_KEPT].decode("utf-8", "replace").replace("\x00", "")


# --- XML and CSV ----------------------------------------------------------------------------------


def _xml(name: str, stream: IO[bytes]) -> Iterator[Found]:
    """One `clinical_study`, or several in one element."""
    content = stream.read()
    try:
        root = xml.parse(content)
    except Unusable as error:
        yield Found(name, WHOLE_FILE, partial(_decoded, content), error)
        return
    studies = [root] if root.name == xml.ROOT else list(root.all(xml.ROOT))
    if not studies:
        yield _whole(name, "It has no clinical_study.")
    for number, study in enumerate(studies, 1):
        yield Found(name, f"record {number}", partial(_decoded, content), _read(xml.study, study))


def _csv(name: str, stream: IO[bytes]) -> Iterator[Found]:
    csv.field_size_limit(_KEPT * 20)
    with io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.DictReader(lines, strict=True)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:
                broken = Unusable(Reason.UNREADABLE, "The quotes of the table do not add up.")
                yield Found(name, f"after line {rows.line_num}", str, broken)
                return
            content = partial(_as_json, {str(key): value for key, value in row.items()})
            if None in row or None in row.values():
                uneven = Unusable(Reason.UNREADABLE, "It has not as many cells as headings.")
                yield Found(name, f"line {rows.line_num}", content, uneven)
            else:
                result = _read(download.study, row)
                yield Found(name, f"line {rows.line_num}", content, result)
