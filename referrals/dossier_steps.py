"""Moving one step of a dossier on: `take` does one of the actions of `referrals.dossier_lifecycle`.

What leaves its status, such as asking again, is `referrals.step_tending`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import Document
from patients.overriding import demand
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User
from referrals import clocks
from referrals.dossier_lifecycle import OVERRIDABLE, Action, missing
from referrals.dossiers import (
    answer_due,
    due_when_begun,
    locked_dossier,
    said_why,
)
from referrals.happening import day_of, documents_of, packet
from referrals.models import DossierChange, DossierStep, EAPDossier, Milestone

Status = DossierStep.Status
# Working days after which somebody is asked again who has not said how long it takes.
ASK_AGAIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said when something is done with a step.

    `on` is the day it happened, today without it; `due_on` when an answer to what is sent is
    expected. `reference` and `valid_until` belong to a decision, `document_ids` to what is sent
    besides the documents that the step asks for.
    """

    on: date | None = None
    remark: str = ""
    reference: str = ""
    valid_until: date | None = None
    due_on: date | None = None
    document_ids: Collection[UUID] = ()
    override: str = ""


def take(action: Action, *, step_id: UUID, by: User, said: Said = Said()) -> DossierStep:
    """Do `action` and return the step; one that has the target's status already stays so.

    What is sent keeps who the physician was, and what went along. A decision keeps its reference
    number and until when it is valid.

    Raises Refused for another status and for what is missing, ValidationError for a day, a word
    or a document that makes no sense.
    """
    with transaction.atomic(), acting(by=by, reason=said.override or f"step: {action.name}"):
        step = locked_step(step_id)
        if step.status == action.target:
            return step
        if not action.fits(step):
            status = step.get_status_display().lower()
            message = _("Not possible in this status: %(status)s.") % {"status": status}
            raise Refused(message, code="wrong_status")
        demand(
            step.dossier.patient,
            missing(step, action),
            by=by,
            override=said.override,
            overridable=OVERRIDABLE,
        )
        _refuse_what_does_not_belong(action, said)
        day = day_of(said.on, since=_came_before(step))
        change = DossierChange(
            dossier=step.dossier,
            step=step,
            action=action.name,
            from_status=step.status,
            to_status=action.target,
            happened_on=day,
            remark=said.remark.strip(),
            override=said.override.strip(),
            changed_by=by,
        )
        if action.sends:
            change.packet = _send(step, said)
        _advance(step, action, day, said)
        progress(step.dossier)
        change.save(force_insert=True)
        if step.status in DossierStep.DONE:
            _set_dates_after(step)
        return step


def locked_step(step_id: UUID) -> DossierStep:
    """The step with all it needs, locked after its patient and its dossier.

    Raises Refused for somebody about whom nothing may be changed, DossierStep.DoesNotExist.
    """
    rows = DossierStep.objects.filter(pk=step_id)
    dossier_id = rows.values_list("dossier_id", flat=True).first()
    if dossier_id is None:
        raise DossierStep.DoesNotExist(str(step_id))
    dossier = locked_dossier(dossier_id)
    step: DossierStep = (
        rows.select_for_update(of=("self",))
        .select_related("route_step")
        .prefetch_related("needs__needed", "attached__document")
        .get()
    )
    step.dossier = dossier
    return step


def _came_before(step: DossierStep) -> date | None:
    """The last day of what came before: of the step itself, and of what it waited for."""
    days = [need.needed.decided_on for need in step.needs.all()]
    if step.status != Status.NOT_STARTED:
        days.append(step.status_since)
    if step.milestone == Milestone.FIRST_DOSE:
        agreed = step.dossier.steps.filter(milestone=Milestone.INFORMED_CONSENT)
        days += agreed.values_list("decided_on", flat=True)
    return max((day for day in days if day is not None), default=None)


def _refuse_what_does_not_belong(action: Action, said: Said) -> None:
    if action.needs_remark:
        said_why(said.remark)
    belongs = {
        "reference": action.decides,
        "valid_until": action.decides,
        "due_on": action.sends,
        "document_ids": action.sends,
    }
    names = {"document_ids": "documents"}
    for name, is_taken in belongs.items():
        if getattr(said, name) and not is_taken:
            message = _("This is not said here.")
            raise ValidationError(
                {names.get(name, name): ValidationError(message, code="not_for_this")}
            )


def _send(step: DossierStep, said: Said) -> dict[str, Any]:
    """Keep who treats the patient now; return what the receiver is told."""
    dossier, patient = step.dossier, step.dossier.patient
    dossier.physician = patient.physician
    assert dossier.physician is not None  # noqa: S101 - a guard of the action
    dossier.hospital = dossier.physician.hospital
    further = documents_of(patient, said.document_ids)
    asked_for: dict[UUID, Document] = {
        attached.document_id: attached.document for attached in step.attached.all()
    }
    documents = [*asked_for.values(), *(one for one in further if one.pk not in asked_for)]
    return {
        "program": dossier.program.eap_number,
        "step": step.title,
        "goes_to": step.goes_to,
        **packet(patient, documents),
    }


def _advance(step: DossierStep, action: Action, day: date, said: Said) -> None:
    step.status, step.status_since = action.target, day
    if action.target == Status.SUBMITTED:
        step.submitted_on = step.submitted_on or day
        step.due_on = said.due_on or answer_due(step, sent_on=day)
        step.ask_again_on = step.due_on or clocks.after(day, ASK_AGAIN, country=step.country)
    else:
        step.ask_again_on = None
    if action.decides or action.target == Status.REJECTED:
        step.decided_on = day
    if action.decides:
        step.reference = said.reference.strip()
        step.valid_until = said.valid_until or _valid_until(step, day)
        if step.milestone == Milestone.ENROLMENT and step.dossier.enrolled_on is None:
            step.dossier.enrolled_on = day
    if action.target in (Status.WAIVED, Status.NOT_REQUIRED):
        step.decided_on = day
    if action.target == Status.NOT_STARTED:
        step.due_on = due_when_begun(step, begun=day) if _can_begin(step) else None
        step.submitted_on = step.decided_on = step.valid_until = None
        step.reference = ""
    step.save()


def _valid_until(step: DossierStep, day: date) -> date | None:
    if step.valid_days is None:
        return None
    return clocks.later(day, step.valid_days)


def _can_begin(step: DossierStep) -> bool:
    return all(need.needed.status in DossierStep.DONE for need in step.needs.all())


def _set_dates_after(step: DossierStep) -> None:
    """Say by when the steps are due that can begin now and have no date yet.

    They can since the last thing that they waited for was decided, whichever was written down last.
    """
    following = (
        DossierStep.objects.filter(needs__needed=step, status=Status.NOT_STARTED, due_on=None)
        .distinct()
        .prefetch_related("needs__needed")
    )
    for after in following:
        if _can_begin(after):
            decided = [need.needed.decided_on for need in after.needs.all()]
            begun = max(day for day in decided if day is not None)
            after.due_on = due_when_begun(after, begun=begun)
            after.save(update_fields=("due_on",))


def progress(dossier: EAPDossier) -> None:
    """Move the dossier on, so that whoever follows changes sees that a step was taken."""
    dossier.progressed_at = timezone.now()
    dossier.save()
