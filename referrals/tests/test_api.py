"""Referrals, and what can be offered, over REST."""

from typing import Any

import pytest

from patients.tests.factories import (
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.tests.rest import Rest
from referrals.models import CTReferral, DossierStep, EAPDossier
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    ProductFactory,
    RouteStepFactory,
    RouteTemplateFactory,
    TrialConditionFactory,
    TrialSiteFactory,
)

pytestmark = pytest.mark.django_db


def without_times(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k not in {"created_at", "updated_at"}}


# What a trial or program has when nothing is known of it.
NOTHING_KNOWN = {
    "official_title": "",
    "org_study_id": "",
    "secondary_ids": [],
    "condition_texts": [],
    "interventions": [],
    "sex": "ALL",
    "minimum_age": "",
    "maximum_age": "",
    "healthy_volunteers": None,
    "criteria_text": "",
    "first_posted_on": None,
    "last_update_posted_on": None,
    "completion_date": "",
    "unrecognised": {},
    "notes": "",
}


def test_trial_is_shown_whole(reader: Rest) -> None:
    trial = ClinicalTrialFactory(
        registry_id="NCT01234567", phases=["PHASE1", "PHASE2"], last_confirmed_on="2026-05-01"
    )

    shown = reader.get(f"clinical-trials/{trial.pk}/").json()

    assert without_times(shown) == {
        **NOTHING_KNOWN,
        "id": str(trial.pk),
        "version": 1,
        "registry": "NCT",
        "registry_id": "NCT01234567",
        "title": trial.title,
        "sponsor": "",
        "status": "RECRUITING",
        "recruiting": True,
        "study_type": "",
        "phases": ["PHASE1", "PHASE2"],
        "has_expanded_access": None,
        "expanded_access_id": "",
        "last_confirmed_on": "2026-05-01",
        "last_confirmed_with": "",
        "completeness": 30,
        "missing": [
            "sponsor",
            "criteria",
            "study_type",
            "interventions",
            "conditions",
            "sites",
            "contact",
        ],
    }


def test_trials_are_found_by_what_they_are_for(reader: Rest) -> None:
    wanted = TrialConditionFactory()
    TrialConditionFactory(trial=wanted.trial)
    TrialConditionFactory()

    found = reader.get(f"clinical-trials/?condition={wanted.condition_id}").json()["results"]

    assert [each["id"] for each in found] == [str(wanted.trial_id)]


def test_trial_condition_and_site_are_shown_whole(reader: Rest) -> None:
    trial = ClinicalTrialFactory(registry_id="NCT01234567", title="Hope")
    link = TrialConditionFactory(
        trial=trial, condition=MedicalConditionFactory(name="Rare one", abbreviation="RO")
    )
    hospital = HospitalFactory(name="UZ", city="Gent", country="BE")
    site = TrialSiteFactory(trial=trial, facility="UZ Gent", hospital=hospital, status="RECRUITING")
    summary = {
        "id": str(trial.pk),
        "registry_id": "NCT01234567",
        "title": "Hope",
        "status": "RECRUITING",
    }

    assert without_times(reader.get(f"trial-conditions/{link.pk}/").json()) == {
        "id": str(link.pk),
        "version": 1,
        "trial": summary,
        "condition": {"id": str(link.condition_id), "name": "Rare one", "abbreviation": "RO"},
        "origin": "staff",
    }
    assert without_times(reader.get(f"trial-sites/{site.pk}/").json()) == {
        "id": str(site.pk),
        "version": 1,
        "trial": summary,
        "facility": "UZ Gent",
        "hospital": {"id": str(hospital.pk), "name": "UZ", "city": "Gent", "country": "BE"},
        "city": "",
        "state": "",
        "postal_code": "",
        "country": "",
        "status": "RECRUITING",
    }


