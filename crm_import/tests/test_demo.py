"""The demonstration export: the right shape, believable proportions, every odd kind of row."""

import csv
import hashlib
import re
import unicodedata
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from crm_import.demo import write_export
from crm_import.demo.export import SCENES
from crm_import.demo.names import CULTURES, ascii_letters
from crm_import.demo.tables import COLUMNS

NOW = datetime(2026, 3, 11, 10, 20, tzinfo=UTC)  # a Wednesday, 11:20 in the office
OFFICE = ZoneInfo("Europe/Amsterdam")
LEAD, PHYSICIAN, PHARMACIST = "100000000", "100000001", "100000002"
SAMPLE = Path("../shared/data/legacy_crm/sample/csv")

Row = dict[str, str]
Rows = list[Row]


@dataclass
class Export:
    """The rows of an export as a reader sees them."""

    folder: Path
    counts: dict[str, int]

    def __post_init__(self) -> None:
        self.tables = {table: self._read(table) for table in COLUMNS}
        self.contacts = self.tables["Contact"]
        self.patients = self.tables["Patient"]
        self.dossiers = self.tables["EAPDossier"]
        self.contact_by_id = {row["contactid"]: row for row in self.contacts}
        self.patient_by_id = {row["patientid"]: row for row in self.patients}
        self.leads = [row for row in self.contacts if row["contact_type"] == LEAD]
        self.specialists = [
            row for row in self.contacts if row["contact_type"] in {PHYSICIAN, PHARMACIST}
        ]
        self.ids = {
            "Contact": set(self.contact_by_id),
            "Patient": set(self.patient_by_id),
            "Hospital": {row["hospitalid"] for row in self.tables["Hospital"]},
            "Specialization": {row["specializationid"] for row in self.tables["Specialization"]},
            "MedicalCondition": {
                row["medicalconditionid"] for row in self.tables["MedicalCondition"]
            },
        }

    def _read(self, table: str) -> Rows:
        with (self.folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def linked(self) -> Iterable[tuple[Row, Row]]:
        """Pairs of a Patient row and the Contact row it names."""
        for patient in self.patients:
            contact = self.contact_by_id.get(patient["contact_record"])
            if contact is not None:
                yield patient, contact

    def forms_of_one_mailbox(self) -> Iterable[tuple[Row, Row]]:
        """Pairs of lead rows, the earlier one first, of one mailbox however it is written."""
        mailboxes: dict[str, Rows] = {}
        for row in self.leads:
            mailboxes.setdefault(plain_mail(row["email"]), []).append(row)
        for rows in mailboxes.values():
            rows.sort(key=lambda row: row["createdon"])
            yield from ((a, b) for place, a in enumerate(rows) for b in rows[place + 1 :])


def export(folder: Path, **options) -> Export:
    return Export(folder, write_export(folder, now=NOW, **options))


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Export:
    return export(tmp_path_factory.mktemp("odd"), seed=7)


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Export:
    return export(tmp_path_factory.mktemp("clean"), seed=7, nasty=False)


def plain_mail(email: str) -> str:
    return email.replace("\u00a0", " ").strip().casefold()


def names(row: Row) -> tuple[str, str]:
    return row["firstname"], row["lastname"]


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def is_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


def is_mojibake(text: str) -> bool:
    try:
        return text.encode("cp1252").decode() != text
    except UnicodeError:
        return False


def repeated(rows: Rows, key: str) -> Iterable[tuple[Row, Row]]:
    """Pairs of rows with one id."""
    seen: dict[str, Row] = {}
    for row in rows:
        if row[key] in seen and is_id(row[key]):
            yield seen[row[key]], row
        seen[row[key]] = row


def in_years(text: str, *years: str) -> bool:
    return text.startswith(years)


# For every odd kind: does the export hold it? Each must be true with odd rows and false without.
CHECKS: dict[str, Callable[[Export], bool]] = {
    "bad_id_contact": lambda e: any(
        not is_id(r["contactid"].strip("{}").lower()) for r in e.contacts
    ),
    "guid_format": lambda e: any(
        r["contactid"].startswith("{")
        and str(uuid.UUID(r["contactid"])) in {p["contact_record"] for p in e.patients}
        for r in e.contacts
    ),
    "exact_repeat": lambda e: any(a == b for a, b in repeated(e.contacts, "contactid")),
    "superseded_booking": lambda e: any(
        a["booking_date"] != b["booking_date"] and int(a["versionnumber"]) > int(b["versionnumber"])
        for a, b in repeated(e.contacts, "contactid")
    ),
    "version_conflict": lambda e: any(
        a["versionnumber"] == b["versionnumber"] and a["lastname"] != b["lastname"]
        for a, b in repeated(e.contacts, "contactid")
    ),
    "no_name_contact": lambda e: any(names(r) == ("", "") for r in e.contacts),
    "fullname_in_lastname": lambda e: any(
        not r["firstname"] and " " in r["lastname"] for r in e.contacts
    ),
    "record_of_a_test": lambda e: any(r["firstname"].lower() == "test" for r in e.contacts),
    "quotes_in_name": lambda e: any(
        '"' in r["firstname"] and "," in r["lastname"] for r in e.contacts
    ),
    "formula_text": lambda e: any(r["firstname"][:1] in set("=@+-") for r in e.contacts),
    "mojibake": lambda e: any(is_mojibake(r["lastname"]) for r in e.contacts),
    "lossy_text": lambda e: any(re.search("[?\ufffd]", r["lastname"]) for r in e.contacts),
    "invisible_characters": lambda e: any("\u200b" in r["lastname"] for r in e.contacts),
    "very_long_name": lambda e: any(len(r["lastname"]) > 90 for r in e.contacts),
    "email_placeholder": lambda e: any(
        r["email"] in {"n/a", "-", "none", "unknown", "onbekend", "."} for r in e.contacts
    ),
    "email_two": lambda e: any(r["email"].count("@") == 2 for r in e.contacts),
    "email_invalid": lambda e: any(
        re.fullmatch(r"[a-z0-9]*\.?[a-z0-9]+", r["email"])
        and r["email"] not in {"none", "unknown", "onbekend"}
        for r in e.contacts
    ),
    "role_mailbox": lambda e: (
        max(Counter(r["email"] for r in e.contacts if r["email"].startswith("info@")).values()) > 5
        if any(r["email"].startswith("info@") for r in e.contacts)
        else False
    ),
    "returning_email_variant": lambda e: any(
        b["email"].startswith("\u00a0") and b["email"].isupper() and names(a) == names(b)
        for a, b in e.forms_of_one_mailbox()
    ),
    "returning_caps": lambda e: any(
        a["lastname"] != b["lastname"] == a["lastname"].upper() for a, b in e.forms_of_one_mailbox()
    ),
    "returning_nfd": lambda e: any(
        a["lastname"] != b["lastname"] == unicodedata.normalize("NFD", a["lastname"])
        for a, b in e.forms_of_one_mailbox()
    ),
    "returning_without_accents": lambda e: any(
        a["lastname"] != b["lastname"]
        and b["lastname"].isascii()
        and ascii_letters(a["lastname"]) == ascii_letters(b["lastname"])
        for a, b in e.forms_of_one_mailbox()
    ),
    "returning_spaces": lambda e: any(
        b["firstname"] == f" {a['firstname']}" and b["lastname"].split() == a["lastname"].split()
        for a, b in e.forms_of_one_mailbox()
    ),
    "returning_swapped": lambda e: any(
        names(a) == names(b)[::-1] for a, b in e.forms_of_one_mailbox()
    ),
    "initials": lambda e: any(
        b["firstname"] == f"{a['firstname'][0]}." and a["lastname"] == b["lastname"]
        for a, b in e.forms_of_one_mailbox()
    ),
    "one_edit": lambda e: any(
        b["lastname"] == a["lastname"] + a["lastname"][-1] for a, b in e.forms_of_one_mailbox()
    ),
    "other_email": lambda e: any(
        len({r["email"] for r in e.leads if names(r) == name}) > 1
        for name, count in Counter(names(r) for r in e.leads).items()
        if count > 1 and name != ("", "")
    ),
    "sentinel_booking": lambda e: any(
        in_years(r["booking_date"], "1753", "1900", "1970", "9999") for r in e.contacts
    ),
    "implausible_booking": lambda e: any(in_years(r["booking_date"], "220") for r in e.contacts),
    "booking_in_words": lambda e: any(
        r["booking_date"] in {"tomorrow", "now", "n.t.b."} for r in e.contacts
    ),
    "no_show_future": lambda e: any(
        r["no_show"] == "true" and "2026-03-12" < r["booking_date"] < "2027" for r in e.leads
    ),
    "no_show_without_booking": lambda e: any(
        r["no_show"] == "true" and not r["booking_date"] for r in e.leads
    ),
    "reminder_after_booking": lambda e: any(
        "" < r["booking_date"] < r["reminder_date"] for r in e.leads
    ),
    "reminder_without_booking": lambda e: any(
        r["reminder_date"] and not r["booking_date"] for r in e.leads
    ),
    "condition_multi": lambda e: any("," in r["medical_condition"] for r in e.contacts),
    "condition_unknown_code": lambda e: any(
        r["medical_condition"] == "100000042" for r in e.contacts
    ),
    "type_missing": lambda e: any(
        not r["contact_type"] and not linked_patients(e, r) for r in e.contacts
    ),
    "type_unknown": lambda e: any(
        r["contact_type"] == "100000007" and not linked_patients(e, r) for r in e.contacts
    ),
    "type_missing_with_patient": lambda e: any(
        not r["contact_type"] and linked_patients(e, r) for r in e.contacts
    ),
    "type_unknown_with_patient": lambda e: any(
        r["contact_type"] == "100000007" and linked_patients(e, r) for r in e.contacts
    ),
    "physician_with_booking": lambda e: any(r["booking_date"] for r in e.specialists),
    "hospital_orphan": lambda e: any(r["hospital"] not in e.ids["Hospital"] for r in e.specialists),
    "specialization_orphan": lambda e: any(
        r["specialization"] not in e.ids["Specialization"] for r in e.specialists
    ),
    "licence_shared": lambda e: any(
        a["lastname"] != b["lastname"]
        for a, b in repeated_licences(e, lambda row: row["medical_license_number"])
    ),
    "specialist_twice": lambda e: any(
        names(a) == names(b) and a["medical_license_number"] != b["medical_license_number"]
        for a, b in repeated_licences(
            e, lambda row: re.sub("[^a-z0-9]", "", row["medical_license_number"].lower())
        )
    ),
    "physician_is_patient": lambda e: any(
        names(a) == names(b) and a["email"] == b["email"] for a in e.specialists for b in e.leads
    ),
    "bad_id_patient": lambda e: any(not is_id(r["patientid"]) for r in e.patients),
    "no_name_patient": lambda e: any(names(r) == ("", "") for r in e.patients),
    "exact_repeat_patient": lambda e: any(a == b for a, b in repeated(e.patients, "patientid")),
    "superseded_patient": lambda e: any(
        int(a["versionnumber"]) > int(b["versionnumber"]) and a["ct_outcome"] != b["ct_outcome"]
        for a, b in repeated(e.patients, "patientid")
    ),
    "patient_without_contact": lambda e: any(
        not r["contact_record"]
        and r["lastname"]
        and plain_mail(r["email"]) not in {plain_mail(c["email"]) for c in e.contacts}
        for r in e.patients
    ),
    "patient_without_link": lambda e: any(
        not r["contact_record"]
        and (names(r), r["email"]) in {(names(c), c["email"]) for c in e.contacts}
        for r in e.patients
    ),
    "link_missing": lambda e: any(
        is_id(r["contact_record"]) and r["contact_record"] not in braceless(e.ids["Contact"])
        for r in e.patients
    ),
    "link_suspect": lambda e: any(
        p["lastname"] != c["lastname"] and p["email"] != c["email"] and c["contact_type"] == LEAD
        for p, c in e.linked()
    ),
    "link_to_physician": lambda e: any(c["contact_type"] == PHYSICIAN for _p, c in e.linked()),
    "link_name_changed": lambda e: any(
        p["firstname"] == c["firstname"]
        and p["email"] == c["email"]
        and ascii_letters(p["lastname"])[:2] != ascii_letters(c["lastname"])[:2]
        for p, c in e.linked()
        if c["lastname"]
    ),
    "link_one_edit": lambda e: any(
        p["lastname"] == c["lastname"] + c["lastname"][-1:] and p["email"] == c["email"]
        for p, c in e.linked()
        if c["lastname"]
    ),
    "link_firstname_blank": lambda e: any(
        not p["firstname"] and p["lastname"] == c["lastname"] for p, c in e.linked()
    ),
    "link_fold_equal": lambda e: any(
        c["lastname"] != p["lastname"] == c["lastname"].upper() for p, c in e.linked()
    ),
    "link_two_names": lambda e: any(
        len({p["lastname"] for p in e.patients if p["contact_record"] == c["contactid"]}) > 1
        for _p, c in e.linked()
        if c["contact_type"] == LEAD
    ),
    "condition_differs": lambda e: any(
        {abbreviation(e, p), option_abbreviation(c)} <= {"DMD", "GBM", "IPF"}
        and abbreviation(e, p) != option_abbreviation(c)
        for p, c in e.linked()
    ),
    "condition_orphan": lambda e: any(
        r["medical_condition"] not in e.ids["MedicalCondition"] for r in e.patients
    ),
    "physician_orphan": lambda e: any(
        r["physician"] and r["physician"] not in e.ids["Contact"] for r in e.patients
    ),
    "physician_wrong_role": lambda e: any(
        r["physician"] != r["contact_record"]
        and e.contact_by_id.get(r["physician"], {}).get("contact_type") == LEAD
        for r in e.patients
    ),
    "physician_self": lambda e: any(
        r["physician"] == r["contact_record"] != "" for r in e.patients
    ),
    "trial_messy": lambda e: any("\n" in r["trial_id"] for r in e.patients),
    "trial_malformed": lambda e: any(
        re.fullmatch(r"NCT\d{7}O?|NTC\d{8}", r["trial_id"]) for r in e.patients
    ),
    "trial_partly_malformed": lambda e: any(
        re.fullmatch(r"NCT\d{8} / NCT\d{7}", r["trial_id"]) for r in e.patients
    ),
    "trial_other_registry": lambda e: any(
        re.fullmatch(r"\d{4}-\d{6}-\d\d(-\d\d)?|ISRCTN\d{8}", r["trial_id"]) for r in e.patients
    ),
    "trial_words": lambda e: any(
        r["trial_id"] and not re.search(r"\d", r["trial_id"]) for r in e.patients
    ),
    "trial_though_ineligible": lambda e: any(
        r["trial_id"] and r["eligible"] == "100000001" and r["ct_outcome"] == "100000000"
        for r in e.patients
    ),
    "reason_though_eligible": lambda e: any(
        r["eligible"] == "100000000" and r["ineligible_reason"] for r in e.patients
    ),
    "eligible_unknown_code": lambda e: any(r["eligible"] == "100000099" for r in e.patients),
    "outcome_unknown_code": lambda e: any(r["ct_outcome"] == "100000077" for r in e.patients),
    "consult_before_contact": lambda e: any(
        "" < r["initial_consult_date"] < r["first_contact_date"][:10] for r in e.patients
    ),
    "sentinel_patient_date": lambda e: any(
        in_years(r["first_contact_date"], "1753", "1900") for r in e.patients
    ),
    "implausible_patient_date": lambda e: any(
        in_years(r["initial_consult_date"], "220") for r in e.patients
    ),
    "date_local_midnight": lambda e: any(
        re.search("T2[23]:00:00Z$", r["initial_consult_date"]) for r in e.patients
    ),
    "newline_quotes": lambda e: any(
        {'"', "\n", ","} <= set(r["ineligible_reason"]) for r in e.patients
    ),
    "backslash_dot": lambda e: any("\n\\.\n" in r["ineligible_reason"] for r in e.patients),
    "long_text": lambda e: any(len(r["ineligible_reason"]) > 5_000 for r in e.patients),
    "bad_id_dossier": lambda e: any(not is_id(r["eap_dossier_id"]) for r in e.dossiers),
    "dossier_twice": lambda e: any(
        same(a, b, "eap_number", "patient", "product", "eap_enrollment_date")
        for a, b in pairs_of_dossiers(e)
    ),
    "dossier_number_folded": lambda e: any(
        a["eap_number"] != b["eap_number"] and same(a, b, "patient", "product")
        for a, b in pairs_of_dossiers(e)
    ),
    "dossier_conflict": lambda e: any(
        same(a, b, "eap_number", "patient") and a["product"] != b["product"]
        for a, b in pairs_of_dossiers(e)
    ),
    "dossier_number_two_patients": lambda e: any(
        a["patient"] != b["patient"] for a, b in pairs_of_dossiers(e)
    ),
    "dossier_orphan": lambda e: any(r["patient"] not in e.ids["Patient"] for r in e.dossiers),
    "dossier_unmapped_product": lambda e: any(r["product"] == "100000042" for r in e.dossiers),
    "dossier_date_differs": lambda e: any(
        r["patient"] in e.patient_by_id
        and r["eap_enrollment_date"] < e.patient_by_id[r["patient"]]["createdon"][:10]
        for r in e.dossiers
    ),
}


def linked_patients(export: Export, contact: Row) -> Rows:
    return [row for row in export.patients if row["contact_record"] == contact["contactid"]]


def repeated_licences(export: Export, key: Callable[[Row], str]) -> Iterable[tuple[Row, Row]]:
    seen: dict[str, Row] = {}
    for row in export.specialists:
        if key(row) in seen:
            yield seen[key(row)], row
        seen[key(row)] = row


def pairs_of_dossiers(export: Export) -> Iterable[tuple[Row, Row]]:
    """Pairs of dossiers whose numbers differ in blanks, punctuation and case at most."""
    seen: dict[str, Row] = {}
    for row in export.dossiers:
        number = re.sub("[^a-z0-9]", "", row["eap_number"].lower())
        if number in seen:
            yield seen[number], row
        seen[number] = row


def same(one: Row, other: Row, *columns: str) -> bool:
    return all(one[column] == other[column] for column in columns)


def braceless(ids: Iterable[str]) -> set[str]:
    return {text.strip("{}").lower() for text in ids}


def abbreviation(export: Export, patient: Row) -> str:
    found = [
        row["abbreviation"]
        for row in export.tables["MedicalCondition"]
        if row["medicalconditionid"] == patient["medical_condition"]
    ]
    return found[0] if found else ""


def option_abbreviation(contact: Row) -> str:
    options = {"100000000": "DMD", "100000001": "GBM", "100000002": "IPF"}
    return options.get(contact["medical_condition"], "")


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


# Shape


def test_export_same_seed_and_moment_gives_the_same_files(tmp_path):
    for name in ("one", "two"):
        write_export(tmp_path / name, people=300, seed=3, now=NOW)
    write_export(tmp_path / "other", people=300, seed=4, now=NOW)

    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert digest(tmp_path / "one")["Contact.csv"] != digest(tmp_path / "other")["Contact.csv"]


def test_export_counts_are_the_rows_in_the_files(odd):
    assert odd.counts == {table: len(rows) for table, rows in odd.tables.items()}
    assert sorted(path.name for path in odd.folder.iterdir()) == sorted(
        f"{table}.csv" for table in COLUMNS
    )


def test_export_rows_have_a_cell_for_every_column(odd):
    for rows in odd.tables.values():
        assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize("table", COLUMNS)
def test_export_columns_are_those_of_the_sample(table, odd):
    if not SAMPLE.is_dir():
        pytest.skip("the sample of the company is not at hand")

    written = (odd.folder / f"{table}.csv").read_text(encoding="utf-8").partition("\n")[0]

    assert written == (SAMPLE / f"{table}.csv").read_text(encoding="utf-8").partition("\n")[0]


def test_export_columns_are_the_documented_ones():
    assert ",".join(COLUMNS["Contact"]) == (
        "contactid,firstname,lastname,email,contact_type,medical_condition,booking_date,"
        "reminder_date,no_show,job_title,specialization,medical_license_number,hospital,"
        "createdon,modifiedon,statecode,versionnumber"
    )
    assert ",".join(COLUMNS["Patient"]) == (
        "patientid,firstname,lastname,email,first_contact_date,initial_consult_date,"
        "medical_condition,trial_id,eligible,ineligible_reason,ct_referral_date,"
        "eap_enrollment_date,contact_record,physician,ct_outcome,createdon,modifiedon,"
        "statecode,versionnumber"
    )
    assert ",".join(COLUMNS["EAPDossier"]) == (
        "eap_dossier_id,eap_number,patient,product,eap_enrollment_date,createdon,modifiedon,"
        "statecode,versionnumber"
    )


def test_option_sets_name_every_option_in_three_languages(odd):
    options = odd.tables["OptionSets"]

    languages = Counter(row["language"] for row in options)
    conditions = {
        row["label"]
        for row in options
        if row["option_set"] == "medical_condition" and row["language"] == "1033"
    }

    assert len(set(languages.values())) == 1
    assert set(languages) == {"1033", "1043", "1031"}
    assert conditions == {
        "Duchenne Muscular Dystrophy",
        "Glioblastoma",
        "Idiopatic Pulmonary Fibrosis",
    }


@pytest.mark.parametrize("which", ["odd", "clean"])
def test_every_address_lies_under_a_reserved_domain(which, request):
    rows = request.getfixturevalue(which)

    domains = {
        domain.lower()
        for row in (*rows.contacts, *rows.patients)
        for domain in re.findall(r"@([\w.-]+)", row["email"])
    }

    assert domains
    assert all(re.fullmatch(r"([a-z0-9-]+\.)*example\.(com|net|org)", each) for each in domains)


def test_folder_with_a_file_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(FileExistsError):
        write_export(tmp_path, people=5, now=NOW)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "options",
    [{"people": 0}, {"now": datetime(2026, 3, 11)}],  # noqa: DTZ001
    ids=["nobody", "no_zone"],
)
def test_impossible_request_is_refused_before_anything_is_written(options, tmp_path):
    with pytest.raises(ValueError, match=r"person|aware"):
        write_export(tmp_path / "new", **options)

    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("people", [1, 2, 30, 120])
