"""Taking a person out of the database: every row, every version of it, every mention we know of.

All of it happens inside the caller's transaction, under the patient's lock, and is counted. Where
fewer rows go than were found, `Incomplete` rolls everything back. What becomes of each table is
declared in `patients.holdings`; the apps above join theirs there.

A mention is what the rows of other people say about this one: the evidence of a match, the journal
of a merge, the history of the time in which two people were taken for one. It is cut out, and the
rest of the row stays.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pghistory.models
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models.functions import Cast
from psycopg import sql

from patients import holdings
from patients.holdings import Found, Sought
from patients.journal import ids_in
from patients.merging import prove
from patients.models import Document, ErasedPatient, ErasureRequest, PatientMerge, Submission
from patients.sought import Matcher, leaves
from portal.core.history import event_models, history_unsealed

# JSON columns in which the rows of other people name a patient by id.
_NAMED_IN = ((Submission, "match_evidence"), (PatientMerge, "journal"))


class Incomplete(Exception):
    """Something that was to be deleted is still there. The text has no personal data."""


@dataclass
class Forgotten:
    """How much went, by table, and the files that are to be deleted once this is committed.

    `recurring` counts the records that a later delivery brings back.
    """

    rows: Counter[str] = field(default_factory=Counter)
    history: Counter[str] = field(default_factory=Counter)
    mentions: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    recurring: int = 0


def forget(found: Found, values: Collection[Sought], *, request: ErasureRequest) -> Forgotten:
    """Delete what `found` lists, and leave a tombstone for each id. Raises Incomplete."""
    done = Forgotten(files=stored_files(found))
    with history_unsealed("erasure"):
        contexts = _contexts(found)
        for part in holdings.parts():
            gone = part.erase(found, values)
            done.rows.update(gone.rows)
            done.recurring += gone.recurring
        _cut_mentions(found, done)
        contexts |= _part_ways(found, done)
        for holding in reversed(holdings.holdings()):
            if not holding.kept:
                ids = found.now[holding.label]
                done.rows[holding.label] += _delete(holding.model, "id", ids, exactly=len(ids))
        for holding in holdings.holdings():
            if not holding.kept:
                done.history[holding.label] += _delete_history(holding, found)
        _clear_contexts(contexts, done)
        _clear_sessions(values, done)
        for one in found.person.ids:
            ErasedPatient.objects.create(old_id=one, request=request)
        prove()
    return done


def stored_files(found: Found) -> list[str]:
    """The names of all files this person has or had, by the rows and their history."""
    holding = next(held for held in holdings.holdings() if held.model is Document)
    names = set(Document.objects.filter(pk__in=found.now[holding.label]).values_list("file"))
    past = holdings.events(holding, found)
    if past is not None:
        names |= set(past.order_by().values_list("file"))
    return sorted(name for (name,) in names if name)


# --- rows


def _delete(
    model: type[models.Model], column: str, ids: Iterable[Any], *, exactly: int | None = None
) -> int:
    """Delete rows and say how many. Raises Incomplete when that is not what was expected."""
    wanted = [str(one) for one in ids]
    found: Any = model._meta.pk if column == "id" else model._meta.get_field(column)
    query = sql.SQL("DELETE FROM {} WHERE {} = ANY(%s::{}[])").format(
        sql.Identifier(model._meta.db_table),
        sql.Identifier(found.column),
        sql.SQL(found.rel_db_type(connection)),
    )
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(), [wanted])
        count = int(cursor.rowcount)
    if exactly is not None and count != exactly:
        raise Incomplete(f"{model._meta.label}: {count} of {exactly} rows were deleted")
    return count


def _delete_history(holding: holdings.Holding, found: Found) -> int:
    past = holdings.events(holding, found)
    if past is None:
        return 0
    ids = list(past.values_list("pk", flat=True))
    return _delete(past.model, "id", ids, exactly=len(ids))


# --- mentions in the rows of other people


def _cut_mentions(found: Found, done: Forgotten) -> None:
    """Cut out of other people's rows, and of their history, what names this person by id."""
    names = [str(one) for one in found.person.ids]
    pattern = "|".join(names)
    for model, column in _NAMED_IN:
        mine = found.ids(model._meta.label)
        for table in (model, holdings.event_model(model)):
            if table is None:
                continue
            said = Cast(column, models.TextField())
            rows = table._base_manager.alias(said=said).filter(said__regex=pattern)
            about = "pgh_obj_id" if table is not model else "pk"
            for row in rows.exclude(**{f"{about}__in": mine}).only("pk", column):
                kept = without(getattr(row, column), names)
                table._base_manager.filter(pk=row.pk).update(**{column: kept})
                done.mentions[f"{model._meta.label}.{column}"] += 1


