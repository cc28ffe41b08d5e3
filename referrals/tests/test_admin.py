"""Referrals, dossiers and the catalogue in the workplace."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.tests.factories import MedicalConditionFactory, PatientFactory
from portal.core.models import User
from referrals.models import (
    ClinicalTrial,
    CTReferral,
    EAPDossier,
    ExpandedAccessProgram,
    RouteTemplate,
)
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    ProductFactory,
    RouteTemplateFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def no_rows(*prefixes: str) -> dict[str, Any]:
    return {f"{prefix}-{kind}_FORMS": 0 for prefix in prefixes for kind in ("TOTAL", "INITIAL")}


def test_new_referral_is_a_draft(desk: Client) -> None:
    patient, trial = PatientFactory(), ClinicalTrialFactory()

    response = desk.post(
        reverse("admin:referrals_ctreferral_add"),
        {"patient": patient.pk, "trial": trial.pk, "eligible": "unknown", "status": "enrolled"},
    )

    assert response.status_code == 302
    assert CTReferral.objects.get().status == "draft"


CLOSED = {"stage": "closed", "closed_reason": "withdrawn"}
REOPEN = "The record is closed. Reopen it first."


def test_referral_of_who_is_closed_is_an_error_of_the_form(desk: Client) -> None:
    patient, trial = PatientFactory(**CLOSED), ClinicalTrialFactory()

    response = desk.post(
        reverse("admin:referrals_ctreferral_add"),
        {"patient": patient.pk, "trial": trial.pk, "eligible": "unknown"},
    )

    assert REOPEN in response.content.decode()
    assert not CTReferral.objects.exists()


def test_dossier_of_who_is_closed_is_an_error_of_the_form(desk: Client) -> None:
    patient, program = PatientFactory(**CLOSED), ExpandedAccessProgramFactory()

    response = desk.post(
        reverse("admin:referrals_eapdossier_add"),
        {"patient": patient.pk, "program": program.pk, "urgency": "urgent"},
    )

    assert REOPEN in response.content.decode()
    assert not EAPDossier.objects.exists()


def test_step_for_who_is_closed_is_an_error_of_the_form(desk: Client) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(**CLOSED))

    response = desk.post(reverse("admin:referrals_dossierstep_add"), new_step(dossier))

    assert REOPEN in response.content.decode()
    assert not dossier.steps.exists()


def new_step(dossier: EAPDossier) -> dict[str, Any]:
    return {
        "dossier": dossier.pk,
        "title": "Ask the sponsor",
        "position": 1,
        "responsible": "navigator",
        "day_kind": "calendar",
        **no_rows("needs"),
    }


def test_step_is_added_by_hand(desk: Client) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))

    response = desk.post(reverse("admin:referrals_dossierstep_add"), new_step(dossier))

    assert response.status_code == 302
    step = dossier.steps.get()
    assert (step.status, dossier.changes.get().action) == ("not_started", "add-step")


def test_step_is_added_with_what_it_waits_for(desk: Client) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))
    first, elsewhere = DossierStepFactory(dossier=dossier), DossierStepFactory()
    said = {**new_step(dossier), "title": "Translate", "needs-TOTAL_FORMS": 1}
    address = reverse("admin:referrals_dossierstep_add")

    refused = desk.post(address, {**said, "needs-0-needed": elsewhere.pk})
    added = desk.post(address, {**said, "needs-0-needed": first.pk})

    assert "That is a step of another dossier." in refused.content.decode()
    assert added.status_code == 302
    step = dossier.steps.get(title="Translate")
    assert [need.needed for need in step.needs.all()] == [first]


def test_second_active_referral_to_a_trial_is_an_error_of_the_form(desk: Client) -> None:
    referral = CTReferralFactory()

    response = desk.post(
        reverse("admin:referrals_ctreferral_add"),
        {"patient": referral.patient.pk, "trial": referral.trial.pk, "eligible": "unknown"},
    )

    assert response.status_code == 200
    assert "active referral to this trial" in response.content.decode()


def test_constraint_over_a_read_only_field_is_an_error_of_the_form(desk: Client) -> None:
    """The status is not in the form, but it takes part in the rule."""
    referral = CTReferralFactory(status="enrolled", eligible="yes")
    referral.refresh_from_db()

    response = desk.post(
        referral.get_absolute_url(), {"eligible": "no", "version": referral.version}
    )

    assert response.status_code == 200
    assert "not eligible cannot be enrolled" in response.content.decode()
    referral.refresh_from_db()
    assert referral.eligible == "yes"


def test_referral_status_cannot_be_typed_in(desk: Client) -> None:
    referral = CTReferralFactory()
    referral.refresh_from_db()

    desk.post(
        referral.get_absolute_url(),
        {"eligible": "yes", "status": "enrolled", "version": referral.version},
    )

    referral.refresh_from_db()
    assert (referral.eligible, referral.status) == ("yes", "draft")


def test_dossier_is_opened_with_the_steps_of_its_route(desk: Client) -> None:
    patient, program = PatientFactory(converted=True), ExpandedAccessProgramFactory()
    route = RouteTemplate.objects.get(code="nl-doctors-declaration")

    desk.post(
        reverse("admin:referrals_eapdossier_add"),
        {
            "patient": patient.pk,
            "program": program.pk,
            "urgency": "urgent",
            "route": route.pk,
            "state": "closed",
        },
    )

    dossier = EAPDossier.objects.get()
    assert (dossier.state, dossier.urgency, dossier.route) == ("open", "urgent", route)
    assert dossier.steps.count() == 7


def test_dossier_of_a_lead_is_an_error_of_the_form(desk: Client) -> None:
    response = desk.post(
        reverse("admin:referrals_eapdossier_add"),
        {
            "patient": PatientFactory().pk,
            "program": ExpandedAccessProgramFactory().pk,
            "urgency": "urgent",
        },
    )

    assert "Convert them to a patient first." in response.content.decode()


def test_dossier_is_found_and_named_by_its_patient(desk: Client) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(first_name="Zoë", last_name="Vermeulen"))

    answer = desk.get(
        reverse("admin:autocomplete"),
        {
            "app_label": "referrals",
            "model_name": "dossierstep",
            "field_name": "dossier",
            "term": "verm",
        },
    ).json()

    assert [result["id"] for result in answer["results"]] == [str(dossier.pk)]
    assert "Zoë Vermeulen" in answer["results"][0]["text"]


def test_step_is_found_by_the_patient_of_its_dossier(desk: Client) -> None:
    step = DossierStepFactory(dossier__patient__last_name="Vermeulen")
    other = DossierStepFactory(dossier__patient__last_name="Lovelace")

    content = desk.get(
        reverse("admin:referrals_dossierstep_changelist"), {"q": "verm"}
    ).content.decode()

    assert str(step.pk) in content
    assert str(other.pk) not in content


def test_trial_is_added_with_conditions_and_phases(desk: Client) -> None:
    condition = MedicalConditionFactory()

    response = desk.post(
        reverse("admin:referrals_clinicaltrial_add"),
        {
            "registry": "NCT",
            "registry_id": "NCT04000231",
            "status": "RECRUITING",
            "sex": "ALL",
            "phases": ["PHASE1", "PHASE2"],
            **no_rows("trial_conditions"),
            "trial_conditions-TOTAL_FORMS": 1,
            "trial_conditions-0-condition": condition.pk,
        },
    )

    assert response.status_code == 302
    trial = ClinicalTrial.objects.get()
    assert trial.phases == ["PHASE1", "PHASE2"]
    assert trial.conditions.get() == condition


def test_trials_are_filtered_by_condition(desk: Client) -> None:
    condition = MedicalConditionFactory()
    trial, other = ClinicalTrialFactory(), ClinicalTrialFactory()
    trial.conditions.add(condition)

    content = desk.get(
        reverse("admin:referrals_clinicaltrial_changelist"),
        {"conditions__id__exact": condition.pk},
    ).content.decode()

    assert str(trial.pk) in content
    assert str(other.pk) not in content


def test_malformed_number_is_an_error_of_the_form(desk: Client) -> None:
    response = desk.post(
        reverse("admin:referrals_clinicaltrial_add"),
        {
            "registry": "NCT",
            "registry_id": "NCT1",
            "status": "UNKNOWN",
            "sex": "ALL",
            **no_rows("trial_conditions"),
        },
    )

    assert "An NCT number is NCT and eight digits." in response.content.decode()


def test_program_keeps_its_countries(desk: Client) -> None:
    product = ProductFactory()

    desk.post(
        reverse("admin:referrals_expandedaccessprogram_add"),
        {
            "eap_number": "EAP-1",
            "product": product.pk,
            "countries": ["NL", "ES"],
            "availability": "AVAILABLE",
            "sex": "ALL",
            "days_to_resupply": "15",
            **no_rows("program_conditions"),
        },
    )

    assert ExpandedAccessProgram.objects.get().countries == ["NL", "ES"]


def test_steward_adds_a_route_with_its_steps(client: Client, member: Callable[..., User]) -> None:
    client.force_login(member("data steward"))

    client.post(
        reverse("admin:referrals_routetemplate_add"),
        {
            "title": "Dutch route",
            "country": "NL",
            "code": "nl",
            "revision": 1,
            "is_active": "on",
            **no_rows("steps"),
            "steps-TOTAL_FORMS": 1,
            "steps-0-position": 1,
            "steps-0-key": "igj",
            "steps-0-title": "Ask the inspectorate",
            "steps-0-responsible": "physician",
        },
    )

    route = RouteTemplateFactory._meta.model.objects.get(code="nl")
    assert [step.title for step in route.steps.all()] == ["Ask the inspectorate"]
