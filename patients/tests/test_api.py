"""People and what they said over REST: what is shown, whole, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from patients.models import (
    ConsentText,
    ContactPoint,
    MedicalCondition,
    Patient,
    PossibleDuplicate,
)
from patients.tests.factories import (
    ConditionNameFactory,
    ConsentFactory,
    ConsentTextFactory,
    ContactPointFactory,
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
    SubmissionFactory,
)
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db


def moment(value: Any) -> str:
    """A moment as PostgreSQL writes it in JSON."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_json(%s::timestamptz)::text", [value])
        return str(cursor.fetchone()[0]).strip('"')


def test_patient_is_shown_with_summaries_and_nothing_else(reader: Rest) -> None:
    hospital = HospitalFactory(name="Erasmus MC", city="Rotterdam", country="NL")
    physician = SpecialistFactory(first_name="Ann", last_name="Jansen", hospital=hospital)
    condition = MedicalConditionFactory(name="Rare one", abbreviation="RO")
    owner = UserFactory(name="Aisha Okafor")
    patient = PatientFactory(
        converted=True,
        first_name="Sara",
        last_name="Fermó",
        email="sara@example.org",
        phone="+31612345678",
        physician=physician,
        medical_condition=condition,
        owner=owner,
        converted_by=owner,
        date_of_birth="1980-02-29",
        on_behalf_of_name="Bo",
        on_behalf_of_relation="parent",
    )

    shown = reader.get(f"patients/{patient.pk}/")

    navigator = {"id": str(owner.pk), "name": "Aisha Okafor"}
    assert shown.json() == {
        "id": str(patient.pk),
        "created_at": moment(patient.created_at),
        "updated_at": moment(patient.updated_at),
        "version": 1,
        "first_name": "Sara",
        "last_name": "Fermó",
        "email": "sara@example.org",
        "phone": "+31612345678",
        "country": "NL",
        "language": "nl",
        "time_zone": "",
        "stage": "patient",
        "is_lead": False,
        "closed_reason": "",
        "owner": navigator,
        "medical_condition": {"id": str(condition.pk), "name": "Rare one", "abbreviation": "RO"},
        "physician": {
            "id": str(physician.pk),
            "name": "Ann Jansen",
            "hospital": {
                "id": str(hospital.pk),
                "name": "Erasmus MC",
                "city": "Rotterdam",
                "country": "NL",
            },
        },
        "first_contact_at": moment(patient.first_contact_at),
        "initial_consult_at": "2026-01-05T10:00:00+00:00",
        "converted_at": "2026-01-06T10:00:00+00:00",
        "converted_by": navigator,
        "date_of_birth": "1980-02-29",
        "sex": "unknown",
        "on_behalf_of_name": "Bo",
        "on_behalf_of_relation": "parent",
        "voicemail": "no_name",
        "do_not_contact": False,
        "deceased_on": None,
        "processing_restricted": False,
    }


def test_patient_is_stored_in_the_form_the_model_wants(writer: Rest) -> None:
    made = writer.post(
        "patients/",
        {"first_name": " Ada  Mae ", "email": " Ada@Example.org ", "phone": "06 1234 5678"}
        | {"country": "NL"},
    )

    assert made.status_code == 201
    shown = made.json()
    assert shown["first_name"] == "Ada Mae"
    assert shown["email"] == "Ada@Example.org"
    assert shown["phone"] == "+31612345678"
    assert (shown["stage"], shown["is_lead"]) == ("lead", True)


def test_change_over_rest_says_who_in_the_history(writer: Rest) -> None:
    patient = PatientFactory()

    answer = writer.patch(f"patients/{patient.pk}/", {"last_name": "Rust"})

    event = patient.pgh_event_model.objects.filter(pgh_obj_id=patient.pk).latest("pgh_id")
    context = event.pgh_context.metadata
    account = User.objects.get(pk=context["user"])
    assert context["request"] == answer["X-Request-ID"]
    assert context["client"] == account.name
    assert account.groups.get().name == "api-writer"


@pytest.mark.parametrize(
    "member", ["stage", "closed_reason", "converted_at", "initial_consult_at", "deceased_on"]
)
def test_state_that_verbs_own_cannot_be_written(member: str, writer: Rest) -> None:
    patient = PatientFactory()

    refused = writer.patch(f"patients/{patient.pk}/", {member: None})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "read_only"


def test_pharmacist_cannot_be_the_physician(writer: Rest) -> None:
    pharmacist = SpecialistFactory(contact_type="pharmacist")

    refused = writer.post("patients/", {"first_name": "a", "physician": str(pharmacist.pk)})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/physician"


