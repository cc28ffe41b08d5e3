"""What saved pages of the Web API say of themselves, and whether all of them are there.

A folder of pages has no index, so the chain is followed: every page but the last names the next
one.
"""

import io
import re
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

from crm_import.refusals import SourceUnreadable
from crm_import.sources import labels
from crm_import.sources.documents import Document
from crm_import.sources.files import CHUNK, Entry, Hashed, readable
from crm_import.tables import TABLES, Table

FORMATTED = "@OData.Community.Display.V1.FormattedValue"
_SET = re.compile(r"#([A-Za-z0-9_]+)")
_ENTITY = re.compile(r"LogicalName='([^']+)'")
_PAGE = re.compile(r'pagenumber="(\d+)"')
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
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