def test_small_export_has_about_as_many_contacts_as_people(people, tmp_path):
    counts = write_export(tmp_path, people=people, now=NOW)

    assert people <= counts["Contact"] <= people * 1.4 + 8


# Believable


def test_clean_export_every_reference_resolves(clean):
    for row in clean.specialists:
        assert row["hospital"] in clean.ids["Hospital"]
        assert row["specialization"] in clean.ids["Specialization"]
    for row in clean.patients:
        assert clean.contact_by_id[row["contact_record"]]["contact_type"] == LEAD
        assert row["medical_condition"] in clean.ids["MedicalCondition"]
        physician = clean.contact_by_id[row["physician"]] if row["physician"] else None
        assert physician is None or physician["contact_type"] == PHYSICIAN
    assert {row["patient"] for row in clean.dossiers} <= clean.ids["Patient"]


def test_odd_export_few_references_lead_nowhere(odd):
    contacts = braceless(odd.ids["Contact"])
    lost = {
        "hospital": [r for r in odd.specialists if r["hospital"] not in odd.ids["Hospital"]],
        "specialization": [
            r for r in odd.specialists if r["specialization"] not in odd.ids["Specialization"]
        ],
        "contact_record": [
            r for r in odd.patients if r["contact_record"] and r["contact_record"] not in contacts
        ],
        "physician": [r for r in odd.patients if r["physician"] and r["physician"] not in contacts],
        "medical_condition": [
            r for r in odd.patients if r["medical_condition"] not in odd.ids["MedicalCondition"]
        ],
        "patient": [r for r in odd.dossiers if r["patient"] not in odd.ids["Patient"]],
    }

    assert {column: len(rows) for column, rows in lost.items()} == dict.fromkeys(lost, 1)


