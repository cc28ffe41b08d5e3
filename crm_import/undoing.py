"""Takes back what a run did to the portal's own records, set by set, as their history tells it.

History has every insert and update of a run, and the values before. A record that the run made and
nobody touched is deleted. One that it changed gets its former values back, field by field, where
the field still holds what the run wrote. What people changed or built upon stays, and so does all
that belongs to a person who stays.
"""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from patients.models import Patient
from portal.core.history import event_models
from portal.core.models import Record

# Columns that no verb and no run writes.
_OWN = frozenset({"version", "updated_at"})
# From so many rows on, foreign keys are taken off and proved again as a whole afterwards: checking
# each row against every table that could point at it would take longer than the load.
MANY = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that stays as it is, or some fields of it, and why: a word and, of fields, names."""

    label: str
    id: str
    because: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """A record that a constraint of the database does not let go back."""

    label: str
    id: str
    constraint: str


@dataclass(slots=True)
class Undone:
    """What became of the records of the run, by model label or one by one."""

    undone: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Touched:
    """One tracked table of which the run made or changed rows.

    `made` is the temporary table (id, fate) of what it made; what has no fate is undone. `back` is
    the one of what it changed, with the values that each row will have; what has a fate stays.
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
        return tuple(quote(f.column) for f in found if not f.primary_key and f.name not in _OWN)

    def row(self, alias: str) -> str:
        """All kept columns of a row, as one value to compare."""
        return f"ROW({', '.join(f'{alias}.{column}' for column in self.columns)})"


