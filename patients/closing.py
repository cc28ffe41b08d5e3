"""The end of somebody's way, each with a reason, and the way back.

Closing ends what is still open (calls to come, active referrals, open dossiers) in the same
transaction and says what that was: the apps above join their steps in `AppConfig.ready`, and they
are run in the order of joining. Reopening brings the person back, not what was ended.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.locking import locked, restriction
from patients.models import Patient, StageChange
from patients.overriding import demand
from portal.core.errors import Missing, Refused
from portal.core.history import acting
from portal.core.models import User

Stage = Patient.Stage
ClosedAs = Patient.ClosedReason
Reason = StageChange.Reason

# Calls in vain before somebody counts as unreachable: on three days one is at home once, and more
# calls with no answer are felt as pressure. Fewer need a reason, see `OVERRIDABLE`.
ATTEMPTS_NEEDED = 3
OVERRIDABLE = frozenset({"too_few_attempts"})
# It is this much later somewhere on earth than in UTC.
_FARTHEST_EAST = timedelta(hours=14)

REASONS: dict[ClosedAs, tuple[Reason, ...]] = {
    ClosedAs.DISQUALIFIED: (
        Reason.NO_DIAGNOSIS,
        Reason.STANDARD_TREATMENT,
        Reason.NO_OPTION,
        Reason.TOO_ILL,
        Reason.COUNTRY,
        Reason.NOT_A_PATIENT,
        Reason.SPAM,
        Reason.OTHER,
    ),
    ClosedAs.UNREACHABLE: (Reason.NO_ANSWER, Reason.WRONG_DETAILS),
    ClosedAs.WITHDRAWN: (
        Reason.NOT_INTERESTED,
        Reason.TREATED_ELSEWHERE,
        Reason.TOO_BURDENSOME,
        Reason.CONSENT_WITHDRAWN,
        Reason.OTHER,
    ),
    ClosedAs.DECEASED: (Reason.DIED,),
    ClosedAs.COMPLETED: (Reason.HELPED, Reason.NO_OPTION, Reason.OTHER),
}
REOPENING = (Reason.RETURNED, Reason.NEW_OPTION, Reason.MISTAKE, Reason.OTHER)


@dataclass(frozen=True, slots=True)
class Ending:
    """What every step is told: who is closed, as what, when and by whom."""

    patient: Patient
    closed_as: ClosedAs
    now: datetime
    by: User


@dataclass(frozen=True, slots=True)
class Step:
    """Something that ends with the patient.

    `end` returns the rows that it ended, `find` what it would end now.
    """

    name: str
    end: Callable[[Ending], Sequence[models.Model]]
    find: Callable[[Patient, datetime], Sequence[models.QuerySet[Any]]]


@dataclass(frozen=True, slots=True)
class Ended:
    """Rows of one kind that one step ended."""

    step: str
    model: type[models.Model]
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """The closed patient and what was ended with them."""

    patient: Patient
    ended: tuple[Ended, ...]

    @property
    def counts(self) -> dict[type[models.Model], int]:
        """How many rows of each kind were ended."""
        counts: dict[type[models.Model], int] = {}
        for kind in self.ended:
            counts[kind.model] = counts.get(kind.model, 0) + len(kind.ids)
        return counts


_steps: list[Step] = []
_attempts: list[Callable[[Patient], int]] = []


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
    """What closing ends, in this order."""
    return tuple(_steps)


def would_end(patient: Patient, *, now: datetime) -> dict[type[models.Model], int]:
    """How many rows of each kind closing this patient would end."""
    counts: dict[type[models.Model], int] = {}
    for step in _steps:
        for rows in step.find(patient, now):
            counts[rows.model] = counts.get(rows.model, 0) + rows.count()
    return counts


def count_attempts(counter: Callable[[Patient], int]) -> None:
    """Declare who knows how often a person was tried in vain, called from `AppConfig.ready`."""
    if counter not in _attempts:
        _attempts.append(counter)


def attempts(patient: Patient) -> int:
    """How often somebody tried in vain to reach them, since they were last spoken to."""
    return sum(counter(patient) for counter in _attempts)


def missing(patient: Patient, closed_as: ClosedAs) -> tuple[Missing, ...]:
    """What has to be true before this person can be closed like that; empty when they can be."""
    found = [*restriction(patient)]
    # Somebody who was closed for another reason may still turn out to have died.
    if patient.stage == Stage.CLOSED and closed_as != ClosedAs.DECEASED:
        found.append(Missing("closed", _("The record is closed already.")))
    if closed_as == ClosedAs.COMPLETED and patient.stage == Stage.LEAD:
        found.append(Missing("not_converted", _("A lead has nothing to complete.")))
    if closed_as == ClosedAs.UNREACHABLE:
        made = attempts(patient)
        if made < ATTEMPTS_NEEDED:
            message = _("Tried %(made)d times, %(needed)d are needed.")
            needed = message % {"made": made, "needed": ATTEMPTS_NEEDED}
            found.append(Missing("too_few_attempts", needed))
    return tuple(found)


def missing_to_reopen(patient: Patient, reason: Reason) -> tuple[Missing, ...]:
    """What is in the way of reopening for this reason; empty when nothing is."""
    found = [*restriction(patient)]
    if patient.is_deceased and reason != Reason.MISTAKE:
        found.append(
            Missing("deceased", _("This person has died. Reopen only if that was a mistake."))
        )
    return tuple(found)


def disqualify(*, patient_id: UUID, by: User, reason: Reason, remark: str = "") -> Closed:
    """Close somebody for whom we can do nothing. Raises Refused."""
    return _close(ClosedAs.DISQUALIFIED, patient_id, by=by, reason=reason, remark=remark)


def unreachable(
    *,
    patient_id: UUID,
    by: User,
    reason: Reason = Reason.NO_ANSWER,
    remark: str = "",
    override: str = "",
) -> Closed:
    """Close somebody who was tried often enough in vain. Raises Refused.

    `override` says why, when it was not often enough; a team lead or data steward may.
    """
    return _close(
        ClosedAs.UNREACHABLE, patient_id, by=by, reason=reason, remark=remark, override=override
    )


def withdraw(*, patient_id: UUID, by: User, reason: Reason, remark: str = "") -> Closed:
    """Close somebody who does not want to go on. Raises Refused."""
    return _close(ClosedAs.WITHDRAWN, patient_id, by=by, reason=reason, remark=remark)


def complete(*, patient_id: UUID, by: User, reason: Reason, remark: str = "") -> Closed:
    """Close a patient for whom everything is done. Raises Refused."""
    return _close(ClosedAs.COMPLETED, patient_id, by=by, reason=reason, remark=remark)


def deceased(*, patient_id: UUID, by: User, on: date | None = None, remark: str = "") -> Closed:
    """Close somebody who has died, `on` that day if it is known. Raises Refused.

    A record that was closed for another reason, or without the day, is put right.
    """
    if on is not None and on > (timezone.now() + _FARTHEST_EAST).date():
        raise Refused(_("That day has not come yet."), code="in_the_future")
    return _close(
        ClosedAs.DECEASED, patient_id, by=by, reason=Reason.DIED, remark=remark, died_on=on
    )


def reopen(*, patient_id: UUID, by: User, reason: Reason, remark: str = "") -> Patient:
    """Bring somebody back to where they were, lead or patient, and return them.

    Who is open stays as they are. What the closing ended stays ended. Raises Refused.
    """
    _demand_known(reason, REOPENING, remark)
    with transaction.atomic(), acting(by=by, reason=remark or str(reason.label)):
        patient = locked(patient_id)
        if patient.stage != Stage.CLOSED:
            return patient
        demand(patient, missing_to_reopen(patient, reason), by=by)
        patient.stage = Stage.PATIENT if patient.converted_at else Stage.LEAD
        patient.closed_reason = ""
        patient.deceased_on = None
        patient.save(update_fields=("stage", "closed_reason", "deceased_on"))
        _record(patient, Stage.CLOSED, reason=reason, remark=remark, by=by, ended=())
        patient.refresh_from_db()
        return patient


def _close(
    closed_as: ClosedAs,
    patient_id: UUID,
    *,
    by: User,
    reason: Reason,
    remark: str,
    override: str = "",
    died_on: date | None = None,
) -> Closed:
    _demand_known(reason, REASONS[closed_as], remark)
    with transaction.atomic(), acting(by=by, reason=remark or override or str(reason.label)):
        patient = locked(patient_id)
        if _is_done(patient, closed_as, died_on):
            return Closed(patient, ())
        demand(
            patient,
            missing(patient, closed_as),
            by=by,
            override=override,
            overridable=OVERRIDABLE,
        )
        born = patient.date_of_birth
        if died_on is not None and born is not None and died_on < born:
            raise Refused(_("That is before the date of birth."), code="before_birth")
        before = Stage(patient.stage)
        patient.stage, patient.closed_reason = Stage.CLOSED, closed_as
        if closed_as == ClosedAs.DECEASED:
            patient.deceased_on = died_on or patient.deceased_on
        patient.save(update_fields=("stage", "closed_reason", "deceased_on"))
        ended = _end_all(Ending(patient, closed_as, timezone.now(), by))
        _record(patient, before, reason=reason, remark=remark, by=by, ended=ended)
        patient.refresh_from_db()
        return Closed(patient, ended)


def _is_done(patient: Patient, closed_as: ClosedAs, died_on: date | None) -> bool:
    """Whether the record says all of this already, so that a second request changes nothing."""
    same = patient.stage == Stage.CLOSED and patient.closed_reason == closed_as
    return same and died_on in (None, patient.deceased_on)


def _end_all(ending: Ending) -> tuple[Ended, ...]:
    found = []
    for step in _steps:
        by_kind: dict[type[models.Model], list[UUID]] = {}
        for row in step.end(ending):
            by_kind.setdefault(type(row), []).append(row.pk)
        found += [Ended(step.name, model, tuple(ids)) for model, ids in by_kind.items()]
    return tuple(found)


def _demand_known(reason: Reason, known: Sequence[Reason], remark: str) -> None:
    if reason not in known:
        raise Refused(_("That is no reason for this."), code="unknown_reason")
    if reason == Reason.OTHER and not remark.strip():
        raise Refused(_("Say in words what the other reason is."), code="remark_missing")


def _record(
    patient: Patient,
    before: Stage,
    *,
    reason: Reason,
    remark: str,
    by: User,
    ended: Sequence[Ended],
) -> None:
    StageChange.objects.create(
        patient=patient,
        from_stage=before,
        to_stage=patient.stage,
        closed_reason=patient.closed_reason,
        reason=reason,
        remark=remark,
        changed_by=by,
        ended=[
            {"model": kind.model._meta.label, "ids": [str(pk) for pk in kind.ids]} for kind in ended
        ],
    )