def test_clean_export_proportions_are_believable(clean):
    patients, dossiers = len(clean.patients), len(clean.dossiers)
    with_patient = {row["contact_record"] for row in clean.patients}
    mailboxes: dict[str, set[tuple[str, str]]] = {}
    for row in clean.leads:
        mailboxes.setdefault(row["email"], set()).add(names(row))
    forms = Counter((names(row), row["email"]) for row in clean.leads)

    assert 0.07 < len(clean.specialists) / 1000 < 0.14
    assert 0.2 < len(with_patient) / len(clean.leads) < 0.4
    assert patients - len(with_patient) > 5
    assert 0.6 < share(clean.leads, "booking_date") < 0.8
    assert 0.65 < share(clean.patients, "physician") < 0.95
    assert 0.04 < dossiers / 1000 < 0.13
    assert 15 < sum(len(people) > 1 for people in mailboxes.values()) < 80
    assert 20 < sum(count > 1 for count in forms.values()) < 120
    assert Counter(row["statecode"] for row in clean.contacts)["0"] / len(clean.contacts) > 0.75


def share(rows: Rows, column: str) -> float:
    return sum(bool(row[column]) for row in rows) / len(rows)


def test_odd_export_odd_rows_are_few(odd, clean):
    assert sum(odd.counts.values()) < 1.15 * sum(clean.counts.values())


