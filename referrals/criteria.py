"""Building the tree of criteria of a trial or program, and writing down what people say of it.

One person changes a tree at a time: every verb locks the trial or program first, and so do the
pages and REST before they lock the criterion. A criterion that people have answered keeps its
words; when they change, a new one takes its place and has to be answered again. Whoever is followed
is assessed anew in the same transaction.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.locking import locked
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User
from referrals import reassessing
from referrals.eligibility.facts import of_answer
from referrals.models import ClinicalTrial, Criterion, CriterionAnswer, ExpandedAccessProgram

Kind = Criterion.Kind


class NotPlaced(Refused):
    """The criterion cannot stand there."""

    code = "not_placed"


def add(criterion: Criterion, *, by: User, after: Criterion | None = None) -> Criterion:
    """Save a new criterion at the end of its group, or below `after`, and return it.

    Raises ValidationError for what its kind does not allow, and NotPlaced for a group of another
    trial or program.
    """
    with transaction.atomic(), acting(by=by):
        lock(criterion)
        _refuse_place(criterion)
        criterion.full_clean()
        mates = _mates(criterion)
        index = mates.index(after) + 1 if after in mates else len(mates)
        criterion.save(force_insert=True)
        _number([*mates[:index], criterion, *mates[index:]])
        _follow(criterion)
    return criterion


def change(criterion: Criterion, *, by: User) -> Criterion:
    """Save other words or limits of a criterion, and return the one that says them now.

    That is a new one, in the same place, when people have answered the old words. Raises as `add`.
    """
    with transaction.atomic(), acting(by=by):
        lock(criterion)
        _refuse_place(criterion)
        before = Criterion.objects.get(pk=criterion.pk)
        criterion.full_clean()
        changed = criterion
        if before.text != criterion.text and criterion.answers.exists():
            changed = _replacement(criterion, before)
        else:
            criterion.save()
        if before.parent_id != criterion.parent_id:
            _number([*(mate for mate in _mates(changed) if mate != changed), changed])
        _follow(changed)
    return changed


def _replacement(criterion: Criterion, before: Criterion) -> Criterion:
    Criterion.objects.filter(pk=criterion.pk).update(is_active=False)
    values = {
        field.name: getattr(criterion, field.name)
        for field in Criterion._meta.fields
        if field.name not in {"id", "created_at", "updated_at", "version"}
    }
    return Criterion.objects.create(**values)


def shift(criterion: Criterion, *, places: int, by: User) -> bool:
    """Move a criterion up (-1) or down (1) in its group; False when it stands at the end of it."""
    with transaction.atomic(), acting(by=by):
        lock(criterion)
        mates = _mates(criterion)
        if criterion not in mates:
            raise NotPlaced(_("It was removed."))
        index = mates.index(criterion)
        target = index + places
        if not 0 <= target < len(mates):
            return False
        mates.insert(target, mates.pop(index))
        _number(mates)
    return True


def group(criterion: Criterion, *, kind: str, by: User) -> Criterion:
    """Put a new group of this kind in the criterion's place, with the criterion in it."""
    with transaction.atomic(), acting(by=by):
        lock(criterion)
        made = Criterion.objects.create(
            trial_id=criterion.trial_id,
            program_id=criterion.program_id,
            parent_id=criterion.parent_id,
            position=criterion.position,
            kind=kind,
        )
        Criterion.objects.filter(pk=criterion.pk).update(parent=made, position=0)
        _follow(criterion)
    return made


def put(criterion: Criterion, *, into: Criterion | None, by: User) -> None:
    """Move a criterion to the end of a group; None for out of all groups.

    Raises NotPlaced for what is no group of the same trial or program, and for a group in itself.
    """
    with transaction.atomic(), acting(by=by):
        lock(criterion)
        criterion.parent = into
        _refuse_place(criterion)
        criterion.save()
        _number([*(mate for mate in _mates(criterion) if mate != criterion), criterion])
        _follow(criterion)


def remove(criterion: Criterion, *, by: User) -> None:
    """Take a criterion away with what stands in it. What people answered is kept, out of use."""
    with transaction.atomic(), acting(by=by):
        lock(criterion)
        inside = _inside(criterion)
        rows = Criterion.objects.filter(pk__in=inside)
        # Before it is deleted: whoever answers it has locked a patient, and would wait for it.
        reassessing.lock_followers([criterion.of])
        if CriterionAnswer.objects.filter(criterion__in=inside).exists():
            rows.update(is_active=False)
        else:
            rows.delete()
        reassessing.follow_offers([criterion.of])


def answer(
    *,
    patient_id: UUID,
    criterion: Criterion,
    met: bool | None,
    said_on: date,
    source: str,
    by: User,
) -> CriterionAnswer:
    """Write down what somebody said of a criterion; None asks for it again.

    Raises Refused for a criterion that nobody answers, a day that has not come and a patient who
    may not be changed; ValidationError for an unknown source; and Patient.DoesNotExist.
    """
    if criterion.kind != Kind.QUESTION or not criterion.is_active:
        raise Refused(_("Only a question that is in use can be answered."), code="no_question")
    if said_on > timezone.localdate():
        raise Refused(_("This day has not come yet."), code="in_future")
    with transaction.atomic(), acting(by=by):
        patient = locked(patient_id, no_key=True)
        said = CriterionAnswer(
            patient=patient,
            criterion=criterion,
            met=met,
            said_on=said_on,
            source=source,
            recorded_by=by,
        )
        said.full_clean(validate_unique=False)
        said.save(force_insert=True)
        reassessing.follow_facts(patient, {of_answer(criterion.pk)})
    return said


def lock(criterion: Criterion) -> None:
    """Nobody else changes this tree until the end of the transaction.

    Whoever locks criteria of it too does so afterwards, and patients after those.
    """
    model: Any = ClinicalTrial if criterion.trial_id else ExpandedAccessProgram
    offers = model.objects.select_for_update(no_key=True, of=("self",)).only("pk")
    list(offers.filter(pk=criterion.trial_id or criterion.program_id))


def _refuse_place(criterion: Criterion) -> None:
    into = criterion.parent
    if into is None:
        return
    same = (into.trial_id, into.program_id) == (criterion.trial_id, criterion.program_id)
    if not (same and into.is_group and into.is_active):
        message = _("A criterion stands in a group of its own trial or program.")
        raise NotPlaced(message)
    if into.pk in _inside(criterion):
        raise NotPlaced(_("A group cannot stand in itself."))


def _of_offer(criterion: Criterion) -> Any:
    return Criterion.objects.in_use().filter(
        trial_id=criterion.trial_id, program_id=criterion.program_id
    )


def _mates(criterion: Criterion) -> list[Criterion]:
    """What stands in the same group, in its order."""
    return list(_of_offer(criterion).filter(parent_id=criterion.parent_id))


def _inside(criterion: Criterion) -> set[UUID]:
    """The ids of the criterion and of all that stands in it, in use or not."""
    same = Criterion.objects.filter(trial_id=criterion.trial_id, program_id=criterion.program_id)
    pairs = list(same.values_list("pk", "parent_id"))
    found = {criterion.pk}
    while more := {pk for pk, parent in pairs if parent in found} - found:
        found |= more
    return found


def _number(mates: Sequence[Criterion]) -> None:
    for position, mate in enumerate(mates):
        if mate.position != position:
            Criterion.objects.filter(pk=mate.pk).update(position=position)
            mate.position = position


def _follow(criterion: Criterion) -> None:
    reassessing.follow_offers([criterion.of])
