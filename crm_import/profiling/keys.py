"""Primary keys that come twice or are none, and look-ups that lead nowhere."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from typing import Any

from crm_import.profiling.facts import Ids, Lookup
from crm_import.profiling.reading import temporary
from crm_import.tables import Table

KNOWN_IDS = "crm_profile_id"
_EXAMPLES = 3


def prepare(cursor: Any) -> None:
    """Make the temporary table of all ids."""
    cursor.execute(
        f"CREATE TEMP TABLE {KNOWN_IDS} (entity text, guid uuid, rows bigint) ON COMMIT DROP"
    )


def collect(cursor: Any, table: Table) -> None:
    """Put the ids of a table into it; a null one for those that are none."""
    cursor.execute(
        f"INSERT INTO {KNOWN_IDS} SELECT '{table.name}', crm_guid({table.id}), count(*) "
        f"FROM {temporary(table)} GROUP BY 2"
    )


def ids(cursor: Any, table: Table) -> Ids:
    """The ids of a table, after `collect`."""
    cursor.execute(
        "SELECT count(guid), coalesce(sum(rows) FILTER (WHERE guid IS NULL), 0)::bigint "
        f"FROM {KNOWN_IDS} WHERE entity = %s",
        [table.name],
    )
    distinct, unusable = cursor.fetchone()
    content = ", ".join(f"a.{column}" for column in (*table.columns[1:], "extra"))
    own = "a.versionnumber" if "versionnumber" in table.columns else "NULL"
    cursor.execute(
        f"""
        SELECT count(*) FILTER (WHERE contents = 1),
            count(*) FILTER (WHERE contents > 1 AND versions = contents),
            count(*) FILTER (WHERE contents > 1 AND versions <> contents)
        FROM (
            SELECT i.guid, count(DISTINCT md5(ROW({content})::text)) AS contents,
                count(DISTINCT coalesce({own}, a.extra ->> 'versionnumber', '')) AS versions
            FROM {KNOWN_IDS} i JOIN {temporary(table)} a ON crm_guid(a.{table.id}) = i.guid
            WHERE i.entity = %s AND i.rows > 1 GROUP BY i.guid
        ) r
        """,
        [table.name],
    )
    return Ids(distinct, unusable, *cursor.fetchone())


def lookups(cursor: Any, table: Table, *, is_delta: bool) -> list[Lookup]:
    """The look-ups of a table, after `collect` of all tables.

    What a delta points at may have come before it.
    """
    before = (
        "OR EXISTS (SELECT FROM crm_import_crosswalk x "
        "WHERE x.entity = %(target)s AND x.legacy_id = v.guid)"
        if is_delta
        else ""
    )
    found = []
    for column, target in table.lookups.items():
        cursor.execute(
            f"""
            SELECT coalesce(sum(n), 0)::bigint,
                coalesce(sum(n) FILTER (WHERE guid IS NULL), 0)::bigint,
                coalesce(sum(n) FILTER (WHERE NOT there), 0)::bigint,
                count(DISTINCT guid) FILTER (WHERE NOT there),
                (array_agg(DISTINCT guid::text) FILTER (WHERE NOT there))[:{_EXAMPLES}]
            FROM (
                SELECT v.guid, v.n, CASE WHEN v.guid IS NOT NULL THEN
                    EXISTS (SELECT FROM {KNOWN_IDS} i
                        WHERE i.entity = %(target)s AND i.guid = v.guid) {before} END AS there
                FROM (
                    SELECT crm_guid({column}) AS guid, count(*) AS n FROM {temporary(table)}
                    WHERE {column} <> '' GROUP BY 1
                ) v
            ) w
            """,
            {"target": target},
        )
        filled, unusable, missing, missing_ids, examples = cursor.fetchone()
        found.append(Lookup(column, target, filled, unusable, missing, missing_ids, examples or []))
    return found
