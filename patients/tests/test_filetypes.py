"""What a file is, whatever it is called; and what is refused, with what to do."""

import struct
import tracemalloc
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from patients import filetypes
from patients.filetypes import NotAccepted, recognise
from patients.tests import files

MACRO = '<Override PartName="/word/x.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
MACRO_WORD = "application/vnd.ms-word.document.macroEnabled.main+xml"
DOCTYPE = '<!DOCTYPE Types [<!ENTITY a "b">]>'


def refusal(data: bytes, name: str = "letter.pdf") -> NotAccepted:
    with pytest.raises(NotAccepted) as refused:
        recognise(ContentFile(data, name=name))
    return refused.value


@pytest.mark.parametrize("name", files.BY_TYPE)
@pytest.mark.parametrize("called", ["right", "report.pdf", "run.exe", "page.html"])
def test_file_is_what_is_in_it_whatever_it_is_called(name: str, called: str) -> None:
    file = SimpleUploadedFile(called, files.BY_TYPE[name], content_type="text/html")

    found = recognise(file)

    assert found.name == name
    assert filetypes.of(found.content_type) == found
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"<html><body>Hello</body></html>", "file_markup", id="a web page"),
        pytest.param(b"\xef\xbb\xbf <!DOCTYPE html><p>", "file_markup", id="one with a mark"),
        pytest.param(b"Hello\n<SCRIPT>alert(1)</SCRIPT>", "file_markup", id="a script in text"),
        pytest.param(b'<?xml version="1.0"?><svg/>', "file_markup", id="a drawing"),
        pytest.param(b"<note>hello</note>", "file_not_accepted", id="XML"),
        pytest.param(b"MZ\x90\x00program", "file_not_accepted", id="a program"),
        pytest.param(b"#!/bin/sh\nrm -rf /\n", "file_not_accepted", id="a script"),
        pytest.param(b"{\\rtf1 hello}", "file_not_accepted", id="RTF"),
        pytest.param(b"GIF89a\x01\x00", "file_not_accepted", id="GIF"),
        pytest.param("H\xf6i".encode("latin-1"), "file_not_accepted", id="text in latin-1"),
        pytest.param("Höi".encode("utf-16"), "file_not_accepted", id="text in UTF-16"),
        pytest.param(b"plain " * 300 + b"\x00", "file_not_accepted", id="a NUL far in text"),
        pytest.param(b"plain " * 300 + b"\xc3", "file_not_accepted", id="half a letter at the end"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "file_old_office", id="old Word"
        ),
        pytest.param(files.archive({"a.txt": "a"}), "file_not_accepted", id="an archive"),
        pytest.param(files.PDF[:40], "file_damaged", id="half a PDF"),
        pytest.param(files.PNG[:-1], "file_damaged", id="a PNG cut short"),
        pytest.param(files.PNG + b"more", "file_damaged", id="a PNG and more"),
        pytest.param(files.JPEG[:30], "file_damaged", id="a JPEG cut short"),
        pytest.param(b"\xff\xd8\xff\xda\x00\x08scan here", "file_damaged", id="JPEG, no frame"),
        pytest.param(b"\xff\xd8" + b"\xff" * 60_000, "file_damaged", id="a JPEG of fill bytes"),
        pytest.param(files.HEIC[:26], "file_damaged", id="half a HEIC"),
        pytest.param(
            files.HEIC.replace(b"heic", b"avif"), "file_not_accepted", id="another picture"
        ),
        pytest.param(files.DOCX[:200], "file_damaged", id="half a DOCX"),
        pytest.param(
            files.DOCX.replace(b"PK\x01\x02", b"PK\x00\x00"), "file_damaged", id="a damaged DOCX"
        ),
    ],
)
def test_what_is_not_kept_is_refused_with_what_to_do(data: bytes, code: str) -> None:
    refused = refusal(data)

    assert refused.code == code
    assert "add that" in refused.message


