"""How far a page reaches: whose record it shows, and what a deletion would touch."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models.deletion import CASCADE, PROTECT, RESTRICT
from django.utils.html import format_html
from django.utils.text import capfirst

# Rows of one kind that are named when something cannot be deleted, or goes with it.
DELETION_LIMIT = 20


def people_shown(
    record: models.Model, paths: Sequence[str]
) -> dict[type[models.Model], list[UUID]]:
    """The people whose record is shown, by kind.

    A path is "" for the record itself, or leads to a person: "patient", "dossier.patient".
    """
    people: dict[type[models.Model], list[UUID]] = {}
    for path in paths:
        target: Any = record
        if not path:
            people.setdefault(type(record), []).append(target.pk)
            continue
        *through, last = path.split(".")
        for name in through:
            target = getattr(target, name)
        field: Any = target._meta.get_field(last)
        key = getattr(target, field.attname)
        if key is not None:
            people.setdefault(field.related_model, []).append(key)
    return people


def is_restricted(record: models.Model, paths: Sequence[str]) -> bool:
    """Whether one of these people is somebody about whom nothing may be changed."""
    return any(
        model._default_manager.filter(pk__in=ids, processing_restricted=True).exists()
        for model, ids in people_shown(record, paths).items()
        if any(field.name == "processing_restricted" for field in model._meta.concrete_fields)
    )


def deletion(model: type[models.Model], records: list[Any]) -> Any:
    """What Django's deletion page asks for: what goes, how many, lacking permissions (none are
    asked for parts) and what stands in the way. At most DELETION_LIMIT rows of each kind."""
    goes: list[Any] = [str(record) for record in records]
    protected: list[Any] = []
    for relation in model._meta.related_objects:
        on_delete = getattr(relation, "on_delete", None)
        target: Any = relation.related_model
        if on_delete not in (CASCADE, PROTECT, RESTRICT) or hasattr(target, "pgh_tracked_model"):
            continue
        rows = target._base_manager.filter(**{f"{relation.field.name}__in": records})
        kind = capfirst(target._meta.verbose_name)
        into = goes if on_delete is CASCADE else protected
        into += [format_html("{}: {}", kind, row) for row in rows[:DELETION_LIMIT]]
    return goes, {model._meta.verbose_name_plural: len(goes)}, set(), protected
