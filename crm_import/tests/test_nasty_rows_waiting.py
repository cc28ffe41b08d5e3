"""Rows of the list that wait for a person, or would if the rules were less sure.

Each has its number in its name, as in `test_nasty_rows`. They share one import.
"""

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from crm_import import importing, review_files, understanding
from crm_import.models import Crosswalk, HeldRow, LegacyContact, Problem, RowOutcome
from crm_import.tests import exports
from crm_import.tests.exports import contact, dossier, guid, patient, physician
from patients.models import Patient, Specialist, Submission
from portal.core.models import User

NO_KIND = {"contact_type": ""}
CONTACTS = [
    contact(11, "Zora", "Elf", contactid=guid(11).replace("-", "").upper()),
    contact(21, "Nils", "Nemo", "none"),
    contact(211, "Nils", "Nemo", "none"),
    contact(34, "Kurt", "MÃ¼ller"),
    contact(35, "João", "SÃO PAULO"),
    contact(36, "Ren\ufffd", "Klein"),
    contact(66, "Vera", "Vermist", no_show="true"),
    physician(831, "Ada", "Arts", medical_license_number="BIG-77"),
    physician(832, "Eva", "Ende", medical_license_number="big 77"),
    contact(37, "\u200bAn\u202ena", "Be\x07rg", "anna@example.org"),
    contact(41, "Jan", "Moll", **NO_KIND),
    contact(411, "Ida", "Vos", **NO_KIND, medical_license_number="BIG-1", specialization=guid(7)),
    contact(412, "Udo", "Ott", **NO_KIND, specialization=guid(7)),
    contact(413, "Bea", "Dam", **NO_KIND, medical_license_number="n/a", specialization="-"),
    contact(414, "Cor", "Bos", **NO_KIND, medical_license_number="BIG-2"),
]
PATIENTS = [
    patient(11, "Zora", "Elf", of=11),
    patient(414, "Cor", "Bos", of=414),
    patient(1, "Anna", "Berg", "a@example.org"),
    patient(2, "Ben", "Smit", "b@example.org"),
]
DOSSIERS = [
    dossier(1, "EAP-0012", 1),
    dossier(2, " eap 0012", 1),
    dossier(3, "EAP 12", 1),
    dossier(4, "12", 2),
    dossier(5, "EAP-2026-007", 2),
    dossier(6, "EAP-2026-070", 2),
]