def test_bookings_lie_in_office_hours_on_quarters_of_working_days(clean):
    calls = [
        instant(row["booking_date"]).astimezone(OFFICE)
        for row in clean.leads
        if row["booking_date"]
    ]

    assert all(9 <= call.hour < 17 and call.minute % 15 == 0 and call.second == 0 for call in calls)
    assert all(call.weekday() < 5 for call in calls)


def test_bookings_lie_before_on_and_after_the_day_of_the_export(clean):
    days = Counter(
        (instant(row["booking_date"]).astimezone(OFFICE).date() - NOW.date()).days
        for row in clean.leads
        if row["booking_date"]
    )

    assert days[0] >= 3
    assert sum(count for day, count in days.items() if 0 < day <= 28) >= 10
    assert sum(count for day, count in days.items() if day < 0) > 400
    assert max(days) <= 35


def test_leads_wait_for_a_booking_since_hours_days_and_weeks(clean):
    ages = [
        NOW - instant(row["createdon"])
        for row in clean.leads
        if not row["booking_date"]
        and row["contactid"] not in {patient["contact_record"] for patient in clean.patients}
    ]

    assert timedelta(hours=1) < min(ages) < timedelta(hours=48)
    assert any(timedelta(days=2) < age < timedelta(days=7) for age in ages)
    assert any(timedelta(days=7) < age < timedelta(days=42) for age in ages)


