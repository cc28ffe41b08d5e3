"""Saved pages of the Dataverse Web API: OData JSON, FetchXML JSON, one array, or a row a line.

A folder of pages has no index, so the chain is followed: every page but the last names the next
one. All of it is read once before anything is written: what is cut off is refused as a whole.
"""

import io
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

from crm_import.refusals import SourceUnreadable
from crm_import.sources import labels
from crm_import.sources.documents import Document
from crm_import.sources.files import CHUNK, Entry, Hashed, readable
from crm_import.sources.headed import check_columns
from crm_import.sources.labels import Label
from crm_import.sources.shape import BadRecord, Batch, Part, Reading, Row, Source, Tombstone
from crm_import.tables import TABLES, Table

KIND = "Web API pages"
SUFFIXES = (".json", ".ndjson", ".jsonl")
FORMATTED = "@OData.Community.Display.V1.FormattedValue"
_AT_ONCE = 2_000
_SET = re.compile(r"#([A-Za-z0-9_]+)")
_ENTITY = re.compile(r"LogicalName='([^']+)'")
_PAGE = re.compile(r'pagenumber="(\d+)"')
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ETAG = re.compile(r'^W/"(\d+)"$')
# How the names of columns with options end: only their labels are kept while reading.
_OPTIONS = tuple({n for t in TABLES for c in t.options for n in (c, c.replace("_", ""))})
_NUMBER = re.compile(r"^(.*?)[-_. ]*(\d+)$")


@dataclass(slots=True)
class Page:
    """What one pass over a file found out. `keys` are the properties of its rows."""

    entry: Entry
    sha256: str = ""
    context: str = ""
    next: str = ""
    is_page: bool = False  # not an array or lines: it says whether another one follows
    has_more: bool = False
    ends_delta: bool = False
    rows: int = 0
    deleted: int = 0
    keys: dict[str, None] = field(default_factory=dict)
    formatted: set[tuple[str, str, str]] = field(default_factory=set)  # property, value, label
    definitions: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    @property
    def stem(self) -> str:
        return self.entry.base.rpartition(".")[0]

    def hear(self, name: str, value: Any) -> None:
        """Take note of a property of the page itself."""
        if name == "@odata.context":
            self.context = str(value)
        elif name == "@odata.nextLink":
            self.next = str(value)
        elif name == "@odata.deltaLink":
            self.ends_delta = True
        elif name == "@Microsoft.Dynamics.CRM.morerecords":
            self.has_more = value is True or str(value).lower() == "true"

    def look(self, record: Any) -> None:
        """Take note of a row."""
        if labels.is_definition(record):
            found = _ENTITY.search(self.context)
            self.definitions += labels.definitions(record, found[1] if found else "")
        elif not isinstance(record, dict):
            self.rows += 1
        elif deleted_id(record) is not None:
            self.deleted += 1
        else:
            self.rows += 1
            for key, value in record.items():
                self.keys[key] = None
                if key.endswith(FORMATTED) and key[: -len(FORMATTED)].endswith(_OPTIONS):
                    name = key[: -len(FORMATTED)]
                    said = record.get(name)
                    if isinstance(said, str) and isinstance(value, str) and said.isdigit():
                        self.formatted.add((name, said, value))

    def table(self) -> "tuple[Table, str] | None":
        """The table whose rows these are and its publisher's prefix, or None for another one."""
        named = _SET.search(self.context)
        stem = _NUMBER.match(self.stem)
        names = [named[1]] if named else [stem[1] if stem else self.stem]
        for name in names:
            for table in TABLES:
                if (prefix := table.prefix(name)) is not None:
                    return table, prefix
        return None if named else self._by_id()

    def _by_id(self) -> "tuple[Table, str] | None":
        for key in self.keys:
            for table in TABLES:
                prefix, mark, name = key.rpartition("_")
                if key.endswith(f"{table.entities[0]}id") and table.column(name) == table.id:
                    return table, prefix if mark else ""
        return None


def deleted_id(record: dict[str, Any]) -> str | None:
    """The id in an entry that says "this row was deleted", else None."""
    context = record.get("@odata.context")
    is_entry = isinstance(context, str) and context.endswith("$deletedEntity")
    if not is_entry and not ("reason" in record and "id" in record and len(record) <= 3):
        return None
    found = _GUID.search(str(record.get("id")))
    return found[0] if found else str(record.get("id"))


