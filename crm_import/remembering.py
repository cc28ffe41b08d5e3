"""Decisions about pairs are kept by the legacy ids behind them.

A pair of the review queue hangs on two records, and goes with them: when they are merged, or when a
run is rolled back. The decision is kept beside it, and every run follows it: "not the same" keeps
the rows apart whatever joins them, "the same" joins them (sql/50_identity.sql).
"""

from uuid import UUID

from crm_import.models import PairDecision
from patients.models import PossibleDuplicate
from patients.reviewing import Step
from portal.core.models import User


def legacy_ids(pair: PossibleDuplicate) -> tuple[UUID, UUID] | None:
    """The legacy ids of the two, the lower first; None when the pair is not about two rows."""
    found = sorted({UUID(str(one)) for one in pair.evidence.get("legacy_ids", ())})
    return (found[0], found[1]) if len(found) == 2 else None


def remember(pair: PossibleDuplicate, by: User) -> None:
    """Keep what was decided about a pair that came from the CRM; nothing about another one."""
    ids = legacy_ids(pair)
    if ids is not None:
        first, second = ids
        PairDecision.objects.create(first_id=first, second_id=second, decision=pair.state, by=by)


STEPS = (Step("remember for the next import", remember),)
