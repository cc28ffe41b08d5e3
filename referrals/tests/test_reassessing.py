"""What changes in who fits, and for whom."""

from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from patients import asking, merging, observing, unmerging
from patients.models import Measure
from patients.tests.factories import PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import criteria, reassessing, referring
from referrals.models import Assessed, CTReferral
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CriterionFactory,
    CTReferralFactory,
    EAPDossierFactory,
    TrialSiteFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return UserFactory()


@pytest.fixture
def fvc() -> Measure:
    return Measure.objects.filter(unit="%").earliest("id")


def fails(*_args: Any) -> None:
    raise RuntimeError


def demanding(measure: Measure, **fields: Any) -> Any:
    """A trial that demands at least 50 of a measure."""
    trial = ClinicalTrialFactory()
    values = {"kind": "measured", "minimum": Decimal(50), "unit": measure.unit, **fields}
    CriterionFactory(trial=trial, measure=measure, **values)
    return trial


def observe(patient: Any, measure: Measure, value: str, by: User, day: date) -> None:
    observing.observe(
        patient=patient,
        measure=measure,
        value=value,
        observed_on=day,
        source="physician",
        by=by,
    )


def results(trial: Any) -> list[tuple[str, list[str]]]:
    """The results that were kept, oldest first, and what was new in each."""
    rows = Assessed.objects.filter(trial=trial).order_by("created_at")
    return [(row.verdict, reassessing.changes(row)) for row in rows]


def test_a_merge_looks_again_at_once_and_taking_it_back_takes_that_along(by: User) -> None:
    survivor, loser = PatientFactory(sex=""), PatientFactory(sex="male")
    referral = CTReferralFactory(patient=survivor, trial__sex="FEMALE")
    reassessing.keep(survivor, [referral.trial])

    merged = merging.merge(survivor_id=survivor.pk, loser_id=loser.pk, by=by)

    said = "Sex is female: was not known, is not met since male"
    assert results(referral.trial) == [("unknown", []), ("not_met", [said])]
    unmerging.undo(merge_id=merged.pk, by=by)
    assert results(referral.trial) == [("unknown", [])]


def test_changing_one_fact_changes_only_the_trials_that_use_it(by: User, fvc: Measure) -> None:
    patient = PatientFactory(date_of_birth=date(1980, 1, 1))
    uses_it = demanding(fvc)
    other = ClinicalTrialFactory(minimum_age="18 Years")
    CriterionFactory(trial=other)
    for trial in (uses_it, other):
        CTReferralFactory(patient=patient, trial=trial)
        reassessing.keep(patient, [trial])

    observe(patient, fvc, "48", by, date(2026, 11, 3))

    label = f"{fvc.name} at least 50 %"
    said = f"{label}: was not known, is not met since {fvc.name}: 48 % of 3 Nov 2026"
    assert results(uses_it) == [("unknown", []), ("not_met", [said])]
    assert results(other) == [("unknown", [])]


def test_a_further_fact_that_changes_no_verdict_keeps_nothing(by: User, fvc: Measure) -> None:
    patient = PatientFactory()
    trial = demanding(fvc)
    reassessing.keep(patient, [trial])

    for value, day in (("60", 3), ("61", 4)):
        observe(patient, fvc, value, by, date(2026, 11, day))

    assert [verdict for verdict, _changes in results(trial)] == ["unknown", "met"]


def test_an_answer_is_looked_at_in_its_trial(by: User) -> None:
    patient = PatientFactory()
    row, other = CriterionFactory(text="Found by a neurologist?"), CriterionFactory()
    for trial in (row.trial, other.trial):
        reassessing.keep(patient, [trial])

    criteria.answer(
        patient_id=patient.pk,
        criterion=row,
        met=True,
        said_on=date(2026, 11, 3),
        source="patient_said",
        by=by,
    )

    said = "Found by a neurologist?: was not known, is met since yes of 3 Nov 2026"
    assert results(row.trial)[1:] == [("met", [said])]
    assert len(results(other.trial)) == 1


def test_a_change_of_the_tree_is_looked_at_for_all_who_follow_it(by: User) -> None:
    row = CriterionFactory(text="Is it so?")
    one, other, closed = (
        CTReferralFactory(trial=row.trial, status=status).patient
        for status in ("draft", "screening", "screen_failed")
    )
    for patient in (one, other):
        reassessing.keep(patient, [row.trial])

    criteria.add(type(row)(trial=row.trial, kind="sex", sex="male"), by=by)
    criteria.remove(row, by=by)

    assert {row.patient for row in Assessed.objects.filter(trial=row.trial)} == {one, other}
    assert closed not in {one, other}
    of_one = Assessed.objects.filter(trial=row.trial, patient=one).order_by("created_at")
    assert [reassessing.changes(row) for row in of_one] == [
        [],
        ["Sex is male: new, not known"],
        ["Is it so?: is no longer a criterion"],
    ]


