"""Steps of dossiers of which nothing is missing, and what can be done with them."""

from typing import Any

from django.utils import timezone

from patients.models import Consent
from patients.tests.factories import (
    ConsentFactory,
    HospitalFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.tests.factories import UserFactory
from referrals import dossier_steps
from referrals.dossier_lifecycle import BY_NAME
from referrals.dossier_steps import Said
from referrals.models import DossierStep
from referrals.tests.factories import DossierStepFactory, EAPDossierFactory

# Written out by hand from the design, not read from the table that is tested: of a step that is
# sent, and of one that is simply done. Waiving needs a word of a team lead, so it is never free.
_AGAIN = {status: {"redo"} for status in ("rejected", "not_required", "waived", "cancelled")}
POSSIBLE: dict[bool, dict[str, set[str]]] = {
    True: {
        "not_started": {"prepare", "submit", "leave-out", "cancel"},
        "in_preparation": {"submit", "leave-out", "cancel"},
        "submitted": {"ask", "approve", "reject", "cancel"},
        "questions": {"reply", "approve", "reject", "cancel"},
        "approved": {"expire"},
        "expired": {"redo"},
        **_AGAIN,
    },
    False: {
        "not_started": {"prepare", "finish", "leave-out", "cancel"},
        "in_preparation": {"finish", "leave-out", "cancel"},
        "submitted": {"ask", "approve", "reject", "cancel"},
        "questions": {"reply", "approve", "reject", "cancel"},
        "approved": {"expire"},
        "expired": {"redo"},
        **_AGAIN,
    },
}
LEADS_TO = {
    "prepare": "in_preparation",
    "submit": "submitted",
    "finish": "approved",
    "ask": "questions",
    "reply": "submitted",
    "approve": "approved",
    "reject": "rejected",
    "leave-out": "not_required",
    "waive": "waived",
    "expire": "expired",
    "cancel": "cancelled",
    "redo": "not_started",
}


def ready(status: str = "not_started", **fields: Any) -> DossierStep:
    """A step of an open dossier of somebody of whom nothing is missing."""
    physician = SpecialistFactory(contact_type="physician", hospital=HospitalFactory())
    patient = PatientFactory(converted=True, physician=physician)
    for purpose in (Consent.Purpose.EAP_SPONSOR, Consent.Purpose.PHYSICIAN):
        ConsentFactory(patient=patient, purpose=purpose, decision="given", scope="")
    fields = {"goes_to": "sponsor", **fields}
    if status == "approved" and "decided_on" not in fields:
        fields = {"valid_until": "2026-01-02", **fields}
    step: DossierStep = DossierStepFactory(
        dossier=EAPDossierFactory(patient=patient), status=status, **fields
    )
    return step


def set_back(step: DossierStep, status: str) -> None:
    """As `ready` made it."""
    until = "2026-01-02" if status == "approved" else None
    DossierStep.objects.filter(pk=step.pk).update(
        status=status,
        status_since=None,
        submitted_on=None,
        decided_on=None,
        valid_until=until,
        due_on=None,
    )


def words_for(name: str) -> dict[str, Any]:
    """A word, where the action asks for one."""
    return {"remark": "It is so"} if BY_NAME[name].needs_remark else {}


def take(name: str, step: DossierStep, **said: Any) -> DossierStep:
    """Do the action with the step, with what has to be said for it."""
    by = said.pop("by", None) or UserFactory()
    words = Said(**{**words_for(name), **said})
    return dossier_steps.take(BY_NAME[name], step_id=step.pk, by=by, said=words)


def today() -> str:
    return timezone.localdate().isoformat()
