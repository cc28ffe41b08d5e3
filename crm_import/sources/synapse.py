"""Folders of Azure Synapse Link: CSV without a header, described by `model.json`.

Either a snapshot (one `model.json`, a folder for each table), or incremental folders named by the
time they were written, with every version of a row. Columns are bound by name. A row that was
written before a column was added ends before it; a row with `IsDelete` is the news of a deletion
and no data.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from crm_import.refusals import SourceUnreadable
from crm_import.sources import labels
from crm_import.sources.encodings import Text, look_at
from crm_import.sources.files import Entry, readable
from crm_import.sources.headed import check_columns
from crm_import.sources.scanner import Scanner
from crm_import.sources.shape import Batch, Part, Reading, Row, Source, Tombstone
from crm_import.tables import TABLES, Table

KIND = "Synapse Link"
MODEL = "model.json"
CHANGELOG = "changelog.info"
_WRITTEN = re.compile(r"^\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\dZ$")
_SINK = re.compile(r"^\d{1,2}/\d{1,2}/\d{4} (?:1[0-2]|[1-9]):\d\d:\d\d [AP]M$")
_ENDED = "0000000+00:00"
# What the link itself says of a row.
_OWN = ("isdelete", "sinkmodifiedon")


@dataclass(slots=True)
class _Entity:
    """A table as one model.json describes it."""

    name: str
    attributes: list[tuple[str, str]]  # name, data type
    partitions: list[tuple[str, str]]  # name, location


def is_incremental(name: str) -> bool:
    """Whether a folder is named by the time at which Synapse Link wrote it."""
    return bool(_WRITTEN.match(name))


def open_link(name: str, entries: list[Entry]) -> Source:
    """The export in the files, among which there is a model.json.

    Raises SourceUnreadable when the description and the files do not fit.
    """
    by_folder = {entry.folder: entry for entry in entries if entry.base.lower() == MODEL}
    unfinished = _unfinished(entries)
    ignored = [folder for folder in by_folder if folder.rpartition("/")[2] in unfinished]
    models = {f: e for f, e in sorted(by_folder.items()) if f not in ignored}
    is_delta = is_incremental(name) or any(is_incremental(f.rpartition("/")[2]) for f in by_folder)
    if len(models) > 1 and not all(is_incremental(f.rpartition("/")[2]) for f in models):
        raise SourceUnreadable(
            f"{name} has several exports of Synapse Link: {', '.join(f or '.' for f in models)}. "
            "Name the folder of one of them."
        )
    described = {folder: _entities(entry) for folder, entry in models.items()}
    names = {entity.name for found in described.values() for entity in found}
    prefixes = {p for table in TABLES for n in names if (p := table.prefix(n))} or {
        prefix
        for table in TABLES
        for found in described.values()
        for entity in found
        if table.prefix(entity.name) is not None
        for prefix in table.prefixes(name for name, _type in entity.attributes)
    }
    parts: list[Part] = []
    for table in TABLES:
        for folder, found in described.items():
            for entity in found:
                if table.prefix(entity.name) is not None:
                    parts += _parts(table, entity, folder, entries, prefixes)
    ours = {n for n in names if any(table.prefix(n) is not None for table in TABLES)}
    missing = [t.entities[0] for t in TABLES if not any(t.prefix(n) is not None for n in names)]
    if not is_delta and missing:
        raise SourceUnreadable(
            f"{MODEL} of {name} lacks {', '.join(missing)}. Add these tables to the link and wait "
            "until it has written them."
        )
    found_labels = [
        label
        for entry in entries
        if labels.is_metadata(entry)
        for label in labels.read_metadata(entry, prefixes)
    ]
    parts.insert(0, labels.part("labels", found_labels))
    return Source(
        name,
        KIND,
        f"{MODEL} describes {len(ours)} tables of the CRM",
        parts,
        is_delta=is_delta,
        ignored=[*ignored, *sorted(names - ours)],
    )


def _unfinished(entries: list[Entry]) -> set[str]:
    """The folders that are still being written, as the change log says."""
    return {
        entry.head().decode(errors="replace").strip().strip("/\"' ").rpartition("/")[2]
        for entry in entries
        if entry.base.lower() == CHANGELOG
    }


def _entities(entry: Entry) -> list[_Entity]:
    with readable(entry.name), entry.open() as file:
        text = file.read()
    try:
        model: Any = orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
        return [
            _Entity(
                str(found["name"]),
                [(str(a["name"]), str(a.get("dataType", ""))) for a in found["attributes"]],
                [
                    (str(p["name"]), str(p.get("location", "")))
                    for p in found.get("partitions") or ()
                ],
            )
            for found in model["entities"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceUnreadable(
            f"{entry.name} describes no tables. Copy it again from the storage account."
        ) from error


def _parts(
    table: Table, entity: _Entity, folder: str, entries: list[Entry], prefixes: Collection[str]
) -> Iterator[Part]:
    header = [name for name, _type in entity.attributes]
    columns = _columns(table, header, prefixes)
    check_columns(f"{MODEL} ({entity.name})", table, columns)
    for entry in _files(entity, folder, entries):
        text = look_at(entry)
        yield LinkPart(
            *(table, entry.name, entry.size, text.sha256, header, columns, ","),
            Text(entry, text.sha256, text.encoding, ","),
            [kind for _name, kind in entity.attributes],
        )


def _columns(table: Table, header: list[str], prefixes: Collection[str]) -> list[str | None]:
    columns = [table.column(name, prefixes) for name in header]
    if "Id" in header:
        # Some links write the table's own name of the id too, with the same values.
        columns = [None if column == table.id else column for column in columns]
        columns[header.index("Id")] = table.id
    return columns


def _files(entity: _Entity, folder: str, entries: list[Entry]) -> list[Entry]:
    """The snapshot that the description names; without one, the files that are written to."""
    base = f"{folder}/" if folder else ""
    home = f"{base}{entity.name}/"
    live = {e.base.rpartition(".")[0]: e for e in entries if e.folder == home[:-1] and _is_csv(e)}
    snapshots = {e.name: e for e in entries if e.name.startswith(f"{home}Snapshot/") and _is_csv(e)}
    chosen = dict(live)
    for name, location in entity.partitions:
        tail = location.split("?")[0].rpartition(f"/{entity.name}/")[2]
        named = [
            entry
            for path, entry in snapshots.items()
            if path == home + tail or entry.base == tail.rpartition("/")[2]
        ]
        if named:
            chosen[name] = named[0]
        elif name not in live:
            raise SourceUnreadable(
                f"{MODEL} names the file {name}.csv of {entity.name}, and it is not here. "
                "Copy the whole folder again."
            )
    return [chosen[name] for name in sorted(chosen)]


def _is_csv(entry: Entry) -> bool:
    return entry.base.lower().endswith(".csv")


@dataclass(slots=True)
class LinkPart(Part):
    """One CSV file without a header. `types` are those of its columns."""

    text: Text
    types: list[str]

    @property
    def encoding(self) -> str:
        return self.text.encoding

    @property
    def unknown(self) -> list[str]:
        names = [name.lower() for name in self.header]
        return [
            header
            for place, (header, column) in enumerate(zip(self.header, self.columns, strict=True))
            if column is None
            and names[place] not in _OWN
            and not names[place].endswith(self.table.id)
            and not _is_companion(names, place)
        ]

    def reading(self, first: int) -> Reading:
        """Begin a pass over it."""
        return _Reading(self, first)


class _Reading(Reading):
    def __init__(self, part: LinkPart, first: int) -> None:
        names = [name.lower() for name in part.header]
        self._deleted = names.index("isdelete") if "isdelete" in names else None
        self._written = names.index("sinkmodifiedon") if "sinkmodifiedon" in names else None
        self._id = part.columns.index(part.table.id)
        self._version = names.index("versionnumber") if "versionnumber" in names else None
        self._width = len(part.header)
        # Columns that were added later stand behind IsDelete; a row that ends before it is torn.
        short = self._deleted + 1 if self._deleted is not None else self._width
        self._scanner = Scanner(part.text, self._width, first=first, headed=False, short=short)
        self._cells: list[tuple[int, Callable[[str], str] | None]] = []
        self._others: list[tuple[int, str]] = []
        own = {self._deleted, self._written}
        for place, (column, kind) in enumerate(zip(part.columns, part.types, strict=True)):
            if column:
                spelt = _SPELLINGS.get(kind.lower())
                if spelt is instant and part.watch:
                    spelt = _watched(column, part.watch)
                self._cells.append((place, spelt))
            elif place not in own and not _is_companion(names, place):
                self._others.append((place, part.header[place]))

    @property
    def records(self) -> int:  # type: ignore[override]
        return self._scanner.records

    @property
    def sha256(self) -> str:
        return self._scanner.sha256

    def batches(self) -> Iterator[Batch]:
        for framed in self._scanner.batches():
            batch = Batch(bad=framed.bad)
            plain = [(number, line.decode().split(",")) for number, line in framed.lines]
            records = sorted(plain + framed.rows) if plain else framed.rows
            for number, cells in records:
                self._take(number, cells, batch)
            yield batch

    def _take(self, number: int, cells: list[str], batch: Batch) -> None:
        cells += [""] * (self._width - len(cells))
        if self._deleted is not None and cells[self._deleted].lower() in ("true", "1"):
            version = cells[self._version] if self._version is not None else ""
            batch.deleted.append(Tombstone(number, cells[self._id], version))
            return
        known = [
            cells[place] if spelt is None else spelt(cells[place]) for place, spelt in self._cells
        ]
        # Some links write the id under two names.
        none = ("", cells[self._id])
        extra = {name: cells[place] for place, name in self._others if cells[place] not in none}
        written = instant(cells[self._written]) if self._written is not None else ""
        # Only what sorts: an instant in the one spelling.
        when = written if len(written) == len("2023-10-29T00:30:00Z") else None
        batch.rows.append(Row(number, known, extra or None, None, when))


def _is_companion(names: list[str], place: int) -> bool:
    """Whether a column says nothing of the row: when it was copied, what a look-up points at."""
    name = names[place]
    target = name.removesuffix("_entitytype")
    return name == "sinkcreatedon" or (target != name and target in names)


def instant(cell: str) -> str:
    """An instant as all sources spell it; what is written in no way we know, as it came."""
    if cell.endswith(_ENDED) and len(cell) == 33:
        return f"{cell[:19]}Z"
    return _of_sink(cell) if cell.endswith("M") and _SINK.match(cell) else cell


@lru_cache(maxsize=4096)  # thousands of rows are written in one second
def _of_sink(cell: str) -> str:
    try:
        moment = datetime.strptime(cell, "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007  UTC, as text
    except ValueError:
        return cell
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _watched(column: str, watch: Callable[[str, Any], None]) -> Callable[[str], str]:
    def spelt(cell: str) -> str:
        watch(column, cell)
        return instant(cell)

    return spelt


def _boolean(cell: str) -> str:
    return {"True": "true", "False": "false"}.get(cell, cell)


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "datetime": instant,
    "datetimeoffset": instant,
    "boolean": _boolean,
}
