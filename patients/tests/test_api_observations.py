"""Facts over REST: said once, in whichever unit, and marked wrong; never changed."""

from typing import Any

import pytest

from patients.models import Measure, Observation
from patients.tests.factories import DocumentFactory, ObservationFactory, PatientFactory
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db


def fact(**also: Any) -> dict[str, Any]:
    return {
        "patient": str(PatientFactory(first_name="Ada", last_name="Rest").pk),
        "measure": str(Measure.objects.get(code="2160-0").pk),
        "value": "106",
        "unit": "umol/L",
        "observed_on": "2026-11-02",
        "source": "document",
        **also,
    }


def test_fact_is_kept_in_the_own_unit_and_shown_whole(writer: Rest) -> None:
    said = fact()
    letter = DocumentFactory(patient_id=said["patient"], patient=None)

    made = writer.post("observations/", {**said, "document": str(letter.pk)})

    record = made.json()
    row = Observation.objects.get()
    assert made.status_code == 201, made.content
    assert {name: record[name] for name in record if name not in ("created_at", "updated_at")} == {
        "id": str(row.pk),
        "version": 1,
        "patient": {"id": said["patient"], "name": "Ada Rest", "stage": "lead"},
        "measure": {
            "id": said["measure"],
            "code": "2160-0",
            "code_system": "http://loinc.org",
            "name": "Creatinine",
            "kind": "number",
            "unit": "mg/dL",
        },
        "number": 1.1988,
        "text": "",
        "entered": "106",
        "unit": "umol/L",
        "observed_on": "2026-11-02",
        "source": "document",
        "document": {"id": str(letter.pk), "kind": "letter", "title": "Letter of referral"},
        "recorded_by": {"id": str(row.recorded_by.pk), "name": row.recorded_by.name},
        "status": "final",
        "error_reason": "",
        "corrects": None,
    }


def test_same_key_gives_the_same_fact_and_another_body_is_refused(writer: Rest) -> None:
    said = fact()

    first = writer.post("observations/", said, Idempotency_Key="k")
    again = writer.post("observations/", said, Idempotency_Key="k")
    other = writer.post("observations/", {**said, "value": "107"}, Idempotency_Key="k")

    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("also", "pointer", "code"),
    [
        ({"unit": "stone"}, "/unit", "unit_unknown"),
        ({"value": "9000"}, "/value", "value_not_plausible"),
        ({"observed_on": "2070-11-02"}, "/observed_on", "in_the_future"),
        ({"value": 1.2}, "/value", "invalid"),
        ({"number": 1.2}, "/number", "read_only"),
    ],
)
def test_what_cannot_be_true_is_refused_with_where(
    also: dict[str, Any], pointer: str, code: str, writer: Rest
) -> None:
    refused = writer.post("observations/", fact(**also))

    assert refused.status_code == 400
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        (pointer, code)
    ]


def test_correction_points_back_and_marks_what_it_corrects(writer: Rest) -> None:
    said = fact()
    wrong = writer.post("observations/", said).json()

    correction = {**said, "value": "116", "corrects": wrong["id"], "reason": "Misread"}
    right = writer.post("observations/", correction).json()

    assert right["corrects"] == {
        "id": wrong["id"],
        "entered": "106",
        "unit": "umol/L",
        "status": "entered_in_error",
    }
    assert writer.get(f"observations/{wrong['id']}/").json()["error_reason"] == "Misread"
    standing = writer.get(f"observations/?patient={said['patient']}&status=final").json()
    assert [each["id"] for each in standing["results"]] == [right["id"]]


def test_mark_wrong_says_why_and_takes_the_version(writer: Rest, reader: Rest) -> None:
    row = ObservationFactory()
    path = f"observations/{row.pk}/mark-wrong/"

    stale = writer.post(path, {"reason": "Misread"}, If_Match='"7"')
    marked = writer.post(path, {"reason": "Misread"}, If_Match='"1"')
    again = writer.post(path, {"reason": "Twice"})

    assert stale.status_code == 412
    assert (marked.status_code, marked["ETag"]) == (200, '"2"')
    assert marked.json()["status"] == "entered_in_error"
    assert again.json() == marked.json()
    assert reader.post(path, {"reason": "Misread"}).status_code == 403


def test_list_is_narrowed_by_measure_source_and_day(reader: Rest) -> None:
    old = ObservationFactory(observed_on="2026-01-01", source="physician")
    new = ObservationFactory(observed_on="2026-02-01", measure=old.measure)

    def found(query: str) -> list[str]:
        return [each["id"] for each in reader.get(f"observations/?{query}").json()["results"]]

    assert found(f"measure={old.measure.pk}") == [str(new.pk), str(old.pk)]
    assert found("since=2026-01-02") == [str(new.pk)]
    assert found("source=physician") == [str(old.pk)]


def test_measure_with_values_keeps_its_unit(writer: Rest) -> None:
    measure = ObservationFactory().measure

    refused = writer.patch(f"measures/{measure.pk}/", {"unit": "g/L"})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "has_values"