@pytest.fixture(scope="module")
def once(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[importing.Result]:
    folder = tmp_path_factory.mktemp("decided") / "export"
    with django_db_blocker.unblock(), transaction.atomic():
        source = exports.write(folder, contacts=CONTACTS, patients=PATIENTS, dossiers=DOSSIERS)
        yield importing.run(source=source, by=None)
        transaction.set_rollback(True)


@pytest.fixture
def imported(once: importing.Result, db: None) -> importing.Result:
    return once


def became(entity: str, number: int) -> tuple[str, str]:
    """The last word about the row of that number."""
    place = number + {"Contact": 0, "Patient": 10_000, "EAPDossier": 20_000}[entity]
    last = RowOutcome.objects.filter(entity=entity, legacy_id=guid(place)).order_by("-pk").first()
    assert last
    return last.outcome, last.reason


def people(number: int) -> list[Patient]:
    """Whom the Contact row of that number became."""
    rows = Crosswalk.objects.filter(legacy_id=guid(number), target_model="patients.patient")
    return list(Patient.objects.filter(pk__in=rows.values("target_id")))


def held(entity: str, number: int) -> HeldRow:
    place = number + {"Contact": 0, "EAPDossier": 20_000}[entity]
    found: HeldRow = HeldRow.objects.get(entity=entity, legacy_id=guid(place))
    return found


def test_row_37_characters_that_nobody_sees_are_in_the_archive_only(
    imported: importing.Result,
) -> None:
    anna = Patient.objects.get(email="anna@example.org")

    assert (anna.first_name, anna.last_name) == ("Anna", "Berg")
    assert LegacyContact.objects.filter(firstname="\u200bAn\u202ena").exists()


def test_row_21_word_for_no_address_proves_nothing(imported: importing.Result) -> None:
    assert became("Contact", 21) == became("Contact", 211) == ("imported", "")
    assert set(Patient.objects.filter(first_name="Nils").values_list("email", flat=True)) == {""}


@pytest.mark.parametrize(
    ("number", "name", "codes"),
    [
        pytest.param(
            34, "Kurt Müller", ["encoding_repaired"], id="row_34_and_the_original_is_kept"
        ),
        pytest.param(35, "João SÃO PAULO", [], id="row_35_letters_that_only_look_garbled"),
        pytest.param(36, "Ren\ufffd Klein", ["lossy_text"], id="row_36_replacement_character"),
    ],
)
def test_letters(imported: importing.Result, number: int, name: str, codes: list[str]) -> None:
    (payload,) = Submission.objects.filter(patient__in=people(number)).values_list(
        "payload", flat=True
    )

    assert [one.full_name for one in people(number)] == [name]
    assert payload["lastname"] == next(
        row["lastname"] for row in CONTACTS if row["contactid"] == guid(number)
    )
    told = Problem.objects.filter(legacy_id=guid(number)).values_list("code", flat=True)
    assert list(told) == codes


# --- ids, calls, licences ----------------------------------------------------------------------


def test_row_11_id_without_dashes_is_the_same_id(imported: importing.Result) -> None:
    assert (became("Contact", 11)[0], became("Patient", 11)[0]) == ("imported", "merged")


def test_row_66_no_show_without_a_date_makes_no_call(imported: importing.Result) -> None:
    (vera,) = people(66)

    assert not vera.bookings.exists()
    assert vera.submissions.get().payload["no_show"] == "true"
    assert Problem.objects.filter(legacy_id=guid(66), code="no_show_without_booking").exists()


def test_row_83_licence_of_two_names_is_told_of_both(imported: importing.Result) -> None:
    told = Problem.objects.filter(code="licence_shared").values_list("legacy_id", flat=True)

    assert {str(one) for one in told} == {guid(831), guid(832)}
    assert Specialist.objects.filter(last_name__in=("Arts", "Ende")).count() == 2


# --- kinds of contact --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "proposal"),
    [
        (41, ""),
        (411, "perhaps a specialist: has a licence number, has a specialization"),
        (412, "perhaps a specialist: has a specialization"),
        (413, ""),
    ],
)
def test_row_41_contact_without_a_type_waits_and_a_specialist_is_only_proposed(
    imported: importing.Result, number: int, proposal: str
) -> None:
    row = held("Contact", number)

    assert row.reason == "routing_missing"
    assert understanding.proposal("Contact", row.row) == proposal
    assert not Crosswalk.objects.filter(legacy_id=guid(number)).exists()


def test_row_41_proposal_is_in_the_file_of_decisions(imported: importing.Result) -> None:
    file = StringIO()
    review_files.export(file)

    said = {one["key"]: one["proposal"] for one in csv.DictReader(StringIO(file.getvalue()))}
    assert said[f"Contact:{held('Contact', 412).row}"] == (
        "Choose the kind of contact. Perhaps a specialist: has a specialization."
    )


def test_row_41_proposal_is_on_the_page_of_the_row(
    imported: importing.Result, member: Callable[..., User], client: Client
) -> None:
    client.force_login(member("data steward"))

    page = client.get(held("Contact", 412).get_absolute_url()).content.decode()

    assert "perhaps a specialist: has a specialization" in page
    assert "specialist proposed" in page  # beside the cell


def test_row_41_patient_row_counts_more_than_a_licence(imported: importing.Result) -> None:
    assert became("Contact", 414)[0] == "imported"
    assert not Problem.objects.filter(legacy_id=guid(414), code="specialist_proposed").exists()


# --- numbers of dossiers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (1, ("imported", "")),
        (2, ("merged", "")),  # another spelling
        (3, ("merged", "")),  # patient, product and day leave no doubt
        (4, ("quarantined", "number_doubtful")),
        (5, ("imported", "")),
        (6, ("imported", "")),
    ],
)
def test_row_79_numbers_of_one_dossier(
    imported: importing.Result, number: int, outcome: tuple[str, str]
) -> None:
    assert became("EAPDossier", number) == outcome


def test_row_79_original_is_shown_and_what_was_lost_is_told(imported: importing.Result) -> None:
    anna = Patient.objects.get(email="a@example.org")
    lost = Problem.objects.filter(code="number_zeros_lost").values_list("legacy_id", flat=True)

    assert anna.eap_dossiers.get().number == "EAP-0012"
    assert [str(one) for one in lost] == [guid(20_003)]
    row = held("EAPDossier", 4)
    assert understanding.proposal("EAPDossier", row.row) == "perhaps EAP-0012"
