"""What has to stay: what other rows that stay point at, and all of a person who stays."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from crm_import.undoing.touched import Touched
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class _Reference:
    """A foreign key that points at a touched table. `child` is None for an untouched one."""

    table: str
    column: str
    parent: Touched
    child: Touched | None


def _references(touched: Iterable[Touched]) -> list[_Reference]:
    by_model = {one.model: one for one in touched}
    return [
        _Reference(
            model._meta.db_table,
            str(each.column),
            by_model[each.related_model],
            by_model.get(model),
        )
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for each in model._meta.concrete_fields
        if each.related_model in by_model and getattr(each, "db_constraint", False)
    ]


def keep_what_is_needed(cursor: Any, touched: list[Touched]) -> None:
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


def _keep_part(cursor: Any, part: Touched, person: Touched) -> bool:
    cursor.execute(
        f"UPDATE {part.made} p SET fate = 'part' FROM {part.table} t JOIN {person.made} m "
        "ON m.id = t.patient_id AND m.fate IN ('changed', 'referenced') "
        "WHERE p.fate IS NULL AND t.id = p.id"
    )
    return bool(cursor.rowcount)
