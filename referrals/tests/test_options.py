"""What a patient could go for, and in which order."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from patients.tests.factories import MedicalConditionFactory, PatientFactory
from referrals.eligibility import Assessment, Facts, Finding, Measured, Verdict
from referrals.eligibility.criteria import Seen
from referrals.models import ClinicalTrial, Criterion, ExpandedAccessProgram
from referrals.options import Option, Place, options
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    ProgramConditionFactory,
    TrialConditionFactory,
    TrialSiteFactory,
)

TODAY = date(2026, 11, 21)
MET, NOT_MET, UNKNOWN = Verdict


# --- the order, rule by rule: the first of each pair comes first ---------------------------------


def option(
    *,
    verdict: Verdict = UNKNOWN,
    asks: int = 1,
    near: bool = False,
    status: str = "RECRUITING",
    phases: tuple[str, ...] = ("PHASE2",),
    confirmed: date | None = date(2026, 5, 1),
    posted: date | None = None,
    number: str = "NCT00000005",
) -> Option:
    """A trial that was assessed."""
    trial = ClinicalTrial(
        registry_id=number,
        status=status,
        phases=list(phases),
        last_confirmed_on=confirmed,
        last_update_posted_on=posted,
    )
    return Option(trial, assessed(verdict, asks), near)


def program(availability: str = "AVAILABLE") -> Option:
    record = ExpandedAccessProgram(
        eap_number="EAP-1", availability=availability, last_confirmed_on=date(2026, 5, 1)
    )
    return Option(record, assessed(UNKNOWN, 1), False)


def assessed(verdict: Verdict, asks: int) -> Assessment:
    facts = Facts(today=TODAY)
    leaf = Measured(key="m", measure=MedicalConditionFactory.build().pk, name="FVC", ask="FVC?")
    finding = Finding(leaf, Seen(UNKNOWN), facts, False, is_open=True, decides=True)
    return Assessment(verdict, (finding,) * asks)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            option(verdict=MET, asks=0), option(verdict=UNKNOWN, near=True), id="met-unknown"
        ),
        pytest.param(
            option(verdict=UNKNOWN, asks=9), option(verdict=NOT_MET, asks=0), id="unknown-not-met"
        ),
        pytest.param(option(asks=1), option(asks=2, near=True), id="fewer-questions"),
        pytest.param(
            option(near=True, status="NOT_YET_RECRUITING"), option(near=False), id="country"
        ),
        pytest.param(
            option(phases=()),
            option(status="ENROLLING_BY_INVITATION", phases=("PHASE4",)),
            id="recruiting-invitation",
        ),
        pytest.param(
            option(status="ENROLLING_BY_INVITATION"),
            option(status="NOT_YET_RECRUITING"),
            id="invitation-to-begin",
        ),
        pytest.param(option(status="NOT_YET_RECRUITING"), program("UNKNOWN"), id="to-begin-nobody"),
        pytest.param(
            option(phases=("PHASE2", "PHASE3")), option(phases=("PHASE2",)), id="later-phase"
        ),
        pytest.param(option(phases=("EARLY_PHASE1",)), option(phases=("NA",)), id="phase-none"),
        pytest.param(option(phases=("PHASE1",)), program(), id="trial-program"),
        pytest.param(
            option(confirmed=None, posted=date(2026, 6, 1)), option(), id="fresher-by-registry"
        ),
        pytest.param(option(), option(confirmed=None), id="confirmed-never"),
        pytest.param(option(number="NCT00000001"), option(), id="number"),
    ],
)
def test_the_nearer_option_comes_first(first: Option, second: Option) -> None:
    assert sorted([second, first], key=Option.order) == [first, second]


# --- what is found --------------------------------------------------------------------------------


def trial_for(patient: Patient, **values: Any) -> ClinicalTrial:
    """An open trial for the patient's condition, whose criteria somebody has entered."""
    found = ClinicalTrialFactory(**values)
    TrialConditionFactory(trial=found, condition=patient.medical_condition)
    Criterion.objects.create(trial=found, kind="sex", sex="female")
    return found


def someone(**values: Any) -> Patient:
    values = {"sex": "female", "country": "NL", "date_of_birth": date(1970, 3, 3), **values}
    return PatientFactory(medical_condition=MedicalConditionFactory(), **values)


def numbers(patient: Patient) -> list[str]:
    return [each.number for each in options(patient, today=TODAY).ranked]


