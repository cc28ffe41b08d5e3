"""A patient's options over REST."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from patients.models import Patient
from patients.tests.factories import (
    ErasedPatientFactory,
    MedicalConditionFactory,
    MergedPatientFactory,
    PatientFactory,
)
from portal.core.models import AccessEvent
from portal.core.tests.rest import Rest
from referrals.models import Criterion, OptionsReport
from referrals.tests.factories import (
    CTReferralFactory,
    ExpandedAccessProgramFactory,
    OptionsReportFactory,
    ProgramConditionFactory,
    TrialConditionFactory,
    TrialSiteFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient() -> Patient:
    found: Patient = PatientFactory(
        medical_condition=MedicalConditionFactory(name="Rare"), sex="female", country="NL"
    )
    return found


def finding(criterion: str, label: str, verdict: str, fact: str, question: str = "") -> Any:
    return {
        "criterion": criterion,
        "label": label,
        "verdict": verdict,
        "fact": fact,
        "as_of": None,
        "source": "",
        "question": question,
        # Nothing here is met in vain, and nothing unknown is decided already.
        "is_open": verdict == "unknown",
        "decides": verdict != "met",
    }


def test_options_come_with_why_why_not_and_what_to_ask(reader: Rest, patient: Patient) -> None:
    trial = TrialConditionFactory(
        condition=patient.medical_condition, trial__last_confirmed_on="2026-10-05"
    ).trial
    TrialSiteFactory(trial=trial, country="NL", city="Leiden", status="RECRUITING")
    sex = Criterion.objects.create(trial=trial, kind="sex", sex="male")
    asked = Criterion.objects.create(trial=trial, kind="question", text="Walks?")
    referral = CTReferralFactory(patient=patient, trial=trial, status="withdrawn")
    program = ExpandedAccessProgramFactory(availability="AVAILABLE", title="Early access")
    ProgramConditionFactory(program=program, condition=patient.medical_condition)

    answer = reader.get(f"patients/{patient.pk}/options/")

    condition = finding("condition", "Condition is Rare", "met", "Rare")
    words = "Do they meet the criteria in the registry's words? Nobody has entered them yet."
    assert asked.pk
    assert answer.json() == {
        "patient": str(patient.pk),
        "as_of": timezone.localdate().isoformat(),
        "count": 2,
        "counts": {"met": 0, "unknown": 1, "not_met": 1},
        "results": [
            {
                "kind": "expanded-access-programs",
                "id": str(program.pk),
                "number": program.eap_number,
                "title": "Early access",
                "status": "AVAILABLE",
                "last_confirmed_on": None,
                "registry_updated_on": None,
                "verdict": "unknown",
                "why": [condition],
                "why_not": [],
                "to_ask": [
                    finding(
                        *("text", "Meets the criteria in the registry's words", "unknown", ""),
                        words,
                    )
                ],
                "places": [],
                "begun": None,
            },
            {
                "kind": "clinical-trials",
                "id": str(trial.pk),
                "number": trial.registry_id,
                "title": trial.title,
                "status": "RECRUITING",
                "last_confirmed_on": "2026-10-05",
                "registry_updated_on": None,
                "verdict": "not_met",
                "why": [
                    condition,
                    finding(
                        "country",
                        "Lives in Netherlands, or would travel there",
                        "met",
                        "lives in Netherlands",
                    ),
                ],
                "why_not": [finding(str(sex.pk), "Sex is male", "not_met", "female")],
                "to_ask": [],
                "places": [{"country": "NL", "sites": 1, "cities": ["Leiden"]}],
                "begun": {
                    "kind": "ct-referrals",
                    "id": str(referral.pk),
                    "status": "withdrawn",
                },
            },
        ],
    }
    assert AccessEvent.objects.filter(record_ids=[patient.pk], route="rest").count() == 1


def test_a_part_of_the_options_is_read(reader: Rest, patient: Patient) -> None:
    for _ in range(3):
        TrialConditionFactory(condition=patient.medical_condition)
    whole = reader.get(f"patients/{patient.pk}/options/").json()

    part = reader.get(f"patients/{patient.pk}/options/?limit=1&offset=1").json()

    assert part == {**whole, "results": whole["results"][1:2]}
    assert part["count"] == 3


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=", "page=2", "limit=1&limit=2"]
)
def test_a_parameter_that_makes_no_sense_is_refused(
    query: str, reader: Rest, patient: Patient
) -> None:
    assert reader.get(f"patients/{patient.pk}/options/?{query}").status_code == 400


def test_an_id_that_was_merged_away_answers_for_the_survivor(
    reader: Rest, patient: Patient
) -> None:
    old = MergedPatientFactory(survivor=patient).old_id

    assert reader.get(f"patients/{old}/options/").json()["patient"] == str(patient.pk)


def test_nobodys_id_is_not_found_and_an_erased_one_is_gone(reader: Rest) -> None:
    erased = ErasedPatientFactory().old_id

    assert reader.get(f"patients/{uuid4()}/options/").status_code == 404
    assert reader.get(f"patients/{erased}/options/").status_code == 410


def test_without_a_token_there_are_no_options(patient: Patient) -> None:
    assert Rest().get(f"patients/{patient.pk}/options/").status_code == 401


# --- reports --------------------------------------------------------------------------------------


def test_a_report_is_made_and_handed_out(writer: Rest, patient: Patient) -> None:
    TrialConditionFactory(condition=patient.medical_condition, trial__title="A trial of hope")

    made = writer.post(
        "options-reports/", {"patient": str(patient.pk), "audience": "patient", "language": "es"}
    )

    report = OptionsReport.objects.get()
    record = made.json()
    assert made.status_code == 201, made.content
    assert {k: v for k, v in record.items() if k not in {"created_at", "updated_at"}} == {
        "id": str(report.pk),
        "version": 1,
        "patient": {"id": str(patient.pk), "name": str(patient), "stage": patient.stage},
        "number": report.number,
        "audience": "patient",
        "language": "es",
        "document": {"id": str(report.document_id), "kind": "other", "title": report.title},
        "html_sha256": report.html_sha256,
        "made_by": {"id": str(report.made_by_id), "name": str(report.made_by)},
    }
    html = writer.get(f"options-reports/{report.pk}/html/", Accept="text/html")
    assert b"".join(html.streaming_content) == report.html.encode()
    assert "A trial of hope" in report.html
    assert html["Content-Type"] == "text/html; charset=utf-8"
    assert html["Content-Disposition"].startswith("attachment; ")
    opened = AccessEvent.objects.filter(request_id=html["X-Request-ID"], route="rest")
    assert {(each.record_type, each.record_ids[0]) for each in opened} == {
        ("patients.Patient", patient.pk),
        ("referrals.OptionsReport", report.pk),
    }
    pdf = writer.get(f"documents/{record['document']['id']}/file/")
    assert next(iter(pdf.streaming_content)).startswith(b"%PDF")


def test_a_report_is_in_the_patients_language_unless_another_is_wished(
    writer: Rest, patient: Patient
) -> None:
    Patient.objects.filter(pk=patient.pk).update(language="nl")

    made = writer.post("options-reports/", {"patient": str(patient.pk), "audience": "physician"})

    assert made.json()["language"] == "nl"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param({"medical_condition": None}, "no_condition", id="no-condition"),
        pytest.param({"processing_restricted": True}, "restricted", id="restricted"),
    ],
)
def test_a_report_that_cannot_be_made_says_why(
    values: dict[str, Any], code: str, writer: Rest, patient: Patient
) -> None:
    Patient.objects.filter(pk=patient.pk).update(**values)

    refused = writer.post("options-reports/", {"patient": str(patient.pk), "audience": "patient"})

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert not OptionsReport.objects.exists()


def test_a_damaged_page_of_a_report_is_not_handed_out(reader: Rest) -> None:
    damaged = OptionsReportFactory(html_sha256="0" * 64)

    refused = reader.get(f"options-reports/{damaged.pk}/html/")

    assert (refused.status_code, refused.json()["code"]) == (409, "file_damaged")


def test_who_only_reads_makes_no_report(reader: Rest, patient: Patient) -> None:
    refused = reader.post("options-reports/", {"patient": str(patient.pk), "audience": "patient"})

    assert refused.status_code == 403
