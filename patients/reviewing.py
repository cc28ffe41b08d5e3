"""Deciding about a pair that may be one person: the same, not the same, or later.

"Not the same" is remembered, and stands in the way of a merge. "The same" says so; the merge
itself is `merging.merge`, where somebody chooses between the values. What else has to know of a
decision joins `steps`, which run in the same transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import PossibleDuplicate
from portal.core.errors import Missing, Refused, StaleVersion
from portal.core.history import acting
from portal.core.models import User

State = PossibleDuplicate.State


@dataclass(frozen=True, slots=True)
class Step:
    """Something that an app above does when somebody has decided about a pair."""

    name: str
    decided: Callable[[PossibleDuplicate, User], None]


_steps: list[Step] = []


def join(*steps: Step) -> None:
    """Declare steps, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second step of one name.
    """
    for step in steps:
        if step in _steps:
            continue
        if step.name in {known.name for known in _steps}:
            raise LookupError(f"the step “{step.name}” is declared twice")
        _steps.append(step)


def steps() -> tuple[Step, ...]:
    """What follows a decision, in this order."""
    return tuple(_steps)


def missing(pair: PossibleDuplicate, decision: State) -> tuple[Missing, ...]:
    """What is in the way of this decision; empty when nothing is."""
    if decision == State.SAME and pair.is_mixed:
        return (
            Missing("not_a_patient", _("A patient and a specialist stay two records, always.")),
        )
    return ()


def decide(
    *, duplicate_id: UUID, decision: State, by: User, version: int | None = None, reason: str = ""
) -> PossibleDuplicate:
    """Decide that a pair is the same person, different persons, or is put off until later.

    A decision can be changed. The same decision again changes nothing. `version` is that of the
    pair that was looked at. Raises Refused, StaleVersion when somebody decided otherwise
    meanwhile, and PossibleDuplicate.DoesNotExist for a pair that is not there (any more).
    """
    if decision == State.OPEN:
        raise Refused(_("Say same, different or later."), code="no_decision")
    with transaction.atomic(), acting(by=by, reason=reason or f"decided: {decision.label.lower()}"):
        pairs = PossibleDuplicate.objects.select_for_update(of=("self",))
        pair: PossibleDuplicate = pairs.get(pk=duplicate_id)
        if pair.state == decision:
            return pair
        if version is not None and version != pair.version:
            raise StaleVersion(expected=version, actual=pair.version)
        in_the_way = missing(pair, decision)
        if in_the_way:
            raise Refused(in_the_way[0].message, code=in_the_way[0].code, missing=in_the_way)
        put_off = decision == State.LATER
        pair.state = decision
        pair.decided_at = None if put_off else timezone.now()
        pair.decided_by = None if put_off else by
        pair.save(update_fields=("state", "decided_at", "decided_by"))
        pair.refresh_from_db()
        for step in _steps:
            step.decided(pair, by)
        return pair
