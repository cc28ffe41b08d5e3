"""Documents and notes in the workplace: adding, downloading, and who may do either."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from patients import documents
from patients.models import Document, Note, Patient
from patients.tests import files
from patients.tests.factories import DocumentFactory, PatientFactory
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from portal.roles import Role, allows

pytestmark = pytest.mark.django_db

ADD = "admin:patients_document_add"


@pytest.fixture
def document() -> Document:
    return documents.upload(
        patient_id=PatientFactory().pk,
        by=UserFactory(name="Aisha Okafor"),
        file=SimpleUploadedFile("scan.exe", files.JPEG),
        kind="identity",
        title="Passport/Müller",
    )


def file_url(document: Document) -> str:
    return reverse("admin:patients_document_file", args=[document.pk])


def sent(patient: Patient, data: bytes = files.PDF, **more: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("Letter of March.pdf", data)
    return {"patient": patient.pk, "kind": "letter", "title": "", "file": file, **more}


# --- adding


def test_document_is_added_from_the_page_of_the_patient(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)
    add_url = f"{reverse(ADD)}?patient={patient.pk}"

    before = client.get(patient.get_absolute_url()).content.decode()
    form = client.get(add_url).content.decode()
    saved = client.post(add_url, sent(patient))
    after = client.get(patient.get_absolute_url()).content.decode()

    assert add_url in before
    assert 'enctype="multipart/form-data"' in form
    assert saved["Location"] == f"{patient.get_absolute_url()}#documents"
    document = Document.objects.get()
    assert (document.patient, document.title) == (patient, "Letter of March")
    assert document.uploaded_by == navigator
    for shown in ("Letter of March", "PDF, ", file_url(document), "Aisha Okafor"):
        assert shown in after


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<html></html>", "Web pages, drawings and XML are not kept."),
        (b"", "The file is empty."),
        (b"a" * 1_100_000, "The file is larger than 1 MB."),
        (files.docx(word__vbaProject_bin="x"), "This file has macros."),
    ],
    ids=["type", "empty", "too large", "macros"],
)
def test_document_that_is_refused_says_why_beside_the_file(
    data: bytes, says: str, client: Client, navigator: User, settings: Any
) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000_000
    client.force_login(navigator)

    page = client.post(reverse(ADD), sent(PatientFactory(), data, title="My title"))

    assert page.status_code == 200
    assert says in page.context["adminform"].form.errors["file"][0]
    assert says in page.content.decode()
    assert "My title" in page.content.decode()
    assert not Document.objects.exists()


def test_document_without_a_file_is_refused(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    page = client.post(reverse(ADD), sent(PatientFactory(), file=""))

    assert page.context["adminform"].form.errors["file"] == ["This field is required."]


def test_same_document_twice_is_said_above_the_form(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)
    client.post(reverse(ADD), sent(patient))

    page = client.post(reverse(ADD), sent(patient, title="Again"))

    assert page.status_code == 200
    assert "This patient has this very file already: letter, added on" in page.content.decode()
    assert Document.objects.count() == 1


def test_document_for_a_restricted_person_is_refused(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    page = client.post(reverse(ADD), sent(PatientFactory(processing_restricted=True)))

    assert "This person&#x27;s data may not be changed." in page.content.decode()
    assert not Document.objects.exists()


def test_document_cannot_be_changed_or_deleted(
    client: Client, document: Document, navigator: User
) -> None:
    client.force_login(navigator)

    changed = client.post(document.get_absolute_url(), {"title": "Otherwise", "version": 1})
    deleted = client.post(reverse("admin:patients_document_delete", args=[document.pk]))

    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert Document.objects.get().title == "Passport/Müller"


# --- downloading


def test_download_is_an_attachment_of_the_type_that_was_found(
    client: Client, document: Document, navigator: User
) -> None:
    client.force_login(navigator)

    answer: Any = client.get(file_url(document))

    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == files.JPEG
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == (
        "attachment; filename*=utf-8''Passport%20M%C3%BCller.jpg"
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))


def test_download_is_written_to_the_access_log(
    client: Client, document: Document, navigator: User
) -> None:
    client.force_login(navigator)

    answer = client.get(file_url(document))

    assert {
        (event.record_type, tuple(event.record_ids), event.actor_id, str(event.request_id))
        for event in AccessEvent.objects.all()
    } == {
        ("patients.Patient", (document.patient_id,), navigator.pk, answer["X-Request-ID"]),
        ("patients.Document", (document.pk,), navigator.pk, answer["X-Request-ID"]),
    }


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_download_is_for_who_may_see_documents(
    role: Role | None, client: Client, document: Document, member: Callable[..., User]
) -> None:
    client.force_login(member(role))
    may = role is not None and allows("patients.document", role, "view")

    assert client.get(file_url(document)).status_code == (200 if may else 403)
    assert AccessEvent.objects.exists() is may


def test_download_without_a_log_in_leads_to_the_log_in(client: Client, document: Document) -> None:
    answer = client.get(file_url(document))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize(
    "path", ["019a0000-0000-7000-8000-000000000000/file/", "..%2f..%2fetc%2fpasswd/file/"]
)
def test_download_of_nothing_gives_no_file(path: str, client: Client, navigator: User) -> None:
    client.force_login(navigator)

    answer = client.get(f"/admin/patients/document/{path}", follow=True)

    assert answer.status_code == 404 or answer.redirect_chain[-1][0] == reverse("admin:index")
    assert "Content-Disposition" not in answer


def test_download_is_not_a_post(client: Client, document: Document, navigator: User) -> None:
    client.force_login(navigator)

    assert client.post(file_url(document)).status_code == 405


@pytest.mark.parametrize("lost", [True, False], ids=["gone", "damaged"])
def test_download_of_a_file_that_cannot_be_read_says_so(
    lost: bool, client: Client, document: Document, navigator: User
) -> None:
    default_storage.delete(document.file.name)
    if not lost:
        default_storage.save(document.file.name, SimpleUploadedFile("a", b"something else"))
    client.force_login(navigator)

    page = client.get(file_url(document), follow=True)

    assert page.redirect_chain == [(document.get_absolute_url(), 302)]
    assert f"Tell your administrators: document {document.pk}." in page.content.decode()
    opened = AccessEvent.objects.filter(record_type="patients.Document")
    assert not opened.exists()


def test_page_of_a_document_of_a_kind_that_is_no_longer_kept_opens(
    client: Client, navigator: User
) -> None:
    document = DocumentFactory(content_type="application/x-something")
    client.force_login(navigator)

    assert "file, " in client.get(document.get_absolute_url()).content.decode()


# --- notes


def test_note_is_added_on_its_own_page_with_its_author(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)

    saved = client.post(
        reverse("admin:patients_note_add"), {"patient": patient.pk, "text": "Likes tea"}
    )

    note = Note.objects.get()
    assert saved.status_code == 302
    assert (note.patient, note.author, note.text) == (patient, navigator, "Likes tea")


def test_note_for_a_restricted_person_is_refused(client: Client, navigator: User) -> None:
    patient = PatientFactory(processing_restricted=True)
    client.force_login(navigator)

    page = client.post(
        reverse("admin:patients_note_add"), {"patient": patient.pk, "text": "Likes tea"}
    )

    assert "This person&#x27;s data may not be changed." in page.content.decode()
    assert not Note.objects.exists()