@pytest.mark.django_db
def test_open_trials_and_programs_for_the_condition_are_found() -> None:
    patient = someone()
    for status in ("RECRUITING", "ENROLLING_BY_INVITATION", "NOT_YET_RECRUITING"):
        trial_for(patient, status=status)
    for status in ("COMPLETED", "SUSPENDED", "WITHHELD", "UNKNOWN", "ACTIVE_NOT_RECRUITING"):
        trial_for(patient, status=status)
    for availability in ("AVAILABLE", "UNKNOWN", "NO_LONGER_AVAILABLE", "APPROVED_FOR_MARKETING"):
        ProgramConditionFactory(
            condition=patient.medical_condition, program__availability=availability
        )
    TrialConditionFactory()  # for another condition

    found = options(patient, today=TODAY)

    assert [each.status for each in found.ranked] == [
        "RECRUITING",
        "ENROLLING_BY_INVITATION",
        "NOT_YET_RECRUITING",
        "AVAILABLE",
        "UNKNOWN",
    ]
    assert found.counts() == {MET: 3, UNKNOWN: 2, NOT_MET: 0}


@pytest.mark.django_db
def test_trials_for_wider_and_narrower_conditions_are_found() -> None:
    widest = MedicalConditionFactory()
    wider = MedicalConditionFactory(parent=widest)
    own = MedicalConditionFactory(parent=wider)
    narrower = MedicalConditionFactory(parent=MedicalConditionFactory(parent=own))
    sibling = MedicalConditionFactory(parent=wider)
    patient = someone()
    patient.medical_condition = own
    patient.save()
    made = {
        name: TrialConditionFactory(condition=condition).trial.registry_id
        for name, condition in (
            ("widest", widest),
            ("own", own),
            ("narrower", narrower),
            ("sibling", sibling),
        )
    }

    assert set(numbers(patient)) == {made["widest"], made["own"], made["narrower"]}


@pytest.mark.django_db
def test_an_option_that_does_not_fit_stays_at_the_end_with_its_reason() -> None:
    patient = someone(sex="male")
    wrong = trial_for(patient)
    unsure = TrialConditionFactory(condition=patient.medical_condition).trial

    found = options(patient, today=TODAY)

    assert [each.record for each in found.ranked] == [unsure, wrong]
    assert [reason.label for reason in found.ranked[1].why_not] == ["Sex is female"]


@pytest.mark.django_db
def test_without_a_condition_nothing_is_found() -> None:
    TrialConditionFactory()

    assert not numbers(PatientFactory(medical_condition=None))


@pytest.mark.django_db
def test_a_trial_with_an_open_site_in_the_country_comes_first() -> None:
    patient = someone()
    far, closed_here, here = (trial_for(patient) for _ in range(3))
    TrialSiteFactory(trial=far, country="FR", status="RECRUITING")
    TrialSiteFactory(trial=closed_here, country="NL", status="COMPLETED")
    TrialSiteFactory(trial=here, country="NL", status="RECRUITING")

    found = {each.record: each for each in options(patient, today=TODAY).ranked}

    assert [each.is_near for each in map(found.get, (far, closed_here, here)) if each] == [
        False,
        False,
        True,
    ]


@pytest.mark.django_db
def test_shown_options_say_where_and_what_was_begun() -> None:
    patient = someone()
    trial = trial_for(patient)
    for city, country, status in (
        ("Utrecht", "NL", "RECRUITING"),
        ("Leiden", "NL", "RECRUITING"),
        ("Leiden", "NL", "RECRUITING"),
        ("Delft", "NL", "COMPLETED"),
        ("", "ES", "NOT_YET_RECRUITING"),
        ("Nowhere", "", "RECRUITING"),
    ):
        TrialSiteFactory(trial=trial, city=city, country=country, status=status)
    CTReferralFactory(patient=patient, trial=trial, status="withdrawn")
    newest = CTReferralFactory(patient=patient, trial=trial)
    CTReferralFactory(trial=trial)  # of somebody else
    access = ExpandedAccessProgramFactory(availability="AVAILABLE", countries=["NL", "BE"])
    ProgramConditionFactory(program=access, condition=patient.medical_condition)
    dossier = EAPDossierFactory(patient=patient, program=access)
    found = options(patient, today=TODAY)

    of_trial, of_program = found.detailed(found.ranked)

    assert of_trial.places == (Place("ES", 1), Place("NL", 3, ("Leiden", "Utrecht")))
    assert of_trial.begun == newest
    assert of_program.places == (Place("BE", 0), Place("NL", 0))
    assert of_program.begun == dossier


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_options() -> None:
    patient = someone()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            found = options(patient, today=TODAY)
            found.detailed(found.ranked)
        return len(captured)

    def more() -> None:
        TrialSiteFactory(trial=trial_for(patient), country="NL", status="RECRUITING")
        ProgramConditionFactory(
            condition=patient.medical_condition, program__availability="AVAILABLE"
        )

    more()
    few = queries()
    for _ in range(9):
        more()

    assert queries() == few
