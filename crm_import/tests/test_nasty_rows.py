"""Rows that break importers, as the list of the migration's specification numbers them.

Each number is a test case with `row_NN` in its name. Most stand where their subject is tested; the
ones here share one import.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from crm_import import importing
from crm_import.models import Crosswalk, PendingLink, Problem, RowOutcome
from crm_import.tests import exports
from crm_import.tests.exports import contact, dossier, guid, patient, physician
from crm_import.tests.told import person, told
from patients.models import PossibleDuplicate

NCT_A, NCT_B = "NCT05600001", "NCT05600002"

CONTACTS = [
    contact(31, "", "Klara Sonnenschein", "klara@example.org"),
    contact(40, "Test", "Test", "test.test@example.org"),
    contact(41, "Mickey", "Mouse", "mickey@example.org"),
    contact(55, "Selma", "Selbst", "selma@example.org"),
    contact(551, "Ada", "Kreis", "ada@example.org", merged="true", masterid=guid(552)),
    contact(552, "Bea", "Ring", "bea@example.org", merged="true", masterid=guid(553)),
    contact(553, "Cora", "Rund", "cora@example.org", merged="true", masterid=guid(551)),
    contact(56, "Mara", "Mehrfach", "mara@example.org"),
    contact(57, "Nora", "Name", "nora@example.org"),
    contact(
        *(841, "Lena", "Loser", "lena@example.org"),
        merged="True",
        masterid=guid(842),
        statecode="1",
    ),
    contact(842, "Maja", "Master", "maja@example.org"),
]
PATIENTS = [
    patient(51, "Olga", "Ohne", "olga@example.org"),
    patient(55, "Selma", "Selbst", of=55, physician=guid(55)),
    patient(561, "Mara", "Mehrfach", of=56, trial_id=NCT_A),
    patient(562, "Mara", "Mehrfach", of=56, trial_id=NCT_B),
    patient(571, "Nora", "Name", "nora@example.org", of=57),
    patient(572, "Wim", "Anders", "wim@example.org", of=57),
    patient(
        68,
        *("Rita", "Rueckwaerts"),
        first_contact_date="2024-03-10T00:00:00Z",
        initial_consult_date="2024-03-01T00:00:00Z",
        trial_id=NCT_A,
        ct_referral_date="2024-02-01T00:00:00Z",
    ),
    patient(71, "Tina", "Tippfehler", trial_id="NCT0123456O, NTC05600009; NCT1234567"),
    patient(
        *(75, "Grete", "Grundlos"),
        trial_id=NCT_B,
        eligible=exports.YES,
        ineligible_reason="Too far to travel",
    ),
]


@pytest.fixture(scope="module")
def once(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[importing.Result]:
    folder = tmp_path_factory.mktemp("nasty") / "export"
    with django_db_blocker.unblock(), transaction.atomic():
        source = exports.write(folder, contacts=CONTACTS, patients=PATIENTS)
        yield importing.run(source=source, by=None)
        transaction.set_rollback(True)


@pytest.fixture
def imported(once: importing.Result, db: None) -> importing.Result:
    return once


def test_row_31_whole_name_in_one_field_is_imported_and_a_split_proposed(
    imported: importing.Result,
) -> None:
    klara = person(31)

    assert (klara.first_name, klara.last_name) == ("", "Klara Sonnenschein")
    assert told(31) == {"name_split_proposed:name"}


@pytest.mark.parametrize("number", [40, 41], ids=["test", "mouse"])
def test_row_40_name_that_looks_invented_is_imported_and_told(
    imported: importing.Result, number: int
) -> None:
    """Nobody approved a rule that ignores such rows."""
    assert person(number).is_lead
    assert told(number) == {"looks_like_test:name"}


def test_row_51_patient_row_that_names_no_contact_is_a_patient(imported: importing.Result) -> None:
    olga = person(51, "Patient")

    assert (olga.full_name, olga.email, olga.stage) == ("Olga Ohne", "olga@example.org", "patient")
    assert not PendingLink.objects.filter(legacy_id=guid(10_051)).exists()
    assert "suspect_link:contact_record" not in told(51, "Patient")


def test_row_55_patient_who_is_their_own_physician_has_none(imported: importing.Result) -> None:
    selma = person(55)

    assert person(55, "Patient") == selma
    assert selma.physician is None
    assert "wrong_role_target:physician" in told(55, "Patient")


def test_rows_that_were_merged_in_a_circle_stay_apart_and_are_proposed(
    imported: importing.Result,
) -> None:
    """Of the same number: contacts that are each other's master."""
    ada, bea, cora = person(551), person(552), person(553)

    assert len({ada, bea, cora}) == 3
    for one, other in ((ada, bea), (bea, cora), (cora, ada)):
        assert PossibleDuplicate.objects.between(one, other).get().tier == "R1"


