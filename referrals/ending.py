"""What closing a patient ends here, and what depends on somebody being a patient."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from patients.closing import Ending, Step
from patients.conversion import Dependent
from patients.models import Patient
from portal.core.errors import Missing
from referrals.dossier_closing import close_locked
from referrals.models import CTReferral, DossierStep, EAPDossier

Closed = Patient.ClosedReason
Status = CTReferral.Status
Outcome = CTReferral.Outcome

# What becomes of an active referral; withdrawn when the reason is not named.
_REFERRAL_ENDS = {
    Closed.DECEASED: (Status.DECEASED, Outcome.OTHER),
    Closed.UNREACHABLE: (Status.LOST_CONTACT, Outcome.OTHER),
    Closed.WITHDRAWN: (Status.WITHDRAWN, Outcome.WITHDRAWN),
}
# And of an open dossier.
_DOSSIER_ENDS = {
    Closed.DECEASED: EAPDossier.ClosedReason.DECEASED,
    Closed.COMPLETED: EAPDossier.ClosedReason.TREATED,
}


def open_referrals(patient: Patient, now: datetime) -> Sequence[QuerySet[Any]]:
    """The referrals that closing ends."""
    return (CTReferral.objects.active().filter(patient=patient),)


def open_dossiers(patient: Patient, now: datetime) -> Sequence[QuerySet[Any]]:
    """The dossiers that closing closes, and their steps that wait for somebody."""
    dossiers = EAPDossier.objects.open().filter(patient=patient)
    waiting = DossierStep.WAITING
    return dossiers, DossierStep.objects.filter(dossier__in=dossiers, status__in=waiting)


def end_referrals(ending: Ending) -> Sequence[Model]:
    """End every active referral. Who is enrolled when all is completed, has completed the trial."""
    (active,) = open_referrals(ending.patient, ending.now)
    referrals = list(active.select_for_update(of=("self",)).order_by("pk"))
    for referral in referrals:
        if ending.closed_as == Closed.COMPLETED and referral.status == Status.ENROLLED:
            status, outcome = Status.COMPLETED, Outcome.ENROLLED
        else:
            status, outcome = _REFERRAL_ENDS.get(
                ending.closed_as, (Status.WITHDRAWN, Outcome.OTHER)
            )
        end(referral, status, outcome, now=ending.now)
    return referrals


def end(referral: CTReferral, status: Status, outcome: Outcome, *, now: datetime) -> None:
    """End a referral that is locked; nobody is waited for any more."""
    referral.status, referral.outcome = status, outcome
    referral.status_since, referral.due_on = now, None
    referral.save(update_fields=("status", "outcome", "status_since", "due_on"))


def close_dossiers(ending: Ending) -> Sequence[Model]:
    """Close every open dossier, and cancel its steps that wait for somebody."""
    mine, _steps = open_dossiers(ending.patient, ending.now)
    dossiers = list(mine.select_for_update(of=("self",)).order_by("pk"))
    reason = _DOSSIER_ENDS.get(ending.closed_as, EAPDossier.ClosedReason.WITHDRAWN)
    steps = [step for dossier in dossiers for step in close_locked(dossier, reason, by=ending.by)]
    return [*dossiers, *steps]


STEPS = (
    Step("end active referrals", end_referrals, open_referrals),
    Step("close open dossiers", close_dossiers, open_dossiers),
)


def referred(patient: Patient) -> Missing | None:
    """A referral that was begun after the conversion."""
    if not patient.ct_referrals.filter(created_at__gte=patient.converted_at).exists():
        return None
    return Missing("has_referrals", _("A referral was begun since they became a patient."))


def in_program(patient: Patient) -> Missing | None:
    """A dossier that was begun after the conversion."""
    if not patient.eap_dossiers.filter(created_at__gte=patient.converted_at).exists():
        return None
    return Missing("has_dossiers", _("A dossier was begun since they became a patient."))


AFTER_CONVERSION = (
    Dependent("referrals", referred),
    Dependent("dossiers", in_program),
)
