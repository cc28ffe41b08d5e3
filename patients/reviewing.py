"""Deciding about a pair that may be one person: the same, not the same, or later.

"Not the same" is remembered, and stands in the way of a merge. "The same" says so; the merge
itself is `merging.merge`, where somebody chooses between the values.
"""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import PossibleDuplicate
from portal.core.errors import Missing, Refused, StaleVersion
from portal.core.history import acting
from portal.core.models import User

State = PossibleDuplicate.State


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
        return pair
