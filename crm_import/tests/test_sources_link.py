"""Folders of Synapse Link: columns by name, short rows, tombstones, three dialects of dates."""

from pathlib import Path
from typing import Any

import pytest

from crm_import.sources import synapse
from crm_import.tables import CONTACT, PATIENT, TABLES
from crm_import.tests import exports, shapes
from crm_import.tests.exports import contact, dossier, patient
from crm_import.tests.reading import refusal, see

ROWS = [
    contact(1, "Zoë", "Berg", "zoe@example.org", no_show="true", hospital=exports.guid(50)),
    contact(2, "Anna", 'van "der" Vos', job_title="two\nlines, or more"),
]


@pytest.fixture
def link(tmp_path: Path) -> Path:
    csv = exports.write(
        tmp_path / "csv",
        contacts=ROWS,
        patients=[patient(1, "Zoë", "Berg", of=1, eligible=exports.YES)],
        dossiers=[dossier(1, "EAP-1", of=1)],
        hospitals=[{"hospitalid": exports.guid(50), "name": "Clinic", "city": "Delft"}],
    )
    return shapes.write_link(tmp_path / "link", shapes.read(csv))


def contacts(link: Path, *lines: str) -> None:
    (link / "contact" / "2024.csv").write_text("".join(lines), encoding="utf-8", newline="")


def test_cells_are_those_of_the_headed_export(link: Path) -> None:
    expected = see(link.parent / "csv").rows

    seen = see(link)

    assert (seen.source.kind, seen.source.is_delta) == (synapse.KIND, False)
    for table, rows in expected.items():
        if table != "OptionSets":
            assert seen.rows.get(table, []) == rows
    assert seen.labels == {tuple(row.values()) for row in expected["OptionSets"]}
    assert {row.written for row in seen.others["Contact"]} == {"2026-10-01T08:14:02Z"}
    assert not seen.bad


def test_row_01_row_from_before_a_column_is_short_and_whole(link: Path) -> None:
    later = {"Contact": ("job_title",)}
    shapes.write_json(link / "model.json", shapes.model(TABLES, later=later))
    new = shapes.line(CONTACT, ROWS[1], later=later["Contact"])
    old = shapes.line(CONTACT, {**ROWS[0], "job_title": ""}, later=later["Contact"])
    assert old.endswith(",,\n")
    contacts(link, old.removesuffix(",\n") + "\n", new)

    seen = see(link)

    assert [row["job_title"] for row in seen.contacts] == ["", "two\nlines, or more"]
    assert seen.contacts[0]["email"] == "zoe@example.org"
    assert not seen.bad


def test_row_torn_before_the_mark_of_deletion_is_unreadable(link: Path) -> None:
    torn = ",".join(shapes.line(CONTACT, ROWS[0]).split(",")[:6]) + "\n"
    contacts(link, torn, shapes.line(CONTACT, ROWS[1]))

    seen = see(link)

    assert [row["firstname"] for row in seen.contacts] == ["Anna"]
    assert [(bad.record, bad.offset, bad.reason) for bad in seen.bad] == [(1, 0, "too_few_cells")]


def test_row_02_row_with_a_cell_too_many_is_unreadable(link: Path) -> None:
    contacts(link, shapes.line(CONTACT, ROWS[0]).replace("\n", ",more,more\n"))

    assert [bad.reason for bad in see(link).bad] == ["too_many_cells"]


@pytest.mark.parametrize("word", ["True", "true", "1"])
def test_tombstone_is_no_row(link: Path, word: str) -> None:
    stone = shapes.tombstone(CONTACT, exports.guid(1), "2000")
    contacts(link, shapes.line(CONTACT, ROWS[0]), stone.replace('"True"', f'"{word}"'))

    seen = see(link)

    assert [row["firstname"] for row in seen.contacts] == ["Zoë"]
    assert [(gone.record, gone.id, gone.version) for gone in seen.deleted["Contact"]] == [
        (2, exports.guid(1), "2000")
    ]


@pytest.mark.parametrize(
    ("cell", "spelt"),
    [
        ("2023-10-29T00:30:00Z", "2023-10-29T00:30:00Z"),
        ("2021-03-01T10:00:00.0000000+00:00", "2021-03-01T10:00:00Z"),
        ("10/1/2026 8:03:11 AM", "2026-10-01T08:03:11Z"),
        ("10/1/2026 12:03:11 AM", "2026-10-01T00:03:11Z"),
        ("10/1/2026 12:03:11 PM", "2026-10-01T12:03:11Z"),
        # What is none of the three stays as it came, and is told by the transformation.
        ("1/1/2020 0:00:00 PM", "1/1/2020 0:00:00 PM"),
        ("2/30/2020 1:00:00 PM", "2/30/2020 1:00:00 PM"),
        ("2021-03-01T10:00:00.1234567+00:00", "2021-03-01T10:00:00.1234567+00:00"),
        ("2021-03-01T10:00:00.0000000+02:00", "2021-03-01T10:00:00.0000000+02:00"),
        ("infinity", "infinity"),
        ("", ""),
    ],
)
def test_dates_get_one_spelling_or_stay(cell: str, spelt: str) -> None:
    assert synapse.instant(cell) == spelt


