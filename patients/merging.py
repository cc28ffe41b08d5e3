"""Two records of one person become one, and the old id keeps answering.

Everything that hangs on the record that gives way (the loser) moves to the one that stays (the
survivor), as `patients.relations` says for each table. Where both have a value, the navigator
chooses; what is not chosen is kept with the old id. The loser's row is taken out: no list can
show it, nothing can be added to it, and the database itself proves that nothing hangs on it any
more. The whole merge is written down, so that `patients.unmerging` can take it back.

A patient and a specialist are never merged, nor is anybody whose data may not be changed. Both
rows are locked in the order of their ids before anything is decided.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Lower, Trim
from django.utils.translation import gettext as _

from patients import choosing, relations
from patients.choosing import Difference, Side
from patients.locking import MergedAway, restriction, survivor_of
from patients.models import (
    ContactPoint,
    MergedPatient,
    Patient,
    PatientMerge,
    PossibleDuplicate,
    Specialist,
)
from patients.relations import GaveWay, Merging
from portal.core.errors import Missing, Refused, StaleVersion
from portal.core.history import acting, unsealed
from portal.core.models import User

# PostgreSQL: deadlock_detected.
_DEADLOCK = "40P01"


@dataclass(frozen=True, slots=True)
class Moved:
    """How many rows of one relation ("app.Model.field") go along."""

    relation: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge would do, found out by doing it and rolling it back."""

    survivor_id: UUID
    loser_id: UUID
    versions: tuple[int, int]  # of survivor and loser; give them to `merge`
    differences: tuple[Difference, ...]
    moved: tuple[Moved, ...]
    gave_way: tuple[GaveWay, ...]
    missing: tuple[Missing, ...]  # why it would be refused; empty when it would not


class _RolledBack(Exception):
    """Leaves the transaction of a plan."""


def plan(
    *, survivor_id: UUID, loser_id: UUID, by: User, choices: Mapping[str, Side] | None = None
) -> Plan:
    """What would move, what differs and what is in the way. Nothing is changed.

    Raises Refused when the ids are not two different patients, or the choices make no sense.
    """
    found: list[Plan] = []
    try:
        with explained(), transaction.atomic(), acting(by=by), unsealed("merge"):
            survivor, loser = _lock(survivor_id, loser_id)
            versions = (survivor.version, loser.version)
            missing = _missing(survivor, loser)
            differences = choosing.differences(survivor, loser, choices or {})
            merging = _run(survivor, loser, choices=choices or {}, by=by)
            moved = tuple(
                Moved(relation, relations.label(relation), count)
                for relation, count in merging.moved.items()
                if count
            )
            gave_way = tuple(merging.gave_way)
            found.append(
                Plan(survivor_id, loser_id, versions, differences, moved, gave_way, missing)
            )
            raise _RolledBack
    except _RolledBack:
        return found[0]


def merge(
    *,
    survivor_id: UUID,
    loser_id: UUID,
    by: User,
    choices: Mapping[str, Side] | None = None,
    versions: tuple[int, int] | None = None,
    reason: str = "",
) -> PatientMerge:
    """Merge the loser into the survivor and return the merge, by which it can be undone.

    `choices` says for names of `choosing.CHOSEN` whose value is kept; what is not named keeps the
    survivor's, or the loser's where the survivor has none. `versions` are those of the plan that
    was looked at. Doing it a second time returns the first merge. Raises Refused, also when the
    chosen values do not go together, and StaleVersion.
    """
    with (
        explained(),
        transaction.atomic(),
        acting(by=by, reason=reason or "merge"),
        unsealed("merge"),
    ):
        try:
            survivor, loser = _lock(survivor_id, loser_id)
        except Refused:
            in_force = PatientMerge.objects.filter(undone_at=None, loser_id=loser_id)
            done = in_force.filter(survivor=survivor_id).first()
            if done is None:
                raise
            return done
        _demand_versions(versions, survivor, loser)
        # Whoever is deciding on the pair right now is waited for, and heard.
        list(PossibleDuplicate.objects.between(survivor, loser).select_for_update())
        demand_nothing(_missing(survivor, loser))
        present = relations.present(survivor.pk)
        merging = _run(survivor, loser, choices=choices or {}, by=by)
        with merging.adding():
            for step in relations.steps():
                step.follow(survivor)
        prove()
        return PatientMerge.objects.create(
            loser_id=loser_id,
            survivor=survivor,
            merged_by=by,
            reason=reason,
            journal=merging.journal.entries,
            present=present,
        )


