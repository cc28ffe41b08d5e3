"""Records are found and read in every shape they are published in."""

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from referrals.registry.meanings import (
    Kind,
    country_at_the_end,
    country_code,
    iso_date,
    meaning,
)
from referrals.registry.sources import WHOLE_FILE, find
from referrals.registry.studies import Person, Place, Reason, Shape, Study, Unusable
from referrals.tests.studies import FOLDER, access, api_study, written


def studies(path: Path) -> list[Study]:
    found = [one.result for one in find(path)]
    assert all(isinstance(one, Study) for one in found), found
    return found


def problems(path: Path) -> list[tuple[str, str]]:
    return [
        (one.place, one.result.reason) for one in find(path) if isinstance(one.result, Unusable)
    ]


def single(folder: Path) -> Path:
    path = folder / "study.json"
    path.write_text(json.dumps(api_study()))
    return path


def indented(folder: Path) -> Path:
    path = folder / "study"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(api_study(), indent=2).encode())
    return path


def page(folder: Path) -> Path:
    path = folder / "page.txt"
    path.write_text(json.dumps({"studies": [api_study()], "nextPageToken": "x"}, indent=1))
    return path


def a_list(folder: Path) -> Path:
    path = folder / "list.json"
    path.write_text(json.dumps([api_study()]))
    return path


def lines(folder: Path) -> Path:
    return written(folder, api_study())


def zipped(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("NCT9000xxxx/study.json", json.dumps(api_study()))
        archive.mkdir("empty")
    return folder / "all.zip"


def gzipped(folder: Path) -> Path:
    path = folder / "studies.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(api_study()).encode()))
    return path


def a_folder(folder: Path) -> Path:
    (folder / "deeper").mkdir()
    single(folder / "deeper")
    (folder / ".hidden").write_text("not looked at")
    return folder


@pytest.mark.parametrize(
    "made",
    [single, indented, page, a_list, lines, zipped, gzipped, a_folder],
    ids=lambda f: f.__name__,
)
def test_api_record_is_found_however_it_is_packed(
    tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    [study] = studies(made(tmp_path))

    assert (study.number, study.shape, study.title) == (
        "NCT90000001",
        Shape.API,
        "Inventinib in Duchenne",
    )
    assert study.contacts == (
        Person("Ada Example", "CONTACT", "555-0100 ext. 7", "ada@example.org"),
    )
    assert [place.city for place in study.places or ()] == ["Leiden", "Ankara", "Ankara"]


def test_xml_trial_is_read() -> None:
    [study] = studies(FOLDER / "trial.xml")

    assert study.number == "NCT90000011"
    assert study.phases == ("Phase 1", "Phase 2")
    assert study.conditions == ("Glioblastoma Multiforme", "Made-up Astrocytoma")
    assert (study.criteria or "").splitlines()[:3] == [
        "Inclusion Criteria:",
        "",
        "  -  Glioblastoma",
    ]
    assert study.places == [
        Place(
            "Invented Hospital",
            "Seoul",
            country="Korea, Republic of",
            status="Recruiting",
            contacts=(Person("Bo Example", "contact", "555-0101"),),
        ),
        Place(city="Utrecht", postal_code="3584", country="Netherlands"),
    ]
    assert (study.first_posted, study.last_update_posted) == ("January 14, 2014", "May 3, 2016")


def test_several_xml_records_in_one_element_are_read(tmp_path: Path) -> None:
    one = (FOLDER / "trial.xml").read_text().partition("?>")[2]
    (tmp_path / "all.xml").write_text(f"<all>{one}{one}</all>")

    assert len(studies(tmp_path / "all.xml")) == 2


def test_csv_says_nothing_about_what_it_has_no_column_for() -> None:
    [study] = studies(FOLDER / "download.csv")

    assert study.conditions == ("IPF", "Made-up Fibrosis")
    assert study.org_study_id == "INV-21"
    assert (study.minimum_age, study.maximum_age, study.criteria, study.contacts) == (None,) * 4


def test_older_csv_has_age_limits_and_kinds_of_access() -> None:
    [study] = studies(FOLDER / "download_before_2024.csv")

    assert (study.minimum_age, study.maximum_age) == ("4 Years", "12 Years")
    assert (study.study_type, study.access_types) == (
        "Expanded Access",
        ["individual", "treatment"],
    )
    assert study.sponsor == "Invented Pharma"


@pytest.mark.parametrize(
    ("age", "limits"),
    [
        ("18 Years and older   (Adult, Older Adult)", ("18 Years", "")),
        ("up to 17 Years   (Child)", ("", "17 Years")),
        ("Child, Adult, Older Adult", (None, None)),
    ],
)
def test_ages_of_the_older_table(tmp_path: Path, age: str, limits: tuple[Any, Any]) -> None:
    (tmp_path / "t.csv").write_text(f'NCT Number,Age\nNCT90000022,"{age}"\n')

    [study] = studies(tmp_path / "t.csv")

    assert (study.minimum_age, study.maximum_age) == limits


def test_broken_line_does_not_stand_in_the_way(tmp_path: Path) -> None:
    path = written(tmp_path, api_study(), api_study(90000002))
    path.write_text('{"protocolSection": {\n' + path.read_text() + "[1, 2]\n\n")

    assert problems(path) == [
        ("line 1", Reason.UNREADABLE),
        ("line 4, record 1", Reason.UNREADABLE),
        ("line 4, record 2", Reason.UNREADABLE),
    ]
    assert len(list(find(path))) == 5


@pytest.mark.parametrize(
    "part",
    [
        {"identificationModule": []},
        {"conditionsModule": {"conditions": "DMD"}},
        {"identificationModule__briefTitle": {"nested": 1}},
        {"contactsLocationsModule": {"locations": ["Leiden"]}},
    ],
    ids=str,
)
def test_record_whose_parts_are_something_else_is_set_aside(
    tmp_path: Path, part: dict[str, Any]
) -> None:
    assert problems(written(tmp_path, api_study(**part))) == [("line 1", Reason.UNREADABLE)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"target,nct_id\nDMD,NCT00005574\n",
        b'{"protocolSection": {',
        b"\x1f\x8b not really gzip",
        b"PK\x03\x04 not really zip",
        b"<html><body>Not found</body></html>",
    ],
    ids=["nothing", "another table", "cut off", "gzip", "zip", "a page"],
)
def test_file_that_is_none_of_the_shapes_is_told_as_a_whole(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)

    assert problems(tmp_path / "file") == [(WHOLE_FILE, Reason.UNREADABLE)]


@pytest.mark.parametrize(
    "content",
    [
        "<clinical_study><id_info>",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><clinical_study>&a;</clinical_study>',
    ],
    ids=["cut off", "entities"],
)
def test_xml_that_cannot_be_trusted_is_not_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "file.xml").write_text(content)

    assert problems(tmp_path / "file.xml") == [(WHOLE_FILE, Reason.UNREADABLE)]


