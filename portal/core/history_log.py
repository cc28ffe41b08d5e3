"""Reading history: who changed what, when and why, in words that people use.

The triggers of `portal.core.history` keep a full copy of a row for each change. An entry is the
difference between one copy and the one before it, with labels instead of codes and ids.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.models import User
from portal.core.phones import for_people
from portal.core.privacy import RECORD_FIELDS

# A value longer than this is cut in the display; the event row keeps all of it.
LONGEST_VALUE = 300
_DELETED = "delete"
E164 = re.compile(r"\+[1-9][0-9]{5,14}")


Part = str | tuple[type[models.Model], str]


class Action(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


_ACTIONS = {"insert": Action.CREATED, "update": Action.CHANGED, _DELETED: Action.DELETED}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one change. `old` and `new` are for display; an empty one is ""."""

    field: str
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one row."""

    at: datetime
    action: Action
    kind: str  # the model's name for people
    record_id: UUID
    is_part: bool  # a row that belongs to the record, such as a further phone number
    actor_id: UUID | None  # None: no person, see `actor`
    actor: str
    reason: str
    request_id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some entries, newest first, and whether there are older ones."""

    entries: tuple[Entry, ...]
    has_older: bool


def is_kept(model: type[models.Model]) -> bool:
    """Whether changes of this model's rows are recorded."""
    return hasattr(model, "pgh_event_model")


def read(
    model: type[models.Model],
    record_id: Any,
    *,
    parts: Sequence[Part] = (),
    limit: int = 20,
    offset: int = 0,
) -> HistoryPage:
    """The newest changes of one row, and of the rows that belong to it.

    `parts` are related names of `model`, for example `contact_points`, or kinds of rows with their
    foreign key to it. The number of queries
    depends on the kinds of rows and not on their number. A model without history has no entries.
    """
    if not is_kept(model):
        return HistoryPage((), has_older=False)
    wanted = offset + limit + 1
    events = list(_events(model, "pgh_obj_id", record_id, wanted))
    for part in parts:
        if isinstance(part, str):
            relation: Any = model._meta.get_field(part)
            kind, key = relation.related_model, relation.field.attname
        else:
            kind, key = part
        events += _events(kind, key, record_id, wanted)
    events.sort(key=_age, reverse=True)
    shown = events[offset : offset + limit]
    before = _predecessors(shown, events)
    display = _Display([*shown, *before.values()])
    return HistoryPage(
        tuple(
            display.entry(
                event,
                before.get((type(event), event.pgh_id)),
                root=model,
            )
            for event in shown
        ),
        has_older=len(events) > offset + limit,
    )


def changes_since(
    model: type[models.Model], record_id: Any, *, version: int
) -> tuple[tuple[str, ...], tuple[Change, ...]]:
    """Who changed a row after `version`, and what is different now from what it was then."""
    if not is_kept(model):
        return (), ()
    events = [
        event
        for event in _events(model, "pgh_obj_id", record_id, 200)
        if event.version >= version and event.pgh_label != _DELETED
    ]
    if len(events) < 2:
        return (), ()
    newest, seen = events[0], events[-1]
    display = _Display([newest, seen, *events[:-1]])
    actors = dict.fromkeys(display.actor(event)[1] for event in events[:-1])
    return tuple(actors), display.changes(newest, seen)


def _events(model: type[models.Model], column: str, record_id: Any, wanted: int) -> Iterable[Any]:
    event_model: Any = model.pgh_event_model  # type: ignore[attr-defined]
    rows: Iterable[Any] = (
        event_model.objects.filter(**{column: record_id})
        .select_related("pgh_context")
        .order_by("-pgh_id")[:wanted]
    )
    return rows


def _age(event: Any) -> tuple[datetime, int, int]:
    """Orders events; those of one transaction have one time, and a row's version moves on."""
    return event.pgh_created_at, getattr(event, "version", 0), event.pgh_id


def _predecessors(shown: list[Any], events: list[Any]) -> dict[tuple[type, int], Any]:
    """For each change the copy before it; fetched where it is not among `events`."""
    newest_first: dict[tuple[type, Any], list[Any]] = {}
    for event in events:
        newest_first.setdefault((type(event), event.pgh_obj_id), []).append(event)
    found: dict[tuple[type, int], Any] = {}
    absent: dict[type, list[Any]] = {}
    for event in shown:
        if _ACTIONS.get(event.pgh_label) is not Action.CHANGED:
            continue
        older = [
            other
            for other in newest_first[type(event), event.pgh_obj_id]
            if other.pgh_id < event.pgh_id
        ]
        if older:
            found[type(event), event.pgh_id] = max(older, key=lambda other: other.pgh_id)
        else:
            absent.setdefault(type(event), []).append(event)
    for event_model, without in absent.items():
        found.update(_fetch_predecessors(event_model, without))
    return found


