"""`manage.py crm_profile`: what it says of an export, and that it writes nothing."""

import json
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from crm_import import profiling
from crm_import.profiling import printing, running
from crm_import.profiling.dialects import SHEET
from crm_import.profiling.facts import Column, Finding, Option, Profile, TableFacts
from crm_import.sources import Choices
from crm_import.tables import CONTACT, PATIENT
from crm_import.tests import exports, shapes, test_sources_sheets
from crm_import.tests.checksums import checksums
from crm_import.tests.exports import contact, dossier, guid, patient

NAMES = ("Hildegonda", "Quackelstein", "hildegonda@", "Pink elephants")


def crm_profile(*args: Any) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)"""
    out, err = StringIO(), StringIO()
    try:
        call_command("crm_profile", *map(str, args), stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Some rows, each with something odd in it."""
    hildegonda = contact(
        *(1, "Hildegonda", "Quackelstein", "hildegonda@example.org"),
        booking_date="2024-05-01T08:30:00Z",
        job_title="Nurse",
        favourite="Pink elephants",
    )
    return exports.write(
        tmp_path / "export",
        contacts=[
            hildegonda,
            hildegonda,
            {**hildegonda, "job_title": "Boss", "versionnumber": "9000"},
            contact(2, "Hildegonda", "Quackelstein", "n/a", contact_type="100000099"),
            contact(3, "Hildegonda", "Quackelstein", "n/a", contact_type="Hildegonda"),
            contact(4, "Anna", "Berg", contact_type="", booking_date="9999-12-31T00:00:00Z"),
            contact(5, "Anna", "Bos", booking_date="tomorrow", hospital=guid(60)),
            contact(6, "Anna", "Vos", booking_date="2203-01-01T09:00:00Z", hospital="Clinic"),
            {**contact(7, "Anna", "Kip"), "contactid": "no id"},
            contact(8, "Anna", "Rood", modifiedon="x", versionnumber="7"),
            contact(8, "Anna", "Rode", modifiedon="y", versionnumber="7"),
        ],
        patients=[
            patient(
                *(1, "Hildegonda", "Quackelstein"),
                of=1,
                eligible="1,9",
                ineligible_reason="z" * 110_000,
                first_contact_date="2024-05-09T22:00:00Z",
            )
        ],
        dossiers=[dossier(1, "EAP-1", of=99)],
    )


def table(profile: Profile, name: str) -> TableFacts:
    return next(found for found in profile.tables if found.name == name)


def column(profile: Profile, of: str, name: str) -> Column:
    return next(found for found in table(profile, of).columns if found.name == name)


def option(profile: Profile, name: str, value: str) -> Option:
    return next(o for o in profile.options if (o.option_set, o.value) == (name, value))


def told(profile: Profile) -> set[tuple[str, str, str, int]]:
    return {(f.code, f.table, f.field, f.rows) for f in profile.findings}


def test_columns_are_counted(db: None, export: Path) -> None:
    profile = profiling.run(source=export)

    first = column(profile, "Contact", "firstname")
    assert (first.filled, first.empty, first.absent, first.distinct) == (11, 0, 0, 2)
    assert (first.personal, first.masked) == ("identifying", True)
    assert first.top == [("Xxxx", 6), ("Xxxxxxxxxx", 5)]
    assert column(profile, "Contact", "email").top == [("xxxxxxxxxx@xxxxxxx.xxx", 3), ("n/a", 2)]
    assert column(profile, "Contact", "job_title").top == [("Nurse", 2)]
    assert column(profile, "Contact", "contactid").top == [(guid(1), 3), (guid(8), 2)]
    other = column(profile, "Contact", "favourite")
    assert (other.known, other.filled, other.distinct, other.masked) == (False, 3, 1, True)
    reason = column(profile, "Patient", "ineligible_reason")
    assert (reason.longest, reason.huge) == (110_000, 1)
    assert table(profile, "Contact").rows == 11
    assert table(profile, "Contact").missing == []