@pytest.mark.parametrize("fields", [{"is_active": False}, {"is_staff": False}])
def test_owner_is_somebody_who_works_here(fields: dict[str, bool], writer: Rest) -> None:
    refused = writer.post("patients/", {"first_name": "a", "owner": str(UserFactory(**fields).pk)})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "does_not_exist"


def test_restricted_person_is_read_and_not_changed(writer: Rest) -> None:
    patient = PatientFactory(processing_restricted=True)
    point = ContactPointFactory(patient=patient)
    body = {"patient": str(patient.pk), "kind": "email", "value": "x@example.org"}

    refusals = [
        writer.patch(f"patients/{patient.pk}/", {"last_name": "x"}),
        writer.delete(f"patients/{patient.pk}/"),
        writer.post("contact-points/", body),
        writer.patch(f"contact-points/{point.pk}/", {"remark": "x"}),
        writer.delete(f"contact-points/{point.pk}/"),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refusals] == [
        (409, "restricted")
    ] * 5
    assert writer.get(f"patients/{patient.pk}/").status_code == 200


def test_patient_with_records_is_not_deleted(writer: Rest) -> None:
    patient = ContactPointFactory().patient
    SubmissionFactory(patient=patient)

    refused = writer.delete(f"patients/{patient.pk}/")

    assert refused.status_code == 409
    assert refused.json()["referring"] == ["patients.contactpoint", "patients.submission"]


@pytest.mark.parametrize(
    "query",
    ["search=ferm+sar", "search=5678", "search=06-1234", "search=example.org", "search=SARA@EX"],
)
def test_patient_is_found_as_a_navigator_finds_them(query: str, reader: Rest) -> None:
    patient = PatientFactory(
        first_name="Sara", last_name="Fermó", email="sara@example.org", phone="+31612345678"
    )
    PatientFactory(first_name="Bo", last_name="Berg", email="bo@example.net")

    found = reader.get(f"patients/?{query}").json()["results"]

    assert [each["id"] for each in found] == [str(patient.pk)]


def test_patients_are_narrowed_by_each_filter(reader: Rest) -> None:
    patient = PatientFactory(converted=True, country="BE", owner=UserFactory())
    PatientFactory(country="NL")
    queries = [
        "stage=patient",
        "stage=patient&stage=closed",
        "is_lead=false",
        f"owner={patient.owner_id}",
        f"medical_condition={patient.medical_condition_id}",
        f"physician={patient.physician_id}",
        "country=BE",
    ]

    for query in queries:
        found = reader.get(f"patients/?{query}").json()["results"]
        assert [each["id"] for each in found] == [str(patient.pk)], query


def test_times_narrow_from_then_on_and_up_to_then(reader: Rest) -> None:
    early, late = PatientFactory(), PatientFactory()
    Patient.objects.filter(pk=early.pk).update(created_at="2026-01-01T00:00:00Z")
    Patient.objects.filter(pk=late.pk).update(created_at="2026-02-01T00:00:00Z")

    def found(query: str) -> list[str]:
        return [each["id"] for each in reader.get(f"patients/?{query}").json()["results"]]

    assert found("created_after=2026-02-01T00:00:00Z") == [str(late.pk)]
    assert found("created_before=2026-02-01T00:00:00Z") == [str(early.pk)]
    assert found("created_after=2026-02-01T01:00:00%2B01:00") == [str(late.pk)]
    assert found("updated_since=2026-01-01T00:00:00Z") == [str(late.pk), str(early.pk)]
    assert found("updated_since=2200-01-01T00:00:00Z") == []


def test_contact_point_is_another_systems_and_stored_as_e164(writer: Rest) -> None:
    patient = PatientFactory(country="BE", first_name="Sara", last_name="Fermó")

    made = writer.post(
        "contact-points/", {"patient": str(patient.pk), "kind": "phone", "value": "0470 12 34 56"}
    )

    shown = made.json()
    point = ContactPoint.objects.get()
    assert shown == {
        "id": str(point.pk),
        "created_at": moment(point.created_at),
        "updated_at": moment(point.updated_at),
        "version": 1,
        "patient": {"id": str(patient.pk), "name": "Sara Fermó", "stage": "lead"},
        "kind": "phone",
        "value": "+32470123456",
        "origin": "api",
        "remark": "",
    }


def test_same_contact_point_twice_is_a_409(writer: Rest) -> None:
    point = ContactPointFactory(kind="email", value="a@example.org")
    body = {"patient": str(point.patient_id), "kind": "email", "value": " A@example.org"}

    refused = writer.post("contact-points/", body)

    assert refused.status_code == 409
    assert refused.json()["constraint"] == "patients_contactpoint_once_per_patient"


