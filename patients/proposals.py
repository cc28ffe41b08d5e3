"""What a form says differently is proposed; a navigator takes it over or turns it down.

Nothing on a known person's record changes by itself. Taking over an e-mail address or a phone
keeps the old one as a further contact point. Turning down is remembered: the same words are not
proposed again while the record still says the same.
"""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import closing, matching
from patients.answers import Answers
from patients.correcting import is_same, keep_address
from patients.locking import locked, refuse_restricted
from patients.models import (
    FieldProposal,
    MedicalCondition,
    Patient,
    StageChange,
    Submission,
)
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Field = FieldProposal.Field
State = FieldProposal.State

# The longest proposed value; the longest texts of a form that are proposed are shorter.
_LONGEST = 300


class Decided(Refused):
    """The proposal has been accepted or rejected already."""

    code = "already_decided"


class Outdated(Refused):
    """The record does not say any more what the person who decides was shown."""

    code = "proposal_outdated"


def propose(*, patient: Patient, said: Answers, submission: Submission) -> list[FieldProposal]:
    """Propose what `said` says differently from `patient`. Returns the proposals that are new."""
    differing = list(_differing(patient, said))
    if not differing:
        return []
    known = set(
        FieldProposal.objects.filter(patient=patient)
        .exclude(state=State.ACCEPTED)
        .values_list("field", "current_value", "proposed_value", "state")
    )
    waiting = {(field, proposed) for field, _current, proposed, state in known if state == "open"}
    turned_down = {row[:3] for row in known if row[3] == State.REJECTED}
    return FieldProposal.objects.bulk_create(
        FieldProposal(
            patient=patient,
            field=field,
            current_value=current,
            proposed_value=proposed,
            submission=submission,
        )
        for field, current, proposed in differing
        if (field, proposed) not in waiting and (field, current, proposed) not in turned_down
    )


def current(proposal: FieldProposal, patient: Patient | None = None) -> str:
    """What the record says now, in the form of the proposal's values."""
    return _value(patient or proposal.patient, proposal.field)


def accept(*, proposal_id: UUID, by: User, seen: str | None = None) -> FieldProposal:
    """Take the proposed value over and return the proposal.

    `seen` is the value on record that was shown beside it; Outdated is raised when the record
    says something else by now. Raises Decided, Refused for a patient who may not be changed, and
    ValidationError when the record cannot have the value (an address that is somebody else's).
    """
    with transaction.atomic(), acting(by=by, reason="proposal accepted"):
        proposal, patient = _lock(proposal_id)
        refuse_restricted(patient)
        before = _value(patient, proposal.field)
        if seen is not None and seen != before:
            raise Outdated(_("The record has been changed since. Look at it again."))
        _apply(patient, proposal, by)
        FieldProposal.objects.filter(
            patient=patient, field=proposal.field, state=State.OPEN
        ).exclude(pk=proposal.pk).update(current_value=_value(patient, proposal.field)[:_LONGEST])
        return _decided(proposal, State.ACCEPTED, by)


def reject(*, proposal_id: UUID, by: User) -> FieldProposal:
    """Leave the record as it is and return the proposal. Raises Decided."""
    with transaction.atomic(), acting(by=by, reason="proposal rejected"):
        proposal, _patient = _lock(proposal_id)
        return _decided(proposal, State.REJECTED, by)


# --- what differs


def _differing(patient: Patient, said: Answers) -> Iterator[tuple[str, str, str]]:
    """(field, on record, said) for each value that differs. What was not said differs never."""
    for field, proposed in _said(said):
        on_record = _value(patient, field)
        if (
            proposed
            and not is_same(proposed, on_record)
            and not _is_known(patient, field, proposed)
        ):
            yield field, on_record, proposed
    if (
        said.condition_text
        and not said.condition
        and not is_same(said.condition_text, _value(patient, Field.MEDICAL_CONDITION))
    ):
        yield Field.MEDICAL_CONDITION, _value(patient, Field.MEDICAL_CONDITION), said.condition_text
    if patient.deceased_on:
        yield Field.DECEASED_ON, patient.deceased_on.isoformat(), ""
    if patient.stage == Patient.Stage.CLOSED:
        yield Field.STAGE, patient.stage, _stage_before(patient)
    if patient.do_not_contact and any(
        (one.purpose, one.decision) == ("contact", "given") for one in said.consents
    ):
        yield Field.DO_NOT_CONTACT, _value(patient, Field.DO_NOT_CONTACT), ""


