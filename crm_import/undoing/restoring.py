"""Deleting what goes, and giving back former values, under the constraints of the database."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from crm_import.undoing.touched import Touched

# From so many rows on, foreign keys are taken off and proved again as a whole afterwards: checking
# each row against every table that could point at it would take longer than the load.
MANY = 20_000


@dataclass(frozen=True, slots=True)
class Blocked:
    """A record that a constraint of the database does not let go back."""

    label: str
    id: str
    constraint: str


class Meanwhile(Exception):
    """Somebody changed a record after it was looked at."""


def take_back(cursor: Any, touched: list[Touched], numbers: Mapping[str, int]) -> list[Blocked]:
    """Delete and restore. What a constraint forbids is returned; then nothing was done yet.

    Those rows have the fate `blocked` then: what they point at has to stay, too. `numbers` are the
    rows to delete, by label. Raises Meanwhile.
    """
    with transaction.atomic():
        refused = _done(cursor, touched, numbers)
        if refused:
            transaction.set_rollback(True)
    for one in touched:
        keys = [each.id for each in refused if each.label == one.model._meta.label]
        if keys:
            cursor.execute(
                f"UPDATE {one.back} SET crm_fate = 'blocked' WHERE id::text = ANY(%s)", [keys]
            )
    return refused


def _done(cursor: Any, touched: list[Touched], numbers: Mapping[str, int]) -> list[Blocked]:
    keys = [
        key
        for one in touched
        if numbers.get(one.model._meta.label, 0) > MANY
        for key in _keys_to(cursor, one)
    ]
    if keys:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table may have checks that wait
    for table, name, _definition in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for one in touched:
        if one.model._meta.label in numbers:
            cursor.execute(
                f"DELETE FROM {one.table} t USING {one.made} m "
                "WHERE m.id = t.id AND m.fate IS NULL AND m.crm_version = t.version"
            )
            if cursor.rowcount != numbers[one.model._meta.label]:
                raise Meanwhile
    refused = [blocked for one in touched for blocked in _restore(cursor, one)]
    if refused:
        return refused
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table, name, definition in keys:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return []


def _keys_to(cursor: Any, one: Touched) -> list[tuple[str, str, str]]:
    """Table, name and definition of each foreign key that points at this table."""
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE contype = 'f' AND confrelid = %s::regclass",
        [one.table],
    )
    keys: list[tuple[str, str, str]] = cursor.fetchall()
    return keys


def differs(one: Touched) -> str:
    """That a row t has a former value in b that it does not have now, as a join."""
    return (
        f"ON b.id = t.id AND b.crm_fate IS NULL AND {one.row('t')} IS DISTINCT FROM {one.row('b')}"
    )


def _restore(cursor: Any, one: Touched) -> list[Blocked]:
    """Give back the former values. Returns the rows that a constraint does not let go back."""
    values = ", ".join(f"{column} = b.{column}" for column in one.columns)
    condition = differs(one).removeprefix("ON ") + " AND b.crm_version = t.version"
    statement = f"UPDATE {one.table} t SET {values} FROM {one.back} b WHERE {condition}"
    cursor.execute(f"SELECT t.id FROM {one.table} t JOIN {one.back} b {differs(one)}")
    keys = [key for (key,) in cursor.fetchall()]
    try:
        with transaction.atomic():
            cursor.execute(statement)
            if cursor.rowcount != len(keys):
                raise Meanwhile
    except IntegrityError:  # which rows it is, is found one by one
        return _restore_each(cursor, one, statement, keys)
    return []


def _restore_each(cursor: Any, one: Touched, statement: str, keys: Sequence[Any]) -> list[Blocked]:
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