@pytest.mark.parametrize("table", ["Contact", "Patient", "EAPDossier"])
def test_clean_export_rows_are_changed_after_they_are_made_and_before_now(table, clean):
    for row in clean.tables[table]:
        assert instant(row["createdon"]) <= instant(row["modifiedon"]) <= NOW
        assert instant(row["createdon"]) > NOW - timedelta(days=5 * 366)
    by_change = sorted(clean.tables[table], key=lambda row: int(row["versionnumber"]))
    assert by_change == sorted(by_change, key=lambda row: row["modifiedon"])


def test_clean_export_story_of_a_patient_is_in_order(clean):
    for patient, contact in clean.linked():
        assert contact["createdon"][:10] <= patient["first_contact_date"][:10]
        assert patient["createdon"] >= contact["createdon"]
        assert bool(patient["trial_id"]) == bool(patient["ct_referral_date"])
        assert bool(patient["ct_outcome"]) == bool(patient["trial_id"])
        assert not patient["ineligible_reason"] or patient["eligible"] == "100000001"
        for column in ("first_contact_date", "initial_consult_date", "ct_referral_date"):
            assert patient[column] < NOW.isoformat()
    trials = {row["trial_id"] for row in clean.patients if row["trial_id"]}
    assert all(re.fullmatch(r"NCT\d{8}(; NCT\d{8})?", trial) for trial in trials)
    assert any(";" in trial for trial in trials)