def test_uneven_and_unquoted_rows_are_set_aside(tmp_path: Path) -> None:
    rows = 'NCT Number,Study Title\nNCT90000001,A\nNCT90000002\nNCT90000003,C,D\nNCT90000004,"E'
    (tmp_path / "t.csv").write_text(rows)

    assert problems(tmp_path / "t.csv") == [
        ("line 3", Reason.UNREADABLE),
        ("line 4", Reason.UNREADABLE),
        ("after line 4", Reason.UNREADABLE),
    ]


# --- meanings -------------------------------------------------------------------------------------


def meant(record: dict[str, Any], folder: Path) -> Any:
    [study] = studies(written(folder, record))
    return meaning(study)


def test_words_of_every_shape_mean_the_same() -> None:
    [xml] = studies(FOLDER / "trial.xml")
    [access_xml] = studies(FOLDER / "access.xml")

    trial, program = meaning(xml), meaning(access_xml)

    assert trial.kind == Kind.TRIAL
    assert trial.values["status"] == "ACTIVE_NOT_RECRUITING"
    assert trial.values["phases"] == ["PHASE1", "PHASE2"]
    assert trial.values["sex"] == "ALL"
    assert (trial.values["minimum_age"], trial.values["maximum_age"]) == ("18 Years", "")
    assert trial.values["completion_date"] == "2019-12"
    assert trial.updated == "2016-05-03"
    assert trial.countries == ["KR", "NL"]
    assert trial.unknown == {}
    assert program.kind == Kind.PROGRAM
    assert program.values["availability"] == "AVAILABLE"
    assert program.values["access_types"] == ["individual", "treatment"]
    assert program.values["countries"] == ["US"]


