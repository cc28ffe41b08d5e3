"""What the migration holds on a person, and how it forgets them.

A person is found by the legacy ids that became them, and in rows that became nobody by address and
name together. Everything about these rows goes: the archive, their outcomes, problems and links,
and what people corrected in them and decided about them.
The CRM will deliver them again as long as it has them, so the fingerprint of each legacy id is kept
and later imports pass over the row (sql/05_forgotten.sql). What has no readable id comes back: a
fingerprint of a row's text could be guessed from a name and an address. It is counted.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils.translation import gettext as _

from crm_import.locks import LOCK
from crm_import.models import (
    Correction,
    Crosswalk,
    Entity,
    FieldConflict,
    ForgottenRow,
    ImportPlan,
    LegacyContact,
    LegacyDossier,
    LegacyPatient,
    LegacyRow,
    PairDecision,
    PendingLink,
    Problem,
    RowOutcome,
    TakenBack,
    UnreadableRecord,
)
from patients import sought
from patients.holdings import PATIENT, Found, Gone, Holding, Owner, Part, Section, Sought
from patients.models import MergedPatient
from patients.sought import Kind, Matcher
from portal.core.errors import Refused

ARCHIVE: dict[str, type[LegacyRow]] = {
    Entity.CONTACT: LegacyContact,
    Entity.PATIENT: LegacyPatient,
    Entity.DOSSIER: LegacyDossier,
}
# What a row of the archive can have become, as `Crosswalk.target_model` and as a label.
_PEOPLE = {"patients.patient": PATIENT, "patients.specialist": "patients.Specialist"}
_DOSSIER = "referrals.EAPDossier"


@dataclass
class _Rows:
    """The legacy ids of one person, and their rows of the archive by table."""

    legacy_ids: dict[str, set[UUID]] = field(default_factory=dict)
    rows: dict[str, set[int]] = field(default_factory=dict)

    @property
    def ids(self) -> set[UUID]:
        return set().union(*self.legacy_ids.values())


def _find(found: Found, known: Collection[Sought] | None = None) -> _Rows:
    theirs = _Rows({entity: set() for entity in ARCHIVE}, {entity: set() for entity in ARCHIVE})
    became = Crosswalk.objects.filter(
        target_model="patients.patient", target_id__in=found.person.ids
    ) | Crosswalk.objects.filter(target_model=_DOSSIER.lower(), target_id__in=found.ids(_DOSSIER))
    for entity, legacy_id in became.values_list("entity", "legacy_id"):
        theirs.legacy_ids[entity].add(legacy_id)
    # Dossiers that could not be placed name the patient by legacy id.
    patients = theirs.legacy_ids[Entity.PATIENT]
    dossiers = _by_guid(LegacyDossier, "patient", patients)
    theirs.rows[Entity.DOSSIER] |= {row for row, _guid in dossiers}
    theirs.legacy_ids[Entity.DOSSIER] |= {guid for _row, guid in dossiers if guid}
    for about in (RowOutcome, TakenBack):
        told = about._default_manager.filter(legacy_id__in=theirs.ids)
        for entity, row in told.values_list("entity", "row"):
            if entity in ARCHIVE:
                theirs.rows[entity].add(row)
    # What was corrected, as it came, even without an id.
    for fixed in Correction.objects.filter(legacy_id__in=theirs.ids, entity__in=ARCHIVE):
        theirs.rows[fixed.entity].add(fixed.row)
        if fixed.replacement is not None:
            theirs.rows[fixed.entity].add(fixed.replacement)
    for entity, row, own in _unplaced(sought.of_own_rows(found) if known is None else known):
        theirs.rows[entity].add(row)
        if own is not None:
            theirs.legacy_ids[entity].add(own)
    return theirs


def _by_guid(
    model: type[LegacyRow], column: str, ids: Collection[UUID]
) -> list[tuple[int, UUID | None]]:
    """Row and legacy id of archive rows whose cell `column` is one of these legacy ids."""
    if not ids:
        return []
    rows = model._default_manager.alias(guid=_function("crm_guid", column))
    own = _function("crm_guid", _id(model))
    return list(rows.filter(guid__in=ids).values_list("pk", own))


def _unplaced(values: Collection[Sought]) -> Iterator[tuple[str, int, UUID | None]]:
    """Rows that became nobody and have this person's address and name: entity, row, legacy id."""
    addresses = {value for kind, value in values if kind == Kind.EMAIL}
    if not addresses:
        return
    for entity in (Entity.CONTACT, Entity.PATIENT):
        model: Any = ARCHIVE[entity]
        rows = (
            model._default_manager.alias(address=_function("crm_address", "email"))
            .annotate(own=_function("crm_guid", _id(model)))
            .filter(address__in=addresses)
        )
        placed = set(
            Crosswalk.objects.filter(
                entity=entity, legacy_id__in=rows.values("own"), target_model__in=_PEOPLE
            ).values_list("legacy_id", flat=True)
        )
        for row in rows:
            named = set(sought.name(row.firstname, row.lastname))
            if row.own not in placed and named.intersection(values):
                yield entity, row.pk, row.own


