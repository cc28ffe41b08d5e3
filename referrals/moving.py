"""What a merge does with referrals and dossiers.

A patient has one active referral to a trial and one open dossier in a program. Where both records
have one, the further one stays; of two equals, the survivor's. The other is ended, not lost. What
was answered to criteria, and what they came to, goes along as it is.

The way of a dossier that was closed says so, so that opening it again brings its steps back.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from patients.relations import Merging, Policy, moves
from referrals import calling_off
from referrals.dossier_closing import CLOSE
from referrals.models import (
    CTReferral,
    DossierChange,
    DossierStep,
    EAPDossier,
    FollowUp,
    Shipment,
)


def referrals(merging: Merging) -> None:
    """End the one that is less far of two active referrals to one trial, then move them all."""
    own = {r.trial_id: r for r in merging.survivors(CTReferral) if r.is_active}
    for referral in merging.rows(CTReferral):
        other = own.get(referral.trial_id)
        if other is None or not referral.is_active:
            continue
        behind = other if _progress(referral) > _progress(other) else referral
        merging.journal.change(
            behind,
            status=CTReferral.Status.WITHDRAWN,
            outcome=CTReferral.Outcome.OTHER,
            status_since=timezone.now(),
            due_on=None,
        )
        merging.give_way(
            behind, "referral_twice", _("The other referral to this trial stays active.")
        )
    merging.move("referrals.CTReferral.patient")


def _progress(referral: CTReferral) -> int:
    return CTReferral.ACTIVE.index(referral.status)


def dossiers(merging: Merging) -> None:
    """Close the one that is less far of two open dossiers in one program, then move them all."""
    own = {d.program_id: d for d in merging.survivors(EAPDossier) if _is_open(d)}
    for dossier in merging.rows(EAPDossier):
        other = own.get(dossier.program_id)
        if other is None or not _is_open(dossier):
            continue
        behind = other if _steps_taken(dossier) > _steps_taken(other) else dossier
        _close(merging, behind)
        _call_off(merging, behind)
        merging.give_way(
            behind, "dossier_twice", _("The other dossier in this program stays open.")
        )
    merging.move("referrals.EAPDossier.patient")


def _close(merging: Merging, dossier: EAPDossier) -> None:
    """End the dossier that gives way and the steps that wait in it, and write down that it is so.

    As `dossier_closing.close_locked` does, but written in the journal, to be taken back.
    """
    waiting = dossier.steps.filter(status__in=DossierStep.WAITING)
    steps = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    merging.journal.change(
        dossier,
        state=EAPDossier.State.CLOSED,
        closed_reason=EAPDossier.ClosedReason.DUPLICATE,
        progressed_at=timezone.now(),
    )
    _keep(merging, dossier, (EAPDossier.State.OPEN, EAPDossier.State.CLOSED))
    for step in steps:
        before = step.status
        merging.journal.change(
            step, status=DossierStep.Status.CANCELLED, status_since=timezone.localdate()
        )
        _keep(merging, dossier, (before, step.status), step=step)


def _keep(
    merging: Merging,
    dossier: EAPDossier,
    change: tuple[str, str],
    *,
    step: DossierStep | None = None,
) -> None:
    merging.journal.add(
        DossierChange(
            dossier=dossier,
            step=step,
            action=CLOSE,
            from_status=change[0],
            to_status=change[1],
            happened_on=timezone.localdate(),
            reason="" if step else EAPDossier.ClosedReason.DUPLICATE,
            changed_by=merging.by,
        )
    )


def _call_off(merging: Merging, dossier: EAPDossier) -> None:
    """What was not sent yet for the dossier that gave way, and what was agreed with the patient."""
    mine = EAPDossier.objects.filter(pk=dossier.pk)
    for shipment in calling_off.unsent(mine).select_for_update(of=("self",)).order_by("pk"):
        merging.journal.change(
            shipment,
            status=Shipment.Status.CANCELLED,
            ended_on=timezone.localdate(),
            reason=Shipment.Reason.DOSSIER_CLOSED,
        )
    for follow_up in calling_off.agreed(mine).select_for_update(of=("self",)).order_by("pk"):
        merging.journal.change(follow_up, status=FollowUp.Status.CANCELLED)


def _is_open(dossier: EAPDossier) -> bool:
    return bool(dossier.state == EAPDossier.State.OPEN)


def _steps_taken(dossier: EAPDossier) -> int:
    status = DossierStep.Status
    return dossier.steps.exclude(status__in=(status.NOT_STARTED, status.CANCELLED)).count()


POLICIES = (
    Policy(("referrals.CTReferral.patient",), referrals),
    Policy(("referrals.EAPDossier.patient",), dossiers),
    moves("referrals.CriterionAnswer.patient"),
    moves("referrals.Assessed.patient"),
    moves("referrals.OptionsReport.patient"),
)
