"""Columns of dates: how they are written, what is none, and in what zone they were meant."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from typing import Any

from crm_import.profiling import zones
from crm_import.profiling.dialects import together
from crm_import.profiling.facts import Dates
from crm_import.profiling.reading import ReadTable, temporary
from crm_import.sources.words import DATES, LOCAL

_SHAPES = 1000
_SYSTEM = ("createdon", "modifiedon")


def measure(cursor: Any, read: ReadTable, creator: str, *, include_personal: bool) -> list[Dates]:
    """The columns of dates that the table has."""
    missing = set(read.missing)
    found = []
    for column in read.table.columns:
        if column in DATES and column not in missing:
            dates = _measure(cursor, read, column)
            # When a row was written, by whatever program, says nothing of what people meant.
            if column not in _SYSTEM and holds_moments(dates):
                dates.hours = zones.hours(
                    cursor, read, column, creator, include_personal=include_personal
                )
            found.append(dates)
    return found


def holds_moments(dates: Dates) -> bool:
    """Whether times of day mean something in it: most are no midnights."""
    return dates.usable > 2 * (dates.days_utc + dates.days_local)


def _measure(cursor: Any, read: ReadTable, column: str) -> Dates:
    table = temporary(read.table)
    cursor.execute(
        f"""
        WITH v AS MATERIALIZED (
            SELECT d.n, d.at, crm_is_sentinel(d.at) AS sentinel,
                d.at > now() + interval '5 years' AS far
            FROM (
                SELECT crm_instant({column}) AS at, count(*) AS n FROM {table}
                WHERE {column} <> '' GROUP BY 1
            ) d
        ), usable AS (
            SELECT n, at, (at AT TIME ZONE 'UTC')::time AS utc,
                (at AT TIME ZONE '{LOCAL.key}')::time AS wall
            FROM v WHERE NOT sentinel AND NOT far
        )
        SELECT coalesce(sum(n) FILTER (WHERE at IS NULL), 0)::bigint,
            coalesce(sum(n) FILTER (WHERE sentinel), 0)::bigint,
            coalesce(sum(n) FILTER (WHERE far AND NOT sentinel), 0)::bigint,
            u.* FROM v, (
            SELECT coalesce(sum(n), 0)::bigint,
                coalesce(to_char(min(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''),
                coalesce(to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''),
                coalesce(sum(n) FILTER (WHERE utc = '00:00'), 0)::bigint,
                coalesce(sum(n) FILTER (WHERE wall = '00:00' AND utc <> '00:00'), 0)::bigint
            FROM usable
        ) u (usable, earliest, latest, days_utc, days_local)
        GROUP BY u.usable, u.earliest, u.latest, u.days_utc, u.days_local
        """
    )
    counts = cursor.fetchone() or (0, 0, 0, 0, "", "", 0, 0)
    no_date, sentinel, far, usable, earliest, latest, days_utc, days_local = counts
    return Dates(
        column=column,
        dialects=_dialects(cursor, read, column),
        order=read.orders.get(column, ""),
        usable=usable,
        no_date=no_date,
        sentinel=sentinel,
        far=far,
        came_twice=read.came_twice[column],
        earliest=earliest,
        latest=latest,
        days_utc=days_utc,
        days_local=days_local,
        hours=[],
    )


def _dialects(cursor: Any, read: ReadTable, column: str) -> dict[str, int]:
    as_written = read.dialects.of(column)
    if as_written is not None:
        return as_written
    cursor.execute(
        f"""
        SELECT translate(btrim({column}), '012345678', '999999999'), count(*)
        FROM {temporary(read.table)} WHERE {column} <> '' GROUP BY 1
        ORDER BY 2 DESC LIMIT {_SHAPES}
        """
    )
    return together(cursor.fetchall())
