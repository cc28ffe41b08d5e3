"""Saved pages of the Web API: prefixes, look-ups, labels, the chain of pages, what is absent."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_import.sources import documents, webapi
from crm_import.tables import CONTACT, DOSSIER, PATIENT
from crm_import.tests import exports, shapes
from crm_import.tests.exports import contact, dossier, patient
from crm_import.tests.reading import refusal, see

PEOPLE = [
    contact(1, "Zoë", "Berg", "zoe@example.org", no_show="false", hospital=exports.guid(50)),
    contact(2, "Anna", "Vos", medical_condition=exports.IPF, job_title=""),
]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    csv = exports.write(
        tmp_path / "csv",
        contacts=PEOPLE,
        patients=[patient(1, "Zoë", "Berg", of=1, eligible=exports.YES)],
        dossiers=[dossier(1, "EAP-1", of=1)],
        hospitals=[{"hospitalid": exports.guid(50), "name": "Clinic", "city": "Delft"}],
    )
    return shapes.write_pages(tmp_path / "pages", shapes.read(csv))


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    shapes.write_json(path, data)


def test_cells_are_those_of_the_headed_export(pages: Path) -> None:
    expected = see(pages.parent / "csv").rows

    seen = see(pages)

    assert (seen.source.kind, seen.source.is_delta) == (webapi.KIND, False)
    for table, rows in expected.items():
        if table != "OptionSets":
            assert seen.rows[table] == rows
    assert ("medical_condition", exports.IPF, "Idiopatic Pulmonary Fibrosis", "") in seen.labels
    assert ("eligible", exports.YES, "Yes", "") in seen.labels


def test_etag_is_the_version_where_none_was_selected(pages: Path) -> None:
    change(
        pages / "contacts-0001.json",
        lambda page: [row.pop("versionnumber") for row in page["value"]],
    )

    assert [row["versionnumber"] for row in see(pages).contacts] == ["1001", "1002"]


def test_absent_is_not_null(pages: Path) -> None:
    def edit(page: dict[str, Any]) -> None:
        del page["value"][1]["contoso_bookingdate"]
        page["value"][1]["jobtitle"] = None

    change(pages / "contacts-0001.json", edit)

    first, second = see(pages).others["Contact"]
    assert first.absent is None
    assert second.absent == ["booking_date"]


def test_columns_nobody_knows_go_along(pages: Path) -> None:
    def edit(page: dict[str, Any]) -> None:
        page["value"][0] |= {"contoso_shoesize": 42.50, "msdyn_email": "x", "_ownerid_value": None}

    change(pages / "contacts-0001.json", edit)

    assert see(pages).others["Contact"][0].extra == {"contoso_shoesize": "42.5", "msdyn_email": "x"}


def _array(folder: Path) -> None:
    for path in list(folder.glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["value"]
        shapes.write_json(path.with_name(path.name.replace("-0001", "")), rows)
        path.unlink()


def _lines(folder: Path) -> None:
    for path in list(folder.glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["value"]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        path.with_suffix(".ndjson").write_text(text, encoding="utf-8")
        path.unlink()


def _gz(folder: Path) -> None:
    for path in list(folder.glob("*.json")):
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


def _utf16(folder: Path) -> None:
    for path in folder.glob("*.json"):
        path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))


def _marked(folder: Path) -> None:
    for path in folder.glob("*.json"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def _fetch_xml(folder: Path) -> None:
    for path in folder.glob("*.json"):
        change(
            path,
            lambda page: page.update({"@Microsoft.Dynamics.CRM.morerecords": False}),
        )


@pytest.mark.parametrize("rewrite", [_array, _lines, _gz, _utf16, _marked, _fetch_xml])
def test_every_way_to_write_them_gives_the_same(pages: Path, rewrite: Any) -> None:
    before = see(pages).rows

    rewrite(pages)

    assert see(pages).rows == before


def test_rows_under_a_strange_name_are_known_by_their_id(pages: Path) -> None:
    before = see(pages).rows
    _array(pages)
    for number, path in enumerate(sorted(pages.glob("*.json"))):
        path.rename(path.with_name(f"download-{number}x.json"))
    for path in pages.glob("*x.json"):
        if path.read_text(encoding="utf-8") == "[]":
            path.unlink()
    for table in ("contoso_medicalconditions", "contoso_specializations"):
        (pages / f"{table}.json").write_text("[]", encoding="utf-8")

    assert see(pages).rows == before


def test_zip_is_read_like_a_folder(pages: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in pages.iterdir():
            archive.write(file, f"inner/{file.name}")

    assert see(path).rows == see(pages).rows


def test_records_do_not_depend_on_where_a_chunk_ends(
    pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = see(pages).rows

    for size in (1, 7, 100):
        monkeypatch.setattr(documents, "CHUNK", size)
        assert see(pages).rows == before


# --- the chain ---------------------------------------------------------------------------------


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """Three pages of contacts, beside one of each other table."""
    csv = exports.write(
        tmp_path / "csv", contacts=[contact(n, f"N{n}", "Berg") for n in range(1, 6)]
    )
    return shapes.write_pages(tmp_path / "pages", shapes.read(csv), size=2)


def test_pages_follow_each_other(chain: Path) -> None:
    seen = see(chain)

    assert [row["firstname"] for row in seen.contacts] == [f"N{n}" for n in range(1, 6)]
    assert [row.record for row in seen.others["Contact"]] == [1, 2, 3, 4, 5]


def test_missing_last_page_is_a_truncated_export(chain: Path) -> None:
    (chain / "contacts-0003.json").unlink()

    code, says = refusal(chain)

    assert code == 8
    assert "contacts-0002.json says that page 3 follows" in says


@pytest.mark.parametrize("rename", [True, False])
def test_missing_page_in_the_middle_is_refused(chain: Path, rename: bool) -> None:
    (chain / "contacts-0002.json").unlink()
    if rename:  # then only the cookies tell
        change(
            chain / "contacts-0003.json",
            lambda page: page.update({"@odata.nextLink": "x?$skiptoken=pagenumber=%224%22"}),
        )
        (chain / "contacts-0003.json").rename(chain / "contacts-0002.json")

    code, says = refusal(chain)

    assert code == 8
    assert ("page 4 follows" if rename else "Page 2 of contacts is missing") in says


def test_page_that_is_there_twice_is_refused(chain: Path) -> None:
    (chain / "contacts-0004.json").write_bytes((chain / "contacts-0002.json").read_bytes())

    code, says = refusal(chain)

    assert (code, "is the same page as" in says) == (8, True)


def test_two_exports_in_one_folder_are_refused(chain: Path) -> None:
    rows = [shapes.record(CONTACT, contact(9, "Other", "Berg"))]
    shapes.write_json(chain / "contacts-0004.json", shapes.page(CONTACT, rows))

    code, says = refusal(chain)

    assert (code, "comes after it" in says) == (8, True)


def test_fetch_xml_that_has_more_records_is_truncated(pages: Path) -> None:
    change(
        pages / "contacts-0001.json",
        lambda page: page.update({"@Microsoft.Dynamics.CRM.morerecords": True}),
    )

    assert refusal(pages)[0] == 8


@pytest.mark.parametrize("cut", [-1, -20, 40])
def test_page_that_is_cut_off_is_refused(pages: Path, cut: int) -> None:
    path = pages / "contacts-0001.json"
    path.write_bytes(path.read_bytes()[:cut])

    code, says = refusal(pages)

    assert (code, "no whole JSON" in says) == (8, True)


def test_value_that_never_ends_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "CHUNK", 16)
    monkeypatch.setattr(documents, "LONGEST_RECORD", 64)
    file = io.BytesIO(b'[{"a": "1"}, oops' + b" " * 4096)

    with pytest.raises(documents.Malformed, match="is no whole JSON"):
        list(documents.Document("page.json", file).records("value"))

    assert file.tell() < 256


def test_damaged_gz_is_refused(pages: Path) -> None:
    _gz(pages)
    path = pages / "contacts-0001.json.gz"
    path.write_bytes(path.read_bytes()[:-12])

    code, says = refusal(pages)

    assert (code, "cut off or damaged" in says) == (8, True)


def test_missing_table_is_refused(pages: Path) -> None:
    (pages / "contoso_patients-0001.json").unlink()

    code, says = refusal(pages)

    assert (code, "lacks pages of patients" in says) == (8, True)


def test_tables_nobody_asked_for_are_named(pages: Path) -> None:
    other = {"@odata.context": f"{shapes.HOST}/$metadata#accounts", "value": [{"accountid": "1"}]}
    shapes.write_json(pages / "accounts.json", other)

    assert see(pages).source.ignored == ["accounts.json"]


# --- deltas ------------------------------------------------------------------------------------


def test_deleted_entities_are_no_rows(tmp_path: Path) -> None:
    changed = [shapes.record(CONTACT, PEOPLE[1])]
    folder = shapes.write_delta(tmp_path / "delta", CONTACT, changed, [exports.guid(1)])

    seen = see(folder)

    assert seen.source.is_delta
    assert [row["firstname"] for row in seen.contacts] == ["Anna"]
    assert [gone.id for gone in seen.deleted["Contact"]] == [exports.guid(1)]


def test_delta_may_leave_out_any_column_but_the_id(tmp_path: Path) -> None:
    row = {"contactid": exports.guid(1), "no_show": "true"}
    folder = shapes.write_delta(tmp_path / "delta", CONTACT, [shapes.record(CONTACT, row)])

    assert see(folder).contacts == [row]


def test_delta_of_custom_tables_needs_no_other_pages(tmp_path: Path) -> None:
    folder = tmp_path / "delta"
    row = patient(1, "Zoë", "Berg", of=1)
    shapes.write_delta(folder, PATIENT, [shapes.record(PATIENT, row)])
    shapes.write_delta(folder, DOSSIER, [], [exports.guid(20_001)])

    seen = see(folder)

    assert [row["patientid"] for row in seen.rows["Patient"]] == [exports.guid(10_001)]
    assert len(seen.deleted["EAPDossier"]) == 1


# --- bad records -------------------------------------------------------------------------------


def test_nul_in_json_is_taken_out_and_told(pages: Path) -> None:
    change(
        pages / "contacts-0001.json",
        lambda page: page["value"][0].update(firstname="Zo\0ë", contoso_other="a\0b"),
    )

    seen = see(pages)

    assert seen.contacts[0]["firstname"] == "Zoë"
    assert seen.others["Contact"][0].extra == {"contoso_other": "ab"}
    assert [(bad.record, bad.reason, bad.loaded) for bad in seen.bad] == [(1, "nul_removed", True)]


def test_half_a_character_makes_one_record_unreadable(pages: Path) -> None:
    path = pages / "contacts-0001.json"
    path.write_text(path.read_text("utf-8").replace("Anna", "An\\ud83dna"), encoding="utf-8")

    seen = see(pages)

    assert [row["firstname"] for row in seen.contacts] == ["Zoë"]
    assert [(bad.reason, b"\\ud83d" in bad.raw) for bad in seen.bad] == [("not_utf8", True)]


def test_element_that_is_no_object_is_unreadable(pages: Path) -> None:
    change(pages / "contacts-0001.json", lambda page: page["value"].append("surprise"))

    (bad,) = see(pages).bad

    assert (bad.record, bad.raw, bad.reason) == (3, b'"surprise"', "no_object")
    assert (pages / "contacts-0001.json").read_bytes()[bad.offset :].startswith(b'"surprise"')