def survey(entry: Entry) -> Page:
    """Read a file once.

    Raises SourceUnreadable when it is no JSON or ends before it is whole.
    """
    page = Page(entry)
    with readable(entry.name):
        hashed = Hashed(entry.open())
        with io.BufferedReader(hashed, CHUNK) as file:
            document = Document(entry.base, cast("Any", file), encoding(entry))
            for record in document.records("value", page.hear):
                page.look(record)
    page.is_page = bool(page.context or page.next or page.has_more or page.ends_delta)
    page.sha256 = hashed.sha256
    return page


def encoding(entry: Entry) -> str:
    """UTF-8, or the UTF-16 that some consoles write a download in."""
    start = entry.head(2)
    return "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8"


def open_pages(name: str, entries: list[Entry], metadata: list[Entry]) -> Source:
    """The export in the files. `metadata` are further ones, with labels.

    Raises SourceUnreadable when pages are missing, twice there, or of no table we know.
    """
    pages = [survey(entry) for entry in entries]
    ours: dict[str, list[Page]] = {}
    prefixes: set[str] = set()
    ignored = []
    for page in pages:
        if page.definitions:
            continue
        found = page.table()
        if found is None:
            ignored.append(page.entry.name)
            continue
        table, prefix = found
        ours.setdefault(table.name, []).append(page)
        prefixes |= {prefix} - {""} or table.prefixes(property_of(key) for key in page.keys)
    for list_ in ours.values():
        check_chain(list_)
    is_delta = any(page.ends_delta or page.deleted for list_ in ours.values() for page in list_)
    missing = [table.entities[-1] for table in TABLES if table.name not in ours]
    if missing and (not is_delta or not ours):
        raise SourceUnreadable(
            f"{name} lacks pages of {', '.join(missing)}. Export these tables too (a table "
            "without rows is a page with an empty list), and name the folder that holds all."
        )
    parts: list[Part] = [
        _part(table, page, prefixes) for table in TABLES for page in ours.get(table.name, ())
    ]
    found_labels = [
        *labels.resolved((d for page in pages for d in page.definitions), prefixes),
        *(label for entry in metadata for label in labels.read_metadata(entry, prefixes)),
    ]
    harvest = [
        label
        for table in TABLES
        for page in ours.get(table.name, ())
        for label in _harvest(table, page, prefixes)
    ]
    parts.insert(0, labels.part("labels", labels.together(found_labels, harvest)))
    first = next(page for list_ in ours.values() for page in list_)
    return Source(
        name,
        KIND,
        f"{first.entry.name} and {len(entries) - 1} more are JSON with rows of the CRM's tables",
        parts,
        is_delta=is_delta,
        ignored=ignored,
    )


def _harvest(table: Table, page: Page, prefixes: Collection[str]) -> Iterator[Label]:
    for key, value, label in page.formatted:
        if (column := table.column(key, prefixes)) in table.options:
            yield Label(str(column), value, label, "")


def check_chain(pages: list[Page]) -> None:
    """Raise SourceUnreadable unless the pages of one table, in this order, are all there once."""
    seen: dict[str, str] = {}
    for page in pages:
        for mark in filter(None, (page.sha256, page.next)):
            if mark in seen and seen[mark] != page.entry.name:
                raise SourceUnreadable(
                    f"{page.entry.name} is the same page as {seen[mark]}. Remove one of them."
                )
            seen[mark] = page.entry.name
    _check_numbers(pages)
    place = 0
    for page, following in zip(pages, [*pages[1:], None], strict=True):
        place += 1
        if page.next or page.has_more:
            number = _next_number(page.next)
            if following is None or (number is not None and number != place + 1):
                raise SourceUnreadable(
                    f"{page.entry.name} says that page {number or place + 1} follows, and that is "
                    "not here. Save all pages, until one has no nextLink, and start again."
                )
        elif page.is_page and following is not None and following.is_page:
            if not page.ends_delta:
                raise SourceUnreadable(
                    f"{page.entry.name} is the last page of an export, and {following.entry.name} "
                    "comes after it. Put each export into a folder of its own."
                )
            place = 0