def without(content: Any, names: Collection[str]) -> Any:
    """A JSON value without the smallest parts that hold one of these texts.

    In a list that is the item, in an object the member; nothing around them changes.
    """
    if isinstance(content, list):
        return [without(item, names) for item in content if not _names(item, names)]
    if isinstance(content, dict):
        kept = {key: without(value, names) for key, value in content.items()}
        return {key: value for key, value in kept.items() if not _names(value, names)}
    return content


def _names(content: Any, names: Collection[str]) -> bool:
    """Whether a part is to go as a whole: an item that is, or directly says, one of the texts."""
    if isinstance(content, dict) and "did" in content:  # an entry of a journal
        return any(name in leaf for leaf in leaves(content) for name in names)
    direct = content.values() if isinstance(content, dict) else [content]
    return any(isinstance(one, str) and name in one for one in direct for name in names)


def _part_ways(found: Found, done: Forgotten) -> set[Any]:
    """Delete the history of the time in which this person and another were taken for one.

    In a merge that was taken back, the other person's rows were changed with this one's values.
    Their rows are as they were before; the versions in between go. Returns their contexts.
    """
    event: Any = holdings.event_model(PatientMerge)
    undone = PatientMerge.objects.filter(pk__in=found.now[PatientMerge._meta.label])
    contexts: set[Any] = set()
    for merge in undone.exclude(undone_at=None):
        moments = event._base_manager.filter(pgh_obj_id=merge.pk).values_list(
            "pgh_created_at", flat=True
        )
        for label, ids in _touched(merge).items():
            past = holdings.event_model(apps.get_model(label))
            if past is None or not moments:
                continue
            between = past._base_manager.filter(
                pgh_obj_id__in=ids, pgh_created_at__range=(min(moments), max(moments))
            )
            contexts |= set(between.values_list("pgh_context_id", flat=True))
            done.history[label] += _delete(past, "id", between.values_list("pk", flat=True))
    return contexts


def _touched(merge: PatientMerge) -> Mapping[str, set[str]]:
    """Label → ids of every row that the merge moved, changed, took out or added."""
    found: dict[str, set[str]] = {}
    for did in ("move", "change", "remove", "add"):
        for label, ids in ids_in(merge.journal, did).items():
            found.setdefault(label, set()).update(ids)
    return found


# --- what stands beside history, and what people are shown


def _contexts(found: Found) -> set[Any]:
    """The contexts (who, why) that stand beside this person's history."""
    contexts: set[Any] = set()
    for holding in holdings.holdings():
        past = None if holding.kept else holdings.events(holding, found)
        if past is not None:
            contexts |= set(past.order_by().values_list("pgh_context_id", flat=True))
    return contexts - {None}


def _clear_contexts(contexts: set[UUID], done: Forgotten) -> None:
    """Delete contexts that no history needs any more.

    Of one that somebody else's history needs, too, the reason goes when a person may have typed it.
    """
    rows = pghistory.models.Context.objects.filter(pk__in=contexts)
    for event in event_models():
        needed = event._base_manager.filter(pgh_context_id=models.OuterRef("pk"))
        rows = rows.exclude(models.Exists(needed))
    alone = set(rows.values_list("pk", flat=True))
    done.history["pghistory.Context"] += _delete(
        pghistory.models.Context, "id", alone, exactly=len(alone)
    )
    shared = pghistory.models.Context.objects.filter(pk__in=contexts - alone)
    for context in shared.filter(metadata__has_keys=("user", "reason")):
        kept = {key: value for key, value in context.metadata.items() if key != "reason"}
        pghistory.models.Context.objects.filter(pk=context.pk).update(metadata=kept)
        done.mentions["pghistory.Context.metadata"] += 1


def _clear_sessions(values: Collection[Sought], done: Forgotten) -> None:
    """Take messages that name the person, and nobody has read yet, out of staff's sessions."""
    matcher = Matcher(values)
    for session in Session.objects.iterator(chunk_size=200):
        content = session.get_decoded()
        if not matcher.found_in_json(content):
            continue
        content.pop("_messages", None)
        if matcher.found_in_json(content):
            session.delete()
        else:
            data = SessionStore().encode(content)
            Session.objects.filter(pk=session.pk).update(session_data=data)
        done.mentions["sessions.Session"] += 1
