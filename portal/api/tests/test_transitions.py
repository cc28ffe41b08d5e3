"""Who is open for what, over REST, with the tables of every app."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bookings.tests.factories import BookingFactory
from patients.models import Patient
from patients.tests.factories import PatientFactory
from portal.api.tests.samples import SAMPLES
from portal.core.tests.rest import Rest, staff, token
from portal.roles import Role, allows
from referrals.models import DossierStep
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
)

pytestmark = pytest.mark.django_db

SPOKEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
CLOSED = {"stage": "closed", "closed_reason": "withdrawn"}
VERBS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "convert": ({"initial_consult_at": SPOKEN}, {}),
    "undo-conversion": ({"converted": True}, {}),
    "close": ({}, {"closed_reason": "disqualified", "reason": "spam"}),
    "reopen": (CLOSED, {"reason": "returned"}),
}


@pytest.mark.parametrize("role", list(Role))
def test_role_may_change_a_stage_when_it_may_change_a_patient(role: Role) -> None:
    api = role in {Role.API_READER, Role.API_WRITER}
    rest = Rest(token(role.value)) if api else staff(role.value)
    expected = 200 if allows("patients.patient", role, "change") else 403

    statuses = {
        verb: rest.post(f"patients/{PatientFactory(**fields).pk}/{verb}/", body).status_code
        for verb, (fields, body) in VERBS.items()
    }

    assert statuses == dict.fromkeys(VERBS, expected)


def test_closing_says_what_it_ended_and_says_it_again(writer: Rest) -> None:
    patient = PatientFactory(converted=True)
    booking = BookingFactory(patient=patient, starts_at=timezone.now() + timedelta(days=2))
    referral = CTReferralFactory(patient=patient, status="referred")
    step = DossierStepFactory(dossier=EAPDossierFactory(patient=patient))
    path, body = f"patients/{patient.pk}/close/", {"closed_reason": "deceased"}

    closed, again = writer.post(path, body), writer.post(path, body)

    assert closed.status_code == 200
    assert closed.json()["ended"] == [
        {"kind": "bookings.booking", "ids": [str(booking.pk)]},
        {"kind": "referrals.ctreferral", "ids": [str(referral.pk)]},
        {"kind": "referrals.eapdossier", "ids": [str(step.dossier_id)]},
        {"kind": "referrals.dossierstep", "ids": [str(step.pk)]},
    ]
    assert again.json() == closed.json()
    shown = writer.get(f"ct-referrals/{referral.pk}/").json()
    assert (shown["status"], shown["patient"]["stage"]) == ("deceased", "closed")


def test_conversion_that_something_depends_on_is_not_taken_back(writer: Rest) -> None:
    patient = PatientFactory(converted=True)
    body = {"patient": str(patient.pk), "trial": str(ClinicalTrialFactory().pk)}
    writer.post("ct-referrals/", body)

    refused = writer.post(f"patients/{patient.pk}/undo-conversion/", {})

    assert (refused.status_code, refused.json()["code"]) == (409, "has_referrals")
    assert [each["code"] for each in refused.json()["missing"]] == ["has_referrals"]


STATES: dict[str, tuple[dict[str, Any], str]] = {
    "closed": (CLOSED, "closed"),
    "closed as deceased": ({"stage": "closed", "closed_reason": "deceased"}, "deceased"),
    "died and not closed": ({"deceased_on": "2026-05-05"}, "deceased"),
    "restricted": ({"processing_restricted": True}, "restricted"),
}


@pytest.mark.parametrize(("fields", "code"), STATES.values(), ids=STATES)
@pytest.mark.parametrize("name", ["bookings", "calls", "ct-referrals", "eap-dossiers"])
def test_nothing_is_begun_for_who_is_not_open(
    name: str, fields: dict[str, Any], code: str, writer: Rest
) -> None:
    patient = PatientFactory(**fields)

    refused = writer.post(f"{name}/", {**SAMPLES[name].body(), "patient": str(patient.pk)})

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert writer.get(f"{name}/?patient={patient.pk}").json()["results"] == []


@pytest.mark.parametrize(("fields", "code"), STATES.values(), ids=STATES)
def test_no_step_is_added_for_who_is_not_open(
    fields: dict[str, Any], code: str, writer: Rest
) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(**fields))

    refused = writer.post("dossier-steps/", {"dossier": str(dossier.pk), "title": "Ask"})

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert not DossierStep.objects.exists()


def test_reopened_patient_is_open_again(writer: Rest) -> None:
    patient: Patient = PatientFactory(**CLOSED)
    writer.post(f"patients/{patient.pk}/reopen/", {"reason": "returned"})

    body = {"patient": str(patient.pk), "trial": str(ClinicalTrialFactory().pk)}

    assert writer.post("ct-referrals/", body).status_code == 201
