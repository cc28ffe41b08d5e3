"""`manage.py crm_import`: exit codes, the report, and the problems."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from crm_import import importing, reporting, transform
from crm_import.locks import LOCK
from crm_import.models import ImportRun, LegacyContact
from crm_import.refusals import AnotherRun, Brake, DecisionNeeded, Refused
from crm_import.sources import Choices
from crm_import.tests import exports
from crm_import.tests.exports import contact, patient
from crm_import.tests.operators import command, other_session
from patients.models import Patient

KEYS = {
    *("patients", "specialists", "hospitals", "specializations", "medical_conditions"),
    *("bookings", "clinical_trials", "ct_referrals", "eap_programs", "eap_dossiers"),
    "submissions",
}
NAMES = ("Hildegonda", "Quackelstein", "hildegonda", "example.org")


def crm_import(*args: Any) -> tuple[int, str]:
    return command("crm_import", *args)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return exports.write(
        tmp_path / "export",
        contacts=[
            contact(1, "Hildegonda", "Quackelstein", "hildegonda@example.org"),
            contact(2, "Hildegonda", "=1+1", contact_type=""),
        ],
        patients=[patient(1, "Hildegonda", "Quackelstein", of=1, trial_id="TBD")],
    )


def test_report_has_the_shape_others_rely_on(db: None, export: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"

    code, _printed = crm_import(export, "--report", path)

    report = json.loads(path.read_text(encoding="utf-8"))
    assert code == 3
    assert report["run"] == str(ImportRun.objects.get().pk)
    assert report["dry_run"] is False
    assert report["tables"]["Contact"] == {
        "read": 2,
        "imported": 1,
        "merged": 0,
        "superseded": 0,
        "exact_repeat": 0,
        "quarantined": 1,
        "ignored": 0,
        "unchanged": 0,
    }
    assert list(report["tables"]) == [
        *("Contact", "Patient", "EAPDossier", "MedicalCondition", "Hospital", "Specialization")
    ]
    assert set(report["created"]) == set(report["totals"]) == KEYS
    assert report["created"]["patients"] == report["totals"]["patients"] == 1
    assert report["problems"]["routing_missing"] == 1
    assert set(report) == {
        *("run", "dry_run", "tables", "created", "totals", "problems"),
        *("scope", "watermark"),
    }
    assert report["watermark"]["Contact"] == {"version": 1002, "written": ""}


def test_nothing_personal_is_printed_or_reported(
    db: None, export: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report, problems = tmp_path / "report.json", tmp_path / "problems.csv"

    _code, printed = crm_import(export, "--report", report, "--problems", problems)

    written = printed + caplog.text + report.read_text("utf-8") + problems.read_text("utf-8")
    assert not [name for name in NAMES if name in written]
    assert "Quackelstein" in LegacyContact.objects.get(record=1).lastname


def test_problems_are_a_table_of_codes(db: None, export: Path, tmp_path: Path) -> None:
    path = tmp_path / "problems.csv"

    crm_import(export, "--problems", path)

    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["table", "record", "legacy_id", "code", "severity", "field"]
    held = ["Contact", "2", exports.guid(2), "routing_missing", "error", "contact_type"]
    assert held in rows
    assert not list(tmp_path.glob(".problems*"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_a_cell_of_the_problems_is_never_a_formula(text: str) -> None:
    assert reporting.harmless(text) == f"'{text}"


def test_export_of_which_all_was_placed_ends_with_0(db: None, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", contacts=[contact(1, "Anna", "Berg")])

    code, printed = crm_import(folder)

    assert code == 0
    assert "Contact" in printed


def test_dry_run_says_so_and_keeps_nothing(db: None, export: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    code, printed = crm_import(export, "--dry-run", "--report", report)

    assert code == 3
    assert "nothing of this was kept" in printed
    assert json.loads(report.read_text("utf-8"))["created"]["patients"] == 1
    assert not Patient.objects.exists()
    assert not ImportRun.objects.exists()


def _without(folder: Path) -> None:
    (folder / "Patient.csv").unlink()


def _headless(folder: Path) -> None:
    (folder / "Contact.csv").write_text("a;b;c\n1;2;3\n", encoding="utf-8")


def _empty(folder: Path) -> None:
    (folder / "Hospital.csv").write_bytes(b"")


def _twice(folder: Path) -> None:
    (folder / "Hospital.csv").write_text("hospitalid,name,name\n", encoding="utf-8")


def _binary(folder: Path) -> None:
    (folder / "Contact.csv").write_bytes(b"PK\x03\x04\xff\xff\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_without, "lacks Patient.csv"),
        (_headless, "lacks the column contactid"),
        (_empty, "Hospital.csv is empty"),
        (_twice, "name twice"),
        (_binary, "no CSV header"),
    ],
)
def test_unreadable_export_ends_with_8_and_writes_nothing(
    db: None, export: Path, spoil: Any, says: str
) -> None:
    spoil(export)

    code, printed = crm_import(export)

    assert code == 8
    assert says in printed
    assert not ImportRun.objects.exists()
    assert not LegacyContact.objects.exists()


def test_kind_of_the_export_is_said_and_what_was_not_read(db: None, export: Path) -> None:
    (export / "notes.txt").write_text("nothing", encoding="utf-8")

    _code, printed = crm_import(export)

    assert printed.startswith("headed CSV: OptionSets.csv and the others have a header each.\n")
    assert "Not read: notes.txt." in printed


@pytest.mark.parametrize(
    ("refused", "code"), [(DecisionNeeded("Say --dates"), 4), (Brake("Say --accept-deletes"), 6)]
)
def test_what_somebody_must_decide_has_its_exit_code(
    db: None, export: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused, code: int
) -> None:
    def refuse(source: str, choices: Choices) -> None:
        assert choices == Choices({"booking_date": "mdy"}, accept_row_limit=True)
        raise refused

    monkeypatch.setattr(importing.sources, "detect", refuse)

    given = crm_import(export, "--dates", "Booking_Date=mdy", "--accept-row-limit")

    assert (given[0], str(refused) in given[1]) == (code, True)


@pytest.mark.parametrize("order", ["booking_date", "booking_date=ymd", "=dmy"])
def test_order_of_dates_that_is_none_is_refused(db: None, export: Path, order: str) -> None:
    _code, printed = crm_import(export, "--dates", order)

    assert "is no COLUMN=dmy or COLUMN=mdy" in printed
    assert not ImportRun.objects.exists()


def test_missing_folder_ends_with_8(db: None, tmp_path: Path) -> None:
    code, printed = crm_import(tmp_path / "no" / "where")

    assert (code, f"{tmp_path}/no/where does not exist. Name a" in printed) == (8, True)


def test_file_that_changes_under_the_reader_ends_with_8(
    db: None, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect = importing.sources.detect

    def open_and_spoil(folder: str, choices: Choices) -> Any:
        source = detect(folder, choices)
        with (Path(folder) / "Contact.csv").open("a", encoding="utf-8") as file:
            file.write("one more\n")
        return source

    monkeypatch.setattr(importing.sources, "detect", open_and_spoil)

    code, printed = crm_import(export)

    assert (code, "changed while it was read" in printed) == (8, True)
    assert not ImportRun.objects.exists()


def test_output_that_cannot_be_written_is_refused_before_the_run(db: None, export: Path) -> None:
    code, _printed = crm_import(export, "--report", export / "no" / "report.json")

    assert code == 2
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("option", ["--report", "--problems"])
def test_folder_in_place_of_a_file_is_refused_before_the_run(
    db: None, export: Path, option: str
) -> None:
    code, _printed = crm_import(export, option, export)

    assert code == 2
    assert not ImportRun.objects.exists()
    assert not list(export.parent.glob(".*"))


def test_run_that_fails_leaves_no_file(
    db: None, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise AnotherRun("not now")

    monkeypatch.setattr(importing.reporting, "report", fail)

    code, _printed = crm_import(export, "--problems", tmp_path / "problems.csv")

    assert code == 7
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_what_the_database_objects_to_is_told_without_values(
    db: None, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list(transform.steps())
    again = "INSERT INTO patients_conditionname (condition_id, name, language, origin) SELECT "
    again += "condition_id, name, language, origin FROM patients_conditionname"
    broken = transform.Step("step", "broken", again)
    monkeypatch.setattr(transform, "steps", lambda: iter([*steps, broken]))

    code, printed = crm_import(export)

    assert code == 9
    assert "SQLSTATE 23505, table patients_conditionname" in printed
    assert "DETAIL" not in printed
    assert "Glioblastoma" not in printed
    assert not ImportRun.objects.exists()


def test_lock_of_another_session_ends_with_7(db: None, export: Path) -> None:
    with other_session() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])

        code, printed = crm_import(export)

        assert code == 7
        assert "Another crm_import is running: since 20" in printed
        assert "in a session that does not say whose it is (server process" in printed
        other.rollback()
    assert crm_import(export)[0] == 3


def test_row_without_an_outcome_stops_the_run(
    db: None, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list(transform.steps())
    monkeypatch.setattr(
        transform, "steps", lambda: iter([step for step in steps if step.name != "outcomes"])
    )

    code, printed = crm_import(export)

    assert (code, "have no outcome" in printed) == (5, True)
    assert not Patient.objects.exists()


def test_steps_hold_no_percent_sign() -> None:
    """Some statements get parameters for the history context; a percent sign would be one."""
    assert not [step.name for step in transform.steps() if "%" in step.sql]


def test_report_on_standard_output_is_one_document_and_progress_a_line_a_phase(
    db: None, export: Path
) -> None:
    code, printed = crm_import(export, "--json")

    *lines, document = [json.loads(line) for line in printed.splitlines()]
    assert (code, document["exit_code"], document["schema"]) == (3, 3, 1)
    assert document["tables"]["Contact"]["read"] == 2
    assert [line["phase"] for line in lines[:2]] == ["read OptionSets", "read MedicalCondition"]
    assert {line["event"] for line in lines} == {"phase"}
    assert lines[-1]["left"] == 0


def test_refusal_is_a_document_too(db: None, export: Path) -> None:
    (export / "Patient.csv").unlink()

    code, printed = crm_import(export, "--json")

    document = json.JSONDecoder().raw_decode(printed)[0]
    assert (code, document["exit_code"]) == (8, 8)
    assert "lacks Patient.csv" in document["error"]