def undo(run_id: UUID, *, is_dry: bool) -> Undone:
    """Take back what the run did and say what became of it.

    Leaves the temporary tables crm_undone and crm_stays (model, id) of the records that it made and
    that legacy ids can have become.
    With `is_dry`, a run that made very many rows is only counted: the caller rolls back anyway, and
    others would wait for the foreign keys. Needs a transaction in which rows are unsealed. Raises
    IntegrityError when something that nobody knows of points at a record that goes.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMP")  # of a run before in the same transaction
        _find_contexts(cursor, run_id)
        touched = [one for one in _tracked() if _find(cursor, one)]
        blocked: list[Blocked] = []
        while True:
            _keep_what_is_needed(cursor, touched)
            found = Undone(blocked=blocked)
            for one in touched:
                _tell_kept(cursor, one, found)
                _count(cursor, one, found)
            if is_dry and any(_many(found, one) for one in touched):
                break
            refused = _take_back(cursor, touched, found)
            if not refused:
                break
            blocked += refused
        _list(cursor, touched)
    return found


def _tracked() -> Iterator[_Touched]:
    for events in event_models():
        model = events.pgh_tracked_model  # type: ignore[attr-defined]
        if issubclass(model, Record):  # others are who is in which group
            yield _Touched(model, events)


def _find_contexts(cursor: Any, run_id: Any) -> None:
    cursor.execute(
        "CREATE TEMP TABLE crm_context ON COMMIT DROP AS "
        "SELECT id FROM pghistory_context WHERE metadata ->> 'run' = %s",
        [str(run_id)],
    )


def _find(cursor: Any, one: _Touched) -> bool:
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
        f"CREATE TEMP TABLE {one.made} ON COMMIT DROP AS SELECT e.id, CASE "
        "WHEN t.id IS NULL THEN 'gone' "
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


# --- what has to stay ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reference:
    """A foreign key that points at a touched table. `child` is None for an untouched one."""

    table: str
    column: str
    parent: _Touched
    child: _Touched | None


def _references(touched: Iterable[_Touched]) -> list[_Reference]:
    by_model = {one.model: one for one in touched}
    return [
        _Reference(
            model._meta.db_table, each.column, by_model[each.related_model], by_model.get(model)
        )
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for each in model._meta.concrete_fields
        if each.related_model in by_model and getattr(each, "db_constraint", False)
    ]


def _keep_what_is_needed(cursor: Any, touched: list[_Touched]) -> None:
    """Give a fate to what other rows that stay point at, and to what a person who stays has.

    Each round looks again at what could have changed by the round before.
    """
    references = _references(touched)
    due = list(references)
    while due:
        grown = {each.parent.table for each in due if _keep_referenced(cursor, each)}
        for each in references:
            is_of_person = each.parent.model is Patient and each.column == "patient_id"
            if is_of_person and each.child and _keep_part(cursor, each.child, each.parent):
                grown.add(each.table)
        due = [each for each in references if each.table in grown]


def _keep_referenced(cursor: Any, reference: _Reference) -> bool:
    parent, child = reference.parent, reference.child
    column, source, staying = f"c.{reference.column}", f"{reference.table} c", ""
    if child is not None:
        # A row that goes back points where it pointed before.
        source += f" LEFT JOIN {child.back} k ON k.id = c.id AND k.crm_fate IS NULL"
        column = f"CASE WHEN k.id IS NULL THEN {column} ELSE k.{reference.column} END"
        staying = (
            f" AND NOT EXISTS (SELECT FROM {child.made} m WHERE m.id = c.id AND m.fate IS NULL)"
        )
    cursor.execute(
        f"UPDATE {parent.made} p SET fate = 'referenced' WHERE p.fate IS NULL AND p.id IN ("
        f"SELECT {column} FROM {source} WHERE {column} IS NOT NULL{staying})"
    )
    return bool(cursor.rowcount)


def _keep_part(cursor: Any, part: _Touched, person: _Touched) -> bool:
    cursor.execute(
        f"UPDATE {part.made} p SET fate = 'part' FROM {part.table} t JOIN {person.made} m "
        "ON m.id = t.patient_id AND m.fate IN ('changed', 'referenced') "
        "WHERE p.fate IS NULL AND t.id = p.id"
    )
    return bool(cursor.rowcount)


def _tell_kept(cursor: Any, one: _Touched, found: Undone) -> None:
    cursor.execute(f"SELECT id, fate FROM {one.made} WHERE fate IS NOT NULL ORDER BY id")
    label = one.model._meta.label
    found.kept += [Kept(label, str(key), fate) for key, fate in cursor.fetchall()]
    cursor.execute(
        f"SELECT id, coalesce(crm_fate, 'changed'), crm_edited FROM {one.back} "
        "WHERE crm_fate <> 'blocked' OR crm_fate IS NULL AND crm_edited <> '{}' ORDER BY id"
    )
    found.kept += [
        Kept(label, str(key), fate, tuple(names) if fate == "changed" else ())
        for key, fate, names in cursor.fetchall()
    ]


def _list(cursor: Any, touched: list[_Touched]) -> None:
    for name, condition in (("crm_undone", "IS NULL"), ("crm_stays", "IS NOT NULL")):
        cursor.execute(f"CREATE TEMP TABLE {name} (model text, id uuid) ON COMMIT DROP")
        for one in touched:
            if isinstance(one.model._meta.pk, models.UUIDField):
                cursor.execute(
                    f"INSERT INTO {name} SELECT %s, id FROM {one.made} WHERE fate {condition}",
                    [one.model._meta.label_lower],
                )
        cursor.execute(f"ANALYZE {name}")


# --- what goes, and what goes back ----------------------------------------------------------------


def _take_back(cursor: Any, touched: list[_Touched], found: Undone) -> list[Blocked]:
    """Delete and restore. What a constraint forbids is returned; then nothing was done yet.

    Those rows have the fate `blocked` then: what they point at has to stay, too.
    """
    with transaction.atomic():
        refused = _done(cursor, touched, found)
        if refused:
            transaction.set_rollback(True)
    for one in touched:
        keys = [each.id for each in refused if each.label == one.model._meta.label]
        if keys:
            cursor.execute(
                f"UPDATE {one.back} SET crm_fate = 'blocked' WHERE id::text = ANY(%s)", [keys]
            )
    return refused


def _done(cursor: Any, touched: list[_Touched], found: Undone) -> list[Blocked]:
    keys = [key for one in touched if _many(found, one) for key in _keys_to(cursor, one)]
    if keys:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table may have checks that wait
    for table, name, _definition in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for one in touched:
        if one.model._meta.label in found.undone:
            cursor.execute(
                f"DELETE FROM {one.table} t USING {one.made} m WHERE m.id = t.id AND m.fate IS NULL"
            )
    restored = (one for one in touched if one.model._meta.label in found.restored)
    refused = [blocked for one in restored for blocked in _restore(cursor, one)]
    if refused:
        return refused
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table, name, definition in keys:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return []


def _many(found: Undone, one: _Touched) -> bool:
    return found.undone.get(one.model._meta.label, 0) > MANY


def _keys_to(cursor: Any, one: _Touched) -> list[tuple[str, str, str]]:
    """Table, name and definition of each foreign key that points at this table."""
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass",
        [one.table],
    )
    keys: list[tuple[str, str, str]] = cursor.fetchall()
    return keys


def _count(cursor: Any, one: _Touched, found: Undone) -> None:
    """What would be undone and restored, if nothing is in the way."""
    label = one.model._meta.label
    cursor.execute(f"SELECT count(*) FROM {one.made} WHERE fate IS NULL")
    if number := cursor.fetchone()[0]:
        found.undone[label] = number
    cursor.execute(f"SELECT count(*) FROM {one.table} t JOIN {one.back} b {_differs(one)}")
    if number := cursor.fetchone()[0]:
        found.restored[label] = number


def _differs(one: _Touched) -> str:
    return (
        f"ON b.id = t.id AND b.crm_fate IS NULL AND {one.row('t')} IS DISTINCT FROM {one.row('b')}"
    )


def _restore(cursor: Any, one: _Touched) -> list[Blocked]:
    """Give back the former values. Returns the rows that a constraint does not let go back."""
    values = ", ".join(f"{column} = b.{column}" for column in one.columns)
    condition = _differs(one).removeprefix("ON ")
    statement = f"UPDATE {one.table} t SET {values} FROM {one.back} b WHERE {condition}"
    try:
        with transaction.atomic():
            cursor.execute(statement)
        return []
    except IntegrityError:  # which rows it is, is found one by one
        cursor.execute(f"SELECT t.id FROM {one.table} t JOIN {one.back} b {_differs(one)}")
        keys = [key for (key,) in cursor.fetchall()]
    refused = []
    for key in keys:
        try:
            with transaction.atomic():
                cursor.execute(f"{statement} AND t.id = %s", [key])
        except IntegrityError as error:
            refused.append(Blocked(one.model._meta.label, str(key), constraint_of(error)))
    return refused


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that was in the way; "unknown" when the database did not say."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "unknown"
