"""Three referrals and two dossiers of one patient, worked in a real browser as a navigator does."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from patients.models import Consent, Patient
from patients.tests.factories import (
    ConsentFactory,
    DocumentFactory,
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.models import User
from portal.public.tests.accessible import demand_accessible
from portal.tests.browser import MARKS
from referrals.models import (
    ClinicalTrial,
    CTReferral,
    DossierStep,
    EAPDossier,
    ExpandedAccessProgram,
    RouteTemplate,
)
from referrals.tests.factories import (
    ClinicalTrialFactory,
    ExpandedAccessProgramFactory,
    ProgramConditionFactory,
    TrialConditionFactory,
    TrialSiteFactory,
)

pytestmark = MARKS


class Workplace:
    """The pages of records and of what can be done with them, as a navigator fills them in."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def open(self, record: Any, verb: str = "change") -> None:
        names = f"{record._meta.app_label}_{record._meta.model_name}_{verb}"
        self.page.goto(reverse(f"admin:{names}", args=[record.pk]))

    def send(self, button: str = ".portal-verb form button[type=submit]") -> None:
        with self.page.expect_navigation():
            self.page.locator(button).click()

    def save(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Save", exact=True).click()

    def do(self, verb: str, record: Any, **said: str) -> None:
        """Fill in the page of the verb, send it, and see that it was done."""
        self.open(record, verb)
        for name, value in said.items():
            field = self.page.locator(f"[name={name}]").first
            kind = field.evaluate("field => field.type")
            if kind == "radio":
                self.page.check(f"[name={name}][value={value}]")
            elif kind == "select-one":
                field.select_option(value)
            elif kind == "checkbox":
                field.check()
            else:
                field.fill(value)
        self.send()
        assert "/change/" in self.page.url, self.page.inner_text(".portal-verb")

    def demand_refusal(self, verb: str, record: Any, *lacks: str) -> None:
        """The page of the verb says all of what is missing, and does not let it be sent."""
        self.open(record, verb)
        said = self.page.inner_text(".portal-alert")
        assert [lack for lack in lacks if lack not in said] == []
        assert self.page.locator(".portal-verb form").count() == 0

    def facts(self) -> str:
        """What stands at the top of the record that is open."""
        return str(self.page.inner_text(".portal-facts"))

    def tab(self, name: str) -> str:
        """What one of its tables says."""
        self.page.click(f"[data-tab={name}]")
        return str(self.page.inner_text(".portal-record"))


@pytest.fixture
def workplace(page: Any, live_server: Any, client: Any, navigator: User) -> Workplace:
    client.force_login(navigator)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([{**session, "url": live_server.url}])
    return Workplace(page)


@pytest.fixture
def patient() -> Patient:
    """A patient who is treated and has agreed to everything but to share data with trials."""
    physician = SpecialistFactory(
        contact_type="physician", last_name="Jansen", hospital=HospitalFactory(name="Leiden UMC")
    )
    patient: Patient = PatientFactory(
        converted=True,
        first_name="Marta",
        last_name="Nowak",
        sex="female",
        date_of_birth=date(1970, 3, 3),
        language="en",
        medical_condition=MedicalConditionFactory(name="Motor neurone disease"),
        physician=physician,
    )
    for purpose in (Consent.Purpose.EAP_SPONSOR, Consent.Purpose.PHYSICIAN):
        ConsentFactory(patient=patient, purpose=purpose, scope="")
    return patient


@pytest.fixture
def trials(patient: Patient) -> list[ClinicalTrial]:
    """Three trials for the patient's condition, in the patient's country."""
    made = ClinicalTrialFactory.create_batch(3)
    for trial in made:
        TrialConditionFactory(trial=trial, condition=patient.medical_condition)
        TrialSiteFactory(trial=trial, country="NL", city="Leiden", status="RECRUITING")
    return made


@pytest.fixture
def programs(patient: Patient) -> list[ExpandedAccessProgram]:
    """Two programs for the patient's condition."""
    made = ExpandedAccessProgramFactory.create_batch(2, availability="AVAILABLE")
    for program in made:
        ProgramConditionFactory(program=program, condition=patient.medical_condition)
    return made


def begin_from_options(workplace: Workplace, patient: Patient, number: str, button: str) -> None:
    """Press the button of one option, and save the page that it leads to as it is filled in."""
    workplace.open(patient, "options")
    option = workplace.page.locator(".portal-option").filter(has_text=number)
    option.get_by_role("link", name=button).click()
    workplace.page.wait_for_url("**/add/?**")
    workplace.save()


def referral_to(trial: ClinicalTrial) -> CTReferral:
    return CTReferral.objects.get(trial=trial)


def dossier_in(program: ExpandedAccessProgram) -> EAPDossier:
    return EAPDossier.objects.get(program=program)


def step_of(dossier: EAPDossier, title: str) -> DossierStep:
    return dossier.steps.get(title=title)


def test_navigator_leads_three_referrals_and_two_dossiers(
    workplace: Workplace,
    patient: Patient,
    trials: list[ClinicalTrial],
    programs: list[ExpandedAccessProgram],
) -> None:
    page = workplace.page

    # All five are begun from the options.
    workplace.open(patient, "options")
    demand_accessible(page, ".portal-verb")
    for trial in trials:
        begin_from_options(workplace, patient, trial.registry_id, "Refer")
    for program in programs:
        begin_from_options(workplace, patient, program.eap_number, "Open a dossier")
    workplace.open(patient, "options")
    assert page.locator(".portal-option").get_by_text("Draft").count() == 3
    assert page.get_by_role("link", name="Open a dossier").count() == 0

    enrolled, failed, declined = map(referral_to, trials)
    treated, closed = map(dossier_in, programs)
    refer_to_the_sites(workplace, patient, [enrolled, failed, declined])
    end_the_referrals(workplace, enrolled, failed, declined)
    lead_to_the_first_dose(workplace, treated)
    begin_and_close(workplace, closed)

    workplace.open(patient)
    referrals, dossiers = workplace.tab("ct-referrals"), workplace.tab("eap-dossiers")
    states = ("Enrolled", "Screen failed", "Declined by the site")
    assert [state for state in states if state not in referrals] == []
    assert [program for program in programs if program.eap_number not in dossiers] == []


def refer_to_the_sites(workplace: Workplace, patient: Patient, referrals: list[CTReferral]) -> None:
    """No site is told anything before the patient has agreed to that."""
    for referral in referrals:
        workplace.do("find-eligible", referral)
    workplace.demand_refusal("refer", referrals[0], "No consent to share data with this trial")
    workplace.do("consent-trial_site", patient, decision="given", read_out="on")
    for referral in referrals:
        workplace.do("refer", referral)
        assert "Jansen" in workplace.facts()


def end_the_referrals(
    workplace: Workplace, enrolled: CTReferral, failed: CTReferral, declined: CTReferral
) -> None:
    """One is enrolled, one fails at screening, and one is declined by the site."""
    for referral in (enrolled, failed):
        workplace.do("acknowledge", referral)
        workplace.do("begin-screening", referral)
    workplace.do("enrol", enrolled)
    assert "Enrolled" in workplace.facts()

    workplace.open(failed, "fail-screening")
    workplace.send()
    assert "Choose a reason." in workplace.page.inner_text(".portal-verb")
    workplace.do("fail-screening", failed, reason="lab", remark="Liver enzymes too high")
    assert "Lab values or organ function" in workplace.tab("changes")

    workplace.do("site-declines", declined, reason="full")
    assert "No places left" in workplace.tab("changes")


def lead_to_the_first_dose(workplace: Workplace, dossier: EAPDossier) -> None:
    """Step by step, with the documents that are asked for."""
    page = workplace.page
    summary = DocumentFactory(patient=dossier.patient, title="Summary of the neurologist")
    signed = DocumentFactory(patient=dossier.patient, title="Signed form")
    route = RouteTemplate.objects.get(code="generic")
    workplace.do("choose-route", dossier, route=str(route.pk))
    sponsor = step_of(dossier, "Sponsor agrees to supply")
    authority = step_of(dossier, "Permission of the authority")
    ethics = step_of(dossier, "Approval of the ethics committee")
    consent = step_of(dossier, "Informed consent signed")
    delivery = step_of(dossier, "Product imported and delivered")
    dose = step_of(dossier, "First dose")

    workplace.demand_refusal("submit", sponsor, "Documents missing: Medical summary.")
    workplace.do("attach", sponsor, name="Medical summary", document=str(summary.pk))
    workplace.do("submit", sponsor)
    workplace.do("approve", sponsor, reference="SP-7")
    assert "SP-7" in page.inner_text(".portal-top-table")

    workplace.do("submit", authority)
    workplace.do("ask", authority, remark="Which dose?")
    workplace.do("reply", authority, remark="10 mg a day")
    demand_accessible(page, "main")
    workplace.do("approve", authority, reference="IGJ-1")
    workplace.do("leave-out", ethics, remark="The hospital asks for none")

    workplace.demand_refusal(
        "finish",
        dose,
        "Informed consent signed, Product imported and delivered",
        "No first dose before the informed consent is there.",
    )
    workplace.do("attach", consent, name="Signed informed consent", document=str(signed.pk))
    workplace.do("finish", consent)
    workplace.do("finish", delivery)
    workplace.do("finish", dose)
    assert "given" in workplace.facts()


def begin_and_close(workplace: Workplace, dossier: EAPDossier) -> None:
    """The sponsor is asked, and then the patient is in a trial."""
    route = RouteTemplate.objects.get(code="us-emergency")
    workplace.do("choose-route", dossier, route=str(route.pk))
    sponsor = step_of(dossier, "Sponsor agrees (Letter of Authorization)")
    workplace.do("submit", sponsor)
    workplace.do("close", dossier, reason="enrolled_in_trial")
    assert "Enrolled in a trial" in workplace.facts()
    assert workplace.page.get_by_role("link", name="Add dossier step").count() == 0
    workplace.open(sponsor)
    assert "Cancelled" in workplace.facts()