def test_unknown_words_are_kept_verbatim_and_never_guessed(tmp_path: Path) -> None:
    record = api_study(
        statusModule__overallStatus="PAUSED_FOR_REVIEW",
        designModule={"studyType": "ROLLING", "phases": ["PHASE2", "PHASE5"]},
        eligibilityModule={"sex": "ANY", "minimumAge": "eighteen", "healthyVolunteers": "perhaps"},
        contactsLocationsModule={
            "locations": [{"city": "Atlantis", "country": "Atlantis", "status": "FLOODED"}]
        },
        statusModule__studyFirstPostDateStruct={"date": "2024-01"},
        statusModule__completionDateStruct={"date": "soon"},
    )

    found = meant(record, tmp_path)

    assert found.values["status"] == "UNKNOWN"
    assert found.values["study_type"] == ""
    assert found.values["phases"] == ["PHASE2"]
    assert found.values["unrecognised"] == {
        "completion_date": ["soon"],
        "country": ["Atlantis"],
        "first_posted_on": ["2024-01"],
        "healthy_volunteers": ["perhaps"],
        "minimum_age": ["eighteen"],
        "phases": ["PHASE5"],
        "sex": ["ANY"],
        "site status": ["FLOODED"],
        "status": ["PAUSED_FOR_REVIEW"],
        "study_type": ["ROLLING"],
    }
    assert found.sites[0]["unrecognised"] == {"country": "Atlantis", "status": "FLOODED"}


def test_unknown_words_of_a_program_are_kept(tmp_path: Path) -> None:
    record = access()
    record["protocolSection"]["statusModule"]["overallStatus"] = "COMPLETED"
    record["protocolSection"]["designModule"]["expandedAccessTypes"] = {"emergency": True}

    found = meant(record, tmp_path)

    assert found.values["availability"] == "UNKNOWN"
    assert found.unknown == {"availability": ["COMPLETED"], "access_types": ["emergency"]}


@pytest.mark.parametrize(
    "age", ["6 Months", "1 Day", "40 Weeks", "12 Hours", "30 Minutes", "18 Years", "1 Year"]
)
def test_age_is_stored_exactly(tmp_path: Path, age: str) -> None:
    record = api_study(eligibilityModule__minimumAge=age)

    assert meant(record, tmp_path).values["minimum_age"] == age


@pytest.mark.parametrize("number", ["", "NCT123", "EUCTR2020-1"])
def test_record_without_a_valid_number_is_set_aside(tmp_path: Path, number: str) -> None:
    [study] = studies(written(tmp_path, api_study(identificationModule__nctId=number)))

    with pytest.raises(Unusable) as caught:
        meaning(study)

    assert caught.value.reason == Reason.NO_NUMBER


@pytest.mark.parametrize(
    "change",
    [
        {"identificationModule__briefTitle": "x" * 501},
        {"identificationModule__secondaryIdInfos": [{"id": "x" * 301}]},
        {"contactsLocationsModule__locations": [{"facility": "x" * 501}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_value_that_does_not_fit_sets_the_record_aside(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    [study] = studies(written(tmp_path, api_study(**change)))

    with pytest.raises(Unusable) as caught:
        meaning(study)

    assert caught.value.reason == Reason.TOO_LONG


def test_bytes_that_the_database_cannot_hold_are_taken_out(tmp_path: Path) -> None:
    record = api_study(identificationModule__briefTitle="A\x00 \ud800 title")
    record = json.loads(json.dumps(record))

    [found] = [one.result for one in find(written(tmp_path, record))]

    assert isinstance(found, Study | Unusable)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Korea, Republic of", "KR"),
        ("Turkey (Türkiye)", "TR"),
        ("United States", "US"),
        ("Côte D'Ivoire", "CI"),
        ("Former Yugoslavia", ""),
        ("", ""),
    ],
)
def test_country_by_the_registrys_name(name: str, code: str) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize(
    ("written_as", "found"),
    [
        (
            "Clinic, Wing B, Seoul, Korea, Republic of",
            ("Clinic, Wing B, Seoul", "Korea, Republic of"),
        ),
        ("Clinic, Leiden, Netherlands", ("Clinic, Leiden", "Netherlands")),
        ("Clinic, Nowhere", ("Clinic, Nowhere", "")),
    ],
)
def test_country_at_the_end_of_a_site(written_as: str, found: tuple[str, str]) -> None:
    assert country_at_the_end(written_as) == found


@pytest.mark.parametrize(
    ("written_as", "iso"),
    [
        ("May 3, 2018", "2018-05-03"),
        ("December 2019", "2019-12"),
        ("2018-05-03", "2018-05-03"),
        ("2018-05", "2018-05"),
        ("Mai 2018", ""),
        ("2018-02-31", ""),
        ("", ""),
    ],
)
def test_dates_of_every_shape(written_as: str, iso: str) -> None:
    assert iso_date(written_as) == iso