def test_no_show_is_noted_only_after_the_call(clean):
    noted = [row for row in clean.leads if row["no_show"]]

    assert {row["no_show"] for row in noted} == {"true", "false"}
    assert all("" < row["booking_date"] < NOW.isoformat() for row in noted)


def test_names_come_from_several_languages_and_are_written_in_them(clean):
    people = {names(row) for row in clean.leads}
    letters = {letter for name in people for letter in "".join(name)}

    assert len(people) > 750
    assert {"é", "ü", "ł", "'", "-"} <= letters
    assert sum(not letter.isascii() for letter in letters) > 30
    assert any(last.startswith("van der ") for _first, last in people)
    assert any("Nguyễn" in last for _first, last in people)


def test_names_hold_no_double_or_stray_blanks():
    for culture in CULTURES:
        for name in (*culture.female, *culture.male, *culture.surnames):
            assert name == " ".join(name.split())
            assert unicodedata.is_normalized("NFC", name)
            assert ascii_letters(name)


def test_licences_and_dossier_numbers_are_given_out_once(clean):
    licences = [row["medical_license_number"] for row in clean.specialists]
    numbers = [row["eap_number"] for row in clean.dossiers]

    assert len(set(licences)) == len(licences)
    assert len(set(numbers)) == len(numbers)


