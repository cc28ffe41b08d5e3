"""Exports from the screens: hidden ids, labels, local dates, the row limit."""

# ruff: noqa: DTZ001  wall times, as spreadsheets have them

import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from crm_import import importing
from crm_import.models import Problem
from crm_import.sources import sheets, words
from crm_import.sources.encodings import look_at
from crm_import.sources.files import entries
from crm_import.tests import exports, workbooks
from crm_import.tests.reading import Seen, refusal, see
from patients.models import Patient, Specialist

HEADS = {
    "Contact": [
        *("(Do Not Modify) Contact", "(Do Not Modify) Row Checksum", "(Do Not Modify) Modified On"),
        *("First Name", "Last Name", "Email", "Contact Type", "Medical Condition", "Booking Date"),
        *("No Show", "Hospital", "Created On", "Status"),
    ],
    "Patient": [
        *("(Do Not Modify) Patient", "(Do Not Modify) Row Checksum", "(Do Not Modify) Modified On"),
        *("First Name", "Last Name", "Email", "Contact Record", "Eligible"),
    ],
    "EAPDossier": ["(Do Not Modify) EAP Dossier", "EAP Number", "Patient", "Product"],
    "MedicalCondition": ["(Do Not Modify) Medical Condition", "Name", "Abbreviation"],
    "Hospital": ["(Do Not Modify) Hospital", "Name", "City"],
    "Specialization": ["(Do Not Modify) Specialization", "Name"],
}
Rows = dict[str, list[list[Any]]]
BOOKED = datetime(2023, 10, 19, 14, 30)


def contact(number: int, first: str, last: str, **cells: Any) -> list[Any]:
    row = {
        "id": exports.guid(number),
        "checksum": "gQ0abc==",
        "modified": datetime(2023, 10, 20, 11, 15),
        "first": first,
        "last": last,
        "email": f"{first.lower()}@example.org",
        "type": "patient - lead",
        "condition": "Idiopatic Pulmonary Fibrosis",
        "booking": "",
        "no_show": "",
        "hospital": "",
        "created": datetime(2023, 1, 2, 9, 0),
        "status": "Active",
    }
    return list({**row, **cells}.values())


ROWS: Rows = {
    "Contact": [
        contact(1, "Zoë", "Berg", booking=BOOKED, no_show="No"),
        contact(2, "Ida", "Vos", type="physician", condition="", hospital="Clinic", no_show="Ja"),
        contact(3, "Ben", "Smit", type="physician", condition="", hospital="Twice"),
    ],
    "Patient": [
        [exports.guid(10_001), "x==", BOOKED, "Zoë", "Berg", "", "Zoë Berg", "Yes"],
    ],
    "EAPDossier": [[exports.guid(20_001), 12.0, "Zoë Berg", "Dystrazen"]],
    "Hospital": [
        [exports.guid(50), "Clinic", "Delft"],
        [exports.guid(51), "Twice", "Breda"],
        [exports.guid(52), "Twice", "Breda"],
    ],
}  # fmt: skip


def write(
    folder: Path, rows: Rows | None = None, heads: dict[str, list[str]] | None = None
) -> Path:
    """Write a workbook for each table."""
    folder.mkdir()
    for table, head in {**HEADS, **(heads or {})}.items():
        found = {**ROWS, **(rows or {})}.get(table, [])
        workbooks.write(folder / f"{table} view.xlsx", "Sheet", [head, *found])
    return folder


def rewrite(folder: Path, table: str, text: str, encoding: str = "utf-8-sig") -> Path:
    """Put CSV in the place of a workbook."""
    (folder / f"{table} view.xlsx").unlink()
    (folder / f"{table}.csv").write_bytes(text.encode(encoding))
    return folder


def contacts_csv(*cells: dict[str, str], mark: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark)
    writer.writerow(HEADS["Contact"])
    for number, some in enumerate(cells, 1):
        writer.writerow(
            contact(number, "Zoë", f"Berg{number}", **{"modified": "", "created": "", **some})
        )
    return out.getvalue()


