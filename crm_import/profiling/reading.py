"""Brings the records of an export into temporary tables shaped like the archive."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_import import staging
from crm_import.profiling.dialects import Dialects
from crm_import.profiling.facts import File
from crm_import.sources import Batch, Part
from crm_import.sources.words import TWICE
from crm_import.tables import FILES, Table


@dataclass(slots=True)
class ReadTable:
    """What was read of one table. `others` are headers of columns that we do not know.

    `absent` is how many rows came without a column, `came_twice` how many times of day of a column
    the end of summer time brought twice; `orders` is the order of day and month where one is
    needed. `dialects` are those of cells that did not stay as they were written.
    """

    table: Table
    rows: int = 0
    deleted: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    files: list[File] = field(default_factory=list)
    others: dict[str, None] = field(default_factory=dict)
    absent: Counter[str] = field(default_factory=Counter)
    came_twice: Counter[str] = field(default_factory=Counter)
    orders: dict[str, str] = field(default_factory=dict)
    dialects: Dialects = field(default_factory=Dialects)

    @property
    def missing(self) -> list[str]:
        """The columns of the table that no file has."""
        lacking = [set(file.absent) for file in self.files]
        gone = set.intersection(*lacking) if lacking else set()
        return [column for column in self.table.columns if column in gone]


def temporary(table: Table) -> str:
    """The name of the temporary table for the rows of a table."""
    return f"crm_profile_{table.name.lower()}"


def prepare(cursor: Any) -> None:
    """Make the temporary tables."""
    for table in FILES:
        name = temporary(table)
        cursor.execute(
            f"CREATE TEMP TABLE {name} (LIKE {table.db_table} INCLUDING DEFAULTS) ON COMMIT DROP"
        )
        cursor.execute(f"ALTER TABLE {name} DROP COLUMN id")


def read(cursor: Any, parts: Sequence[Part]) -> ReadTable:
    """Fill the temporary table of the parts, all of which are of one table.

    Raises SourceUnreadable when one of them changed meanwhile, or is cut off.
    """
    found = ReadTable(parts[0].table)
    records = 0
    for place, part in enumerate(parts, start=1):
        part.watch = found.dialects.see
        reading = part.reading(records)
        rows = 0
        for batch in reading.batches():
            records_of = Batch(batch.lines, batch.rows)
            staging.copy_batch(cursor, part, place, temporary(part.table), records_of)
            rows += len(batch.lines) + len(batch.rows)
            found.deleted += len(batch.deleted)
            found.unreadable.update(bad.reason for bad in batch.bad)
            for row in batch.rows:
                found.absent.update(row.absent or ())
                found.came_twice.update(
                    name.removesuffix(TWICE) for name in row.extra or () if name.endswith(TWICE)
                )
        staging.expect_unchanged(part, reading)
        found.rows += rows
        found.absent.update(dict.fromkeys(part.absent, rows))
        found.others.update(dict.fromkeys(part.unknown))
        found.orders.update(part.date_orders)
        found.files.append(
            File(
                *(part.name, part.size, part.encoding, part.separator),
                reading.records - records,
                part.absent,
            )
        )
        records = reading.records
    return found
