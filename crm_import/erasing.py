"""What the migration holds on a person, and how it forgets them.

Everything about their rows (`crm_import.whose_rows`) goes: the archive, outcomes, problems and
links, and what people corrected in them and decided about them.
The CRM will deliver them again as long as it has them, so the fingerprint of each legacy id is kept
and later imports pass over the row (sql/05_forgotten.sql). What has no readable id comes back: a
fingerprint of a row's text could be guessed from a name and an address. It is counted.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils.translation import gettext as _
from pghistory.models import Context

from crm_import import whose_rows
from crm_import.locks import LOCK
from crm_import.models import (
    Correction,
    Crosswalk,
    FieldConflict,
    ForgottenRow,
    ImportPlan,
    LegacyPatient,
    PairDecision,
    PendingLink,
    Problem,
    RowOutcome,
    TakenBack,
    UnreadableRecord,
)
from crm_import.whose_rows import ARCHIVE, PEOPLE, Rows
from patients import sought
from patients.holdings import Found, Gone, Holding, Owner, Part, Section, Sought
from patients.models import MergedPatient
from patients.sought import Matcher
from portal.core.errors import Refused


def _find(found: Found, known: Collection[Sought] | None = None) -> Rows:
    return whose_rows.of_person(found, sought.of_own_rows(found) if known is None else known)


# --- the parts of patients.holdings.Part


def count(found: Found) -> Mapping[str, int]:
    theirs = _find(found)
    rows = {ARCHIVE[entity]._meta.label: len(rows) for entity, rows in theirs.rows.items()}
    return {**rows, Correction._meta.label: whose_rows.corrections(theirs).count()}


def export(found: Found) -> Iterable[Section]:
    """The rows of the legacy CRM, every cell under the CRM's own name."""
    theirs = _find(found)
    for entity, rows in theirs.rows.items():
        model = ARCHIVE[entity]
        kept = model._default_manager.filter(pk__in=rows).select_related("file").order_by("pk")
        yield Section(
            key=model._meta.label,
            title=str(model._meta.verbose_name_plural),
            rows=[
                {"id": row.pk, "file": row.file.name, "record": row.record, **row.cells}
                for row in kept
            ],
        )
    yield Section(
        key=Correction._meta.label,
        title=str(Correction._meta.verbose_name_plural),
        rows=[
            {"id": one.pk, "row": one.row, "cells": one.cells, "reason": one.reason}
            for one in whose_rows.corrections(theirs)
        ],
    )


def values(found: Found, known: Collection[Sought]) -> Iterator[Sought]:
    """Legacy ids, and the names and addresses as the CRM had them."""
    yield from whose_rows.named(_find(found, known))