def test_hospital_twice_only_among_odd_rows(odd, clean):
    def doubles(rows: Export) -> int:
        places = Counter((row["name"], row["city"]) for row in rows.tables["Hospital"])
        return sum(count > 1 for count in places.values())

    assert doubles(odd) == 2
    assert doubles(clean) == 0


# Odd rows


def test_every_odd_kind_has_a_check():
    assert set(CHECKS) == set(SCENES)


@pytest.mark.parametrize("kind", SCENES)
def test_odd_kind_is_in_the_odd_export_and_not_in_the_clean_one(kind, odd, clean):
    assert CHECKS[kind](odd)
    if kind != "other_email":  # namesakes are born without our doing
        assert not CHECKS[kind](clean)


@pytest.mark.parametrize("seed", range(20, 26))
def test_every_odd_kind_is_present_whatever_the_seed(seed, tmp_path):
    rows = export(tmp_path, seed=seed)

    assert [kind for kind, check in CHECKS.items() if not check(rows)] == []


# The command


def test_command_writes_the_folder_and_prints_the_rows(tmp_path, capsys):
    call_command("crm_demo", str(tmp_path / "new"), people=40, seed=2, clean=True)

    printed = capsys.readouterr().out

    assert re.search(r"^Contact +4\d$", printed, re.MULTILINE)
    assert (tmp_path / "new" / "OptionSets.csv").is_file()


def test_command_folder_in_use_is_refused_with_the_next_step(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(CommandError, match="Name a new one, or empty it"):
        call_command("crm_demo", str(tmp_path))


def test_command_without_people_is_a_usage_error(tmp_path):
    with pytest.raises(CommandError, match="--people 1 or more") as refused:
        call_command("crm_demo", str(tmp_path / "new"), people=0)

    assert refused.value.returncode == 2
