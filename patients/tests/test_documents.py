"""Taking files in, handing them out, removing them; and that the store and the rows agree."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from patients import documents
from patients.documents import NotGone, NotReadable, SameFile
from patients.filetypes import NotAccepted
from patients.merging import merge
from patients.models import Document, Patient
from patients.tests import files
from patients.tests.factories import DocumentFactory, MergedPatientFactory, PatientFactory
from patients.unmerging import undo
from portal.core.errors import Refused
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

AT_ONCE = 5  # fewer than the pool has connections


@pytest.fixture(params=["memory", "folder"])
def store(request: Any, settings: Any, tmp_path: Any) -> Any:
    """The file store: one without paths, as S3 is, and the folder of an installation."""
    if request.param == "folder":
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {
                "BACKEND": "portal.core.storage.PrivateFiles",
                "OPTIONS": {"location": str(tmp_path / "documents")},
            },
        }
    return storages["default"]


def sent(data: bytes = files.PDF, name: str = "Brief van de neuroloog.pdf") -> File:
    return SimpleUploadedFile(name, data)


def spooled(data: bytes = files.PDF) -> TemporaryUploadedFile:
    """A file that came in so large that it was put on the disk."""
    file = TemporaryUploadedFile("scan.pdf", "application/pdf", len(data), None)
    file.write(data)
    return file


def upload(patient: Patient, file: File | None = None, **options: Any) -> Document:
    about = {"by": options.pop("by", None) or UserFactory(), "kind": "letter", **options}
    return documents.upload(patient_id=patient.pk, file=file or sent(), **about)


def stored() -> list[str]:
    """The names of all files in the store."""
    try:
        folders, _files = default_storage.listdir("")
    except FileNotFoundError:
        return []
    return [f"{each}/{name}" for each in folders for name in default_storage.listdir(each)[1]]


# --- taking in


@pytest.mark.parametrize("make", [sent, spooled], ids=["in memory", "on the disk"])
def test_upload_keeps_the_bytes_and_what_is_known_about_them(
    make: Callable[[], File], store: Any
) -> None:
    patient, by = PatientFactory(), UserFactory()

    with make() as file:
        document = upload(patient, file, by=by, title=" Letter ", kind="medical_report")

    document.refresh_from_db()
    assert (document.patient, document.uploaded_by) == (patient, by)
    assert (document.title, document.kind) == ("Letter", "medical_report")
    assert document.content_type == "application/pdf"
    assert document.size == len(files.PDF)
    assert document.sha256 == hashlib.sha256(files.PDF).hexdigest()
    assert stored() == [document.file.name]
    with documents.open_file(document) as found:
        assert found.read() == files.PDF


def test_upload_says_who_in_history() -> None:
    by = UserFactory()

    document = upload(PatientFactory(), by=by)

    event = document.events.get()  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["user"] == str(by.pk)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Brief van de neuroloog.pdf", "Brief van de neuroloog"),
        ("../../etc/passwd.pdf", "passwd"),
        ("..\\..\\windows\\win.ini", "..\\..\\windows\\win"),
        ("a" * 300 + ".pdf", "a" * 200),
        (".htaccess", ".htaccess"),
    ],
)
def test_name_of_the_file_is_a_title_at_most_and_never_a_path(
    name: str, title: str, store: Any
) -> None:
    patient = PatientFactory(first_name="Ada", last_name="Lovelace")

    document = upload(patient, sent(name=name))

    assert document.title == title[:200]
    folder, _slash, rest = document.file.name.partition("/")
    assert len(rest) == 32
    assert int(rest, 16) >= 0
    assert rest.startswith(folder)
    assert str(patient.pk.hex) not in document.file.name


@pytest.mark.parametrize(
    ("size", "code"),
    [(0, "file_empty"), (1_000_001, "file_too_large")],
    ids=["empty", "too large"],
)
def test_upload_of_too_little_or_too_much_is_refused(
    size: int, code: str, settings: Any, store: Any
) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000_000

    with pytest.raises(NotAccepted) as refused:
        upload(PatientFactory(), sent(b"a" * size))

    assert refused.value.code == code
    assert stored() == []
    assert not Document.objects.exists()


def test_upload_of_just_enough_is_kept(settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000_000

    assert upload(PatientFactory(), sent(b"a" * 1_000_000)).size == 1_000_000


def test_upload_of_another_kind_of_file_is_refused(store: Any) -> None:
    with pytest.raises(NotAccepted):
        upload(PatientFactory(), sent(b"<html>", name="letter.pdf"))

    assert stored() == []


def test_upload_of_the_same_file_is_recognised(store: Any) -> None:
    patient = PatientFactory()
    known = upload(patient, kind="letter")

    with pytest.raises(SameFile) as refused:
        upload(patient, sent(name="copy.pdf"), kind="other")

    assert refused.value.document_id == known.pk
    assert "letter, added on" in refused.value.message
    assert stored() == [known.file.name]


def test_upload_of_the_same_file_for_somebody_else_is_another_document(store: Any) -> None:
    first, second = upload(PatientFactory()), upload(PatientFactory())

    assert first.sha256 == second.sha256
    assert sorted(stored()) == sorted([first.file.name, second.file.name])


def test_upload_for_somebody_who_may_not_be_changed_is_refused(store: Any) -> None:
    merged = MergedPatientFactory()

    with pytest.raises(Refused, match="may not be changed"):
        upload(PatientFactory(processing_restricted=True))
    with pytest.raises(ValidationError):
        documents.upload(patient_id=merged.old_id, by=UserFactory(), file=sent(), kind="letter")

    assert stored() == []


@pytest.mark.parametrize(
    "about", [{"kind": "novel"}, {"title": "a" * 201}], ids=["kind", "too long a title"]
)
def test_upload_with_a_bad_kind_or_title_stores_nothing(about: dict[str, str], store: Any) -> None:
    with pytest.raises(ValidationError):
        upload(PatientFactory(), **about)

    assert stored() == []


# --- the store and the rows agree


def test_file_is_removed_when_the_row_is_not_kept(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Document, **_options: Any) -> None:
        assert len(stored()) == 1  # the file comes first
        raise DatabaseError

    monkeypatch.setattr(Document, "save", broken)

    with pytest.raises(DatabaseError):
        upload(PatientFactory())

    assert stored() == []


@pytest.mark.django_db(transaction=True)
def test_file_stays_when_the_answer_to_the_commit_is_lost(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: Any) -> None:
        commit(self)
        monkeypatch.undo()
        raise OperationalError("the connection is lost")

    patient, by = PatientFactory(), UserFactory()
    commit = type(connections["default"])._commit
    monkeypatch.setattr(type(connections["default"]), "_commit", lost)

    with pytest.raises(OperationalError):
        upload(patient, by=by)

    assert stored() == [Document.objects.get().file.name]


@pytest.mark.django_db(transaction=True)
def test_file_stays_when_nobody_can_say_whether_the_row_does(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost(_self: Any) -> None:
        raise OperationalError("the connection is lost")

    patient, by = PatientFactory(), UserFactory()
    monkeypatch.setattr(type(connections["default"]), "_commit", lost)

    with pytest.raises(OperationalError):
        upload(patient, by=by)

    monkeypatch.undo()
    assert len(stored()) == 1
    assert "Nobody can say if document" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_upload_within_a_transaction_is_refused() -> None:
    patient, by = PatientFactory(), UserFactory()

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        upload(patient, by=by)

    assert stored() == []
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), LookupError("AccessDenied")], ids=repr
)
def test_store_that_fails_is_told_and_nothing_is_saved(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_arguments: Any) -> str:
        raise error

    patient = PatientFactory(last_name="Lovelace")
    monkeypatch.setattr(storages["default"], "save", full)

    with pytest.raises(Refused) as refused:
        upload(patient)

    assert refused.value.code == "file_not_stored"
    assert not Document.objects.exists()
    assert str(patient.pk) in caplog.text
    assert "Lovelace" not in caplog.text


def race(patient: Patient, by: Any) -> list[Any]:
    """What each of those who bring the same file at the same moment gets."""
    start = threading.Barrier(AT_ONCE, timeout=20)
    results: list[Any] = []

    def bring() -> None:
        start.wait()
        try:
            results.append(upload(patient, by=by))
        except SameFile as refused:
            results.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=bring) for _number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_same_file_from_many_at_once_is_kept_once(store: Any) -> None:
    results = race(PatientFactory(), UserFactory())

    kept = Document.objects.get()
    assert [each for each in results if isinstance(each, Document)] == [kept]
    assert {each.document_id for each in results if isinstance(each, SameFile)} == {kept.pk}
    assert stored() == [kept.file.name]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_same_file_is_kept_several_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everybody = threading.Barrier(AT_ONCE, timeout=20)

    def looked(document: Document) -> None:
        refuse_same(document)
        everybody.wait()  # everybody has looked before anybody writes

    refuse_same = documents._refuse_same
    monkeypatch.setattr(documents, "locked", lambda _patient_id: None)
    monkeypatch.setattr(documents, "_refuse_same", looked)

    race(PatientFactory(), UserFactory())

    assert Document.objects.count() == AT_ONCE


# --- handing out


def test_open_file_that_is_gone_is_told_with_the_id_only(
    store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    document = upload(PatientFactory(), title="Letter about Ada")
    default_storage.delete(document.file.name)

    with pytest.raises(NotReadable) as refused:
        documents.open_file(document)

    assert refused.value.code == "file_missing"
    assert str(document.pk) in refused.value.message
    assert str(document.pk) in caplog.text
    assert "Ada" not in caplog.text


def test_open_file_that_is_not_what_was_stored_is_told(store: Any) -> None:
    document = upload(PatientFactory())
    default_storage.delete(document.file.name)
    default_storage.save(document.file.name, sent(files.PDF + b"\n"))

    with pytest.raises(NotReadable) as refused:
        documents.open_file(document)

    assert refused.value.code == "file_damaged"


# --- removing


def test_remove_deletes_the_file_and_can_be_repeated(store: Any) -> None:
    kept, document = upload(PatientFactory()), upload(PatientFactory())

    documents.remove(document)
    documents.remove(document)

    assert stored() == [kept.file.name]
    assert Document.objects.filter(pk=document.pk).exists()


def test_remove_of_a_document_without_a_file_does_nothing(store: Any) -> None:
    kept = upload(PatientFactory())

    documents.remove(DocumentFactory(file=""))

    assert stored() == [kept.file.name]


def test_remove_that_leaves_the_file_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    document = upload(PatientFactory())
    monkeypatch.setattr(storages["default"], "delete", lambda _name: None)

    with pytest.raises(NotGone, match=str(document.pk)):
        documents.remove(document)


# --- merging


def test_merge_takes_documents_along_with_their_files_and_back(store: Any) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    own, other = upload(survivor), upload(loser)  # the same file on both

    merged = merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())

    assert set(survivor.documents.all()) == {own, other}  # type: ignore[attr-defined]
    for document in Document.objects.all():
        documents.open_file(document).close()
    undo(merge_id=merged.pk, by=UserFactory())
    assert Document.objects.get(patient_id=loser.pk) == other
