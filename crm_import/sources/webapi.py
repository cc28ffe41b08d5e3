"""Saved pages of the Dataverse Web API: OData JSON, FetchXML JSON, one array, or a row a line.

All of it is read once before anything is written (`pages`): what is cut off is refused as a whole.
"""

import io
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, cast

from crm_import.refusals import SourceUnreadable
from crm_import.sources import labels
from crm_import.sources.documents import Document
from crm_import.sources.files import CHUNK, Entry, Hashed, readable
from crm_import.sources.headed import check_columns
from crm_import.sources.labels import Label
from crm_import.sources.pages import Page, check_chain, deleted_id, encoding, survey
from crm_import.sources.shape import (
    BadRecord,
    Batch,
    Choices,
    Part,
    Reading,
    Row,
    Source,
    Tombstone,
)
from crm_import.tables import TABLES, Table

KIND = "Web API pages"
SUFFIXES = (".json", ".ndjson", ".jsonl")
_AT_ONCE = 2_000
_ETAG = re.compile(r'^W/"(\d+)"$')


def open_pages(name: str, entries: list[Entry], metadata: list[Entry], choices: Choices) -> Source:
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
    is_delta = choices.is_delta or any(
        page.ends_delta or page.deleted for list_ in ours.values() for page in list_
    )
    missing = [table.entities[-1] for table in TABLES if table.name not in ours]
    if missing and (not is_delta or not ours):
        raise SourceUnreadable(
            f"{name} lacks pages of {', '.join(missing)}. Export these tables too (a table "
            "without rows is a page with an empty list), and name the folder that holds all."
        )
    parts: list[Part] = [
        _part(table, page, prefixes, is_delta=is_delta)
        for table in TABLES
        for page in ours.get(table.name, ())
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
    more = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    return Source(
        name,
        KIND,
        f"JSON with rows of the CRM's tables: {first.entry.name}{more}",
        parts,
        is_delta=is_delta,
        ignored=ignored,
    )


def _harvest(table: Table, page: Page, prefixes: Collection[str]) -> Iterator[Label]:
    for key, value, label in page.formatted:
        if (column := table.column(key, prefixes)) in table.options:
            yield Label(str(column), value, label, "")


def property_of(key: str) -> str:
    """The name of the column in a property: that of a lookup stands in `_name_value`."""
    if key.startswith("_") and key.endswith("_value"):
        return key[1:-6]
    return key


def _part(table: Table, page: Page, prefixes: Collection[str], *, is_delta: bool) -> "PagePart":
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
        check_columns(page.entry.base, table, columns, is_delta=is_delta)
    return PagePart(
        *(table, page.entry.name, page.entry.size, page.sha256, header, columns, ","), page.entry
    )


@dataclass(slots=True)
class PagePart(Part):
    """One JSON file."""

    entry: Entry

    @property
    def encoding(self) -> str:
        return encoding(self.entry)

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