def test_what_is_odd_is_told_with_its_rows(db: None, export: Path) -> None:
    profile = profiling.run(source=export)

    assert told(profile) >= {
        ("versions", "Contact", "id", 1),
        ("version_conflict", "Contact", "id", 1),
        ("bad_id", "Contact", "id", 1),
        ("routing_missing", "Contact", "contact_type", 1),
        ("unmapped_option", "", "contact_type", 2),
        ("multi_value", "", "eligible", 1),
        ("missing_rows", "Contact", "hospital", 1),
        ("no_link", "Contact", "hospital", 1),
        ("missing_rows", "EAPDossier", "patient", 1),
        ("placeholder_date", "Contact", "booking_date", 1),
        ("no_date", "Contact", "booking_date", 1),
        ("implausible_date", "Contact", "booking_date", 1),
        ("local_midnight", "Patient", "first_contact_date", 1),  # row 60
        ("huge_text", "Patient", "ineligible_reason", 1),  # row 9
        ("unknown_column", "Contact", "favourite", 3),
    }
    severities = [finding.severity for finding in profile.findings]
    assert severities == sorted(severities, reverse=True)  # warnings first
    assert profile.has_warnings


def test_options_are_the_union_of_metadata_and_rows(db: None, export: Path) -> None:
    profile = profiling.run(source=export)

    lead = option(profile, "contact_type", exports.LEAD)
    assert (lead.labels, lead.rows, lead.meaning) == ({"1033": "patient - lead"}, 8, "patient")
    assert lead.sources == ["metadata", "data"]
    unused = option(profile, "ct_outcome", exports.PENDING)
    assert (unused.rows, unused.sources, unused.mapped) == (0, ["metadata"], True)
    deleted = option(profile, "contact_type", "100000099")
    assert (deleted.labels, deleted.sources, deleted.mapped) == ({}, ["data"], False)
    assert option(profile, "product", "100000000").meaning == "a new record"
    assert option(profile, "contact_type", "Xxxxxxxxxx").mapped is False
    told = [finding.text for finding in profile.findings if finding.field == "contact_type"]
    assert any("100000099 (1), Xxxxxxxxxx (1). Their rows go into quarantine." in t for t in told)


@pytest.mark.parametrize("write", [None, shapes.write_pages, shapes.write_link])
def test_every_shape_is_profiled_alike(
    db: None, export: Path, tmp_path: Path, write: Callable[..., Path] | None
) -> None:
    folder = write(tmp_path / "other", shapes.read(export)) if write else export

    profile = profiling.run(source=folder)

    found = column(profile, "Contact", "lastname")
    assert (found.filled, found.distinct) == (11, 7)
    assert [lookup.missing for lookup in table(profile, "Contact").lookups] == [0, 1]
    assert option(profile, "contact_type", exports.LEAD).meaning == "patient"
    codes = {finding.code for finding in profile.findings}
    assert {"bad_id", "version_conflict", "placeholder_date", "missing_rows"} <= codes


def test_synapse_dates_are_counted_as_they_were_written(
    db: None, export: Path, tmp_path: Path
) -> None:
    profile = profiling.run(source=shapes.write_link(tmp_path / "link", shapes.read(export)))

    by_column = {dates.column: dates for dates in table(profile, "Contact").dates}
    assert by_column["createdon"].dialects == {"yyyy-MM-ddTHH:mm:ss+hh:mm": 11}
    assert list(by_column["booking_date"].dialects) == ["yyyy-MM-ddTHH:mm:ssZ", "something else"]


def test_labels_that_stand_beside_values_are_annotations(
    db: None, export: Path, tmp_path: Path
) -> None:
    profile = profiling.run(source=shapes.write_pages(tmp_path / "pages", shapes.read(export)))

    lead = option(profile, "contact_type", exports.LEAD)
    assert (lead.labels, lead.sources) == ({"": "patient - lead"}, ["annotations", "data"])