def test_id_under_its_own_name_too_is_no_second_one(link: Path) -> None:
    model: Any = shapes.model(TABLES)
    model["entities"][0]["attributes"].append({"name": "contactid", "dataType": "guid"})
    model["entities"][0]["attributes"].append({"name": "contoso_shoesize", "dataType": "int64"})
    shapes.write_json(link / "model.json", model)
    whole = shapes.line(CONTACT, ROWS[0]).replace("\n", f",{exports.guid(1)},42\n")
    contacts(link, whole)

    seen = see(link)

    assert seen.contacts[0]["contactid"] == exports.guid(1)
    assert seen.others["Contact"][0].extra == {"contoso_shoesize": "42"}


def test_snapshot_that_the_description_names_is_read_instead_of_the_live_file(link: Path) -> None:
    model: Any = shapes.model(TABLES)
    place = "contact/Snapshot/2024_1697793610/2024_1697793610.csv"
    location = f"https://lake.dfs.core.windows.net/dataverse-contoso/{place}"
    model["entities"][0]["partitions"] = [{"name": "2024", "location": location}]
    shapes.write_json(link / "model.json", model)
    (link / place).parent.mkdir(parents=True)
    (link / place).write_text(shapes.line(CONTACT, ROWS[0]), encoding="utf-8")

    assert [row["firstname"] for row in see(link).contacts] == ["Zoë"]


def test_file_that_the_description_names_must_be_there(link: Path) -> None:
    model: Any = shapes.model(TABLES)
    model["entities"][0]["partitions"] = [
        {"name": "2019", "location": "https://x/contact/2019.csv"}
    ]
    shapes.write_json(link / "model.json", model)

    code, says = refusal(link)

    assert (code, "names the file 2019.csv of contact" in says) == (8, True)


def test_missing_table_is_refused(link: Path) -> None:
    shapes.write_json(link / "model.json", shapes.model([CONTACT, PATIENT]))

    code, says = refusal(link)

    assert (code, "lacks eapdossier, medicalcondition" in says) == (8, True)


@pytest.mark.parametrize("text", ["", "{}", '{"entities": [{"name": "contact"}]}', "no json"])
def test_description_of_nothing_is_refused(link: Path, text: str) -> None:
    (link / "model.json").write_text(text, encoding="utf-8")

    assert refusal(link)[0] == 8


# --- incremental folders -----------------------------------------------------------------------


def increment(root: Path, when: str, *lines: str) -> None:
    folder = root / when
    (folder / "contact").mkdir(parents=True)
    shapes.write_json(folder / "model.json", shapes.model([CONTACT]))
    text = "".join(lines)
    (folder / "contact" / "2024.csv").write_text(text, encoding="utf-8", newline="")


def test_increments_are_read_in_their_order_but_for_the_unfinished_one(tmp_path: Path) -> None:
    root = tmp_path / "increments"
    increment(root, "2026-10-01T09.15.00Z", shapes.line(CONTACT, {**ROWS[0], **exports.NEWER}))
    increment(root, "2026-10-01T08.15.00Z", shapes.line(CONTACT, ROWS[0]))
    increment(root, "2026-10-01T10.15.00Z", shapes.line(CONTACT, ROWS[1]))
    (root / "2026-10-01T08.30.00Z").mkdir()  # empty ones happen
    (root / "Changelog").mkdir()
    (root / "Changelog" / "changelog.info").write_text("2026-10-01T10.15.00Z", encoding="utf-8")

    seen = see(root)

    assert seen.source.is_delta
    assert [row["versionnumber"] for row in seen.contacts] == ["1001", "9000"]
    assert [row.record for row in seen.others["Contact"]] == [1, 2]
    assert seen.source.ignored == ["2026-10-01T10.15.00Z"]


def test_single_increment_is_a_delta(tmp_path: Path) -> None:
    increment(tmp_path, "2026-10-01T08.15.00Z", shapes.tombstone(CONTACT, exports.guid(1), "9"))

    seen = see(tmp_path / "2026-10-01T08.15.00Z")

    assert seen.source.is_delta
    assert len(seen.deleted["Contact"]) == 1


def test_two_snapshots_are_refused(link: Path) -> None:
    (link / "copy").mkdir()
    (link / "copy" / "model.json").write_bytes((link / "model.json").read_bytes())

    code, says = refusal(link)

    assert (code, "several exports of Synapse Link" in says) == (8, True)
