"""Labels of option values: metadata files, and what stands beside the values in some exports.

Metadata lists the options of today. Rows may hold deleted ones, so the labels that came with the
rows are added to it. All of them end up as rows of the OptionSets table.
"""

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import orjson
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from crm_import.refusals import SourceUnreadable
from crm_import.sources.encodings import look_at
from crm_import.sources.files import Entry, readable
from crm_import.sources.shape import Batch, Part, Reading, Row
from crm_import.tables import OPTIONS, TABLES, Table

# The column order of the metadata that Synapse Link writes without a header.
_METADATA = (
    *("EntityName", "OptionSetName", "Option", "IsUserLocalizedLabel"),
    *("LocalizedLabelLanguageCode", "LocalizedLabel", "GlobalOptionSetName"),
)
_FILES = ("optionsetmetadata.csv", "globaloptionsetmetadata.csv")
# "contact-EntityMetadata.json", in a folder of its own that also describes the tables once more.
_OF_ENTITY = "-entitymetadata.json"
LINK_FOLDER = "microsoft.athena.tricklefeedservice"
# Beside them, and of no use here: states and targets.
IGNORED = ("statemetadata.csv", "statusmetadata.csv", "targetmetadata.csv")


class Label(NamedTuple):
    """One label of one value. `column` is ours; `language` is an LCID, "" when nobody said it."""

    column: str
    value: str
    label: str
    language: str


@dataclass(slots=True)
class LabelsPart(Part):
    """Labels as rows of the OptionSets table."""

    labels: list[Label]

    def reading(self, first: int) -> Reading:
        """Begin a pass over them."""
        return _Reading(self, first)


class _Reading(Reading):
    def __init__(self, part: LabelsPart, first: int) -> None:
        self.records = first
        self._part = part

    @property
    def sha256(self) -> str:
        return self._part.sha256

    def batches(self) -> Iterator[Batch]:
        batch = Batch()
        for label in self._part.labels:
            self.records += 1
            batch.rows.append(Row(self.records, list(label)))
        yield batch


def part(name: str, labels: Iterable[Label]) -> LabelsPart:
    """The labels as a part, each once, in one order."""
    found = sorted(set(labels))
    said = "\n".join("\t".join(label) for label in found).encode()
    columns: list[str | None] = list(OPTIONS.columns)
    digest = hashlib.sha256(said).hexdigest()
    return LabelsPart(
        OPTIONS, name, len(said), digest, list(OPTIONS.columns), columns, ",", labels=found
    )


def together(metadata: Iterable[Label], harvest: Iterable[Label]) -> list[Label]:
    """Metadata, and of the labels found beside values those that it does not have."""
    listed = list(metadata)
    known = {(label.column, label.value, label.label) for label in listed}
    return [*listed, *(label for label in harvest if label[:3] not in known)]


def is_metadata(entry: Entry) -> bool:
    """Whether a file holds labels, by its name. (Saved EntityDefinitions may have any.)"""
    name = entry.base.lower()
    return name in _FILES or name.endswith((".xml", _OF_ENTITY))


def read_metadata(entry: Entry, prefixes: Collection[str]) -> list[Label]:
    """The labels of our columns in a file: CSV or JSON of Synapse Link, or XML of a solution.

    Raises SourceUnreadable when it is damaged.
    """
    name = entry.base.lower()
    read = _of_xml if name.endswith(".xml") else _of_entity if name.endswith(".json") else _of_csv
    return resolved(read(entry), prefixes)


def resolved(
    found: Iterable[tuple[str, str, str, str, str]], prefixes: Collection[str]
) -> list[Label]:
    """Labels of our columns out of (entity or "", option set or column, value, label, LCID)."""
    labels = []
    for entity, name, value, label, language in found:
        column = _column(entity, name, prefixes)
        if column and value and label:
            labels.append(Label(column, value, label, language))
    return labels


def _column(entity: str, name: str, prefixes: Collection[str]) -> str | None:
    for table in TABLES:
        if entity and table.prefix(entity) is None:
            continue
        for candidate in (name, *_without_entity(table, name, prefixes)):
            if (column := table.column(candidate, prefixes)) in table.options:
                return column
    return None


