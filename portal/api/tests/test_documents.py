"""Documents and notes over REST: multipart in, the file out."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from patients.models import Document, Note
from patients.tests import files
from patients.tests.factories import PatientFactory
from portal.core.models import AccessEvent
from portal.core.tests.rest import Rest, staff, token
from portal.roles import Role, allows

pytestmark = pytest.mark.django_db


def body(data: bytes = files.PDF, **more: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("Letter of March.exe", data, content_type="text/html")
    return {"patient": str(PatientFactory().pk), "kind": "letter", "file": file, **more}


def test_upload_answers_with_what_is_known_about_the_file(writer: Rest) -> None:
    patient = PatientFactory(first_name="Ada", last_name="Rest")

    answer = writer.post("documents/", body(patient=str(patient.pk)))

    document = Document.objects.get()
    record = answer.json()
    assert answer.status_code == 201
    assert {k: v for k, v in record.items() if k not in {"created_at", "updated_at"}} == {
        "id": str(document.pk),
        "version": 1,
        "patient": {"id": str(patient.pk), "name": "Ada Rest", "stage": "lead"},
        "kind": "letter",
        "title": "Letter of March",
        "content_type": "application/pdf",
        "size": len(files.PDF),
        "sha256": document.sha256,
        "uploaded_by": {
            "id": str(document.uploaded_by_id),
            "name": document.uploaded_by.name,  # type: ignore[union-attr]
        },
    }


@pytest.mark.parametrize("accept", ["*/*", "application/pdf", "application/json"])
def test_download_gives_the_file_whatever_is_accepted(accept: str, writer: Rest) -> None:
    record = writer.post("documents/", body()).json()
    AccessEvent.objects.values_list("pk")

    answer = writer.get(f"documents/{record['id']}/file/", Accept=accept)

    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == files.PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="Letter of March.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    opened = AccessEvent.objects.filter(request_id=answer["X-Request-ID"], route="rest")
    assert {(each.record_type, str(each.record_ids[0])) for each in opened} == {
        ("patients.Patient", record["patient"]["id"]),
        ("patients.Document", record["id"]),
    }


@pytest.mark.parametrize("role", list(Role))
def test_download_is_for_who_may_see_documents(role: Role, writer: Rest) -> None:
    record = writer.post("documents/", body()).json()
    api = role in {Role.API_READER, Role.API_WRITER}
    rest = Rest(token(role.value)) if api else staff(role.value)

    status = rest.get(f"documents/{record['id']}/file/").status_code

    assert status == (200 if allows("patients.document", role, "view") else 403)


def test_download_needs_a_token_and_a_document_that_is_there(reader: Rest) -> None:
    path = "documents/019a0000-0000-7000-8000-000000000000/file/"

    assert Rest().get(path).status_code == 401
    assert reader.get(path).status_code == 404
    assert reader.get("documents/..%2f..%2fsecret/file/").status_code == 404
    assert reader.get(f"{path}?page=1").json()["errors"][0]["parameter"] == "page"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"<html></html>", "file_markup"),
        (b"a" * 1_100_000, "file_too_large"),
        (files.PNG[:-1], "file_damaged"),
    ],
    ids=["empty", "markup", "too large", "damaged"],
)
def test_upload_of_a_bad_file_names_the_member(
    data: bytes, code: str, writer: Rest, settings: Any
) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000_000

    refused = writer.post("documents/", body(data))

    assert refused.status_code == 400
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/file", code)]
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"kind": "novel"}, "/kind", "invalid_choice"),
        ({"patient": "somebody"}, "/patient", "incorrect_type"),
        ({"size": "1"}, "/size", "read_only"),
        ({"path": "/etc"}, "/path", "unknown"),
        ({"title": "a" * 201}, "/title", "max_length"),
    ],
)
def test_upload_with_a_bad_member_is_refused(
    more: dict[str, str], pointer: str, code: str, writer: Rest
) -> None:
    refused = writer.post("documents/", body(**more))

    assert refused.status_code == 400
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]


def test_upload_of_the_same_file_again_names_the_document_there_is(writer: Rest) -> None:
    patient = str(PatientFactory().pk)
    known = writer.post("documents/", body(patient=patient)).json()

    refused = writer.post("documents/", body(patient=patient, title="Again"))

    assert refused.status_code == 409
    assert refused.json()["code"] == "same_file"
    assert refused.json()["document"] == known["id"]


def test_upload_for_a_restricted_person_is_refused(writer: Rest) -> None:
    refused = writer.post(
        "documents/", body(patient=str(PatientFactory(processing_restricted=True).pk))
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "restricted")


def test_upload_that_is_not_multipart_is_refused(writer: Rest) -> None:
    refused = writer.post("documents/", {"kind": "letter"})

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")


def test_download_of_a_file_that_is_gone_says_so(writer: Rest) -> None:
    record = writer.post("documents/", body()).json()
    default_storage.delete(Document.objects.get().file.name)

    refused = writer.get(f"documents/{record['id']}/file/")

    assert (refused.status_code, refused.json()["code"]) == (409, "file_missing")
    assert record["id"] in refused.json()["detail"]


def test_note_is_by_the_client_that_sends_it(writer: Rest) -> None:
    patient = str(PatientFactory().pk)

    made = writer.post("notes/", {"patient": patient, "text": " Likes tea. "})
    forged = writer.post("notes/", {"patient": patient, "text": "x", "author": patient})

    note = Note.objects.get()
    assert (made.status_code, made.json()["text"]) == (201, "Likes tea.")
    assert made.json()["author"]["id"] == str(note.author_id)
    assert forged.json()["errors"][0] == {
        "pointer": "/author",
        "code": "read_only",
        "message": forged.json()["errors"][0]["message"],
    }


def test_note_for_a_restricted_person_is_refused(writer: Rest) -> None:
    patient = str(PatientFactory(processing_restricted=True).pk)

    refused = writer.post("notes/", {"patient": patient, "text": "Likes tea."})

    assert (refused.status_code, refused.json()["code"]) == (409, "restricted")