@pytest.mark.parametrize("name", ["PNG", "JPEG", "HEIC", "PDF", "plain text"])
def test_polyglot_of_a_file_and_an_archive_is_refused(name: str) -> None:
    data = files.BY_TYPE[name] + files.archive({"run.js": "alert(1)"})
    if name == "PDF":  # its trailer is still where it belongs
        data += b"\nstartxref\n1\n%%EOF"

    assert refusal(data).code in {"file_two_kinds", "file_damaged", "file_not_accepted"}
    if name in {"JPEG", "HEIC", "PDF"}:
        assert refusal(data).code == "file_two_kinds"


@pytest.mark.parametrize("before", [b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"Hi\n"])
def test_polyglot_with_a_pdf_further_on_is_refused(before: bytes) -> None:
    assert refusal(before + b" " * 200 + files.PDF).code == "file_two_kinds"


def test_archive_with_something_before_it_is_refused() -> None:
    assert refusal(b"MZ" + b"\x00" * 64 + files.DOCX).code == "file_not_accepted"


@pytest.mark.parametrize(
    "data",
    [
        files.docx(word__vbaProject_bin="x"),
        files.docx(xl__macrosheets__sheet1_xml="<x/>"),
        files.docx(MACRO),
        files.docx(MACRO.replace("vbaProject", "vba&#80;roject")),
        files.docx(main=MACRO_WORD),
    ],
    ids=["a project", "a sheet of macros", "under another name", "written in code", "main part"],
)
def test_macros_are_refused(data: bytes) -> None:
    assert refusal(data).code == "file_macros"


@pytest.mark.parametrize(
    "parts",
    [
        {"word/document.xml": "<document/>"},
        {"[Content_Types].xml": files.contents(files.WORD, "word/document.xml")},
        {"[Content_Types].xml": files.contents(files.WORD, "x.xml"), "word/document.xml": ""},
        {"[Content_Types].xml": files.contents(files.SHEET, "x"), "word/document.xml": ""},
    ],
    ids=["no list", "no part", "another part", "another type"],
)
def test_archive_is_an_office_file_only_with_its_main_part(
    parts: dict[str, str | bytes],
) -> None:
    assert refusal(files.archive(parts)).code == "file_not_accepted"


@pytest.mark.parametrize(
    "listing", [f"{DOCTYPE}<Types/>", "<Types", "no XML"], ids=["declares", "open", "text"]
)
def test_list_of_contents_that_is_no_plain_xml_is_refused(listing: str) -> None:
    data = files.archive({"[Content_Types].xml": listing, "word/document.xml": ""})

    assert refusal(data).code == "file_damaged"


def test_list_of_contents_packed_in_another_way_is_not_unpacked() -> None:
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": files.contents(files.WORD, "word/document.xml"),
        "word/document.xml": "<document/>",
    }

    assert refusal(files.archive(parts, ZIP_BZIP2)).code == "file_not_accepted"


def test_list_of_contents_with_a_password_is_refused() -> None:
    data = bytearray(files.DOCX)
    data[data.find(b"PK\x01\x02") + 8] |= 1  # the flag of an encrypted file

    assert refusal(bytes(data)).code == "file_damaged"


def test_bomb_in_the_list_of_contents_is_not_unpacked() -> None:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", b" " * 200_000_000)
        packed.writestr("word/document.xml", "")
    tracemalloc.start()

    refused = refusal(file.getvalue())

    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.code == "file_too_much"
    assert peak < 5_000_000


def test_file_that_says_it_unpacks_to_far_too_much_is_refused() -> None:
    data = bytearray(files.DOCX)
    at = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 1)
    struct.pack_into("<L", data, at + 24, 3_000_000_000)

    assert refusal(bytes(data)).code == "file_too_much"


@pytest.mark.parametrize("size", [2_000_000, 0xFFFFFFFF], ids=["long", "in a ZIP64 record"])
def test_archive_with_too_long_a_list_of_files_is_not_read(size: int) -> None:
    data = bytearray(files.docx(filler="x" * 10) + b"")
    padded = bytearray(files.archive({"a": b"\x00" * 3_000_000}, 0)[:-22] + data[-22:])
    struct.pack_into("<L", padded, len(padded) - 22 + 12, size)

    assert refusal(bytes(padded)).code == "file_too_much"
