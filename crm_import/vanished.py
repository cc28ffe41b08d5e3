"""Rows that an export of everything does not have any more: buried as tombstones are.

The CRM may have deleted them without saying so. Only an operator can know that an export holds
everything (`--complete`); without his word nothing follows from a row that is missing.
"""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from crm_import import staging
from crm_import.models import ImportRun
from crm_import.sources.shape import Batch, Part, Reading, Tombstone
from crm_import.tables import TABLES, Table

_AT_ONCE = 1000


def bury(read: Sequence[staging.Staged], run: ImportRun) -> list[staging.Staged]:
    """Put a tombstone into the archive for each row of the table that did not come with `read`.

    They have a line of their own in the ledger; [] when nothing is missing. Needs crm_again, so the
    table was read with `compare`.
    """
    table = read[0].part.table
    if table not in TABLES:
        return []
    with connection.cursor() as cursor:
        if not _find(cursor, table, read[0].first):
            return []
    part = _Vanished(table, f"{table.name}: gone from the export", 0, "", [], [], ",")
    before = sum(item.ledger.records for item in read)
    return staging.stage([part], run, compare=True, before=before, is_gone=True)


def _find(cursor: Any, table: Table, first: int) -> int:
    """Make crm_vanished (place, legacy_id) and return its number of rows."""
    cursor.execute("DROP TABLE IF EXISTS crm_vanished")
    cursor.execute(
        f"""
        CREATE TEMP TABLE crm_vanished ON COMMIT DROP AS
        WITH came AS (
            SELECT crm_guid({table.id}) AS guid FROM {table.db_table} WHERE id >= %s
            UNION ALL
            SELECT crm_guid(a.{table.id}) FROM {table.db_table} a
            JOIN crm_again g ON g.entity = %s AND g.row_id = a.id
        ), missing AS (
            SELECT DISTINCT ON (guid) a.* FROM (
                SELECT crm_guid({table.id}) AS guid, a.* FROM {table.db_table} a
                WHERE id < %s AND {staging.counts(table)}
            ) a
            WHERE guid IS NOT NULL AND NOT EXISTS (SELECT FROM came c WHERE c.guid = a.guid)
            ORDER BY guid, {staging.age(table, "a")}
        )
        SELECT row_number() OVER (ORDER BY id)::int AS place, {table.id} AS legacy_id
        FROM missing WHERE NOT deleted
        """,
        [first, table.name, first],
    )
    return int(cursor.rowcount)


class _Vanished(Part):
    """What is in crm_vanished, as if the export had told it."""

    def reading(self, first: int) -> Reading:
        """Begin a pass over it."""
        return _Reading(first)


class _Reading(Reading):
    def __init__(self, first: int) -> None:
        self.records = first

    @property
    def sha256(self) -> str:
        return ""

    def batches(self) -> Iterator[Batch]:
        place = 0
        while rows := self._after(place):
            place = rows[-1][0]
            stones = []
            for _place, legacy_id in rows:
                self.records += 1
                stones.append(Tombstone(self.records, legacy_id))
            yield Batch(deleted=stones)

    @staticmethod
    def _after(place: int) -> list[tuple[int, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT place, legacy_id FROM crm_vanished WHERE place > %s "
                "ORDER BY place LIMIT %s",
                [place, _AT_ONCE],
            )
            return list(cursor.fetchall())
