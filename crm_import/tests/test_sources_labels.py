"""Labels of option values in metadata: by column and language, whatever writes them."""

import json
from pathlib import Path

import pytest

from crm_import.sources import labels
from crm_import.sources.files import entries
from crm_import.sources.labels import Label
from crm_import.tests import exports, shapes
from crm_import.tests.exports import contact
from crm_import.tests.reading import refusal, see

XML = """<?xml version="1.0" encoding="utf-8"?>
<ImportExportXml><optionsets>
<optionset Name="{name}" localizedName="Eligible?"><OptionSetType>picklist</OptionSetType>
 <IsGlobal>1</IsGlobal><options><option value="100000001" ExternalValue="" IsHidden="0"><labels>
  <label description="Eligible" languagecode="1033"/>
  <label description="Geschikt" languagecode="1043"/></labels></option></options></optionset>
</optionsets></ImportExportXml>"""
WANTED = [
    Label("eligible", "100000001", "Eligible", "1033"),
    Label("eligible", "100000001", "Geschikt", "1043"),
]


def _read(path: Path, text: str, name: str = "OptionsetMetadata.csv") -> list[Label]:
    (path / name).write_text(text, encoding="utf-8")
    return labels.read_metadata(*entries(path / name), {"contoso"})


HEADLESS = """contoso_patient,contoso_eligible,100000001,True,1033,Eligible
contoso_patient,contoso_eligible,100000001,False,1043,Geschikt
account,contoso_eligible,1,True,1033,Stranger
"""
HEADED = """OptionSetName,Option,LocalizedLabel,LocalizedLabelLanguageCode,GlobalOptionSetName
contoso_eligible,100000001,Eligible,1033,x
contoso_eligible,100000001,Geschikt,1043,x
"""


@pytest.mark.parametrize("text", [HEADLESS, HEADED])
def test_metadata_csv_with_and_without_a_header(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == WANTED


@pytest.mark.parametrize(
    "name",
    ["contoso_eligible", "contoso_patient_contoso_eligible", "Contoso_Eligible"],
)
def test_solution_xml(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, XML.format(name=name), "customizations.xml") == WANTED


@pytest.mark.parametrize("name", ["other_eligible", "contoso_color", "accountcategory"])
def test_option_sets_of_other_columns_are_none_of_ours(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, XML.format(name=name), "customizations.xml") == []


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<optionset Name="contoso_eligible"><label description="&b;"/></optionset>"""


@pytest.mark.parametrize("text", [BOMB, "<optionset", "no xml"])
def test_xml_with_entities_or_none_at_all_is_refused(tmp_path: Path, text: str) -> None:
    exports.write(tmp_path / "csv", contacts=[contact(1, "Anna", "Berg")])
    folder = shapes.write_pages(tmp_path / "pages", shapes.read(tmp_path / "csv"))
    (folder / "customizations.xml").write_text(text, encoding="utf-8")

    code, says = refusal(folder)

    assert (code, "no XML of a solution" in says) == (8, True)


def test_entity_definitions_beside_pages(tmp_path: Path) -> None:
    exports.write(tmp_path / "csv", contacts=[contact(1, "Anna", "Berg")])
    folder = shapes.write_pages(tmp_path / "pages", shapes.read(tmp_path / "csv"))
    of_language = {1033: "Eligible", 1043: "Geschikt"}
    found = [{"Label": label, "LanguageCode": code} for code, label in of_language.items()]
    option = {"Value": 100000001, "Label": {"LocalizedLabels": found}}
    attribute = {"LogicalName": "contoso_eligible", "OptionSet": {"Name": "x", "Options": [option]}}
    context = f"{shapes.HOST}/$metadata#EntityDefinitions('contoso_patient')/Attributes"
    shapes.write_json(folder / "labels.json", {"@odata.context": context, "value": [attribute]})
    alone = {"Name": "contoso_ctoutcome", "IsGlobal": True, "Options": [{**option, "Value": 7}]}
    (folder / "global.json").write_text(json.dumps(alone), encoding="utf-8")

    seen = see(folder)

    assert {tuple(label) for label in WANTED} <= seen.labels
    assert ("ct_outcome", "7", "Geschikt", "1043") in seen.labels
    assert seen.source.ignored == []


def test_labels_beside_values_are_added_to_metadata_once() -> None:
    harvest = [
        Label("eligible", "100000001", "Eligible", ""),
        Label("eligible", "9", "Deleted", ""),
    ]

    assert labels.together(WANTED, harvest) == [*WANTED, harvest[1]]


def _described(folder: Path, name: str = "contoso_patient", **sets: object) -> None:
    home = folder / "Microsoft.Athena.TrickleFeedService"
    home.mkdir(exist_ok=True)
    (home / f"{name}-EntityMetadata.json").write_text(json.dumps(sets), encoding="utf-8-sig")
    (home / f"{name}-model.json").write_text("{}", encoding="utf-8")


def test_metadata_of_tables_beside_a_link(tmp_path: Path) -> None:
    exports.write(tmp_path / "csv", contacts=[contact(1, "Anna", "Berg")])
    folder = shapes.write_link(tmp_path / "link", shapes.read(tmp_path / "csv"))
    label = {"Option": 100000001, "LocalizedLabelLanguageCode": 1036, "IsUserLocalizedLabel": False}
    own = {**label, "OptionSetName": "contoso_eligible", "LocalizedLabel": "Admissible"}
    shared = {**label, "OptionSetName": "contoso_ctoutcome", "LocalizedLabel": "Inclus"}
    _described(
        folder,
        AttributeMetadata=[{"AttributeName": "contoso_eligible"}],
        OptionSetMetadata=[{**own, "EntityName": "contoso_patient"}],
        GlobalOptionSetMetadata=[shared, {**shared, "LocalizedLabel": None}],
    )

    seen = see(folder)

    assert ("eligible", "100000001", "Admissible", "1036") in seen.labels
    assert ("ct_outcome", "100000001", "Inclus", "1036") in seen.labels
    assert {label[3] for label in seen.labels} == {"1033", "1036"}
    assert seen.source.ignored == []


def test_metadata_beside_incremental_folders_is_no_other_kind(tmp_path: Path) -> None:
    exports.write(tmp_path / "csv", contacts=[contact(1, "Anna", "Berg")])
    written = tmp_path / "link" / "2026-10-01T08.15.00Z"
    shapes.write_link(written, shapes.read(tmp_path / "csv"))
    option = {"OptionSetName": "contoso_eligible", "Option": 9, "LocalizedLabel": "Peut-être"}
    _described(tmp_path / "link", OptionSetMetadata=[option])

    assert ("eligible", "9", "Peut-être", "") in see(tmp_path / "link").labels


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"OptionSetMetadata": [{}]}'])
def test_metadata_that_describes_nothing_is_refused(tmp_path: Path, text: str) -> None:
    exports.write(tmp_path / "csv", contacts=[contact(1, "Anna", "Berg")])
    folder = shapes.write_link(tmp_path / "link", shapes.read(tmp_path / "csv"))
    _described(folder)
    for path in folder.rglob("*-EntityMetadata.json"):
        path.write_text(text, encoding="utf-8")

    code, says = refusal(folder)

    assert (code, "describes no options" in says) == (8, True)


def test_metadata_beside_headed_files_is_not_read(tmp_path: Path) -> None:
    exports.write(tmp_path / "csv", contacts=[contact(1, "Anna", "Berg")])
    (tmp_path / "csv" / "OptionsetMetadata.csv").write_text(HEADLESS, encoding="utf-8")

    assert see(tmp_path / "csv").source.ignored == ["OptionsetMetadata.csv"]
