"""What is done with a step of a dossier that leaves its status.

`chase` keeps whoever has it awake, `attach` puts a document to what the step asks for, `plan`
changes who acts and by when.
"""

from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.locking import restriction
from patients.overriding import demand
from portal.core.errors import Missing, Refused
from portal.core.history import acting
from portal.core.models import User
from referrals.dossier_steps import locked_step, progress
from referrals.dossiers import missing_to_plan, said_why
from referrals.happening import ahead, documents_of
from referrals.models import DossierChange, DossierStep, EAPDossier, StepDocument

Status = DossierStep.Status
# While something may still be put to what the step asks for.
TAKES_DOCUMENTS = (Status.NOT_STARTED, Status.IN_PREPARATION, Status.QUESTIONS)
CHASE = "chase"
PLAN = "plan"
ATTACH = "attach"


def chase(*, step_id: UUID, by: User, next_on: date, remark: str = "") -> DossierStep:
    """Write down that who has the step was asked again, and when they are to be asked next.

    Raises Refused when nobody has to answer, ValidationError for a day that is over.
    """
    with transaction.atomic(), acting(by=by, reason=f"step: {CHASE}"):
        step = locked_step(step_id)
        if step.status != Status.SUBMITTED or step.dossier.state != EAPDossier.State.OPEN:
            raise Refused(_("Nobody has to answer this step."), code="wrong_status")
        step.ask_again_on = ahead(next_on)
        step.save(update_fields=("ask_again_on",))
        _keep(step, CHASE, by=by, remark=remark)
        return step


def plan(
    *,
    step_id: UUID,
    by: User,
    remark: str,
    due_on: date | None = None,
    responsible: str = "",
    days: int | None = None,
) -> DossierStep:
    """Change by when, by whom or in how many days a step is done; what is left out stays.

    Raises Refused when it waits for nobody, ValidationError without a word why.
    """
    with transaction.atomic(), acting(by=by, reason=f"step: {PLAN}"):
        step = locked_step(step_id)
        demand(step.dossier.patient, missing_to_plan(step.dossier), by=by)
        if step.status not in DossierStep.WAITING:
            raise Refused(_("This step waits for nobody."), code="wrong_status")
        said_why(remark)
        step.due_on = step.due_on if due_on is None else due_on
        step.responsible = responsible or step.responsible
        step.days = step.days if days is None else days
        step.clean_fields()
        step.save()
        _keep(step, PLAN, by=by, remark=remark)
        return step


def attach(*, step_id: UUID, name: str, document_id: UUID, by: User) -> DossierStep:
    """Put a document of the patient to what the step asks for, instead of one that is there.

    Raises ValidationError for what the step does not ask for and for somebody else's document,
    Refused when it was sent already.
    """
    with transaction.atomic(), acting(by=by, reason=f"step: {ATTACH}"):
        step = locked_step(step_id)
        demand(step.dossier.patient, missing_to_plan(step.dossier), by=by)
        if step.status not in TAKES_DOCUMENTS:
            raise Refused(_("What was sent or done keeps its documents."), code="wrong_status")
        if name not in step.documents:
            message = _("The step does not ask for that.")
            raise ValidationError({"name": ValidationError(message, code="not_asked_for")})
        [document] = documents_of(step.dossier.patient, [document_id])
        StepDocument.objects.update_or_create(step=step, name=name, defaults={"document": document})
        _keep(step, ATTACH, by=by, remark=name)
        return step


def missing_besides(step: DossierStep) -> dict[str, tuple[Missing, ...]]:
    """What can be done with a step as it is that leaves its status, each with what is missing."""
    found: dict[str, tuple[Missing, ...]] = {}
    if step.status == Status.SUBMITTED and step.dossier.state == EAPDossier.State.OPEN:
        found[CHASE] = restriction(step.dossier.patient)
    if step.status in DossierStep.WAITING:
        found[PLAN] = missing_to_plan(step.dossier)
    if step.status in TAKES_DOCUMENTS and step.documents:
        found[ATTACH] = missing_to_plan(step.dossier)
    return found


def _keep(step: DossierStep, action: str, *, by: User, remark: str) -> None:
    progress(step.dossier)
    DossierChange.objects.create(
        dossier=step.dossier,
        step=step,
        action=action,
        from_status=step.status,
        to_status=step.status,
        happened_on=timezone.localdate(),
        remark=remark.strip(),
        changed_by=by,
    )
