"""Which rows of the archive are about one person.

A person is found by the legacy ids that became them, and in rows that became nobody by address and
name together. All versions of such a row are theirs, what people corrected in it, and the dossiers
that name it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models

from crm_import.models import (
    Correction,
    Crosswalk,
    Entity,
    LegacyContact,
    LegacyDossier,
    LegacyPatient,
    LegacyRow,
    RowOutcome,
    TakenBack,
)
from patients import sought
from patients.holdings import PATIENT, Found, Sought
from patients.sought import Kind, Matcher

ARCHIVE: dict[str, type[LegacyRow]] = {
    Entity.CONTACT: LegacyContact,
    Entity.PATIENT: LegacyPatient,
    Entity.DOSSIER: LegacyDossier,
}
# The tables whose rows name somebody.
NAMING = (Entity.CONTACT, Entity.PATIENT)
# What a row of the archive can have become, as `Crosswalk.target_model` and as a label.
PEOPLE = {"patients.patient": PATIENT, "patients.specialist": "patients.Specialist"}
_DOSSIER = "referrals.EAPDossier"


@dataclass
class Rows:
    """The legacy ids of one person, and their rows of the archive, by table."""

    legacy_ids: dict[str, set[UUID]] = field(
        default_factory=lambda: {entity: set() for entity in ARCHIVE}
    )
    rows: dict[str, set[int]] = field(default_factory=lambda: {entity: set() for entity in ARCHIVE})

    @property
    def ids(self) -> set[UUID]:
        return set().union(*self.legacy_ids.values())

    def add(self, entity: str, row: int, legacy_id: UUID | None) -> None:
        self.rows[entity].add(row)
        if legacy_id is not None:
            self.legacy_ids[entity].add(legacy_id)


@dataclass(frozen=True, slots=True)
class Named:
    """A row of the archive with an address that is asked for."""

    entity: str
    row: int
    legacy_id: UUID | None
    names: frozenset[Sought]


def of_person(found: Found, values: Collection[Sought]) -> Rows:
    """The rows of a patient; `values` are their names and addresses."""
    theirs = Rows()
    became = Crosswalk.objects.filter(
        target_model="patients.patient", target_id__in=found.person.ids
    ) | Crosswalk.objects.filter(target_model=_DOSSIER.lower(), target_id__in=found.ids(_DOSSIER))
    for entity, legacy_id in became.values_list("entity", "legacy_id"):
        theirs.legacy_ids[entity].add(legacy_id)
    for one in unplaced(alike(values)):
        theirs.add(one.entity, one.row, one.legacy_id)
    return completed(theirs)


def of_id(legacy_id: UUID) -> Rows:
    """The rows of one legacy id, and what belongs to them; none for an id that never came."""
    theirs = Rows()
    for about in (RowOutcome, TakenBack):
        known = about._default_manager.filter(legacy_id=legacy_id, entity__in=ARCHIVE)
        for entity in known.order_by().values_list("entity", flat=True).distinct():
            theirs.legacy_ids[entity].add(legacy_id)
    return completed(theirs)


def completed(theirs: Rows) -> Rows:
    """The same with every version of each row, their dossiers, and what was corrected."""
    # Dossiers that could not be placed name the patient by legacy id.
    for row, own in _by_guid(LegacyDossier, "patient", theirs.legacy_ids[Entity.PATIENT]):
        theirs.add(Entity.DOSSIER, row, own)
    for about in (RowOutcome, TakenBack):
        told = about._default_manager.filter(legacy_id__in=theirs.ids)
        for entity, row in told.values_list("entity", "row"):
            if entity in ARCHIVE:
                theirs.rows[entity].add(row)
    # What was corrected, as it came, even without an id.
    for fixed in corrections(theirs).filter(entity__in=ARCHIVE):
        theirs.rows[fixed.entity].add(fixed.row)
        if fixed.replacement is not None:
            theirs.rows[fixed.entity].add(fixed.replacement)
    return theirs


def corrections(theirs: Rows) -> models.QuerySet[Correction]:
    """What people said about these rows."""
    about = models.Q(legacy_id__in=theirs.ids)
    for entity, rows in theirs.rows.items():
        about |= models.Q(entity=entity, row__in=rows) | models.Q(
            entity=entity, replacement__in=rows
        )
    return Correction.objects.filter(about).order_by("pk")


def named(theirs: Rows) -> Iterator[Sought]:
    """Legacy ids, and the names and addresses as the CRM, or a correction, had them."""
    yield from ((str(Kind.LEGACY_ID), str(one)) for one in theirs.ids)
    for entity in NAMING:
        rows: Any = ARCHIVE[entity]._default_manager.filter(pk__in=theirs.rows[entity])
        for row in rows.values("firstname", "lastname", "email"):
            yield from sought.names_and_addresses(row)
    for one in corrections(theirs):
        yield from sought.names_and_addresses(one.cells)


def alike(values: Collection[Sought]) -> list[Named]:
    """Rows that have one of these addresses and one of these names."""
    addresses = {value for kind, value in values if kind == Kind.EMAIL}
    return [one for one in at(addresses) if one.names.intersection(values)]


def at(addresses: Collection[str]) -> Iterator[Named]:
    """Rows that have one of these addresses, alone in the cell or beside another one."""
    if not addresses:
        return
    matcher = Matcher({(str(Kind.EMAIL), address) for address in addresses})
    written = models.Q(address__in=addresses)
    for address in addresses:
        written |= models.Q(email__icontains=address)
    for entity in NAMING:
        model: Any = ARCHIVE[entity]
        rows = (
            model._default_manager.annotate(address=_function("crm_address", "email"))
            .annotate(own=_function("crm_guid", id_column(model)))
            .filter(written)
        )
        for row in rows:
            if row.address in addresses or matcher.found(row.email):
                names = frozenset(sought.name(row.firstname, row.lastname))
                yield Named(entity, row.pk, row.own, names)


def unplaced(found: Collection[Named]) -> list[Named]:
    """Those of which nobody was made."""
    ids = {one.legacy_id for one in found if one.legacy_id is not None}
    became = {(one.entity, one.legacy_id) for one in placed(ids)}
    return [one for one in found if (one.entity, one.legacy_id) not in became]


def placed(legacy_ids: Collection[UUID]) -> models.QuerySet[Crosswalk]:
    """The people that these legacy ids became."""
    return Crosswalk.objects.filter(legacy_id__in=legacy_ids, target_model__in=PEOPLE)


def without_id(theirs: Rows) -> int:
    """Rows that are known by no id. A dossier is passed over by the id of its patient."""
    number = 0
    for entity in NAMING:
        model = ARCHIVE[entity]
        rows = model._default_manager.filter(pk__in=theirs.rows[entity])
        number += rows.alias(own=_function("crm_guid", id_column(model))).filter(own=None).count()
    return number


def _by_guid(
    model: type[LegacyRow], column: str, ids: Collection[UUID]
) -> list[tuple[int, UUID | None]]:
    """Row and legacy id of archive rows whose cell `column` is one of these legacy ids."""
    if not ids:
        return []
    rows = model._default_manager.alias(guid=_function("crm_guid", column))
    own = _function("crm_guid", id_column(model))
    return list(rows.filter(guid__in=ids).values_list("pk", own))


def _function(name: str, column: str) -> models.Func:
    """One of the migration's own functions (migration 0001) on a cell."""
    kind = models.UUIDField() if name == "crm_guid" else models.TextField()
    return models.Func(models.F(column), function=name, output_field=kind)


def id_column(model: type[LegacyRow]) -> str:
    """The column that holds the legacy id, which is the first one of the row itself."""
    inherited = {one.name for one in LegacyRow._meta.get_fields()} | {"id"}
    return next(f.name for f in model._meta.concrete_fields if f.name not in inherited)
