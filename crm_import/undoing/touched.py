"""The tables of which a run made or changed rows, as history tells it."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models

from crm_import.models import OptionValue
from portal.core.history import event_models

# Columns that no verb and no run writes.
_OWN = frozenset({"version", "updated_at"})


@dataclass(frozen=True, slots=True)
class Touched:
    """One tracked table of which the run made or changed rows.

    `made` is the temporary table (id, fate) of what it made; what has no fate is undone. `back` is
    the one of what it changed, with the values that each row will have; what has a fate stays.
    Both have `crm_version`, the version in which each row was looked at.
    """

    model: type[models.Model]
    events: type[models.Model]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def history(self) -> str:
        return self.events._meta.db_table

    @property
    def made(self) -> str:
        return f"crm_made_{self.table}"

    @property
    def back(self) -> str:
        return f"crm_back_{self.table}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that history keeps, without the key."""
        kept = {f.name for f in self.events._meta.concrete_fields}
        found = (f for f in self.model._meta.concrete_fields if f.name in kept)
        quote = connection.ops.quote_name
        return tuple(
            quote(str(f.column)) for f in found if not f.primary_key and f.name not in _OWN
        )

    def row(self, alias: str) -> str:
        """All kept columns of a row, as one value to compare."""
        return f"ROW({', '.join(f'{alias}.{column}' for column in self.columns)})"


def tracked() -> Iterator[Touched]:
    for events in event_models():
        model = events.pgh_tracked_model  # type: ignore[attr-defined]
        # Tables without versions say who is in which group.
        if any(field.name == "version" for field in model._meta.concrete_fields):
            yield Touched(model, events)


def find_contexts(cursor: Any, run_id: UUID) -> None:
    cursor.execute(
        "CREATE TEMP TABLE crm_context ON COMMIT DROP AS "
        "SELECT id FROM pghistory_context WHERE metadata ->> 'run' = %s",
        [str(run_id)],
    )


# What people decided outlives the run that made the row: of such rows, the condition.
_DECIDED: dict[type[models.Model], str] = {
    OptionValue: "EXISTS (SELECT FROM crm_import_optionvalueevent d "
    "WHERE d.pgh_obj_id = e.id AND d.decided_at IS NOT NULL)"
}


def find(cursor: Any, one: Touched) -> bool:
    """Make the two temporary tables. False when the run left this table alone."""
    cursor.execute(
        f"CREATE TEMP TABLE crm_event ON COMMIT DROP AS SELECT pgh_obj_id AS id, "
        "bool_or(pgh_label = 'insert') AS made, min(pgh_id) AS first, max(pgh_id) AS last "
        f"FROM {one.history} WHERE pgh_context_id IN (SELECT id FROM crm_context) GROUP BY 1"
    )
    if not cursor.rowcount:
        cursor.execute("DROP TABLE crm_event")
        return False
    cursor.execute("ANALYZE crm_event")
    # A record that somebody merged into another one, or deleted, is told apart.
    cursor.execute(
        f"CREATE TEMP TABLE {one.made} ON COMMIT DROP AS SELECT e.id, t.version AS crm_version, "
        "CASE "
        "WHEN t.id IS NULL THEN 'gone' "
        f"WHEN {_DECIDED.get(one.model, 'false')} THEN 'decided' "
        f"WHEN t.version <> h.version AND {one.row('t')} IS DISTINCT FROM {one.row('h')} "
        "THEN 'changed' END AS fate "
        f"FROM crm_event e JOIN {one.history} h ON h.pgh_id = e.last "
        f"LEFT JOIN {one.table} t ON t.id = e.id WHERE e.made"
    )
    cursor.execute(f"ANALYZE {one.made}")
    # t is the row as it is, a as the run left it, b as it was before.
    values = ", ".join(
        f"CASE WHEN t.{column} IS NOT DISTINCT FROM a.{column} THEN b.{column} ELSE t.{column} END"
        f" AS {column}"
        for column in one.columns
    )
    edited = ", ".join(
        f"CASE WHEN a.{column} IS DISTINCT FROM b.{column} AND t.{column} IS DISTINCT FROM "
        f"a.{column} AND t.{column} IS DISTINCT FROM b.{column} THEN '{column.strip(chr(34))}' END"
        for column in one.columns
    )
    cursor.execute(
        f"CREATE TEMP TABLE {one.back} ON COMMIT DROP AS SELECT e.id, {values}, "
        "t.version AS crm_version, "
        "CASE WHEN t.id IS NULL THEN 'gone' WHEN b.pgh_id IS NULL THEN 'unknown' END AS crm_fate, "
        f"array_remove(ARRAY[{edited}], NULL) AS crm_edited FROM crm_event e "
        f"JOIN {one.history} a ON a.pgh_id = e.last "
        f"LEFT JOIN LATERAL (SELECT * FROM {one.history} h WHERE h.pgh_obj_id = e.id "
        "AND h.pgh_id < e.first ORDER BY h.pgh_id DESC LIMIT 1) b ON true "
        f"LEFT JOIN {one.table} t ON t.id = e.id WHERE NOT e.made"
    )
    cursor.execute(f"ANALYZE {one.back}")
    cursor.execute("DROP TABLE crm_event")
    return True
