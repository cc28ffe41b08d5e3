"""Columns: how filled, how many values, which of them most often."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

import json
import re
from typing import Any

from crm_import.profiling.facts import Column
from crm_import.profiling.masking import is_masked, is_option, mask, personal
from crm_import.profiling.reading import ReadTable, temporary
from crm_import.sources.words import TWICE
from crm_import.tables import Table

# Text beyond this is loaded whole, and told (row 9 of the rows that bite).
HUGE = 100 * 1024
_TOP = 5
_GUID = re.compile(r"^\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$")
# "createdby", "_createdby_value", "contoso_createdby", "Created By", "Gemaakt door".
_CREATOR = re.compile(
    r"^_?(?:[a-z0-9]+_)?(?:created ?by|gemaakt door|erstellt von|creado por|cr[ée]{2} par)"
    r"(?:_value)?$",
    re.IGNORECASE,
)


def creator(read: ReadTable) -> str:
    """The header of the column that says who made a row; "" when there is none."""
    return next((name for name in read.others if _CREATOR.match(name.strip())), "")


def measure(cursor: Any, read: ReadTable, *, include_personal: bool) -> list[Column]:
    """The columns of a table, ours first, then those that we do not know."""
    missing = set(read.missing)
    return [
        *(
            _ours(cursor, read, column, include_personal=include_personal)
            for column in read.table.columns
            if column not in missing
        ),
        *_others(cursor, read, include_personal=include_personal),
    ]


def _ours(cursor: Any, read: ReadTable, column: str, *, include_personal: bool) -> Column:
    cursor.execute(
        f"""
        WITH v AS MATERIALIZED (
            SELECT {column} AS cell, count(*) AS n FROM {temporary(read.table)} GROUP BY 1
        )
        SELECT coalesce(sum(n) FILTER (WHERE cell = ''), 0)::bigint,
            count(*) FILTER (WHERE cell <> ''), coalesce(max(octet_length(cell)), 0),
            coalesce(sum(n) FILTER (WHERE octet_length(cell) > {HUGE}), 0)::bigint,
            (SELECT coalesce(jsonb_agg(jsonb_build_array(
                left(cell, 100), n, crm_blank(crm_key(left(cell, 100))))), '[]') FROM (
                SELECT cell, n FROM v WHERE cell <> '' AND n > 1
                ORDER BY n DESC, cell COLLATE "C" LIMIT {_TOP}
            ) t)::text
        FROM v
        """
    )
    blank, distinct, longest, huge, most = cursor.fetchone()
    masked = is_masked(read.table, column) and not include_personal
    top = [
        (cell if not masked or is_blank or _is_key(read.table, column, cell) else mask(cell), rows)
        for cell, rows, is_blank in json.loads(most)
    ]
    absent = read.absent[column]
    return Column(
        name=column,
        known=True,
        personal=personal(read.table, column).value,
        filled=read.rows - blank,
        empty=blank - absent,
        absent=absent,
        distinct=distinct,
        longest=longest,
        huge=huge,
        top=top,
        masked=masked,
    )


def _is_key(table: Table, column: str, cell: str) -> bool:
    """Whether a cell only points at something: an option, or a row of another table."""
    return (column in table.options and is_option(cell)) or (
        column in table.lookups and bool(_GUID.match(cell))
    )


def _others(cursor: Any, read: ReadTable, *, include_personal: bool) -> list[Column]:
    cursor.execute(
        f"""
        SELECT e.key, count(*), count(DISTINCT e.value), max(octet_length(e.value)),
            count(*) FILTER (WHERE octet_length(e.value) > {HUGE})
        FROM {temporary(read.table)}, jsonb_each_text(extra) e GROUP BY e.key
        """
    )
    found = {name: counts for name, *counts in cursor.fetchall() if not name.endswith(TWICE)}
    columns = []
    for name in [*read.others, *sorted(found.keys() - read.others.keys())]:
        filled, distinct, longest, huge = found.get(name, (0, 0, 0, 0))
        top = _top_of_other(cursor, read, name) if distinct < filled else []
        if not include_personal:
            top = [(mask(cell), rows) for cell, rows in top]
        columns.append(
            Column(
                name=name,
                known=False,
                personal="unknown",
                filled=filled,
                empty=read.rows - filled,
                absent=0,
                distinct=distinct,
                longest=longest,
                huge=huge,
                top=top,
                masked=not include_personal,
            )
        )
    return columns


def _top_of_other(cursor: Any, read: ReadTable, name: str) -> list[tuple[str, int]]:
    cursor.execute(
        f"""
        SELECT left(extra ->> %s, 100), count(*) FROM {temporary(read.table)}
        WHERE extra ? %s GROUP BY extra ->> %s
        HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT {_TOP}
        """,
        [name, name, name],
    )
    return list(cursor.fetchall())
