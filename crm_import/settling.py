"""Carrying out what people decided about the migration: value maps and rows in quarantine.

All that is decided at once is one run in the ledger, under the lock of the imports: the rules are
done again on what the archive holds, so a page of the admin, and a file of decisions, go the same
way as an export of the CRM. A decision that stands already changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from crm_import import correcting, deciding, importing, refusals
from crm_import.correcting import Fix
from crm_import.deciding import Verdict
from crm_import.models import Correction, ImportRun, RowOutcome
from crm_import.transform import Renamed
from portal.core.errors import Refused
from portal.core.models import User


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of it. `run` is None when everything stood already.

    `placed` rows left the quarantine, `filled` records had a field filled in; `fixed` are the
    corrections in the order of the fixes.
    """

    run: ImportRun | None = None
    placed: int = 0
    filled: int = 0
    fixed: Sequence[Correction] = field(default_factory=tuple)

    def outcome_of(self, correction: Correction) -> RowOutcome | None:
        """What became of a corrected row."""
        row = correction.replacement or correction.row
        return RowOutcome.objects.last_of(correction.entity, row)


def settle(
    *, by: User, reason: str, verdicts: Iterable[Verdict] = (), fixes: Iterable[Fix] = ()
) -> Settled:
    """Carry out decisions in one run. `reason` goes into history.

    Raises Refused when one of them cannot be carried out, or an import is running; then nothing
    was written.
    """
    new_verdicts = [one for one in verdicts if not deciding.stands(one)]
    new_fixes = [one for one in fixes if not correcting.stands(one)]
    if not new_verdicts and not new_fixes:
        return Settled()
    fixed: list[Correction] = []

    def prepare(run: ImportRun) -> list[Renamed]:
        fixed.extend(correcting.apply(one, run=run, by=by) for one in new_fixes)
        return [deciding.apply(one, run=run, by=by) for one in new_verdicts]

    try:
        done = importing.again(
            by=by, source=_named(new_verdicts, new_fixes), reason=reason, prepare=prepare
        )
    except refusals.Refused as error:
        raise Refused(str(error), code="import_refused") from error
    placed = RowOutcome.objects.filter(
        run=done.run, outcome__in=(RowOutcome.Outcome.IMPORTED, RowOutcome.Outcome.MERGED)
    )
    filled = sum(done.rows[name] for name in FILLED)
    return Settled(done.run, placed.count(), filled, fixed)


# Steps of sql/88_decided.sql.
FILLED = ("conditions that were decided", "referrals that were decided")


def _named(verdicts: Sequence[Verdict], fixes: Sequence[Fix]) -> str:
    """What the ledger calls the run."""
    said = [f"{one.option_set} {one.value}" for one in verdicts]
    said += [f"{one.entity} {one.row}" for one in fixes]
    more = f" and {len(said) - 1} more" if len(said) > 1 else ""
    return f"decided: {said[0]}{more}"