def _said(said: Answers) -> tuple[tuple[str, str], ...]:
    return (
        (Field.FIRST_NAME, said.first_name),
        (Field.LAST_NAME, said.last_name),
        (Field.EMAIL, said.email),
        (Field.PHONE, said.phone),
        (Field.COUNTRY, said.country),
        (Field.LANGUAGE, said.language),
        (Field.TIME_ZONE, said.time_zone),
        (Field.MEDICAL_CONDITION, said.condition.name if said.condition else ""),
        (Field.DATE_OF_BIRTH, said.date_of_birth.isoformat() if said.date_of_birth else ""),
        (Field.VOICEMAIL, said.voicemail),
        (Field.ON_BEHALF_OF_NAME, said.filled_in_by),
        (Field.ON_BEHALF_OF_RELATION, said.relation),
    )


def _value(patient: Patient, field: str) -> str:
    """A field of the record as a proposal writes it: dates as ISO, a condition by its name."""
    value = getattr(patient, field)
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_known(patient: Patient, field: str, proposed: str) -> bool:
    """Whether an address or phone is a further contact point of theirs already."""
    if field not in (Field.EMAIL, Field.PHONE):
        return False
    return any(
        point.kind == field and is_same(point.value, proposed)
        for point in patient.contact_points.all()
    )


def _stage_before(patient: Patient) -> str:
    return Patient.Stage.PATIENT if patient.converted_at else Patient.Stage.LEAD


# --- deciding


def _lock(proposal_id: UUID) -> tuple[FieldProposal, Patient]:
    """The open proposal and its patient, both locked, the patient first as everywhere.

    Raises Decided, and Outdated when a merge, or the undoing of one, moved it while it waited.
    """
    patient_id = FieldProposal.objects.values_list("patient", flat=True).get(pk=proposal_id)
    patient = locked(patient_id, although_restricted=True)
    proposal = FieldProposal.objects.select_for_update(no_key=True).get(pk=proposal_id)
    if proposal.patient_id != patient_id:
        raise Outdated(_("The record was merged or parted meanwhile. Look at it again."))
    if proposal.state != State.OPEN:
        raise Decided(_("Somebody has decided on this already."))
    proposal.patient = patient
    return proposal, patient


def _decided(proposal: FieldProposal, state: str, by: User) -> FieldProposal:
    proposal.state, proposal.decided_at, proposal.decided_by = state, timezone.now(), by
    proposal.save(update_fields=["state", "decided_at", "decided_by"])
    return proposal


def _apply(patient: Patient, proposal: FieldProposal, by: User) -> None:
    if proposal.field == Field.STAGE:
        _reopen(patient, by)
        return
    field, proposed = proposal.field, proposal.proposed_value
    if field in (Field.EMAIL, Field.PHONE):
        keep_address(patient, field, proposed)
        setattr(patient, field, proposed)
    elif field == Field.MEDICAL_CONDITION:
        patient.medical_condition = _condition(proposed)
    elif field in (Field.DATE_OF_BIRTH, Field.DECEASED_ON):
        setattr(patient, field, date.fromisoformat(proposed) if proposed else None)
    elif field == Field.DO_NOT_CONTACT:
        patient.do_not_contact = bool(proposed)
    else:
        setattr(patient, field, proposed)
    patient.full_clean()
    patient.save(update_fields=[field])
    if field in matching.COMPARED:
        matching.review(patient)


def _reopen(patient: Patient, by: User) -> None:
    """Bring somebody back who came back; that they had died was then a mistake."""
    reasons = StageChange.Reason
    reason = reasons.MISTAKE if patient.is_deceased else reasons.RETURNED
    closing.reopen(patient_id=patient.pk, by=by, reason=reason, remark="proposal accepted")
    patient.refresh_from_db()
    if reason == reasons.MISTAKE:
        alive = FieldProposal.objects.filter(patient=patient, field=Field.DECEASED_ON)
        for proposal in alive.open().filter(proposed_value=""):
            _decided(proposal, State.ACCEPTED, by)


def _condition(name: str) -> MedicalCondition:
    condition: MedicalCondition | None = MedicalCondition.objects.named(name).first()
    if condition is None:
        raise Refused(
            _("No medical condition has this name. Add it to the names of one first."),
            code="unknown_condition",
        )
    return condition