def test_program_is_shown_with_its_product(reader: Rest) -> None:
    product = ProductFactory(name="Restumab")
    program = ExpandedAccessProgramFactory(
        eap_number="EAP-1", product=product, countries=["NL", "BE"]
    )

    shown = reader.get(f"expanded-access-programs/{program.pk}/").json()

    assert without_times(shown) == {
        **NOTHING_KNOWN,
        "id": str(program.pk),
        "version": 1,
        "eap_number": "EAP-1",
        "title": "",
        "product": {"id": str(product.pk), "name": "Restumab"},
        "sponsor": "",
        "registry_id": "",
        "countries": ["NL", "BE"],
        "availability": "UNKNOWN",
        "access_types": [],
        "days_to_resupply": 15,
        "last_confirmed_on": None,
        "last_confirmed_with": "",
        "completeness": 20,
        "missing": [
            "title",
            "sponsor",
            "criteria",
            "confirmed",
            "availability",
            "access_types",
            "conditions",
            "contact",
        ],
    }


def test_country_of_a_program_that_is_none_is_named_by_its_place(writer: Rest) -> None:
    body = {"eap_number": "EAP-1", "product": str(ProductFactory().pk), "countries": ["NL", "ZZ"]}

    refused = writer.post("expanded-access-programs/", body)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/countries/1"


def test_referral_begins_as_a_draft_and_is_shown_whole(writer: Rest) -> None:
    patient = PatientFactory(first_name="Sara", last_name="Fermó")
    trial = ClinicalTrialFactory(registry_id="NCT01234567", title="Hope")

    made = writer.post("ct-referrals/", {"patient": str(patient.pk), "trial": str(trial.pk)})

    assert made.status_code == 201
    assert without_times(made.json()) == {
        "id": str(CTReferral.objects.get().pk),
        "version": 1,
        "patient": {"id": str(patient.pk), "name": "Sara Fermó", "stage": "lead"},
        "trial": {
            "id": str(trial.pk),
            "registry_id": "NCT01234567",
            "title": "Hope",
            "status": "RECRUITING",
        },
        "physician": None,
        "status": "draft",
        "no_longer_recruiting": False,
        "eligible": "unknown",
        "ineligible_reason": "",
        "ineligible_text": "",
        "referred_at": None,
        "outcome": "pending",
        "site": None,
        "status_since": None,
        "due_on": None,
        "enrolled_on": None,
    }


@pytest.mark.parametrize("member", ["status", "outcome", "referred_at", "physician"])
def test_state_of_a_referral_is_not_changed_by_writing_it(member: str, writer: Rest) -> None:
    referral = CTReferralFactory()

    refused = writer.patch(f"ct-referrals/{referral.pk}/", {member: "x"})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "read_only"


def test_enrolled_person_cannot_become_ineligible(writer: Rest) -> None:
    referral = CTReferralFactory(status="enrolled", eligible="yes")

    refused = writer.patch(f"ct-referrals/{referral.pk}/", {"eligible": "no"})

    assert refused.status_code == 400
    assert refused.json()["constraint"] == "referrals_ctreferral_enrolled_not_ineligible"


def test_second_open_dossier_in_a_program_is_a_409(writer: Rest) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))

    refused = writer.post(
        "eap-dossiers/", {"patient": str(dossier.patient_id), "program": str(dossier.program_id)}
    )

    assert refused.status_code == 409
    assert refused.json()["constraint"] == "referrals_eapdossier_one_open"