def _fetch_predecessors(event_model: Any, without: list[Any]) -> dict[tuple[type, int], Any]:
    before = Q()
    for event in without:
        before |= Q(pgh_obj_id=event.pgh_obj_id, pgh_id__lt=event.pgh_id)
    older = event_model.objects.filter(before).order_by("pgh_obj_id", "-pgh_id")
    by_row = {row.pgh_obj_id: row for row in older.distinct("pgh_obj_id")}
    return {
        (event_model, event.pgh_id): by_row[event.pgh_obj_id]
        for event in without
        if event.pgh_obj_id in by_row
    }


def _fields(event: Any) -> Iterator[Any]:
    """The columns of the row that an event row is a copy of, without the record's own ones."""
    for field in event.pgh_tracked_model._meta.concrete_fields:
        # A switch that nobody can turn tells people nothing.
        is_fixed = isinstance(field, models.BooleanField) and not field.editable
        if field.name not in RECORD_FIELDS and not is_fixed and hasattr(event, field.attname):
            yield field


class _Display:
    """Turns event rows into entries; fetches the names of people and related rows once."""

    def __init__(self, events: list[Any]) -> None:
        wanted: dict[type[models.Model], set[Any]] = {User: set()}
        for event in events:
            wanted[User].add(_metadata(event).get("user"))
            for field in _fields(event):
                if field.is_relation:
                    wanted.setdefault(field.related_model, set()).add(getattr(event, field.attname))
        self._names: dict[type[models.Model], dict[str, str]] = {}
        for model, ids in wanted.items():
            ids.discard(None)
            rows = model._default_manager.filter(pk__in=ids) if ids else ()
            self._names[model] = {str(row.pk): str(row) for row in rows}

    def entry(self, event: Any, before: Any | None, *, root: type[models.Model]) -> Entry:
        is_part = event.pgh_tracked_model is not root
        actor_id, actor = self.actor(event)
        metadata = _metadata(event)
        action = _ACTIONS.get(event.pgh_label, Action.CHANGED)
        return Entry(
            at=event.pgh_created_at,
            action=action,
            kind=str(event.pgh_tracked_model._meta.verbose_name),
            record_id=event.pgh_obj_id,
            is_part=is_part,
            actor_id=actor_id,
            actor=actor,
            reason=str(metadata.get("reason", "")),
            request_id=str(metadata.get("request", "")),
            changes=self._entry_changes(event, before, action, root),
        )

    def _entry_changes(
        self, event: Any, before: Any | None, action: Action, root: type[models.Model]
    ) -> tuple[Change, ...]:
        is_part = event.pgh_tracked_model is not root
        parents = [field.name for field in _fields(event) if field.related_model is root]
        if action is Action.CHANGED:
            return self.changes(event, before) if before is not None else ()
        # A part stands on the page of what it belongs to: that need not be said again.
        values = tuple(
            change
            for change in self.changes(event, None)
            if not (is_part and change.field in parents)
        )
        if action is Action.CREATED:
            return values
        # A deleted row is named by what it was; of the record itself its page is gone anyway.
        return tuple(replace(value, old=value.new, new="") for value in values) if is_part else ()

    def changes(self, event: Any, before: Any | None) -> tuple[Change, ...]:
        """What differs between two copies; against nothing, every value that is filled in."""
        found = []
        for field in _fields(event):
            new = getattr(event, field.attname)
            old = getattr(before, field.attname) if before is not None else None
            if new == old:
                continue
            new_text, old_text = self._text(field, new), self._text(field, old)
            if new_text != old_text or before is not None:
                label = str(capfirst(field.verbose_name))
                found.append(Change(field=field.name, label=label, old=old_text, new=new_text))
        return tuple(found)

    def actor(self, event: Any) -> tuple[UUID | None, str]:
        """Who did it: an account, a command of the portal, or somebody at the database."""
        if event.pgh_context is None:
            return None, _("directly in the database")
        user_id = _metadata(event).get("user")
        if user_id is None:
            return None, _("the portal")
        return UUID(user_id), self._names[User].get(user_id, _("a deleted account"))

    def _text(self, field: Any, value: Any) -> str:
        if value is None or value == "" or value == [] or value == {}:
            return ""
        if field.is_relation:
            return self._names[field.related_model].get(str(value), _("a deleted row"))
        text = _plain(field, value)
        return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _metadata(event: Any) -> dict[str, Any]:
    return event.pgh_context.metadata if event.pgh_context is not None else {}


def _plain(field: Any, value: Any) -> str:
    """A value that is no relation, as people read it: labels, local times, yes and no."""
    if isinstance(field, ArrayField):
        return ", ".join(_plain(field.base_field, item) for item in value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, dict):
        # Names and codes of another system: the record's own page says what they mean.
        return ngettext("%(count)d value", "%(count)d values", len(value)) % {"count": len(value)}
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return for_people(value) if E164.fullmatch(str(value)) else str(value)