def test_workbooks_are_read_by_their_headings(tmp_path: Path) -> None:
    seen = see(write(tmp_path / "ui"))

    assert seen.source.kind == sheets.KIND
    zoe, ida, ben = seen.contacts
    assert zoe == {
        "contactid": exports.guid(1),
        "modifiedon": "2023-10-20T09:15:00Z",
        "firstname": "Zoë",
        "lastname": "Berg",
        "email": "zoë@example.org",
        "contact_type": "patient - lead",
        "medical_condition": "Idiopatic Pulmonary Fibrosis",
        "booking_date": "2023-10-19T12:30:00Z",
        "no_show": "false",
        "hospital": "",
        "createdon": "2023-01-02T08:00:00Z",
        "statecode": "0",
    }
    assert (ida["no_show"], ida["hospital"]) == ("true", exports.guid(50))
    assert ben["hospital"] == "Twice"  # row 50: of two hospitals nobody knows which
    assert seen.rows["Patient"][0]["contact_record"] == exports.guid(1)
    assert seen.rows["EAPDossier"][0]["patient"] == exports.guid(10_001)
    assert seen.rows["EAPDossier"][0]["eap_number"] == "12"


def test_row_50_workbooks_import_but_for_a_hospital_of_two(db: None, tmp_path: Path) -> None:
    with transaction.atomic():
        result = importing.run(source=write(tmp_path / "ui"), by=None)

    assert result.report["tables"]["Contact"]["imported"] == 3
    zoe = Patient.objects.get()
    assert (zoe.stage, zoe.medical_condition and zoe.medical_condition.abbreviation) == (
        "patient",
        "IPF",
    )
    assert {s.hospital and s.hospital.name for s in Specialist.objects.all()} == {"Clinic", None}
    assert Problem.objects.filter(code="invalid_link", field="hospital").count() == 1


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8-sig", ","), ("cp1252", ";"), ("utf-16", "\t")]
)
def test_csv_that_a_spreadsheet_wrote(tmp_path: Path, encoding: str, mark: str) -> None:
    text = contacts_csv({"booking": "19/10/2023 14:30", "no_show": "Nee"}, mark=mark)

    seen = see(rewrite(write(tmp_path / "ui"), "Contact", text, encoding))

    row = seen.contacts[0]
    assert (row["firstname"], row["booking_date"], row["no_show"]) == (
        "Zoë",
        "2023-10-19T12:30:00Z",
        "false",
    )
    assert look_at(*entries(tmp_path / "ui" / "Contact.csv")).separator == mark


def _dates(tmp_path: Path, *cells: str) -> Path:
    text = contacts_csv(*({"booking": cell} for cell in cells))
    return rewrite(write(tmp_path / "ui"), "Contact", text)


def booked(seen: Seen) -> list[str]:
    return [row["booking_date"] for row in seen.contacts]


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["10/3/2023 09:00", "31/3/2023 09:00"], "2023-03-10T08:00:00Z"),
        (["10/3/2023 9:00 AM", "3/31/2023 9:00 PM"], "2023-10-03T07:00:00Z"),
        (["10.3.2023 09:00"], "2023-03-10T08:00:00Z"),
        (["10-3-2023", "31-3-2023"], "2023-03-09T23:00:00Z"),
        (["2023-03-10 09:00"], "2023-03-10T08:00:00Z"),
    ],
)
def test_a_day_above_12_tells_the_order(tmp_path: Path, cells: list[str], first: str) -> None:
    assert booked(see(_dates(tmp_path, *cells)))[0] == first


def test_row_61_column_that_can_be_read_in_two_ways_needs_a_decision(tmp_path: Path) -> None:
    folder = _dates(tmp_path, "03/04/2023 10:00", "05/06/2023 10:00")

    code, says = refusal(folder)

    assert code == 4
    assert "--dates booking_date=dmy" in says
    assert booked(see(folder, dates={"booking_date": "mdy"}))[0] == "2023-03-04T09:00:00Z"
    assert booked(see(folder, dates={"booking_date": "dmy"}))[0] == "2023-04-03T08:00:00Z"


def test_column_in_both_orders_needs_a_decision(tmp_path: Path) -> None:
    code, says = refusal(_dates(tmp_path, "13/04/2023", "04/13/2023"))

    assert (code, "in both orders" in says) == (4, True)


@pytest.mark.parametrize("cell", ["now", "tomorrow", "infinity", "45228.1", "soon", "31/31/2023"])
def test_what_is_no_date_in_csv_stays_as_it_is(tmp_path: Path, cell: str) -> None:
    assert booked(see(_dates(tmp_path, cell, "31/12/2023")))[0] == cell


