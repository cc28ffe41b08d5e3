"""Taking a merge back: two people who were taken for one are two again.

Everything comes back as it was, byte for byte. What was changed or added since the merge is in
the way until somebody who looked at it says that it may stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Lower, Trim
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import relations
from patients.journal import Entry, changed_later, ids_in, take_back
from patients.locking import restriction, survivor_of
from patients.merging import demand_nothing, explained, prove
from patients.models import Patient, PatientMerge
from portal.core.errors import Missing
from portal.core.history import acting, unsealed
from portal.core.models import User

# A row by its model's label and its id as text.
Row = tuple[str, str]
# What may be let stay: it was changed or added after the merge.
STAYING = frozenset({"changed_later", "added_later"})

# The record of merges itself; later merges are looked for by `_merged_later`.
_MERGES = "patients.PatientMerge.survivor"
_OF_MERGES = frozenset({_MERGES, "patients.MergedPatient.survivor"})


@dataclass(frozen=True, slots=True)
class Outline:
    """What taking a merge back would do: who comes back, with what, and what is as it was."""

    name: str  # of the person who comes back
    going_back: tuple[tuple[type[models.Model], int], ...]  # rows that move to them
    coming_back: tuple[tuple[type[models.Model], int], ...]  # rows that gave way in the merge
    restored: tuple[str, ...]  # what the survivor's fields are called that get their values back


def outline(merge: PatientMerge) -> Outline:
    """What taking this merge back would do, if nothing was changed since."""
    gone = _loser_in(merge.journal)
    moved, removed = ids_in(merge.journal, "move"), ids_in(merge.journal, "remove")
    removed.pop(Patient._meta.label, None)
    columns = {
        column
        for entry in merge.journal
        if entry["did"] == "change" and entry["id"] == str(merge.survivor_id)
        for column in entry["before"]
    }
    fields: Any = Patient._meta.concrete_fields
    return Outline(
        name=f"{gone['first_name']} {gone['last_name']}".strip(),
        going_back=_by_model(moved),
        coming_back=_by_model(removed),
        restored=tuple(str(f.verbose_name) for f in fields if f.column in columns),
    )


def _by_model(rows: Mapping[str, set[str]]) -> tuple[tuple[type[models.Model], int], ...]:
    return tuple((apps.get_model(label), len(ids)) for label, ids in rows.items() if ids)


def missing_to_undo(merge: PatientMerge) -> tuple[Missing, ...]:
    """Why taking this merge back would be refused; empty when it would not.

    What has a code of `STAYING` may be let stay with `keep_later`.
    """
    with transaction.atomic():
        return (*_forbidding(merge), *_later(merge))


def undo(*, merge_id: UUID, by: User, reason: str = "", keep_later: bool = False) -> Patient:
    """Take a merge back and return the patient whose id was the old one.

    With `keep_later`, what was changed since stays as it is, and what was added since stays with
    the survivor, except rows that hang on a row which goes back: they go with it. Doing it a
    second time changes nothing. Raises Refused.
    """
    with (
        explained(),
        transaction.atomic(),
        acting(by=by, reason=reason or "merge taken back"),
        unsealed("merge taken back"),
    ):
        merge = PatientMerge.objects.get(pk=merge_id)
        Patient.objects.select_for_update(of=("self",)).filter(pk=merge.survivor_id).first()
        merge = PatientMerge.objects.select_for_update(of=("self",)).get(pk=merge_id)
        if merge.undone_at is not None:
            return Patient.objects.get(pk=survivor_of(merge.loser_id) or merge.loser_id)
        demand_nothing((*_forbidding(merge), *(() if keep_later else _later(merge))))
        following = _following(merge)
        spare = {change.id: set(change.columns) for change in changed_later(merge.journal)}
        take_back(merge.journal, spare=spare)
        for relation, ids in following.items():
            rows, attribute = relations.rows(relation)
            rows.filter(pk__in=ids).update(**{attribute: merge.loser_id})
        prove()
        merge.undone_at, merge.undone_by = timezone.now(), by
        merge.save(update_fields=("undone_at", "undone_by"))
        return Patient.objects.get(pk=merge.loser_id)


def _forbidding(merge: PatientMerge) -> tuple[Missing, ...]:
    found = []
    if _merged_later(merge):
        found.append(
            Missing(
                "later_merge",
                _("This patient was merged again afterwards. Take that merge back first."),
            )
        )
    found += restriction(Patient.objects.get(pk=merge.survivor_id))
    if _email_taken(merge):
        found.append(
            Missing("email_taken", _("Somebody else has the old record's e-mail address now."))
        )
    return tuple(found)


def _later(merge: PatientMerge) -> tuple[Missing, ...]:
    changed = [
        Missing(
            "changed_later",
            _("Changed since the merge: %(kind)s (%(fields)s).")
            % {"kind": change.model._meta.verbose_name, "fields": ", ".join(change.columns)},
        )
        for change in changed_later(merge.journal)
    ]
    added = [
        Missing(
            "added_later",
            _("Added since the merge: %(kind)s (%(count)d).")
            % {"kind": relations.label(relation), "count": len(ids)},
        )
        for relation, ids in _added(merge).items()
    ]
    return (*changed, *added)


def _merged_later(merge: PatientMerge) -> bool:
    """Whether a merge in force knows of this one, so was made after it. No clock is asked."""
    others = PatientMerge.objects.filter(survivor=merge.survivor_id, undone_at=None)
    for other in others.exclude(pk=merge.pk):
        known = other.present.get(_MERGES, [])
        if str(merge.pk) in {*known, *ids_in(other.journal, "move")["patients.PatientMerge"]}:
            return True
    return False


def _email_taken(merge: PatientMerge) -> bool:
    """Whether a third person took the loser's address since."""
    address = (_loser_in(merge.journal)["email"] or "").strip().lower()
    people = Patient.objects.annotate(address=Lower(Trim("email"))).exclude(email="")
    return people.filter(address=address).exclude(pk=merge.survivor_id).exists()