def test_dossier_and_step_are_shown_whole(reader: Rest) -> None:
    hospital = HospitalFactory(name="UZ", city="Gent", country="BE")
    physician = SpecialistFactory(first_name="Ann", last_name="Jansen", hospital=hospital)
    route = RouteTemplateFactory(code="be", title="Belgium")
    program = ExpandedAccessProgramFactory(eap_number="EAP-1", product__name="Restumab")
    dossier = EAPDossierFactory(
        patient__first_name="Sara",
        patient__last_name="Fermó",
        program=program,
        number="D-7",
        physician=physician,
        hospital=hospital,
        route=route,
        enrolled_on="2026-05-01",
    )
    asked = RouteStepFactory(template=route, key="ask", title="Ask the sponsor")
    step = DossierStepFactory(
        dossier=dossier,
        route_step=asked,
        goes_to="sponsor",
        documents=["Medical summary"],
        due_on="2026-06-01",
    )
    place = {"id": str(hospital.pk), "name": "UZ", "city": "Gent", "country": "BE"}

    assert without_times(reader.get(f"eap-dossiers/{dossier.pk}/").json()) == {
        "id": str(dossier.pk),
        "version": 1,
        "patient": {"id": str(dossier.patient_id), "name": "Sara Fermó", "stage": "lead"},
        "program": {
            "id": str(program.pk),
            "eap_number": "EAP-1",
            "title": "",
            "product": {"id": str(program.product_id), "name": "Restumab"},
        },
        "number": "D-7",
        "physician": {"id": str(physician.pk), "name": "Ann Jansen", "hospital": place},
        "hospital": place,
        "route": {"id": str(route.pk), "code": "be", "revision": 1, "title": "Belgium"},
        "urgency": "routine",
        "enrolled_on": "2026-05-01",
        "state": "open",
        "closed_reason": "",
        "progressed_at": None,
        "steps": [
            {
                "id": str(step.pk),
                "title": "Ask the sponsor",
                "position": 1,
                "status": "not_started",
                "responsible": "navigator",
                "goes_to": "sponsor",
                "due_on": "2026-06-01",
                "submitted_on": None,
                "decided_on": None,
                "valid_until": None,
                "reference": "",
                "needs": [],
            }
        ],
    }
    assert without_times(reader.get(f"dossier-steps/{step.pk}/").json()) == {
        "id": str(step.pk),
        "version": 1,
        "dossier": {"id": str(dossier.pk), "number": "D-7", "state": "open"},
        "route_step": {"id": str(asked.pk), "key": "ask", "title": "Ask the sponsor"},
        "title": "Ask the sponsor",
        "position": 1,
        "status": "not_started",
        "status_since": None,
        "responsible": "navigator",
        "goes_to": "sponsor",
        "days": None,
        "within_days": None,
        "day_kind": "calendar",
        "country": "",
        "documents": ["Medical summary"],
        "is_optional": False,
        "milestone": "",
        "valid_days": None,
        "due_on": "2026-06-01",
        "ask_again_on": None,
        "submitted_on": None,
        "decided_on": None,
        "valid_until": None,
        "reference": "",
    }


@pytest.mark.parametrize("position", [-1, 32768, 10**30, 1.5, "1", True])
def test_position_that_cannot_be_stored_is_a_400(position: Any, writer: Rest) -> None:
    refused = writer.patch(f"dossier-steps/{DossierStepFactory().pk}/", {"position": position})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/position"


def test_whole_number_may_be_written_with_a_point(writer: Rest) -> None:
    changed = writer.patch(f"dossier-steps/{DossierStepFactory().pk}/", {"position": 3.0})

    assert changed.json()["position"] == 3


def test_what_has_begun_is_not_deleted(writer: Rest) -> None:
    referral = CTReferralFactory(status="eligible")
    dossier = EAPDossierFactory(state="closed", closed_reason="treated")
    steps = [
        DossierStepFactory(status="submitted"),
        DossierStepFactory(route_step=RouteStepFactory()),
        DossierStepFactory(dossier=dossier),
    ]

    refusals = [
        writer.delete(f"ct-referrals/{referral.pk}/"),
        writer.delete(f"eap-dossiers/{dossier.pk}/"),
        *(writer.delete(f"dossier-steps/{step.pk}/") for step in steps),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refusals] == [
        (409, "not_deletable")
    ] * 5
    assert CTReferral.objects.exists()
    assert EAPDossier.objects.filter(pk=dossier.pk).exists()
    assert DossierStep.objects.count() == 3
    assert writer.delete(f"dossier-steps/{DossierStepFactory().pk}/").status_code == 204


def test_nothing_is_referred_for_a_restricted_person(writer: Rest) -> None:
    patient = PatientFactory(processing_restricted=True)
    dossier = EAPDossierFactory(patient=patient)

    refusals = [
        writer.post(
            "ct-referrals/",
            {"patient": str(patient.pk), "trial": str(ClinicalTrialFactory().pk)},
        ),
        writer.patch(f"eap-dossiers/{dossier.pk}/", {"number": "1"}),
        writer.delete(f"eap-dossiers/{dossier.pk}/"),
        writer.post("dossier-steps/", {"dossier": str(dossier.pk), "title": "Ask"}),
        writer.delete(f"dossier-steps/{DossierStepFactory(dossier=dossier).pk}/"),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refusals] == [
        (409, "restricted")
    ] * 5
