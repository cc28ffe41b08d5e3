"""What stops an import until somebody has had a look: more was deleted than a day's work explains,
an export of everything has markedly fewer rows than the one before, or other columns.

An export is compared with the newest one that was no delta and was not taken back. A delta has few
rows, and only the columns that changed, so nothing is concluded from what it lacks.
"""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection

from crm_import import sources, standing
from crm_import.staging import Staged
from crm_import.tables import TABLES

# So many deleted rows of a table are an ordinary day's work, whatever its size; beyond the share or
# the number of the last two, somebody has a look first.
FEW_DELETES, DELETED_SHARE, MANY_DELETES = 5, 0.01, 50
# An export lacks rows when more than both of these are missing.
FEW_MISSING, MISSING_SHARE = 50, 0.1

_ACCOUNTED = frozenset(table.name for table in TABLES)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What somebody has looked at: so many deleted rows of a table; that the columns changed."""

    deletes: int = 0
    columns: bool = False


def shape(export: sources.Source, staged: Sequence[Staged]) -> dict[str, Any]:
    """What the next export is compared with: the kind of this one, and rows and columns by table.

    `columns` are those of the CRM, `others` the headings that we have no column for.
    """
    tables: dict[str, Any] = {}
    for table, items in _tables(staged):
        if table not in _ACCOUNTED:  # labels of options come or come not
            continue
        files = [item for item in items if not item.ledger.is_gone]
        # A sheet has headings beyond its columns: people put what they like into one.
        headings = [
            pair
            for item in files
            for pair in zip(item.part.header, item.part.columns, strict=False)
        ]
        tables[table] = {
            "records": sum(item.ledger.records for item in files),
            "columns": sorted({column for item in files for column in item.part.known}),
            "others": sorted({heading for heading, column in headings if column is None}),
        }
    return {"kind": export.kind, "is_delta": export.is_delta, "tables": tables}


def last_whole() -> dict[str, Any]:
    """The shape of the newest export that was no delta and stands; empty when there is none."""
    runs = standing.runs().filter(shape__is_delta=False)
    newest = runs.order_by("-started_at", "-id").values_list("shape", flat=True).first()
    return newest or {}


def found(
    staged: Sequence[Staged],
    this: Mapping[str, Any],
    before: Mapping[str, Any],
    accepted: Accepted,
    *,
    is_complete: bool,
) -> list[str]:
    """A sentence for each thing that somebody has to look at first, with what to say then."""
    says = list(_deleted(staged, accepted.deletes))
    if this["is_delta"] or not before:
        return says
    if not is_complete:
        says += _shrunken(this["tables"], before["tables"])
    if not accepted.columns:
        says += _drifted(this, before)
    return says


def _deleted(staged: Sequence[Staged], accepted: int) -> Iterator[str]:
    with connection.cursor() as cursor:
        for _name, items in _tables(staged):
            table = items[0].part.table
            cursor.execute(
                f"SELECT count(*) FILTER (WHERE deleted AND id >= %s), count(*) "
                f"FROM {table.db_table}",
                [items[0].first],
            )
            deleted, rows = cursor.fetchone()
            usual = max(FEW_DELETES, min(MANY_DELETES, DELETED_SHARE * rows))
            if deleted > max(usual, accepted):
                yield (
                    f"{deleted:,} rows of {table.name} were deleted in the CRM, more than usual. "
                    f"Ask there whether that is right; then say --accept-deletes {deleted}."
                )


def _shrunken(tables: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for name, then in before.items():
        now, was = tables.get(name, {}).get("records", 0), then["records"]
        if was - now > max(FEW_MISSING, MISSING_SHARE * was):
            yield (
                f"{name} has {now:,} rows, and had {was:,} in the export before. Export it again "
                "when it was cut off. Say --delta when it holds only what changed, and --complete "
                "when the other rows are gone from the CRM."
            )


def _drifted(this: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for name, then in before["tables"].items():
        now = this["tables"].get(name)
        if not now or not now["records"] or not then["records"]:
            continue
        if gone := sorted(set(then["columns"]) - set(now["columns"])):
            yield (
                f"{name} has no column {', '.join(gone)} any more. What is known there would stay "
                "as it is. Export it with all columns; or say --accept-columns when the CRM has "
                "them no more."
            )
        added = sorted(set(now["others"]) - set(then["others"]))
        if added and this["kind"] == before["kind"]:
            yield (
                f"{name} has a new column {', '.join(added)}, which nobody has given a meaning "
                "here. Its cells would be kept beside the rows. Say --accept-columns when that "
                "is right."
            )


def _tables(staged: Sequence[Staged]) -> Iterator[tuple[str, list[Staged]]]:
    for name, group in groupby(staged, key=lambda item: item.part.table.name):
        yield name, list(group)