@pytest.mark.parametrize(
    ("cell", "is_serial", "spelt"),
    [
        (45228.1041, True, "2023-10-29T00:29:54Z"),  # row 62
        (45228.1041, False, "45228.1041"),
        (-1, True, "-1"),
        (True, True, "True"),
        (date(2023, 5, 10), True, "2023-05-09T22:00:00Z"),  # row 60: a day
        (datetime(2021, 10, 31, 2, 30), True, "2021-10-31T00:30:00Z"),  # row 59: the earlier one
        (datetime(2021, 3, 28, 2, 30), True, "2021-03-28 02:30:00 (no such time)"),
        (datetime(1900, 1, 1), True, "1899-12-31T23:40:28Z"),  # row 58: told later
        (datetime(9999, 12, 31, 23), True, "9999-12-31T22:00:00Z"),
        (datetime(1, 1, 1), True, "0001-01-01 00:00:00"),
        (None, True, ""),
    ],
)
def test_rows_59_62_cells_of_a_workbook(cell: Any, is_serial: bool, spelt: str) -> None:
    assert words.instant(cell, "dmy", is_serial=is_serial) == spelt


def test_row_85_exactly_as_many_rows_as_the_limit_is_a_truncated_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "ROW_LIMIT", 3)
    folder = write(tmp_path / "ui")

    code, says = refusal(folder)

    assert (code, "has exactly 3 rows" in says) == (8, True)
    monkeypatch.setattr(sheets, "ROW_LIMIT", 3)
    assert len(see(folder, accept_row_limit=True).contacts) == 3


def test_columns_that_share_a_heading_are_both_kept(tmp_path: Path) -> None:
    heads = {"Hospital": [*HEADS["Hospital"], "Owner", "Owner"]}
    rows = {"Hospital": [[exports.guid(50), "Clinic", "Delft", "Ann", "Bea"]]}

    seen = see(write(tmp_path / "ui", rows, heads))

    assert seen.others["Hospital"][0].extra == {"Owner": "Ann", "Owner (5)": "Bea"}


def test_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    heads = {"Hospital": ["(Do Not Modify) Hospital", "Name", "Name"]}

    code, says = refusal(write(tmp_path / "ui", heads=heads))

    assert (code, "the column name twice" in says) == (8, True)


@pytest.mark.parametrize(
    "head",
    ["(Niet wijzigen) Contactpersoon", "(Nicht ändern) Kontakt", "(Ne pas modifier) Contact"],
)
def test_hidden_id_is_found_in_every_language(tmp_path: Path, head: str) -> None:
    heads = {"Contact": [head, *HEADS["Contact"][1:]]}

    assert see(write(tmp_path / "ui", heads=heads)).contacts[0]["contactid"] == exports.guid(1)


def test_table_is_told_by_its_headings_where_its_name_is_none(tmp_path: Path) -> None:
    heads = {"Contact": ["(Do Not Modify) Person", *HEADS["Contact"][1:]]}
    folder = write(tmp_path / "ui", heads=heads)
    (folder / "Contact view.xlsx").rename(folder / "export.xlsx")

    assert len(see(folder).contacts) == 3


def test_sheet_without_ids_is_refused(tmp_path: Path) -> None:
    rows = {"Hospital": [["no id", "Clinic", "Delft"]]}

    code, says = refusal(write(tmp_path / "ui", rows))

    assert (code, "no hidden column with ids" in says) == (8, True)


def test_workbook_without_hidden_columns_is_refused(tmp_path: Path) -> None:
    code, says = refusal(write(tmp_path / "ui", heads={"Hospital": ["Name", "City"]}))

    assert (code, "no hidden id column" in says) == (8, True)


def test_table_nobody_knows_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "ui", heads={"Hospital": ["(Do Not Modify) Account", "Name"]})
    (folder / "Hospital view.xlsx").rename(folder / "accounts.xlsx")

    code, says = refusal(folder)

    assert (code, "Nobody can tell which table" in says) == (8, True)


def test_missing_table_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "ui")
    (folder / "Hospital view.xlsx").unlink()

    code, says = refusal(folder)

    assert (code, "lacks Hospital" in says) == (8, True)


def test_one_table_twice_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "ui")
    (folder / "again.xlsx").write_bytes((folder / "Hospital view.xlsx").read_bytes())

    code, says = refusal(folder)

    assert (code, "are both rows of Hospital" in says) == (8, True)


def test_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "ui")
    (folder / "Hospital view.xlsx").write_bytes(b"no workbook")

    code, says = refusal(folder)

    assert (code, "no workbook" in says) == (8, True)


def test_torn_record_of_a_csv_is_unreadable(tmp_path: Path) -> None:
    text = contacts_csv({}) + "one,two\n"

    seen = see(rewrite(write(tmp_path / "ui"), "Contact", text))

    assert [(bad.record, bad.reason) for bad in seen.bad] == [(2, "too_few_cells")]
    assert len(seen.contacts) == 1