def _without_entity(table: Table, name: str, prefixes: Collection[str]) -> Iterator[str]:
    """A set that belongs to one column is named after both: contoso_patient_contoso_eligible."""
    for entity in table.entities:
        for start in (f"{entity}_", *(f"{prefix}_{entity}_" for prefix in prefixes if prefix)):
            if name.lower().startswith(start):
                yield name[len(start) :]


def _of_csv(entry: Entry) -> Iterator[tuple[str, str, str, str, str]]:
    text = look_at(entry)
    file, _hashed = text.open()
    with readable(entry.name), file:
        lines = io.TextIOWrapper(file, "utf-8-sig", newline="")
        try:
            rows = csv.reader(lines, delimiter=text.separator)
            first = next(rows, [])
            names = first if "OptionSetName" in first else list(_METADATA)
            for row in rows if names is first else chain([first], rows):
                cells = dict(zip(names, row, strict=False))
                yield (
                    cells.get("EntityName", ""),
                    cells.get("OptionSetName", ""),
                    cells.get("Option", ""),
                    cells.get("LocalizedLabel", ""),
                    cells.get("LocalizedLabelLanguageCode", ""),
                )
        except (csv.Error, UnicodeDecodeError) as error:
            raise SourceUnreadable(
                f"{entry.base} is damaged. Copy it again, or leave it out."
            ) from error


def _of_entity(entry: Entry) -> Iterator[tuple[str, str, str, str, str]]:
    """One document for each table, under whose name the sets of all tables stand too."""
    with readable(entry.name), entry.open() as file:
        text = file.read()
    try:
        described: Any = orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
        found = [
            option
            for sets in ("OptionSetMetadata", "GlobalOptionSetMetadata")
            for option in described.get(sets) or ()
        ]
        for option in found:
            yield (
                str(option.get("EntityName") or entry.base[: -len(_OF_ENTITY)]),
                str(option["OptionSetName"]),
                str(option["Option"]),
                str(option.get("LocalizedLabel") or ""),
                str(option.get("LocalizedLabelLanguageCode") or ""),
            )
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise SourceUnreadable(
            f"{entry.base} describes no options. Copy it again, or leave it out."
        ) from error


def _of_xml(entry: Entry) -> Iterator[tuple[str, str, str, str, str]]:
    with readable(entry.name), entry.open() as file:
        try:
            for _event, element in ElementTree.iterparse(file, forbid_dtd=True):
                if element.tag.lower() == "optionset":
                    yield from _of_set(element)
                    element.clear()
        except (ElementTree.ParseError, DefusedXmlException) as error:
            raise SourceUnreadable(
                f"{entry.base} is no XML of a solution. Export the solution again, or leave it out."
            ) from error


def _of_set(element: Any) -> Iterator[tuple[str, str, str, str, str]]:
    name = element.get("Name", "")
    for option in element.iter("option"):
        for label in option.iter("label"):
            yield (
                "",
                name,
                option.get("value", ""),
                label.get("description", ""),
                label.get("languagecode", ""),
            )


def is_definition(record: Any) -> bool:
    """Whether a JSON object describes a column with options, as EntityDefinitions does."""
    return isinstance(record, dict) and (
        isinstance(record.get("OptionSet"), dict)
        or isinstance(record.get("GlobalOptionSet"), dict)
        or isinstance(record.get("Options"), list)
    )


def definitions(record: dict[str, Any], entity: str) -> Iterator[tuple[str, str, str, str, str]]:
    """The labels in one such object; a set of its own has its name instead of a column's."""
    for holder in (record.get("OptionSet"), record.get("GlobalOptionSet"), record):
        if not isinstance(holder, dict):
            continue
        name = record.get("LogicalName") or holder.get("Name") or ""
        for option in holder.get("Options") or ():
            for label in (option.get("Label") or {}).get("LocalizedLabels") or ():
                yield (
                    entity,
                    str(name),
                    str(option.get("Value", "")),
                    str(label.get("Label") or ""),
                    str(label.get("LanguageCode") or ""),
                )