def _check_numbers(pages: list[Page]) -> None:
    """Pages that were saved under numbers have all of them."""
    numbers: dict[str, list[int]] = {}
    for page in pages:
        if found := _NUMBER.match(page.stem):
            numbers.setdefault(found[1], []).append(int(found[2]))
    for stem, found_numbers in numbers.items():
        whole = range(min(found_numbers), max(found_numbers) + 1)
        # Longer numbers are dates and the like.
        gaps = sorted(set(whole) - set(found_numbers)) if len(whole) < 100_000 else []
        if gaps:
            raise SourceUnreadable(
                f"Page {gaps[0]} of {stem} is missing between the others. Save it too."
            )


def _next_number(link: str) -> int | None:
    """The number of the page that a nextLink leads to, where its cookie says it."""
    for _encoded in range(3):
        link = unquote(link)
        if found := _PAGE.search(link):
            return int(found[1])
    return None


def property_of(key: str) -> str:
    """The name of the column in a property: that of a lookup stands in `_name_value`."""
    if key.startswith("_") and key.endswith("_value"):
        return key[1:-6]
    return key


def _part(table: Table, page: Page, prefixes: Collection[str]) -> "PagePart":
    header, columns = [], []
    for key in page.keys:
        if "@" not in key:
            header.append(key)
            columns.append(table.column(property_of(key), prefixes))
    has_version = "versionnumber" in columns or "versionnumber" not in table.columns
    if "@odata.etag" in page.keys and not has_version:
        header.append("@odata.etag")
        columns.append("versionnumber")
    if page.rows:
        check_columns(page.entry.base, table, columns)
    return PagePart(
        *(table, page.entry.name, page.entry.size, page.sha256, header, columns, ","), page.entry
    )


@dataclass(slots=True)
class PagePart(Part):
    """One JSON file."""

    entry: Entry

    def reading(self, first: int) -> Reading:
        """Begin a pass over it."""
        return _Reading(self, first)


class _Reading(Reading):
    def __init__(self, part: PagePart, first: int) -> None:
        self.records = first
        self._part = part
        self._file = Hashed(part.entry.open())
        known = part.known
        self._place = {
            header: known.index(column)
            for header, column in zip(part.header, part.columns, strict=True)
            if column
        }
        self._names = known
        self._version = known.index("versionnumber") if "@odata.etag" in self._place else None

    @property
    def sha256(self) -> str:
        return self._file.sha256

    def batches(self) -> Iterator[Batch]:
        entry = self._part.entry
        with readable(entry.name), io.BufferedReader(self._file, CHUNK) as file:
            document = Document(entry.base, cast("Any", file), encoding(entry))
            batch = Batch()
            for record in document.records("value"):
                self.records += 1
                self._take(record, document, batch)
                if len(batch.rows) >= _AT_ONCE:
                    yield batch
                    batch = Batch()
            yield batch

    def _take(self, record: Any, document: Document, batch: Batch) -> None:
        if not isinstance(record, dict):
            self._refuse(record, "no_object", document, batch)
        elif (gone := deleted_id(record)) is not None:
            batch.deleted.append(Tombstone(self.records, gone))
        else:
            row = self._row(record)
            said = "".join([*row.cells, *(row.extra or {}).values()])
            if "\0" in said:
                self._refuse(record, "nul_removed", document, batch, loaded=True)
                extra = {k: v.replace("\0", "") for k, v in (row.extra or {}).items()}
                cells = [cell.replace("\0", "") for cell in row.cells]
                row = row._replace(cells=cells, extra=extra or None)
            if _is_text(said):
                batch.rows.append(row)
            else:
                self._refuse(record, "not_utf8", document, batch)

    def _refuse(
        self, record: Any, reason: str, document: Document, batch: Batch, *, loaded: bool = False
    ) -> None:
        # As JSON, in which half a character stays an escape.
        raw = json.dumps(record).encode()
        batch.bad.append(BadRecord(self.records, document.offset, raw, reason, loaded))

    def _row(self, record: dict[str, Any]) -> Row:
        cells: list[str | None] = [None] * len(self._names)
        extra: dict[str, str] = {}
        for key, value in record.items():
            place = self._place.get(key)
            if place is not None:
                cells[place] = value if type(value) is str else _text(value)
            elif "@" not in key and value is not None:
                extra[key] = _text(value)
        if self._version is not None and (cell := cells[self._version]):
            number = _ETAG.match(cell)
            cells[self._version] = number[1] if number else ""
        absent = None
        if None in cells:
            absent = [name for name, cell in zip(self._names, cells, strict=True) if cell is None]
        return Row(self.records, [cell or "" for cell in cells], extra or None, absent)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _is_text(said: str) -> bool:
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True
