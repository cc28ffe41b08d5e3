"""What referrals, dossiers and the catalogue refuse."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from patients.tests.factories import PatientFactory, SpecialistFactory
from referrals.models import CTReferral, DossierStepDependency, EAPDossier
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    ProductFactory,
    RouteStepDependencyFactory,
    RouteStepFactory,
)

pytestmark = pytest.mark.django_db

REFUSED_TRIALS: dict[str, tuple[dict[str, Any], str]] = {
    "short NCT number": ({"registry_id": "NCT1234567"}, "nct_number"),
    "letter in NCT number": ({"registry_id": "NCT0123456O"}, "nct_number"),
    "no number": ({"registry": "OTHER", "registry_id": ""}, "numbered"),
    "age without unit": ({"minimum_age": "18"}, "minimum_age"),
    "age in fortnights": ({"maximum_age": "3 Fortnights"}, "maximum_age"),
}


@pytest.mark.parametrize(
    ("fields", "constraint"), REFUSED_TRIALS.values(), ids=REFUSED_TRIALS.keys()
)
def test_trial_that_cannot_be_is_refused(fields: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"referrals_clinicaltrial_{constraint}"):
        ClinicalTrialFactory(**fields)


@pytest.mark.parametrize("age", ["18 Years", "1 Year", "6 Months", "30 Days", "12 Hours"])
def test_ages_are_kept_as_the_registry_writes_them(age: str) -> None:
    assert ClinicalTrialFactory(minimum_age=age).minimum_age == age


def test_second_active_referral_to_a_trial_is_refused_but_not_after_an_end() -> None:
    first = CTReferralFactory(status="screen_failed")
    CTReferralFactory(patient=first.patient, trial=first.trial)
    assert CTReferral.objects.active().count() == 1

    with pytest.raises(IntegrityError, match="one_active"):
        CTReferralFactory(patient=first.patient, trial=first.trial, status="screening")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"status": "ineligible", "eligible": "no"}, "ineligible_has_reason"),
        ({"status": "enrolled", "eligible": "no"}, "enrolled_not_ineligible"),
        ({"status": "completed", "eligible": "no"}, "enrolled_not_ineligible"),
    ],
)
def test_referral_that_contradicts_itself_is_refused(
    fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=f"referrals_ctreferral_{constraint}"):
        CTReferralFactory(**fields)


def test_patient_may_have_several_referrals_and_dossiers() -> None:
    patient = PatientFactory()
    for _ in range(3):
        CTReferralFactory(patient=patient, status="referred")
        EAPDossierFactory(patient=patient)

    assert patient.ct_referrals.waiting_on_site().count() == 3
    assert patient.eap_dossiers.open().count() == 3


def test_second_open_dossier_in_a_program_is_refused_but_not_after_closing() -> None:
    first = EAPDossierFactory(state="closed", closed_reason="rejected")
    EAPDossierFactory(patient=first.patient, program=first.program)
    assert EAPDossier.objects.open().count() == 1

    with pytest.raises(IntegrityError, match="one_open"):
        EAPDossierFactory(patient=first.patient, program=first.program)


@pytest.mark.parametrize("fields", [{"state": "closed"}, {"closed_reason": "rejected"}])
def test_dossier_is_closed_with_a_reason_or_open_without(fields: dict[str, str]) -> None:
    with pytest.raises(IntegrityError, match="closed_has_reason"):
        EAPDossierFactory(**fields)


def test_program_number_is_one_whatever_the_punctuation() -> None:
    ExpandedAccessProgramFactory(eap_number="EAP-2026-99001")

    with pytest.raises(IntegrityError, match="number_unique"):
        ExpandedAccessProgramFactory(eap_number=" eap 2026/99001")


def test_product_name_is_one_whatever_the_case() -> None:
    ProductFactory(name="Verolimab")

    with pytest.raises(IntegrityError, match="name_unique"):
        ProductFactory(name="VEROLIMAB ")


def test_step_cannot_wait_for_itself() -> None:
    step = RouteStepFactory()

    with pytest.raises(IntegrityError, match="not_itself"):
        RouteStepDependencyFactory(step=step, needed=step)


def test_decision_before_submission_is_refused() -> None:
    with pytest.raises(IntegrityError, match="decided_after_submitted"):
        DossierStepFactory(submitted_on=date(2026, 2, 1), decided_on=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("status", "goes_to", "said"),
    [("approved", "", "Done"), ("approved", "authority", "Approved"), ("waived", "", "Waived")],
)
def test_what_nobody_decides_on_is_done_and_not_approved(
    status: str, goes_to: str, said: str
) -> None:
    step = DossierStepFactory.build(status=status, goes_to=goes_to)

    assert step.get_status_display() == said


@pytest.mark.parametrize(
    "make", [EAPDossierFactory, CTReferralFactory], ids=["dossier", "referral"]
)
def test_pharmacist_is_no_physician_of_a_case(make: Any) -> None:
    case = make(physician=SpecialistFactory(contact_type="pharmacist"))

    with pytest.raises(ValidationError, match="is no physician"):
        case.clean()


def test_physician_of_a_case_is_fine() -> None:
    EAPDossierFactory(physician=SpecialistFactory()).clean()
    CTReferralFactory(physician=SpecialistFactory()).clean()


@pytest.mark.parametrize("status", ["referred", "acknowledged", "screening"])
def test_referral_that_was_sent_says_when(status: str) -> None:
    with pytest.raises(IntegrityError, match="referred_says_when"):
        CTReferralFactory(status=status, referred_at=None)


def test_step_waits_for_steps_of_its_own_dossier() -> None:
    step, other = DossierStepFactory(), DossierStepFactory()
    needs = DossierStepDependency(step=step, needed=other)

    with pytest.raises(ValidationError, match="another dossier"):
        needs.clean()
    with pytest.raises(IntegrityError, match="steps of two dossiers"):
        needs.save()