def test_sheets_have_an_order_of_dates_and_times_that_came_twice(db: None, tmp_path: Path) -> None:
    twice = test_sources_sheets.contact(1, "Zoë", "Berg", booking=datetime(2021, 10, 31, 2, 30))  # noqa: DTZ001
    folder = test_sources_sheets.write(tmp_path / "ui", {"Contact": [twice]})

    profile = profiling.run(source=folder)

    dates = {dates.column: dates for dates in table(profile, "Contact").dates}["booking_date"]
    assert (dates.dialects, dates.order, dates.came_twice) == ({SHEET: 1}, "dmy", 1)
    assert ("ambiguous_time", "Contact", "booking_date", 1) in told(profile)
    assert "medical_license_number" in table(profile, "Contact").missing
    assert option(profile, "contact_type", "patient - lead").mapped  # a label stands for itself


def test_delta_may_point_at_what_came_before(
    db: None, tmp_path: Path, bring: Callable[..., Any]
) -> None:
    bring(contacts=[contact(1, "Anna", "Berg")])
    rows = [
        shapes.record(PATIENT, patient(1, "Anna", "Berg", of=1)),
        shapes.record(PATIENT, patient(2, "Ida", "Vos", of=2)),
    ]

    profile = profiling.run(
        source=shapes.write_delta(tmp_path / "delta", PATIENT, rows, [guid(10_009)])
    )

    found = table(profile, "Patient")
    link = next(lookup for lookup in found.lookups if lookup.column == "contact_record")
    assert (profile.is_delta, found.deleted, link.filled) == (True, 1, 2)
    assert (link.missing, link.missing_ids, link.examples) == (1, 1, [guid(2)])
    assert {f.code for f in profile.findings} >= {"deleted", "missing_rows"}
    assert "Only what changed." in "\n".join(printing.lines(profile))


def test_cells_that_were_not_delivered_are_not_empty(db: None, tmp_path: Path) -> None:
    rows = [
        shapes.record(CONTACT, {"contactid": guid(1), "email": ""}),
        shapes.record(CONTACT, {"contactid": guid(2), "email": "a@example.org", "job_title": ""}),
    ]

    profile = profiling.run(source=shapes.write_delta(tmp_path / "delta", CONTACT, rows))

    title = column(profile, "Contact", "job_title")
    assert (title.filled, title.empty, title.absent) == (0, 1, 1)
    assert "firstname" in table(profile, "Contact").missing


def test_bad_records_other_encodings_and_missing_rows_are_told(db: None, tmp_path: Path) -> None:
    rows = [contact(n, f"N{n}", "Müller", hospital=guid(60 + n)) for n in range(5)]
    folder = exports.write(tmp_path / "export", contacts=rows)
    path = folder / "Contact.csv"
    text = path.read_text(encoding="utf-8").replace("N1", "N\0") + "one,two\n"
    path.write_bytes(text.encode("cp1252"))
    (folder / "Hospital.csv").write_text("hospitalid,name\n", encoding="utf-8")
    (folder / "MedicalCondition.csv").write_text(
        f"medicalconditionid,name\n{guid(70)},Palsy\n", encoding="utf-8"
    )

    profile = profiling.run(source=folder)

    found = table(profile, "Contact")
    assert found.unreadable == {"nul_removed": 1, "too_few_cells": 1}
    assert (found.files[0].encoding, found.files[0].records, found.rows) == ("cp1252", 6, 5)
    assert told(profile) >= {
        ("nul_removed", "Contact", "", 1),
        ("too_few_cells", "Contact", "", 1),
        ("encoding", "Contact", "", 6),
        ("missing_column", "MedicalCondition", "abbreviation", 1),
    }
    (missing,) = [finding.text for finding in profile.findings if finding.code == "missing_rows"]
    assert f"{guid(60)}, {guid(61)}, {guid(62)} and 2 more." in missing
    assert "abbreviation" in next(
        line for line in printing.lines(profile) if "not in the export" in line
    )


def test_nothing_personal_is_said_unless_asked(db: None, export: Path) -> None:
    said = "".join(crm_profile(export)[1:]) + "".join(crm_profile(export, "--json")[1:])
    asked = crm_profile(export, "--json", "--include-personal")[1]

    assert not [name for name in NAMES if name in said]
    assert not [name for name in NAMES if name not in asked]


