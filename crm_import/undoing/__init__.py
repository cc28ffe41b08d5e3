"""Takes back what a run did to the portal's own records, set by set, as their history tells it.

History has every insert and update of a run, and the values before. A record that the run made and
nobody touched is deleted. One that it changed gets its former values back, field by field, where
the field still holds what the run wrote. What people changed or built upon stays, and so does all
that belongs to a person who stays.
"""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, models

from crm_import.undoing import restoring
from crm_import.undoing.keeping import keep_what_is_needed
from crm_import.undoing.restoring import Blocked, Meanwhile, constraint_of, differs
from crm_import.undoing.touched import Touched, find, find_contexts, tracked

__all__ = ("Blocked", "Kept", "Meanwhile", "Undone", "constraint_of", "undo")


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that stays as it is, or some fields of it, and why: a word and, of fields, names."""

    label: str
    id: str
    because: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Undone:
    """What became of the records of the run, by model label or one by one."""

    undone: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)


def undo(run_id: UUID, *, is_dry: bool) -> Undone:
    """Take back what the run did and say what became of it.

    Leaves the temporary tables crm_undone and crm_stays (model, id) of the records that it made and
    that legacy ids can have become.
    With `is_dry`, a run that made very many rows is only counted: the caller rolls back anyway, and
    others would wait for the foreign keys. Needs a transaction in which rows are unsealed. Raises
    IntegrityError when something new points at a record that goes, and Meanwhile when somebody
    changed one.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMP")  # of a run before in the same transaction
        find_contexts(cursor, run_id)
        touched = [one for one in tracked() if find(cursor, one)]
        blocked: list[Blocked] = []
        while True:
            keep_what_is_needed(cursor, touched)
            found = Undone(blocked=blocked)
            for one in touched:
                _tell_kept(cursor, one, found)
                _count(cursor, one, found)
            if is_dry and any(_is_many(found, one) for one in touched):
                break
            refused = restoring.take_back(cursor, touched, found.undone)
            if not refused:
                break
            blocked += refused
        _list(cursor, touched)
    return found


def _is_many(found: Undone, one: Touched) -> bool:
    return found.undone.get(one.model._meta.label, 0) > restoring.MANY


def _count(cursor: Any, one: Touched, found: Undone) -> None:
    """What would be undone and restored, if nothing is in the way."""
    label = one.model._meta.label
    cursor.execute(f"SELECT count(*) FROM {one.made} WHERE fate IS NULL")
    if number := cursor.fetchone()[0]:
        found.undone[label] = number
    cursor.execute(f"SELECT count(*) FROM {one.table} t JOIN {one.back} b {differs(one)}")
    if number := cursor.fetchone()[0]:
        found.restored[label] = number


def _tell_kept(cursor: Any, one: Touched, found: Undone) -> None:
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


def _list(cursor: Any, touched: list[Touched]) -> None:
    for name, condition in (("crm_undone", "IS NULL"), ("crm_stays", "IS NOT NULL")):
        cursor.execute(f"CREATE TEMP TABLE {name} (model text, id uuid) ON COMMIT DROP")
        for one in touched:
            if isinstance(one.model._meta.pk, models.UUIDField):
                cursor.execute(
                    f"INSERT INTO {name} SELECT %s, id FROM {one.made} WHERE fate {condition}",
                    [one.model._meta.label_lower],
                )
        cursor.execute(f"ANALYZE {name}")
