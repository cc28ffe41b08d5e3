"""A lead becomes a patient, and a lead again while nothing depends on it.

Converting moves nothing: it is the same row, and everything that hangs on it stays as it is. It
needs a call that reached the person, or somebody who may say why it goes without.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.locking import locked, restriction
from patients.models import Patient, StageChange
from patients.overriding import demand
from portal.core.errors import Missing
from portal.core.history import acting
from portal.core.models import User

Stage = Patient.Stage
Reason = StageChange.Reason

OVERRIDABLE = frozenset({"not_reached"})


@dataclass(frozen=True, slots=True)
class Dependent:
    """Something that only a patient can have: named, and asked of one patient."""

    name: str
    blocking: Callable[[Patient], Missing | None]


_dependents: list[Dependent] = []


def join(*dependents: Dependent) -> None:
    """Declare what depends on a conversion, called from `AppConfig.ready`."""
    _dependents.extend(one for one in dependents if one not in _dependents)


def dependents() -> tuple[Dependent, ...]:
    """What is asked before a conversion is taken back, in this order."""
    return tuple(_dependents)


def missing(patient: Patient) -> tuple[Missing, ...]:
    """What has to be true before this lead can be converted; empty when it can be."""
    found = [*restriction(patient)]
    if patient.stage == Stage.CLOSED:
        found.append(Missing("closed", _("The record is closed. Reopen it first.")))
    if patient.is_deceased:
        found.append(Missing("deceased", _("This person has died.")))
    if patient.initial_consult_at is None:
        found.append(Missing("not_reached", _("No call has reached this person yet.")))
    return tuple(found)


def missing_to_undo(patient: Patient) -> tuple[Missing, ...]:
    """What is in the way of making this patient a lead again; empty when nothing is."""
    found = [*restriction(patient)]
    if patient.stage == Stage.CLOSED:
        found.append(Missing("closed", _("The record is closed. Reopen it first.")))
    if patient.converted_at is not None:
        found += [reason for one in _dependents if (reason := one.blocking(patient))]
    return tuple(found)


def convert(*, patient_id: UUID, by: User, override: str = "") -> Patient:
    """Make a lead a patient and return it; who is one already stays as they are.

    `override` says why, when no call has reached them; a team lead or data steward may. Raises
    Refused with what is missing.
    """
    with transaction.atomic(), acting(by=by, reason=override or "conversion"):
        patient = locked(patient_id)
        if patient.stage == Stage.PATIENT:
            return patient
        demand(patient, missing(patient), by=by, override=override, overridable=OVERRIDABLE)
        patient.stage = Stage.PATIENT
        patient.converted_at, patient.converted_by = timezone.now(), by
        return _saved(patient, Stage.LEAD, reason=Reason.PURSUE, remark="", by=by)


def undo(*, patient_id: UUID, by: User, remark: str = "") -> Patient:
    """Make a patient a lead again and return it; a lead stays as it is.

    Raises Refused with what depends on the conversion.
    """
    with transaction.atomic(), acting(by=by, reason=remark or "conversion taken back"):
        patient = locked(patient_id)
        if patient.stage == Stage.LEAD:
            return patient
        demand(patient, missing_to_undo(patient), by=by)
        patient.stage = Stage.LEAD
        patient.converted_at = patient.converted_by = None
        return _saved(patient, Stage.PATIENT, reason=Reason.MISTAKE, remark=remark, by=by)


def _saved(patient: Patient, before: Stage, *, reason: Reason, remark: str, by: User) -> Patient:
    patient.save(update_fields=("stage", "converted_at", "converted_by"))
    StageChange.objects.create(
        patient=patient,
        from_stage=before,
        to_stage=patient.stage,
        reason=reason,
        remark=remark,
        changed_by=by,
    )
    patient.refresh_from_db()
    return patient
