"""What stops here when a patient withdraws a consent: what has not been sent yet is not sent.

A referral, a step or a shipment that has left stays as it is: the site or the sponsor has it
already, and what follows is agreed with the patient. A step that goes to nobody, or to the patient,
shares nothing and goes on.
"""

from collections.abc import Sequence

from django.db.models import Model, QuerySet
from django.utils import timezone

from patients.consenting import Step, Withdrawal
from patients.models import Consent
from referrals import calling_off
from referrals.dossier_closing import cancel_locked
from referrals.dossier_lifecycle import PURPOSES
from referrals.ending import end
from referrals.models import CTReferral, DossierStep, EAPDossier, Shipment

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


def _dossiers(withdrawal: Withdrawal) -> QuerySet[EAPDossier]:
    """The open dossiers that the withdrawal is about."""
    dossiers = EAPDossier.objects.open().filter(patient=withdrawal.patient)
    dossiers = dossiers.exclude(program__eap_number__in=withdrawal.spared)
    return dossiers.filter(program__eap_number=withdrawal.scope) if withdrawal.scope else dossiers


def _cancelling(purpose: Consent.Purpose, name: str) -> Step:
    """Cancels the steps that were about to go to those whom `purpose` names.

    Their dossiers stay open.
    """
    receivers = [who for who, needed in PURPOSES.items() if needed == purpose]

    def in_preparation(withdrawal: Withdrawal) -> QuerySet[DossierStep]:
        return DossierStep.objects.filter(
            dossier__in=_dossiers(withdrawal),
            status=DossierStep.Status.IN_PREPARATION,
            goes_to__in=receivers,
        )

    def cancel(withdrawal: Withdrawal) -> Sequence[Model]:
        rows = in_preparation(withdrawal).select_for_update(of=("self",)).order_by("pk")
        steps = list(rows)
        for step in steps:
            cancel_locked(step, action="withdraw-consent", by=None)
        return steps

    return Step(name, (purpose, Purpose.NAVIGATION), in_preparation, cancel)


def unsent_shipments(withdrawal: Withdrawal) -> QuerySet[Shipment]:
    return calling_off.unsent(_dossiers(withdrawal))


def cancel_shipments(withdrawal: Withdrawal) -> Sequence[Model]:
    """Cancel the shipments that were planned or released."""
    return calling_off.cancel_shipments(
        _dossiers(withdrawal),
        reason=Shipment.Reason.NO_CONSENT,
        on=timezone.localdate(withdrawal.now),
    )


STEPS = (
    Step(
        "end unsent referrals",
        (Purpose.TRIAL_SITE, Purpose.NAVIGATION),
        unsent_referrals,
        end_unsent,
    ),
    _cancelling(Purpose.EAP_SPONSOR, "cancel steps in preparation"),
    _cancelling(Purpose.PHYSICIAN, "cancel steps in preparation for the physician"),
    Step(
        "call off unsent shipments",
        (Purpose.EAP_SPONSOR, Purpose.NAVIGATION),
        unsent_shipments,
        cancel_shipments,
    ),
)