def _loser_in(journal: Sequence[Entry]) -> dict[str, str | None]:
    """The loser's row as it was."""
    label = Patient._meta.label
    [gone] = [e for e in journal if e["did"] == "remove" and e["model"] == label]
    before: dict[str, str | None] = gone["before"]
    return before


def _added(merge: PatientMerge) -> dict[str, set[str]]:
    """Relation → ids of rows that the survivor got after the merge, other than by it."""
    by_merge = [ids_in(merge.journal, did) for did in ("move", "change", "add")]
    found = {}
    for relation, ids in relations.present(merge.survivor_id).items():
        if relation in _OF_MERGES:
            continue
        known = set(merge.present.get(relation, ())).union(
            *(made[relation.rpartition(".")[0]] for made in by_merge)
        )
        if new := set(ids) - known:
            found[relation] = new
    return found


def _following(merge: PatientMerge) -> dict[str, set[str]]:
    """Relation → ids of later rows that hang on a row which goes back, and so go with it.

    A call that was recorded for a moved booking belongs to the booking's patient. A row hangs on
    another by a foreign key in either direction, directly or through other later rows.
    """
    waiting = {
        (relation.rpartition(".")[0], pk): relation
        for relation, ids in _added(merge).items()
        for pk in ids
    }
    edge = {(label, pk) for label, ids in ids_in(merge.journal, "move").items() for pk in ids}
    neighbours = _neighbours({*edge, *waiting}) if waiting else {}
    found: dict[str, set[str]] = {}
    while edge:
        edge = {row for one in edge for row in neighbours.get(one, ()) if row in waiting}
        for row in edge:
            found.setdefault(waiting.pop(row), set()).add(row[1])
    return found


def _neighbours(rows: set[Row]) -> dict[Row, set[Row]]:
    """Which of these rows point at one another, in both directions."""
    by_label: dict[str, set[str]] = {}
    for label, pk in rows:
        by_label.setdefault(label, set()).add(pk)
    found: dict[Row, set[Row]] = {}
    for label, ids in by_label.items():
        model, _pk = relations.resolved(f"{label}.id")
        for link, target in _links(model):
            pairs = model._base_manager.filter(pk__in=ids).values_list("pk", link)
            for pk, other in pairs if target in by_label else ():
                found.setdefault((label, str(pk)), set()).add((target, str(other)))
                found.setdefault((target, str(other)), set()).add((label, str(pk)))
    return found


def _links(model: type[models.Model]) -> list[tuple[str, str]]:
    """The foreign keys of a model: attribute and label of the model they point at."""
    links: list[Any] = [f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)]
    return [(link.attname, link.related_model._meta.label) for link in links]