def test_row_84_contact_that_was_merged_in_the_crm_follows_its_master(
    imported: importing.Result,
) -> None:
    assert person(841) == person(842)
    assert person(842).stage == "lead"
    rules = Crosswalk.objects.filter(target_id=person(842).pk).values_list("rule", flat=True)
    assert "merged_in_crm" in rules


def test_row_56_two_patient_rows_of_one_contact_and_name_are_one_patient(
    imported: importing.Result,
) -> None:
    mara = person(56)

    assert {person(561, "Patient"), person(562, "Patient")} == {mara}
    assert set(mara.ct_referrals.values_list("trial__registry_id", flat=True)) == {NCT_A, NCT_B}


def test_row_57_two_patient_rows_of_one_contact_and_two_names_are_two_patients(
    imported: importing.Result,
) -> None:
    nora, wim = person(57), person(572, "Patient")

    assert person(571, "Patient") == nora != wim
    assert PossibleDuplicate.objects.between(nora, wim).get().tier == "R1"
    assert "suspect_link:contact_record" in told(572, "Patient")


def test_row_68_dates_in_the_wrong_order_are_imported_and_told(imported: importing.Result) -> None:
    rita = person(68, "Patient")

    assert f"{rita.first_contact_at:%Y-%m-%d}" == "2024-03-10"
    assert f"{rita.initial_consult_at:%Y-%m-%d}" == "2024-03-01"
    assert {
        "implausible_order:initial_consult_date",
        "implausible_order:ct_referral_date",
    } <= told(68, "Patient")


def test_row_71_mistyped_trial_makes_none_and_the_likely_one_is_named(
    imported: importing.Result,
) -> None:
    tina = person(71, "Patient")

    assert not tina.ct_referrals.exists()
    notes = Problem.objects.filter(legacy_id=guid(10_071), code="trial_malformed")
    assert notes.get().note == "perhaps NCT01234560, NCT05600009"


def test_row_75_reason_beside_eligible_keeps_both(imported: importing.Result) -> None:
    referral = person(75, "Patient").ct_referrals.get()

    assert (referral.eligible, referral.ineligible_text) == ("yes", "Too far to travel")
    assert "contradiction:ineligible_reason" in told(75, "Patient")


def test_every_row_of_the_shared_export_is_placed(imported: importing.Result) -> None:
    assert not RowOutcome.objects.quarantined().exists()


# --- alone ---


def test_row_48_links_that_lead_nowhere_are_kept_as_pending(
    bring: Callable[..., importing.Result],
) -> None:
    bring(
        contacts=[physician(1, "Ida", "Vos", hospital=guid(70), specialization=guid(71))],
        patients=[
            patient(1, "Anna", "Berg", of=99, physician=guid(72), medical_condition=guid(73))
        ],
        dossiers=[dossier(1, "EAP-1", 9)],
    )

    assert set(PendingLink.objects.values_list("entity", "field")) == {
        ("Contact", "hospital"),
        ("Contact", "specialization"),
        ("Patient", "contact_record"),
        ("Patient", "physician"),
        ("Patient", "medical_condition"),
        ("EAPDossier", "patient"),
    }
    assert Problem.objects.filter(code="pending_link").count() == 6


# --- the list ---


def test_every_number_of_the_list_is_a_named_case() -> None:
    named = re.compile(r'(?:def test_|id=")rows?_((?:\d\d_)+)')
    found = {
        int(number)
        for path in Path(__file__).parent.glob("test_*.py")
        for case in named.finditer(path.read_text("utf-8"))
        for number in case[1].strip("_").split("_")
    }

    assert set(range(1, 91)) - found == set()