def test_values_of_unknown_columns_are_masked_too(db: None, tmp_path: Path) -> None:
    rows = [contact(n, f"N{n}", "B", colour="Pink" if n < 3 else "Blue") for n in range(5)]
    folder = exports.write(tmp_path / "export", contacts=rows)

    shown = column(profiling.run(source=folder, include_personal=True), "Contact", "colour").top
    masked = column(profiling.run(source=folder), "Contact", "colour").top

    assert (shown, masked) == ([("Pink", 3), ("Blue", 2)], [("Xxxx", 3), ("Xxxx", 2)])


def test_json_is_one_document_and_progress_its_own_lines(db: None, export: Path) -> None:
    code, out, err = crm_profile(export, "--json")

    document = json.loads(out)
    assert code == 3
    assert (document["schema"], document["schema_version"]) == ("crm_profile", 1)
    assert set(document) == {
        *("schema", "schema_version", "name", "kind", "why", "is_delta", "ignored", "zone"),
        *("includes_personal", "tables", "options", "findings"),
    }
    assert set(document["tables"][0]) == set(TableFacts.__dataclass_fields__)
    assert set(document["findings"][0]) == set(Finding.__dataclass_fields__)
    events = [json.loads(line) for line in err.splitlines()]
    assert {"event": "phase", "phase": "read Contact", "rows": 11}.items() <= events[4].items()


def test_text_says_kind_tables_columns_options_and_what_to_look_at(db: None, export: Path) -> None:
    (export / "notes.txt").write_text("nothing", encoding="utf-8")

    code, out, err = crm_profile(export, "-v2")

    lines = out.splitlines()
    assert code == 3
    assert lines[0].startswith("export: headed CSV. OptionSets.csv and the others have a header")
    assert "Not read: notes.txt." in lines
    assert any(line.split()[:4] == ["Contact", "1", "11", "7"] for line in lines)
    assert any(line.split()[:4] == ["favourite", "(unknown)", "3", "8"] for line in lines)
    assert any("→ NOBODY KNOWS" in line for line in lines)
    assert any(line.startswith("Look at (") for line in lines)
    assert "Contact.hospital → Hospital" in out
    assert max(map(len, lines)) <= 120
    assert "read Contact" in err


def test_export_without_anything_odd_ends_with_0(db: None, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", contacts=[contact(1, "Anna", "Berg")])

    code, out, _err = crm_profile(folder)

    assert (code, "Nothing odd was found." in out) == (0, True)


def test_nothing_is_written(db: None, export: Path) -> None:
    before = checksums()

    crm_profile(export)

    assert checksums() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'crm_profile%'")
        assert cursor.fetchone() == (0,)


def test_database_forbids_writing_while_an_export_is_looked_at(
    db: None, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(cursor: Any, *_args: Any, **_options: Any) -> None:
        cursor.execute("DELETE FROM crm_import_importrun")

    monkeypatch.setattr(running.keys, "ids", write)

    with pytest.raises(DatabaseError) as refused:
        profiling.run(source=export)

    assert isinstance(refused.value.__cause__, psycopg.errors.ReadOnlySqlTransaction)


def test_database_that_stops_it_is_told_without_its_words(
    db: None, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise DatabaseError("Quackelstein")

    monkeypatch.setattr(running.keys, "ids", fail)

    code, out, err = crm_profile(export)

    assert (code, out, "Quackelstein" in err) == (9, "", False)
    assert "The database stopped it (no connection). Nothing was written." in err


def test_choices_reach_the_source(db: None, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    detect = running.sources.detect
    monkeypatch.setattr(
        running.sources, "detect", lambda source, choices: given.append(choices) or detect(source)
    )

    crm_profile(export, "--dates", "booking_date=mdy", "--accept-row-limit")

    assert given == [Choices({"booking_date": "mdy"}, accept_row_limit=True)]