def erase(found: Found, values: Collection[Sought]) -> Gone:
    """Delete it all and remember the fingerprints. Raises Refused while an import is running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            message = _("An import of the legacy CRM is running. Wait until it has finished.")
            raise Refused(message, code="busy")
    return forget(_find(found, values), values)


def forget(theirs: Rows, values: Collection[Sought]) -> Gone:
    """Delete these rows and all that is said of them; `values` name the person.

    Append-only rows have to be unsealed.
    """
    ids = theirs.ids
    done: Counter[str] = Counter()
    recurring = whose_rows.without_id(theirs)
    corrections = whose_rows.corrections(theirs)
    _clear_reasons(corrections)
    done[Correction._meta.label] += _deleted(corrections)
    pairs = models.Q(first_id__in=ids) | models.Q(second_id__in=ids)
    done[PairDecision._meta.label] += _deleted(PairDecision.objects.filter(pairs))
    for entity, rows in theirs.rows.items():
        about = models.Q(legacy_id__in=ids) | models.Q(entity=entity, row__in=rows)
        for model in (Problem, RowOutcome, TakenBack):
            done[model._meta.label] += _deleted(model._default_manager.filter(about))
        archive = ARCHIVE[entity]
        done[archive._meta.label] += _deleted(archive._default_manager.filter(pk__in=rows))
    pending = PendingLink.objects.filter(models.Q(legacy_id__in=ids) | models.Q(missing_id__in=ids))
    done[PendingLink._meta.label] += _deleted(pending)
    done[Crosswalk._meta.label] += _deleted(Crosswalk.objects.filter(legacy_id__in=ids))
    done[ImportPlan._meta.label] += _forget_examples({str(one) for one in ids})
    blanked = _blank_unreadable(values)
    done[UnreadableRecord._meta.label] += blanked
    remember(theirs.legacy_ids)
    return Gone(done, recurring + blanked)


def remember(legacy_ids: Mapping[str, Collection[UUID]]) -> None:
    """Keep the fingerprints of these ids, by table: later imports pass over the rows."""
    ForgottenRow.objects.bulk_create(
        [
            ForgottenRow(entity=entity, digest=fingerprint(one))
            for entity, ids in legacy_ids.items()
            for one in sorted(ids)
        ],
        ignore_conflicts=True,
    )


def fingerprint(legacy_id: UUID) -> str:
    """By which an erased row is known again: the SHA-256 of its id. It leads back to nothing."""
    return hashlib.sha256(str(legacy_id).encode()).hexdigest()


def _clear_reasons(corrections: models.QuerySet[Correction]) -> None:
    """Take what people gave as a reason out of the contexts of history, too."""
    for run, reason in set(corrections.order_by().values_list("run_id", "reason")):
        for context in Context.objects.filter(metadata__run=str(run), metadata__reason=reason):
            kept = {key: value for key, value in context.metadata.items() if key != "reason"}
            Context.objects.filter(pk=context.pk).update(metadata=kept)


def _deleted(rows: models.QuerySet[Any]) -> int:
    number, _by_model = rows.delete()
    return number


def _forget_examples(ids: Collection[str]) -> int:
    """Take legacy ids out of the examples in plans. Returns the number of plans that had one."""
    number = 0
    for plan in ImportPlan.objects.iterator(chunk_size=20):
        findings = _without(plan.findings, ids)
        if findings != plan.findings:
            plan.findings = findings
            plan.save(update_fields=["findings"])
            number += 1
    return number


def _without(found: Any, ids: Collection[str]) -> Any:
    if isinstance(found, dict):
        return {key: _without(value, ids) for key, value in found.items()}
    if isinstance(found, list):
        return [_without(value, ids) for value in found if not _is_one_of(value, ids)]
    return found


def _is_one_of(value: Any, ids: Collection[str]) -> bool:
    return isinstance(value, str) and value in ids


def _blank_unreadable(values: Collection[Sought]) -> int:
    """Empty the records that could not be read and that name the person."""
    matcher = Matcher(values)
    named = [
        record.pk
        for record in UnreadableRecord.objects.iterator(chunk_size=200)
        if matcher.found(sought.decoded(bytes(record.raw)))
    ]
    return UnreadableRecord.objects.filter(pk__in=named).update(raw=b"")


def owners_of(entity: str, rows: Collection[Any]) -> Mapping[Any, set[Owner]]:
    """Whom rows of the archive became: patients and specialists, as they are today."""
    outcomes = RowOutcome.objects.filter(entity=entity, row__in=rows)
    by_legacy_id: dict[UUID, set[int]] = {}
    for row, legacy_id in outcomes.values_list("row", "legacy_id"):
        if legacy_id is not None:
            by_legacy_id.setdefault(legacy_id, set()).add(row)
    found: dict[Any, set[Owner]] = {row: set() for row in rows}
    for legacy_id, owner in _became(entity, by_legacy_id):
        for row in by_legacy_id[legacy_id]:
            found[row].add(owner)
    return found


def _became(entity: str, legacy_ids: Collection[UUID]) -> Iterator[tuple[UUID, Owner]]:
    became = Crosswalk.objects.filter(
        entity=entity, legacy_id__in=legacy_ids, target_model__in=PEOPLE
    ).values_list("legacy_id", "target_model", "target_id")
    today = dict(
        MergedPatient.objects.filter(old_id__in=[one for _id, _model, one in became]).values_list(
            "old_id", "survivor_id"
        )
    )
    for legacy_id, model, target in became:
        yield legacy_id, (PEOPLE[model], today.get(target, target))


def _owners_of_corrections(keys: Collection[Any]) -> Mapping[Any, set[Owner]]:
    """Whom the corrected rows became."""
    found: dict[Any, set[Owner]] = {key: set() for key in keys}
    for one in Correction.objects.filter(pk__in=keys):
        if one.legacy_id is not None:
            found[one.pk] |= {owner for _id, owner in _became(one.entity, [one.legacy_id])}
    return found


def _owners(entity: str) -> Any:
    return lambda rows: owners_of(entity, rows)


CONFLICTS = Holding(FieldConflict._meta.label, ("patient",))
PART = Part(
    name="legacy CRM",
    labels=(
        *(model._meta.label for model in ARCHIVE.values()),
        *(UnreadableRecord._meta.label, Correction._meta.label),
    ),
    count=count,
    export=export,
    sought=values,
    erase=erase,
    owners={
        **{model._meta.label: _owners(entity) for entity, model in ARCHIVE.items()},
        Correction._meta.label: _owners_of_corrections,
    },
    kept={
        f"{LegacyPatient._meta.label}.contact_record": "Another row's link to a row that is gone.",
        f"{PendingLink._meta.label}.missing_id": "The same link, waiting for that row.",
    },
)
