"""What stops here when a patient withdraws a consent: what has not been sent yet is not sent.

A referral or a step that has left stays as it is: the site or the sponsor has it already, and
what follows is agreed with the patient.
"""

from collections.abc import Sequence

from django.db.models import Model, QuerySet

from patients.consenting import Step, Withdrawal
from patients.models import Consent
from referrals.dossiers import cancel_locked
from referrals.ending import end
from referrals.models import CTReferral, DossierStep, EAPDossier

Purpose = Consent.Purpose

# Referrals that no site has seen.
UNSENT = (CTReferral.Status.DRAFT, CTReferral.Status.ELIGIBLE)


def unsent_referrals(withdrawal: Withdrawal) -> QuerySet[CTReferral]:
    rows = CTReferral.objects.filter(patient=withdrawal.patient, status__in=UNSENT)
    rows = rows.exclude(trial__registry_id__in=withdrawal.spared)
    return rows.filter(trial__registry_id=withdrawal.scope) if withdrawal.scope else rows


def end_unsent(withdrawal: Withdrawal) -> Sequence[Model]:
    """End the referrals that were about to be sent."""
    rows = unsent_referrals(withdrawal).select_for_update(of=("self",)).order_by("pk")
    referrals = list(rows)
    for referral in referrals:
        end(
            referral,
            CTReferral.Status.WITHDRAWN,
            CTReferral.Outcome.WITHDRAWN,
            now=withdrawal.now,
        )
    return referrals


def steps_in_preparation(withdrawal: Withdrawal) -> QuerySet[DossierStep]:
    dossiers = EAPDossier.objects.open().filter(patient=withdrawal.patient)
    dossiers = dossiers.exclude(program__eap_number__in=withdrawal.spared)
    if withdrawal.scope:
        dossiers = dossiers.filter(program__eap_number=withdrawal.scope)
    preparing = DossierStep.Status.IN_PREPARATION
    return DossierStep.objects.filter(dossier__in=dossiers, status=preparing)


def cancel_preparation(withdrawal: Withdrawal) -> Sequence[Model]:
    """Cancel the steps that were about to be submitted; the dossiers stay open."""
    rows = steps_in_preparation(withdrawal).select_for_update(of=("self",)).order_by("pk")
    steps = list(rows)
    for step in steps:
        cancel_locked(step, action="withdraw-consent", by=None)
    return steps


STEPS = (
    Step(
        "end unsent referrals",
        (Purpose.TRIAL_SITE, Purpose.NAVIGATION),
        unsent_referrals,
        end_unsent,
    ),
    Step(
        "cancel steps in preparation",
        (Purpose.EAP_SPONSOR, Purpose.NAVIGATION),
        steps_in_preparation,
        cancel_preparation,
    ),
)
