"""The options of one patient against a catalogue of 10,000 trials."""

from datetime import date

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import databases
from benchmarks.measure import Line, repeat
from patients.models import Measure, MedicalCondition, Patient
from referrals.models import ClinicalTrial, Criterion, TrialCondition, TrialSite
from referrals.options import Options, options

FEW, MANY = 100, 10_000
# One trial in so many is for the patient's condition.
SHARE = 10
TIMES = 10
SHOWN = 25
TODAY = date(2026, 11, 21)
COUNTRIES = ("NL", "ES", "US", "FR", "DE")


def run() -> list[Line]:
    """Two lines: the statements, for few and for many trials, and the milliseconds."""
    with databases.using(databases.SMALL), transaction.atomic():
        patient = _patient()
        _fill(patient, 0, FEW)
        few = _queries(patient)
        _fill(patient, FEW, MANY)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        many = _queries(patient)
        found = len(_shown(patient).ranked)
        part = repeat(lambda: _shown(patient), TIMES)
        _everything_fits(patient)
        whole = repeat(lambda: _shown(patient), TIMES)
        every = len(_shown(patient).ranked)
        transaction.set_rollback(True)
    return [
        Line(
            what=f"options of a patient: queries, {MANY:,} trials",
            measured=f"{many}",
            baseline=f"{FEW} trials: {few}",
            hold="constant",
            held=few == many,
        ),
        Line(
            what=f"options of a patient: {found:,} of {MANY:,} trials are for the condition",
            measured=f"{part.cpu:.0f} ms of CPU ({part})",
            baseline=f"all {every:,} are: {whole.cpu:.0f} ms of CPU ({whole})",
            ratio=part.cpu / whole.cpu,
        ),
    ]


def _patient() -> Patient:
    patient = Patient.objects.filter(medical_condition__isnull=False).earliest("pk")
    patient.sex, patient.country, patient.date_of_birth = "female", "NL", date(1970, 3, 3)
    patient.save()
    return patient


def _fill(patient: Patient, first: int, end: int) -> None:
    """Trials with two criteria of their own and a site in each of five countries."""
    mine = patient.medical_condition_id
    other = MedicalCondition.objects.exclude(pk=mine).earliest("pk").pk
    measure = Measure.objects.filter(kind="yes_no").earliest("pk")
    trials = ClinicalTrial.objects.bulk_create(
        (
            ClinicalTrial(
                registry_id=f"NCT9{number:07d}",
                registry="NCT",
                title=f"Benchmark trial {number}",
                status="RECRUITING",
                phases=["PHASE2"],
                minimum_age="18 Years",
                maximum_age="80 Years",
            )
            for number in range(first, end)
        ),
        batch_size=1000,
    )
    TrialCondition.objects.bulk_create(
        (
            TrialCondition(trial=trial, condition_id=other if number % SHARE else mine)
            for number, trial in enumerate(trials)
        ),
        batch_size=1000,
    )
    TrialSite.objects.bulk_create(
        (
            TrialSite(
                trial=trial,
                facility="Site",
                city=f"City {country}",
                country=country,
                status="RECRUITING",
            )
            for trial in trials
            for country in COUNTRIES
        ),
        batch_size=5000,
    )
    Criterion.objects.bulk_create(
        (
            criterion
            for trial in trials
            for criterion in (
                Criterion(trial=trial, kind="sex", sex="female"),
                Criterion(trial=trial, kind="measured", measure=measure, position=1),
            )
        ),
        batch_size=5000,
    )


def _everything_fits(patient: Patient) -> None:
    """Make every trial one for the patient's condition."""
    links = TrialCondition.objects.exclude(condition=patient.medical_condition_id)
    links.update(condition=patient.medical_condition_id)


def _shown(patient: Patient) -> Options:
    """All options in their order, and what a page shows of the nearest."""
    found = options(patient, today=TODAY)
    found.detailed(found.ranked[:SHOWN])
    return found


def _queries(patient: Patient) -> int:
    """How many statements that takes."""
    with CaptureQueriesContext(connection) as queries:
        found = _shown(patient)
    if not found.ranked:
        raise RuntimeError("nothing was found to rank")
    return len(queries)