def _run(survivor: Patient, loser: Patient, *, choices: Mapping[str, Side], by: User) -> Merging:
    """Do it, written down in the journal of what is returned."""
    merging = Merging(survivor, loser, by)
    for policy in relations.policies():
        policy.apply(merging)
    values = choosing.joined(survivor, loser, choices)
    losing = choosing.losing(survivor, loser, values)
    addresses = [
        (kind, str(getattr(person, kind)))
        for person in (survivor, loser)
        for kind in ContactPoint.Kind.values
    ]
    # The loser goes first: nobody else may have an e-mail address that the survivor gets.
    merging.journal.remove(loser)
    choosing.demand_fitting(survivor, values)
    merging.journal.change(survivor, **values)
    for kind, value in addresses:
        _keep_reachable(merging, kind, value)
    merging.journal.add(
        MergedPatient(old_id=loser.pk, survivor=survivor, merged_by=by, losing_values=losing)
    )
    return merging


def _keep_reachable(merging: Merging, kind: str, value: str) -> None:
    """Keep an address that gave way as a further contact point."""
    address = value.strip().lower()
    if not address or address == getattr(merging.survivor, kind).strip().lower():
        return
    known = ContactPoint.objects.filter(patient=merging.survivor, kind=kind)
    if known.annotate(address=Lower(Trim("value"))).filter(address=address).exists():
        return
    point = ContactPoint(patient=merging.survivor, kind=kind, value=value)
    point.origin = ContactPoint.Origin.MERGE
    merging.journal.add(point)


def _missing(survivor: Patient, loser: Patient) -> tuple[Missing, ...]:
    found = [*restriction(survivor, loser)]
    pair = PossibleDuplicate.objects.between(survivor, loser)
    if pair.filter(state=PossibleDuplicate.State.DIFFERENT).exists():
        found.append(
            Missing(
                "decided_different",
                _("Somebody decided that these are two persons. Change that decision first."),
            )
        )
    open_while_dead = [
        person
        for person, other in ((survivor, loser), (loser, survivor))
        if other.is_deceased and not person.is_deceased and person.stage != Patient.Stage.CLOSED
    ]
    if open_while_dead:
        found.append(
            Missing(
                "deceased_differs",
                _("One of the two has died and the other is open. Close or correct it first."),
            )
        )
    return tuple(found)


def _lock(survivor_id: UUID, loser_id: UUID) -> tuple[Patient, Patient]:
    """Both rows, locked in the order of their ids. Nothing can be added to either until the end.

    Raises Refused when they are not two different patients.
    """
    if survivor_id == loser_id:
        raise Refused(_("A record cannot be merged into itself."), code="same_record")
    rows = Patient.objects.filter(pk__in=(survivor_id, loser_id))
    found = {row.pk: row for row in rows.select_for_update(of=("self",)).order_by("pk")}
    for wanted in (survivor_id, loser_id):
        if wanted in found:
            continue
        if Specialist.objects.filter(pk=wanted).exists():
            message = _("A patient and a specialist are never merged.")
            raise Refused(message, code="not_a_patient")
        if (living := survivor_of(wanted)) is not None:
            raise MergedAway(living)
        raise Refused(_("There is no such patient."), code="not_found")
    return found[survivor_id], found[loser_id]


def _demand_versions(versions: tuple[int, int] | None, *people: Patient) -> None:
    for expected, person in zip(versions or (), people, strict=False):
        if expected != person.version:
            raise StaleVersion(expected=expected, actual=person.version)


def demand_nothing(missing: tuple[Missing, ...]) -> None:
    """Raise Refused with all that is missing, named after the first of it."""
    if missing:
        raise Refused(missing[0].message, code=missing[0].code, missing=missing)


def prove() -> None:
    """Make the database check every foreign key now, not at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def explained() -> Iterator[None]:
    """Turn what only the database could see into a refusal; everything has been rolled back."""
    try:
        yield
    except (IntegrityError, OperationalError) as error:
        cause = error.__cause__
        if isinstance(error, OperationalError):
            if getattr(cause, "sqlstate", "") != _DEADLOCK:
                raise
            message = _("Somebody else is changing these records. Try again.")
            raise Refused(message, code="busy") from None
        constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
        message = _("The records cannot be joined or parted like this: %(rule)s.")
        raise Refused(message % {"rule": constraint}, code="collides") from None