def _function(name: str, column: str) -> models.Func:
    """One of the migration's own functions (migration 0001) on a cell."""
    kind = models.UUIDField() if name == "crm_guid" else models.TextField()
    return models.Func(models.F(column), function=name, output_field=kind)


def _id(model: type[LegacyRow]) -> str:
    """The column that holds the legacy id, which is the first one of the row itself."""
    inherited = {one.name for one in LegacyRow._meta.get_fields()} | {"id"}
    return next(f.name for f in model._meta.concrete_fields if f.name not in inherited)


# --- the parts of patients.holdings.Part


def _corrections(theirs: _Rows) -> models.QuerySet[Correction]:
    """What people said about these rows."""
    about = models.Q(legacy_id__in=theirs.ids)
    for entity, rows in theirs.rows.items():
        about |= models.Q(entity=entity, row__in=rows)
    return Correction.objects.filter(about).order_by("pk")


def count(found: Found) -> Mapping[str, int]:
    theirs = _find(found)
    rows = {ARCHIVE[entity]._meta.label: len(rows) for entity, rows in theirs.rows.items()}
    return {**rows, Correction._meta.label: _corrections(theirs).count()}


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
            for one in _corrections(theirs)
        ],
    )


def values(found: Found, known: Collection[Sought]) -> Iterator[Sought]:
    """Legacy ids, and the names and addresses as the CRM had them."""
    theirs = _find(found, known)
    yield from ((str(Kind.LEGACY_ID), str(one)) for one in theirs.ids)
    for entity in (Entity.CONTACT, Entity.PATIENT):
        model: Any = ARCHIVE[entity]
        rows = model._default_manager.filter(pk__in=theirs.rows[entity])
        for row in rows.values("firstname", "lastname", "email"):
            yield from sought.names_and_addresses(row)
    for one in _corrections(theirs):
        yield from sought.names_and_addresses(one.cells)


def erase(found: Found, values: Collection[Sought]) -> Gone:
    """Delete it all and remember the fingerprints. Raises Refused while an import is running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            message = _("An import of the legacy CRM is running. Wait until it has finished.")
            raise Refused(message, code="busy")
    theirs = _find(found, values)
    ids = theirs.ids
    done: Counter[str] = Counter()
    recurring = _without_id(theirs)
    done[Correction._meta.label] += _deleted(_corrections(theirs))
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
    ForgottenRow.objects.bulk_create(
        [
            ForgottenRow(entity=entity, digest=fingerprint(one))
            for entity, legacy_ids in theirs.legacy_ids.items()
            for one in sorted(legacy_ids)
        ],
        ignore_conflicts=True,
    )
    return Gone(done, recurring + blanked)


def fingerprint(legacy_id: UUID) -> str:
    """By which an erased row is known again: the SHA-256 of its id. It leads back to nothing."""
    return hashlib.sha256(str(legacy_id).encode()).hexdigest()


def _without_id(theirs: _Rows) -> int:
    """Rows that are known by no id. A dossier is passed over by the id of its patient."""
    number = 0
    for entity in (Entity.CONTACT, Entity.PATIENT):
        model = ARCHIVE[entity]
        rows = model._default_manager.filter(pk__in=theirs.rows[entity])
        number += rows.alias(own=_function("crm_guid", _id(model))).filter(own=None).count()
    return number


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
        entity=entity, legacy_id__in=legacy_ids, target_model__in=_PEOPLE
    ).values_list("legacy_id", "target_model", "target_id")
    today = dict(
        MergedPatient.objects.filter(old_id__in=[one for _id, _model, one in became]).values_list(
            "old_id", "survivor_id"
        )
    )
    for legacy_id, model, target in became:
        yield legacy_id, (_PEOPLE[model], today.get(target, target))


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
