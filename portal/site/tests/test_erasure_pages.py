"""What the workplace shows of exports and erasures, from the request to the certificate."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from patients import documents, erasure, exporting, holdings
from patients.admin.erasure import kind
from patients.models import ErasureRequest, Patient
from patients.tests.factories import (
    ConsentFactory,
    DocumentFactory,
    NoteFactory,
    PatientFactory,
    PossibleDuplicateFactory,
)
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest
from portal.tests.test_erasure_everywhere import ask, person_with_everything, plant

Member = Callable[..., User]
State = ErasureRequest.State


def url(page: str, *args: Any) -> str:
    return reverse(f"admin:patients_{page}", args=args)


# --- exporting


@pytest.mark.django_db
def test_export_has_every_planted_word_and_says_what_is_left_out() -> None:
    patient, rows = person_with_everything()
    planted = [name for row in rows for name in plant(row, "canary")]

    exported = exporting.export(patient_id=patient.pk, by=UserFactory())

    sections = {section["key"]: section for section in exported["sections"]}
    assert set(sections) >= {row._meta.label for row in rows}
    for name in planted:
        label, _dot, column = name.rpartition(".")
        if column in sections[label]["withheld"]:
            continue
        assert "canary" in json.dumps(sections[label]["rows"]) or "ca/nary" in json.dumps(
            sections[label]["rows"]
        ), name
        [row, *_others] = sections[label]["rows"]
        # Spread over the cells of a legacy row; what its file is like.
        if column not in {"extra", "absent", "written"}:
            assert column in row, name
    assert "evidence" in sections["patients.PossibleDuplicate"]["withheld"]


@pytest.mark.django_db
def test_export_of_every_holding_has_its_history() -> None:
    patient, _rows = person_with_everything()

    exported = exporting.export(patient_id=patient.pk, by=UserFactory())

    with_history = {one["key"] for one in exported["sections"] if one["history"]}
    assert with_history == {
        one.label for one in holdings.holdings() if not one.kept and holdings.event_model(one.model)
    }


@pytest.mark.django_db
def test_export_keeps_another_person_out() -> None:
    patient = PatientFactory()
    PossibleDuplicateFactory(
        first_patient=patient,
        second_patient=PatientFactory(first_name="Zebedee"),
        evidence={"name": "Zebedee"},
    )

    assert "Zebedee" not in exporting.as_json(
        exporting.export(patient_id=patient.pk, by=UserFactory())
    )


@pytest.mark.django_db
def test_export_has_consents_with_their_words_and_who_opened_the_record() -> None:
    patient, by = PatientFactory(), UserFactory(name="Nora Steward")
    consent = ConsentFactory(patient=patient, text_version="2026-11", language="en")

    exported = exporting.export(patient_id=patient.pk, by=by)

    [text] = exported["consent_texts"]
    assert text["text_version"] == consent.text_version
    assert text["body"]
    [opened] = next(one for one in exported["sections"] if one["key"] == "core.AccessEvent")["rows"]
    assert (opened["actor_name"], opened["route"]) == ("Nora Steward", "export")


@pytest.mark.django_db
def test_downloads_have_everything_and_are_written_to_the_access_log(
    client: Client, member: Member
) -> None:
    patient = PatientFactory(first_name="Ada")
    name = default_storage.save("aa/report", ContentFile(b"%PDF-1.7 report"))
    document = DocumentFactory(patient=patient, file=name, title="Report: Ada")
    document.sha256 = documents._sha256(ContentFile(b"%PDF-1.7 report"))
    document.save()
    client.force_login(member("data steward"))

    data = client.get(url("patient_export_json", patient.pk))
    packed = client.get(url("patient_export_zip", patient.pk))

    assert all("no-store" in one["Cache-Control"] for one in (data, packed))
    assert json.loads(data.content)["ids"] == [str(patient.pk)]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(packed.streaming_content)))
    [file] = [one for one in archive.namelist() if one != "export.json"]
    assert file == f"files/{document.pk}-Report Ada.pdf"
    assert archive.read(file) == b"%PDF-1.7 report"
    assert json.loads(archive.read("export.json"))["files"][0]["name"] == file
    routes = AccessEvent.objects.filter(record_ids__contains=[patient.pk]).values_list("route")
    assert list(routes) == [("export",), ("export",)]


@pytest.mark.django_db
def test_zip_without_a_file_that_should_be_in_it_is_refused(client: Client, member: Member) -> None:
    document = DocumentFactory()
    client.force_login(member("data steward"))

    response = client.get(url("patient_export_zip", document.patient_id))

    assert response.status_code == 409
    assert "incomplete" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["navigator", "auditor"])
def test_export_is_refused_to_who_may_not(role: str, client: Client, member: Member) -> None:
    patient = PatientFactory()
    client.force_login(member(role))

    for page in ("patient_export", "patient_export_json", "patient_export_zip", "patient_erase"):
        assert client.get(url(page, patient.pk)).status_code == 403


@pytest.mark.django_db
def test_export_page_can_be_read(client: Client, member: Member) -> None:
    note = NoteFactory(text="Prefers mornings")
    client.force_login(member("team lead"))

    page = client.get(url("patient_export", note.patient_id)).content.decode()

    assert "Prefers mornings" in page
    assert "../export.zip" in page


# --- erasing


def test_table_of_the_history_is_named_in_plain_words() -> None:
    assert kind("pghistory.Context") == "Who changed what, and why (history)"
    assert kind("bookings.Booking") == "Bookings"
    assert kind("gone.Table") == "gone.Table"


@pytest.mark.django_db
def test_erasure_from_the_request_to_the_certificate(client: Client, member: Member) -> None:
    patient = PatientFactory(first_name="Ada", last_name="Lovelace")
    steward, lead = member("data steward"), member("team lead")
    client.force_login(steward)
    asked = client.post(
        url("patient_erase", patient.pk),
        {"ground": "consent_withdrawn", "reference": "2026-17", "version": patient.version},
    )
    wanted = ErasureRequest.objects.get()
    own = client.get(url("erasurerequest_change", wanted.pk)).content.decode()
    client.force_login(lead)
    client.post(url("erasurerequest_approve", wanted.pk), {"version": wanted.version})
    plan = client.get(url("erasurerequest_execute", wanted.pk)).content.decode()
    client.post(url("erasurerequest_execute", wanted.pk), {"sure": "on"})

    wanted.refresh_from_db()
    certificate = client.get(url("erasurerequest_certificate", wanted.pk)).content.decode()
    gone = client.get(url("patient_change", patient.pk), follow=True).content.decode()
    assert asked.status_code == 302
    assert "erasurerequest/" + str(wanted.pk) + "/approve" not in own
    assert "What goes" in plan
    assert wanted.state == State.VERIFIED
    assert (wanted.requested_by, wanted.approved_by) == (steward, lead)
    assert "This is no certificate yet" not in certificate
    assert "Backups" in certificate
    assert "This person was erased on" in gone


@pytest.mark.django_db(transaction=True)
def test_file_that_stays_is_said_on_the_page_and_recorded(
    client: Client, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = DocumentFactory()
    wanted = ask(document.patient_id)

    def jammed(_document: Any) -> None:
        raise OSError("disk")

    monkeypatch.setattr(documents, "remove", jammed)
    client.force_login(member("team lead"))
    response = client.post(url("erasurerequest_execute", wanted.pk), {"sure": "on"})

    wanted.refresh_from_db()
    assert response.status_code == 409
    assert "not all files (left: 1)" in response.content.decode()
    assert wanted.state == State.FILES_LEFT
    assert not Patient.objects.exists()
    certificate = client.get(url("erasurerequest_certificate", wanted.pk)).content.decode()
    assert "This is no certificate yet" in certificate


@pytest.mark.django_db
def test_execute_without_being_sure_does_nothing(client: Client, member: Member) -> None:
    wanted = ask(PatientFactory().pk)
    client.force_login(member("team lead"))

    response = client.post(url("erasurerequest_execute", wanted.pk))

    wanted.refresh_from_db()
    assert response.status_code == 200
    assert wanted.state == State.APPROVED


@pytest.mark.django_db
def test_erased_patient_over_rest_is_gone(reader: Rest) -> None:
    patient = PatientFactory()
    erasure.execute(request_id=ask(patient.pk).pk, by=UserFactory())

    response = reader.get(f"patients/{patient.pk}/")

    assert (response.status_code, response.json()["code"]) == (410, "erased")
