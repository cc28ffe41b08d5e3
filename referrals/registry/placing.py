"""Conditions of a registry: resolved by the names we know, the others queued for a person."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from referrals.models import (
    ClinicalTrial,
    ExpandedAccessProgram,
    ProgramCondition,
    TrialCondition,
    UnplacedCondition,
)
from referrals.models.described import Described, ForCondition

State = UnplacedCondition.State
# What a condition can be of: the table of links and the name of its key.
LINKS: dict[type[Described], tuple[type[ForCondition], str]] = {
    ClinicalTrial: (TrialCondition, "trial_id"),
    ExpandedAccessProgram: (ProgramCondition, "program_id"),
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """What texts mean: the folded form of each, and the condition where one has that name."""

    folded: Mapping[str, str]
    conditions: Mapping[str, UUID]

    def conditions_of(self, texts: Iterable[str]) -> set[UUID]:
        return {self.conditions[text] for text in texts if text in self.conditions}


def resolve(texts: Sequence[str]) -> Resolved:
    """The conditions that these texts name, in one statement however many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t, portal_fold_key(t), n.condition_id FROM unnest(%s::text[]) t "
            "LEFT JOIN patients_conditionname n ON n.folded = portal_fold_key(t)",
            [list(texts)],
        )
        rows = cursor.fetchall()
    return Resolved(
        folded={text: folded for text, folded, _condition in rows},
        conditions={text: condition for text, _folded, condition in rows if condition},
    )


def link(model: type[Described], changed: Mapping[UUID, tuple[set[UUID], set[UUID]]]) -> None:
    """Bring the links of rows into line: row → conditions that came, and those that went.

    Only links that a registry made go.
    """
    links, key = LINKS[model]
    new = [
        links(**_link(key, row_id, condition))
        for row_id, (came, _went) in changed.items()
        for condition in sorted(came)
    ]
    links._default_manager.bulk_create(new, ignore_conflicts=True)
    gone = {row_id: went for row_id, (_came, went) in changed.items() if went}
    if gone:
        rows = links._default_manager.filter(
            **{f"{key}__in": list(gone)}, origin=ForCondition.Origin.REGISTRY
        ).values_list("pk", key, "condition_id")
        drop = [pk for pk, row_id, condition in rows if condition in gone[row_id]]
        links._default_manager.filter(pk__in=drop).delete()


def _link(key: str, row_id: UUID, condition: UUID) -> dict[str, Any]:
    return {key: row_id, "condition_id": condition, "origin": ForCondition.Origin.REGISTRY}


def link_everywhere(placed: Mapping[UUID, Sequence[str]]) -> None:
    """Link every row that names one of the spellings to its condition."""
    for model, (links, key) in LINKS.items():
        spelled = [(text, condition) for condition, texts in placed.items() for text in texts]
        rows: Any = model._default_manager.filter(
            condition_texts__overlap=[text for text, _condition in spelled]
        ).values_list("pk", "condition_texts")
        wanted = {
            (row_id, condition)
            for row_id, texts in rows
            for text, condition in spelled
            if text in texts
        }
        links._default_manager.bulk_create(
            [links(**_link(key, row_id, condition)) for row_id, condition in sorted(wanted)],
            ignore_conflicts=True,
        )


def settle() -> int:
    """Place what waits and has become one of our names meanwhile; how many names that was."""
    waiting = {one.name: one for one in UnplacedCondition.objects.open().select_for_update()}
    found = resolve(list(waiting)).conditions
    placed: dict[UUID, list[str]] = {}
    for name, condition in found.items():
        one = waiting[name]
        one.state, one.condition_id = State.LINKED, condition
        one.decided_at = timezone.now()
        placed.setdefault(condition, []).extend(one.spellings)
    UnplacedCondition.objects.bulk_update(
        [waiting[name] for name in found], ("state", "condition", "decided_at")
    )
    if placed:
        link_everywhere(placed)
    return len(found)


def queue(mentions: Counter[str], resolved: Resolved) -> dict[str, UnplacedCondition]:
    """Put texts that name no condition of ours where a person sees them; by folded form.

    `mentions` counts how many records have each text. One that was decided on stays decided.
    """
    spelled: dict[str, list[str]] = {}
    for text in mentions:
        if text not in resolved.conditions:
            spelled.setdefault(resolved.folded[text], []).append(text)
    known = {
        one.folded: one
        for one in UnplacedCondition.objects.select_for_update().filter(folded__in=list(spelled))
    }
    new, changed = [], []
    for folded, texts in spelled.items():
        count = sum(mentions[text] for text in texts)
        one = known.get(folded)
        if one is None:
            new.append(UnplacedCondition(name=texts[0], spellings=sorted(texts), mentions=count))
            continue
        spellings = sorted({*one.spellings, *texts})
        if spellings != one.spellings or count > one.mentions:
            one.spellings, one.mentions = spellings, max(count, one.mentions)
            changed.append(one)
    UnplacedCondition.objects.bulk_create(new)
    UnplacedCondition.objects.bulk_update(changed, ("spellings", "mentions"))
    return {folded: known[folded] for folded in known} | {
        resolved.folded[one.name]: one for one in new
    }
