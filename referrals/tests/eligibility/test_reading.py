"""What is read of people, and what of trials and programs."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from patients import observing
from patients.models import Measure, MedicalCondition
from patients.tests.factories import MedicalConditionFactory, PatientFactory
from portal.core.tests.factories import UserFactory
from referrals.eligibility import Facts, Verdict, assess, known, known_of, reading, trees, uses
from referrals.models import ClinicalTrial
from referrals.tests.eligibility.people import TODAY
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CriterionAnswerFactory,
    CriterionFactory,
    ExpandedAccessProgramFactory,
    ProgramConditionFactory,
    TrialConditionFactory,
    TrialSiteFactory,
    UnplacedConditionFactory,
)

pytestmark = pytest.mark.django_db

MET, NOT_MET, UNKNOWN = Verdict
NOBODY = Facts(today=TODAY)


def labels(offer: Any, facts: Facts = NOBODY) -> dict[str, Verdict]:
    """What is demanded in words, and what these facts say of it."""
    (node,) = trees([offer]).values()
    return {found.label: found.verdict for found in assess(node, facts).findings}


def fvc() -> Measure:
    """A measure that ships with the portal, in percent of what is predicted."""
    return Measure.objects.filter(unit="%").earliest("id")


def test_the_record_of_a_trial_implies_criteria() -> None:
    trial = ClinicalTrialFactory(minimum_age="18 Years", maximum_age="75 Years", sex="FEMALE")
    TrialConditionFactory(trial=trial, condition__name="Rare one")
    TrialSiteFactory(trial=trial, country="NL", status="RECRUITING")
    TrialSiteFactory(trial=trial, country="FR", status="COMPLETED")
    TrialSiteFactory(trial=trial, country="", city="Somewhere")

    assert labels(trial) == {
        "Age 18 years to 75 years": UNKNOWN,
        "Sex is female": UNKNOWN,
        "Condition is Rare one": UNKNOWN,
        "Lives in Netherlands, or would travel there": UNKNOWN,
        "Meets the criteria in the registry's words": UNKNOWN,
    }


def test_the_record_of_a_program_implies_criteria() -> None:
    program = ExpandedAccessProgramFactory(minimum_age="6 Months", countries=["NL"])
    ProgramConditionFactory(program=program, condition__name="Rare one")
    CriterionFactory(program=program, text="Was everything else tried?")

    assert list(labels(program)) == [
        "At least 6 months old",
        "Condition is Rare one",
        "Lives in Netherlands, or would travel there",
        "Was everything else tried?",
    ]


def test_a_trial_of_which_nothing_is_known_is_unknown() -> None:
    trial = ClinicalTrialFactory()

    assert assess(trees([trial])[trial.pk], known(PatientFactory(), today=TODAY)).verdict is UNKNOWN


def test_a_kind_of_the_condition_fits_and_a_wider_one_may() -> None:
    disease = MedicalConditionFactory(name="Motor neurone disease, all")
    als = MedicalConditionFactory(name="ALS, all", parent=disease)
    familial = MedicalConditionFactory(name="ALS, familial", parent=als)
    trial = TrialConditionFactory(condition=als).trial

    def verdict(condition: MedicalCondition | None) -> Verdict:
        facts = known(PatientFactory(medical_condition=condition), today=TODAY)
        return labels(trial, facts)["Condition is ALS, all"]

    assert [verdict(one) for one in (familial, als, disease, MedicalConditionFactory(), None)] == [
        MET,
        MET,
        UNKNOWN,
        NOT_MET,
        UNKNOWN,
    ]


def test_a_condition_that_is_not_placed_yet_may_be_theirs() -> None:
    UnplacedConditionFactory(name="Odd syndrome", spellings=["Odd Syndrome"])
    UnplacedConditionFactory(name="Pain", spellings=["Pain"], state="ignored")
    trial = ClinicalTrialFactory(condition_texts=["Odd Syndrome", "Pain", "Rare one"])
    TrialConditionFactory(trial=trial, condition__name="Rare one")
    facts = known(
        PatientFactory(medical_condition=MedicalConditionFactory(name="Other")), today=TODAY
    )

    assert labels(trial, facts)["Condition is Odd Syndrome or Rare one"] is UNKNOWN


def test_only_names_that_the_trials_use_are_read() -> None:
    UnplacedConditionFactory(name="Odd syndrome", spellings=["Odd Syndrome", "odd syndrome"])
    UnplacedConditionFactory(name="Elsewhere", spellings=["Elsewhere"])
    trial = ClinicalTrialFactory(condition_texts=["Odd Syndrome"])

    assert reading._Read([trial]).unplaced == {"Odd Syndrome", "odd syndrome"}


def test_the_tree_that_people_entered() -> None:
    trial = ClinicalTrialFactory()
    measure = fvc()
    group = CriterionFactory(trial=trial, kind="any", position=2, excludes=True)
    CriterionFactory(trial=trial, kind="all", position=3)
    CriterionFactory(trial=trial, parent=group, text="Pregnant?", position=2)
    CriterionFactory(trial=trial, parent=group, kind="sex", sex="male", position=1)
    CriterionFactory(trial=trial, kind="age", minimum_age="6 Months", position=1)
    CriterionFactory(trial=trial, is_active=False, text="Removed?")
    CriterionFactory(
        trial=trial, kind="measured", measure=measure, minimum=50, unit="%", position=4
    )
    CriterionFactory(
        trial=trial, kind="measured", measure=measure, minimum=50, unit="L", position=5
    )
    CriterionFactory(trial=trial, kind="country", countries=["NL"], position=6)
    condition = MedicalConditionFactory(name="Rare one")
    CriterionFactory(trial=trial, kind="condition", condition=condition, position=7)

    (node,) = trees([trial]).values()
    findings = assess(node, NOBODY).findings

    assert [found.label for found in findings] == [
        "At least 6 months old",
        "Not: Sex is male",
        "Not: Pregnant?",
        f"{measure.name} at least 50 %",
        f"{measure.name} at least 50 L",
        "Lives in Netherlands",
        "Condition is Rare one",
    ]
    assert [getattr(found.leaf, "is_comparable", None) for found in findings][3:5] == [True, False]
    assert f"measure:{measure.pk}" in uses(node)


def test_what_is_known_of_a_person() -> None:
    by = UserFactory()
    patient = PatientFactory(
        date_of_birth=date(1982, 11, 3),
        sex="female",
        country="NL",
        medical_condition=MedicalConditionFactory(name="Rare one"),
    )
    travel = Measure.objects.get(code="travel-abroad")
    said = {"observed_on": date(2026, 5, 3), "source": "physician"}
    observing.observe_all(
        patient=patient,
        said=[
            observing.Said(measure=fvc(), value="48", **said),
            observing.Said(measure=travel, value="yes", **said),
        ],
        by=by,
    )
    answer = CriterionAnswerFactory(patient=patient, met=True)
    again = CriterionAnswerFactory(patient=patient, met=False)
    CriterionAnswerFactory(patient=patient, criterion=again.criterion, met=None)

    facts = known(patient, today=TODAY)

    assert (facts.born, facts.sex, facts.country) == (date(1982, 11, 3), "female", "NL")
    assert (facts.condition_name, facts.conditions) == ("Rare one", {patient.medical_condition_id})
    fact = facts.observations[fvc().pk]
    assert (fact.value, fact.text) == (48, f"{fvc().name}: 48 %")
    assert (fact.as_of, fact.source) == (date(2026, 5, 3), "physician")
    assert facts.travels is not None
    assert facts.travels.value is True
    assert list(facts.answers) == [answer.criterion_id]
    assert facts.answers[answer.criterion_id].text == "yes"


@pytest.mark.parametrize("sex", ["other", "unknown"])
def test_a_sex_that_is_neither_decides_nothing(sex: str) -> None:
    facts = known(PatientFactory(sex=sex), today=TODAY)

    assert labels(ClinicalTrialFactory(sex="MALE"), facts)["Sex is male"] is UNKNOWN


def test_queries_do_not_grow(django_assert_num_queries: Callable[[int], Any]) -> None:
    people = PatientFactory.create_batch(
        3, medical_condition=MedicalConditionFactory(parent=MedicalConditionFactory())
    )
    for _count in range(3):
        condition = TrialConditionFactory(
            condition=MedicalConditionFactory(parent=MedicalConditionFactory())
        )
        TrialSiteFactory(trial=condition.trial, country="NL")
        CriterionFactory(trial=condition.trial, kind="any")
    trials = list(ClinicalTrial.objects.all())
    programs = [ExpandedAccessProgramFactory(countries=["NL"])]
    today = timezone.localdate()

    for some in (people[:1], people):
        with django_assert_num_queries(4):
            known_of(some, today=today)
    for some_trials in (trials[:1], trials):
        with django_assert_num_queries(5):
            trees(some_trials)
    with django_assert_num_queries(3):
        trees(programs)
    with django_assert_num_queries(0):
        trees([])
