"""Files: where they lie, how much of one is taken in, and under which name one leaves."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from portal.core.downloads import attachment, safe_name
from portal.core.storage import PrivateFiles, check_placed


@pytest.fixture
def store(tmp_path: Path) -> Storage:
    return PrivateFiles(location=str(tmp_path / "documents"))


# --- where they lie


def test_private_files_are_for_the_portal_alone(store: Any) -> None:
    name = store.save("ab/abc", ContentFile(b"Hello"))

    path = Path(store.path(name))
    assert name == "ab/abc"
    assert path.read_bytes() == b"Hello"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_private_files_have_no_url(store: Storage) -> None:
    name = store.save("ab/abc", ContentFile(b"Hello"))

    with pytest.raises(ValueError, match="no URL"):
        store.url(name)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "ab/../../outside"])
def test_private_files_never_leave_their_folder(name: str, store: Storage) -> None:
    with pytest.raises(Exception, match=r"traversal|outside of the base path"):
        store.save(name, ContentFile(b"Hello"))


@pytest.mark.parametrize(("placed", "found"), [(True, []), (False, ["core.E001"])])
def test_deployment_without_a_place_for_documents_is_told(
    placed: bool, found: list[str], settings: Any
) -> None:
    settings.DOCUMENTS_PLACED = placed

    assert [each.id for each in check_placed()] == found


# --- how much is taken in


@pytest.mark.parametrize("sizes", [(3_000_000,), (700_000, 700_000)], ids=["one", "two"])
def test_upload_keeps_no_more_than_a_little_too_much(
    sizes: tuple[int, ...], rf: RequestFactory, settings: Any
) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000_000
    sent = {
        f"file{number}": SimpleUploadedFile("a.txt", b"a" * size)
        for number, size in enumerate(sizes)
    }

    request = rf.post("/", sent)

    kept = sum(file.size for file in request.FILES.values())
    assert 1_000_000 < kept <= 1_000_000 + 64 * 1024
    request.close()


def test_upload_that_is_not_too_large_comes_in_whole(rf: RequestFactory, settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 3_000_000
    data = bytes(range(256)) * 10_000

    request = rf.post("/", {"file": SimpleUploadedFile("a.bin", data)})

    assert request.FILES["file"].read() == data
    request.close()


# --- how it leaves


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Letter of referral", "Letter of referral.pdf"),
        ("Brief 3/5: “Müller”", "Brief 3 5 “Müller”.pdf"),
        ("../../etc/passwd", "etc passwd.pdf"),
        ('a"; filename="b.exe', "a ; filename= b.exe.pdf"),
        ("line\r\nSet-Cookie: a=b", "line Set-Cookie a=b.pdf"),
        ("evil\u202efdp.exe", "evil fdp.exe.pdf"),
        ("  ...  ", "document.pdf"),
        ("\x00", "document.pdf"),
        ("a" * 300, "a" * 100 + ".pdf"),
    ],
)
def test_safe_name_works_on_every_system(title: str, name: str) -> None:
    assert safe_name(title, "pdf") == name


def test_attachment_is_never_shown_and_never_cached() -> None:
    response = attachment(ContentFile(b"Hello"), name="Brief Müller.pdf", content_type="image/png")

    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''Brief%20M%C3%BCller.pdf"
    )
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == "5"
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == b"Hello"  # type: ignore[arg-type]