def test_contact_point_stays_with_its_patient(writer: Rest) -> None:
    point = ContactPointFactory()

    refused = writer.patch(f"contact-points/{point.pk}/", {"patient": str(PatientFactory().pk)})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "fixed"


def test_condition_is_found_under_every_name(reader: Rest) -> None:
    ConditionNameFactory(condition__name="Rare one", name="Zeldzame ziekte")

    found = reader.get("medical-conditions/?search=zeldz").json()["results"]

    assert [each["name"] for each in found] == ["Rare one"]
    assert reader.get("medical-conditions/?search=gliobl").json()["results"][0]["name"] == (
        MedicalCondition.objects.get(abbreviation="GBM").name
    )


def test_consent_is_shown_whole(reader: Rest) -> None:
    nurse = UserFactory(name="Aisha Okafor")
    consent = ConsentFactory(
        patient__first_name="Sara", patient__last_name="", obtained_by=nurse, evidence="call 7"
    )

    shown = reader.get(f"consents/{consent.pk}/").json()

    assert shown == {
        "id": str(consent.pk),
        "created_at": moment(consent.created_at),
        "updated_at": moment(consent.updated_at),
        "version": 1,
        "patient": {"id": str(consent.patient_id), "name": "Sara", "stage": "lead"},
        "purpose": "navigation",
        "scope": "",
        "decision": "given",
        "decided_at": moment(consent.decided_at),
        "text_version": "2026-01",
        "language": "nl",
        "method": "web_form",
        "obtained_by": {"id": str(nurse.pk), "name": "Aisha Okafor"},
        "evidence": "call 7",
    }


def test_consent_text_is_shown_whole(reader: Rest) -> None:
    text = ConsentTextFactory(text_version="2020-01")

    shown = reader.get(f"consent-texts/{text.pk}/").json()

    assert shown == {
        "id": str(text.pk),
        "created_at": moment(text.created_at),
        "updated_at": moment(text.updated_at),
        "version": 1,
        "purpose": "research",
        "text_version": "2020-01",
        "language": "en",
        "title": "Use for research",
        "body": "You agree that we count you without your name.",
        "sha256": text.sha256,
        "valid_from": "2026-01-01T00:00:00+00:00",
    }


def test_text_to_show_today_is_found_by_purpose_and_language(reader: Rest) -> None:
    query = "purpose=research&language=en"
    now = timezone.now()
    earlier = ConsentText.objects.current(purpose="research", language="en", now=now)
    newest = ConsentTextFactory(valid_from=now)
    ConsentTextFactory(valid_from=now + timedelta(days=1))

    shown = reader.get(f"consent-texts/?{query}&in_force=true").json()["results"]
    others = reader.get(f"consent-texts/?{query}&in_force=false").json()["results"]

    assert [each["id"] for each in shown] == [str(newest.pk)]
    assert str(earlier.pk) in {each["id"] for each in others}
    assert len(others) == 2


def test_new_condition_is_found_under_its_name_and_takes_nobody_elses(writer: Rest) -> None:
    made = writer.post("medical-conditions/", {"name": "Fabry disease"})
    refused = writer.post("medical-conditions/", {"name": "duchenne"})

    assert made.status_code == 201, made.content
    assert str(MedicalCondition.objects.named("fabry  DISEASE").get().pk) == made.json()["id"]
    assert refused.status_code == 400
    assert "Duchenne" in refused.json()["errors"][0]["message"]


def test_put_leaves_the_first_contact_as_it_was(writer: Rest) -> None:
    patient = PatientFactory(first_contact_at=datetime(2020, 1, 1, tzinfo=UTC))

    answer = writer.put(f"patients/{patient.pk}/", {"first_name": "New", "last_name": "Name"})

    assert answer.status_code == 200, answer.content
    patient.refresh_from_db()
    assert (patient.first_name, patient.first_contact_at.year) == ("New", 2020)


def test_person_who_may_be_known_is_taken_and_put_up_for_review(writer: Rest) -> None:
    ada = {"first_name": "Ada", "last_name": "Lovelace", "phone": "+31612345670"}
    first = writer.post("patients/", ada).json()["id"]
    second = writer.post("patients/", ada).json()["id"]
    other = writer.post("patients/", {"first_name": "Ada", "last_name": "Lovelace"}).json()["id"]
    assert PossibleDuplicate.objects.count() == 1

    changed = writer.patch(f"patients/{other}/", {"phone": "+31612345670"})

    assert changed.status_code == 200, changed.content
    pairs = PossibleDuplicate.objects.values_list("first_patient", "second_patient")
    assert {frozenset(map(str, pair)) for pair in pairs} == {
        frozenset((first, second)),
        frozenset((first, other)),
        frozenset((second, other)),
    }
