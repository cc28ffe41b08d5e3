"""Reads a source without a database, as a test wants to see it."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crm_import import sources
from crm_import.refusals import Refused
from crm_import.sources.shape import BadRecord, Choices, Row, Source, Tombstone


@dataclass
class Seen:
    """What a source gave, by table."""

    source: Source
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    others: dict[str, list[Row]] = field(default_factory=dict)
    deleted: dict[str, list[Tombstone]] = field(default_factory=dict)
    bad: list[BadRecord] = field(default_factory=list)

    @property
    def contacts(self) -> list[dict[str, str]]:
        return self.rows.get("Contact", [])

    @property
    def labels(self) -> set[tuple[str, ...]]:
        return {tuple(row.values()) for row in self.rows.get("OptionSets", [])}


def see(path: Path | str, **choices: Any) -> Seen:
    """Detect and read it."""
    seen = Seen(sources.detect(path, Choices(**choices)))
    counted: dict[str, int] = {}
    for part in seen.source.parts:
        name = part.table.name
        reading = part.reading(counted.get(name, 0))
        rows = seen.rows.setdefault(name, [])
        for batch in reading.batches():
            mark = part.separator
            found = [(number, _cells(raw, mark)) for number, raw in batch.lines]
            found += [(row.record, row.cells) for row in batch.rows]
            rows += [dict(zip(part.known, cells, strict=True)) for _number, cells in sorted(found)]
            seen.others.setdefault(name, []).extend(batch.rows)
            seen.deleted.setdefault(name, []).extend(batch.deleted)
            seen.bad += batch.bad
        counted[name] = reading.records
        assert reading.sha256 == part.sha256, part.name
    seen.source.close()
    return seen


def _cells(raw: bytes, mark: str) -> list[str]:
    return next(csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=mark))


def refusal(path: Path | str, **choices: Any) -> tuple[int, str]:
    """(exit code, what is said) of a source that is refused."""
    with pytest.raises(Refused) as error:
        see(path, **choices)
    return error.value.exit_code, str(error.value)
