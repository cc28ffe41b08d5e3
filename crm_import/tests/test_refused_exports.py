"""Exports that are not whole, or none: the exit code, what to do, and nothing written."""

import gzip
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from crm_import.models import ImportRun, LegacyContact, SourceFile, UnreadableRecord
from crm_import.sources import sheets
from crm_import.tests import exports, shapes, test_sources_sheets
from crm_import.tests.exports import contact
from patients.models import Patient

PEOPLE = [
    contact(1, "Anna", "Berg", "anna@example.org"),
    contact(2, "Ida", "Vos", "ida@example.org", job_title="Nurse, of the\nnight"),
]


def headed(folder: Path) -> Path:
    return exports.write(folder, contacts=PEOPLE)


def pages(folder: Path) -> Path:
    return shapes.write_pages(folder, shapes.read(headed(folder.parent / "csv")), size=1)


def cut(path: Path, end: bytes) -> None:
    """Let the file end before `end`, which stands in it once."""
    before, found, _after = path.read_bytes().partition(end)
    assert found
    path.write_bytes(before)


def page_left(folder: Path) -> Path:
    (pages(folder) / "contacts-0002.json").unlink()
    return folder


def page_torn(folder: Path) -> Path:
    cut(pages(folder) / "contacts-0002.json", b"ida@example")
    return folder


def quote_torn(folder: Path) -> Path:
    cut(headed(folder) / "Contact.csv", b"of the")
    return folder


def quote_torn_behind_a_line_end(folder: Path) -> Path:
    cut(headed(folder) / "Contact.csv", b"ight")
    return folder


def record_torn(folder: Path) -> Path:
    cut(headed(folder) / "Contact.csv", b"da@example.org")
    return folder


def link_torn(folder: Path) -> Path:
    shapes.write_link(folder, shapes.read(headed(folder.parent / "csv")))
    cut(folder / "contact" / "2024.csv", b"ida@example")
    return folder


def sheet_torn(folder: Path) -> Path:
    text = test_sources_sheets.contacts_csv({}, {})
    test_sources_sheets.rewrite(test_sources_sheets.write(folder), "Contact", text)
    cut(folder / "Contact.csv", b"Berg2")
    return folder


def packed_torn(folder: Path) -> Path:
    path = headed(folder) / "Contact.csv"
    (folder / "Contact.csv.gz").write_bytes(gzip.compress(path.read_bytes())[:-20])
    path.unlink()
    return folder


def at_the_limit(folder: Path) -> Path:
    return test_sources_sheets.write(folder)


def mixed(folder: Path) -> Path:
    shapes.write_pages(headed(folder) / "pages", shapes.read(folder))
    return folder


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def nowhere(folder: Path) -> Path:
    return folder


def strange(folder: Path) -> Path:
    empty(folder)
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    return folder


def either_order(folder: Path) -> Path:
    text = test_sources_sheets.contacts_csv({"booking": "03/04/2023"})
    return test_sources_sheets.rewrite(test_sources_sheets.write(folder), "Contact", text)


TORN = "it is cut off. Copy it again, or export it again."


@pytest.mark.parametrize("command", ["crm_profile", "crm_import"])
@pytest.mark.parametrize(
    ("write", "code", "says"),
    [
        (page_left, 8, "says that page 2 follows, and that is not here. Save all pages, until"),
        (page_torn, 8, "is no whole JSON: it is cut off, or something else stands in it. Export"),
        (at_the_limit, 8, "has exactly 3 rows, where the CRM cuts an export off. Export it in"),
        (quote_torn, 8, f"Contact.csv ends in the middle of record 2: {TORN}"),
        (quote_torn_behind_a_line_end, 8, f"Contact.csv ends in the middle of record 3: {TORN}"),
        (record_torn, 8, f"Contact.csv ends in the middle of record 2: {TORN}"),
        (link_torn, 8, f"2024.csv ends in the middle of record 2: {TORN}"),
        (sheet_torn, 8, f"Contact.csv ends in the middle of record 2: {TORN}"),
        (packed_torn, 8, "Contact.csv is cut off or damaged. Copy it again, or export it again."),
        (mixed, 8, "mixes several kinds of export: "),
        (empty, 8, "is empty. Name a folder (or .zip) with headed CSV files, saved pages"),
        (nowhere, 8, "does not exist. Name a folder (or .zip) with headed CSV files, saved pages"),
        (strange, 8, "holds no export of the CRM. Name a folder (or .zip) with headed CSV files"),
        (either_order, 4, "Look at a date you know, and say --dates booking_date=dmy or"),
    ],
)
def test_row_85_export_that_is_not_whole_is_refused(
    db: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    write: Callable[[Path], Path],
    code: int,
    says: str,
) -> None:
    monkeypatch.setattr(sheets, "ROW_LIMIT", 3)
    folder = write(tmp_path / "export")
    out = StringIO()

    with pytest.raises(CommandError) as refused:
        call_command(command, str(folder), stdout=out, stderr=out)

    assert refused.value.returncode == code
    assert says in str(refused.value)
    assert out.getvalue() == ""
    for model in (ImportRun, SourceFile, LegacyContact, UnreadableRecord, Patient):
        assert not model._base_manager.exists()
