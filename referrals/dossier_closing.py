"""The end of a dossier of expanded access, and opening it again."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.overriding import demand
from portal.core.errors import Missing
from portal.core.history import acting
from portal.core.models import User
from referrals import calling_off, conditions
from referrals.dossiers import keep, locked_dossier, said_why
from referrals.models import DossierChange, DossierStep, EAPDossier, Shipment

State = EAPDossier.State
Reason = EAPDossier.ClosedReason

# Why somebody closes a dossier. Death closes the patient, a merge what is there twice.
REASONS = (
    Reason.TREATED,
    Reason.REJECTED,
    Reason.WITHDRAWN,
    Reason.PROGRAM_CLOSED,
    Reason.APPROVED_FOR_MARKETING,
    Reason.ENROLLED_IN_TRIAL,
    Reason.OTHER,
)
CLOSE = "close"
REOPEN = "reopen"


def close(*, dossier_id: UUID, reason: str, by: User, remark: str = "") -> EAPDossier:
    """Close a dossier and cancel what waits in it; return it. A closed one stays as it is.

    What was not sent and what was agreed with the patient is called off (`calling_off`).

    Raises ValidationError for a reason that is none, or for another reason without words.
    """
    with transaction.atomic(), acting(by=by, reason=remark or f"dossier: {CLOSE}"):
        dossier = locked_dossier(dossier_id)
        if dossier.state == State.CLOSED:
            return dossier
        if reason not in REASONS:
            message = _("Say why, with one of the reasons.")
            raise ValidationError({"reason": ValidationError(message, code="required")})
        if reason == Reason.OTHER and not remark.strip():
            message = _("Say in words what the other reason is.")
            raise ValidationError({"remark": ValidationError(message, code="required")})
        close_locked(dossier, Reason(reason), by=by, remark=remark)
        mine = EAPDossier.objects.filter(pk=dossier.pk)
        calling_off.call_off(mine, reason=Shipment.Reason.DOSSIER_CLOSED, on=timezone.localdate())
        return dossier


def close_locked(
    dossier: EAPDossier, reason: Reason, *, by: User, remark: str = ""
) -> list[DossierStep]:
    """Close a dossier that is locked, and return the steps that were cancelled with it."""
    waiting = dossier.steps.filter(status__in=DossierStep.WAITING)
    steps = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    dossier.state, dossier.closed_reason = State.CLOSED, reason
    keep(dossier, CLOSE, by=by, reason=reason, remark=remark, change=(State.OPEN, State.CLOSED))
    for step in steps:
        cancel_locked(step, action=CLOSE, by=by)
    return steps


def cancel_locked(step: DossierStep, *, action: str, by: User | None) -> None:
    """Cancel a step that is locked, as a part of something else that was done."""
    before, today = step.status, timezone.localdate()
    step.status, step.status_since = DossierStep.Status.CANCELLED, today
    step.save(update_fields=("status", "status_since"))
    DossierChange.objects.create(
        dossier_id=step.dossier_id,
        step=step,
        action=action,
        from_status=before,
        to_status=step.status,
        happened_on=today,
        changed_by=by,
    )


def reopen(*, dossier_id: UUID, by: User, remark: str) -> EAPDossier:
    """Open a closed dossier again, its cancelled steps as they were before; return it.

    Shipments and follow-ups that the closing called off stay so.

    Raises Refused when the patient is closed, ValidationError without a word why, and
    IntegrityError when another dossier in this program was opened since.
    """
    with transaction.atomic(), acting(by=by, reason=remark or f"dossier: {REOPEN}"):
        dossier = locked_dossier(dossier_id)
        if dossier.state == State.OPEN:
            return dossier
        demand(dossier.patient, missing_to_reopen(dossier), by=by)
        said_why(remark)
        dossier.state, dossier.closed_reason = State.OPEN, ""
        keep(dossier, REOPEN, by=by, remark=remark, change=(State.CLOSED, State.OPEN))
        for step in _cancelled_by_closing(dossier):
            last = step.changes.order_by("-created_at", "-id").first()
            if last is None or last.action != CLOSE:
                continue
            step.status, step.status_since = last.from_status, _since_before_closing(step)
            step.save(update_fields=("status", "status_since"))
            DossierChange.objects.create(
                dossier=dossier,
                step=step,
                action=REOPEN,
                from_status=DossierStep.Status.CANCELLED,
                to_status=step.status,
                happened_on=timezone.localdate(),
                changed_by=by,
            )
        return dossier


def _cancelled_by_closing(dossier: EAPDossier) -> Iterable[DossierStep]:
    cancelled = dossier.steps.filter(status=DossierStep.Status.CANCELLED)
    return list(cancelled.select_for_update(of=("self",)).order_by("pk"))


def _since_before_closing(step: DossierStep) -> date:
    """Since when the step had the status that a closing ended: its last move, else its making."""
    moves = step.changes.exclude(action__in=(CLOSE, REOPEN)).exclude(from_status=F("to_status"))
    days = moves.order_by("-created_at", "-id").values_list("happened_on", flat=True)
    return days.first() or timezone.localdate(step.created_at)


def missing_to_reopen(dossier: EAPDossier) -> tuple[Missing, ...]:
    """What is in the way of opening a dossier again; empty when nothing is."""
    found = [*conditions.of_the_person(dossier.patient, is_end=False)]
    others = EAPDossier.objects.open().filter(
        patient=dossier.patient_id, program=dossier.program_id
    )
    if others.exists():
        message = _("This patient has an open dossier in this program.")
        found.append(Missing("another_is_open", message))
    return tuple(found)


def missing_to_close(dossier: EAPDossier) -> tuple[Missing, ...]:
    """What is in the way of closing a dossier; empty when nothing is."""
    return tuple(conditions.of_the_person(dossier.patient, is_end=True))