def test_review_sees_what_nobody_said() -> None:
    referral = CTReferralFactory(trial__minimum_age="18 Years")
    dossier = EAPDossierFactory(program__maximum_age="18 Years")
    ended = CTReferralFactory(status="screen_failed")
    Assessed.objects.create(patient=ended.patient, trial=ended.trial, verdict="met")
    assert reassessing.review() == 2
    for row in (referral, dossier):
        row.patient.date_of_birth = date(1980, 1, 1)
        row.patient.save()

    output = StringIO()
    call_command("eligibility_review", stdout=output)
    assert output.getvalue() == "new results: 2\n"
    assert reassessing.review() == 0

    kept = reassessing.newest(dossier.patient, [dossier.program])[dossier.program_id]
    assert (kept.verdict, kept.offer) == ("not_met", dossier.program)
    [sentence] = reassessing.changes(kept)
    assert sentence.startswith("At most 18 years old: was not known, is not met since 4")


def test_nobody_is_assessed_whose_data_may_not_be_changed() -> None:
    referral = CTReferralFactory(trial__minimum_age="18 Years")
    referral.patient.processing_restricted = True
    referral.patient.save()

    reassessing.keep(referral.patient, [referral.trial])
    reassessing.follow_offers([referral.trial])
    reassessing.review()

    assert not Assessed.objects.exists()


def test_results_are_kept_in_english_whoever_made_them(by: User, fvc: Measure) -> None:
    patient = PatientFactory(sex="male")
    trial = demanding(fvc, excludes=True)

    with translation.override("nl"):
        reassessing.keep(patient, [trial])
        observe(patient, fvc, "60", by, date(2026, 11, 3))

    newest = reassessing.newest(patient, [trial])[trial.pk]
    [kept] = newest.findings
    assert (kept["label"], kept["source"]) == (f"Not: {fvc.name} at least 50 %", "physician")
    assert newest.changes[0]["label"] == kept["label"]


def test_people_are_locked_in_one_order_before_anything_is_read() -> None:
    trial = ClinicalTrialFactory()
    CTReferralFactory.create_batch(2, trial=trial)

    with CaptureQueriesContext(connection) as asked:
        reassessing.follow_offers([trial])

    of_people = [each["sql"] for each in asked if 'FROM "patients_patient"' in each["sql"]]
    assert of_people[0].endswith('ORDER BY "patients_patient"."id" ASC FOR NO KEY UPDATE')
    facts = [each["sql"] for each in asked if 'FROM "patients_observation"' in each["sql"]]
    sent = [each["sql"] for each in asked]
    assert sent.index(of_people[0]) < sent.index(facts[0])


def test_travelling_is_a_fact_too(by: User) -> None:
    patient = PatientFactory(country="FR")
    site = TrialSiteFactory(country="NL", status="RECRUITING")
    reassessing.keep(patient, [site.trial])
    travel = Measure.objects.get(code="travel-abroad")

    observe(patient, travel, "no", by, date(2026, 11, 3))

    assert results(site.trial)[1][0] == "not_met"


def test_what_is_not_known_is_asked_in_the_next_call(fvc: Measure) -> None:
    patient = PatientFactory(country="FR")
    trials = [demanding(fvc), demanding(fvc, max_days=90)]
    CriterionFactory(trial=trials[0], text="Found by a neurologist?")
    TrialSiteFactory(trial=trials[0], country="NL", status="RECRUITING")
    for trial in trials:
        CTReferralFactory(patient=patient, trial=trial)

    asked = {one.text: (one.measure, one.why) for one in asking.questions(patient)}

    numbers = [trial.registry_id for trial in trials]
    travel = Measure.objects.get(code="travel-abroad")
    assert asked[fvc.question] == (fvc, "For 2 trials")
    assert asked["Found by a neurologist?"] == (None, f"For {numbers[0]}")
    assert asked["Would they travel to Netherlands?"] == (travel, f"For {numbers[0]}")
    assert asking.questions(PatientFactory()) == []


def test_referral_that_is_begun_is_followed(by: User) -> None:
    draft = CTReferral(patient=PatientFactory(sex="male"), trial=ClinicalTrialFactory(sex="FEMALE"))

    begun = referring.begin(referral=draft, by=by)

    assert (CTReferral.objects.get(), begun.status) == (draft, "draft")
    assert Assessed.objects.get().verdict == "not_met"


def test_referral_that_cannot_be_followed_is_not_begun(
    by: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = CTReferral(patient=PatientFactory(), trial=ClinicalTrialFactory())
    monkeypatch.setattr(reassessing, "keep", fails)

    with pytest.raises(RuntimeError):
        referring.begin(referral=draft, by=by)

    assert not CTReferral.objects.exists()


def test_no_referral_is_begun_for_somebody_who_is_closed(by: User) -> None:
    patient = PatientFactory(stage="closed", closed_reason="withdrawn")

    with pytest.raises(Refused) as refused:
        referring.begin(referral=CTReferral(patient=patient, trial=ClinicalTrialFactory()), by=by)

    assert refused.value.code == "closed"
    assert not Assessed.objects.exists()
