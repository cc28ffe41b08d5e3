"""Counting everything again: it adds up after every run, and says where when it does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from bookings.models import Booking
from crm_import.importing import Result
from crm_import.models import (
    Crosswalk,
    ImportRun,
    LegacyContact,
    RowOutcome,
    Verification,
)
from crm_import.refusals import NoSuchRun
from crm_import.rolling_back import roll_back
from crm_import.tests import exports
from crm_import.tests.checksums import checksums
from crm_import.tests.exports import ANNA, MOVED, NEWER, contact, dossier, guid, patient, physician
from crm_import.verifying import verify
from patients.merging import merge
from patients.models import Hospital, Patient, Specialist
from portal.core.history import acting, unsealed
from portal.core.ids import uuid7
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]

EXPORT: dict[str, Any] = {
    "contacts": [
        {**ANNA, "medical_condition": exports.DMD},
        {**ANNA, "medical_condition": exports.DMD},
        contact(2, "Ben", "Smit", "n/a", booking_date="1900-01-01T00:00:00Z"),
        contact(4, "Ben", "n/a", "ben@example.org", no_show="false", job_title="Nurse"),
        contact(5, "Cor", "Dam", contact_type=""),
        contact(6, "", ""),
        physician(3, "Ida", "Vos", "ida@example.org", hospital=guid(70), no_show="true"),
        physician(7, "Udo", "Ott", "ida@example.org", specialization=guid(99)),
        contact(8, "ANNA", "BERG", "anna@example.org"),
    ],
    "patients": [
        patient(
            *(1, "Anna", "Berg", "berg@example.org"),
            of=1,
            physician=guid(3),
            trial_id="NCT01234567; TBD",
            eligible=exports.YES,
            ct_referral_date="2024-05-01T00:00:00Z",
            first_contact_date="2024-01-10T00:00:00Z",
        ),
        patient(2, "Eva", "Ros", trial_id="screening", eligible="9", ineligible_reason="Age"),
    ],
    "dossiers": [dossier(1, "EAP-1", 1), dossier(2, "EAP-2", 77), dossier(3, "", 1)],
    "hospitals": [{"hospitalid": guid(70), "name": "UMC", "city": "Utrecht"}],
    "conditions": [
        {"medicalconditionid": guid(80), "name": "Glioblastoma", "abbreviation": "GBM"},
        {"medicalconditionid": guid(81), "name": "", "abbreviation": ""},
    ],
    "specializations": [{"specializationid": guid(60), "name": "Neurology"}],
}


def wrong(*, is_deep: bool = False) -> list[tuple[str, str]]:
    """The equations that do not add up, after counting again."""
    _kept, result = verify(is_deep=is_deep)
    return [(one["key"], one["about"]) for one in result["checks"] if not one["adds_up"]]


def check(result: dict[str, Any], key: str, about: str) -> dict[str, Any]:
    (found,) = (one for one in result["checks"] if (one["key"], one["about"]) == (key, about))
    return found


def test_everything_adds_up_after_a_load_with_odd_rows(bring: Bring) -> None:
    bring(**EXPORT)

    kept, result = verify(is_deep=True)

    assert [one for one in result["checks"] if not one["adds_up"]] == []
    assert kept.adds_up
    rows = check(result, "rows", "Contact")
    assert rows["left"] == {"loaded": 9}
    assert (
        rows["right"]
        == {"imported": 6, "merged": 0, "exact_repeat": 1, "quarantined": 2} | rows["right"]
    )
    booked = check(result, "columns", "Contact.booking_date")
    assert booked["right"] == {"in_a_field": 1, "told:sentinel_date": 1}
    assert result["held"]["Contact"] == {"no_name": 1, "routing_missing": 1}
    assert result["problems"]["routing_missing"] == 1


def test_everything_adds_up_after_deltas_edits_merges_and_rollbacks(bring: Bring) -> None:
    bring(**EXPORT)
    bring(contacts=[MOVED, contact(2, "Ben", "Smits", "ben2@example.org", **NEWER)])
    assert wrong(is_deep=True) == []
    user = UserFactory()
    with acting(by=user, reason="by hand"):
        Patient.objects.filter(last_name="Ros").update(last_name="Roos", medical_condition=None)
        Specialist.objects.filter(first_name="Udo").update(job_title="", last_name="Otto")
    ben, eva = (Patient.objects.get(first_name=name, last_name=last) for name, last in _TWO)
    merge(survivor_id=ben.pk, loser_id=eva.pk, by=user)
    assert wrong(is_deep=True) == []
    last = bring(contacts=[contact(30, "Gus", "Pil")])
    roll_back(run_id=last.run.pk, by=None, apply=True)
    assert wrong(is_deep=True) == []
    bring(contacts=[contact(30, "Gus", "Pil")])
    assert wrong(is_deep=True) == []


_TWO = (("Ben", "Smits"), ("Eva", "Roos"))


def test_verifying_changes_nothing_but_its_own_result(bring: Bring) -> None:
    bring(**EXPORT)
    before = checksums()

    verify(is_deep=True)

    after = checksums()
    assert {table for table in after if after[table] != before[table]} == {
        "crm_import_verification"
    }


# --- it must be able to fail ----------------------------------------------------------------------


def sql(statement: str, *values: Any) -> None:
    """Change something behind everybody's back."""
    with unsealed("a test"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, values)


@pytest.fixture
def loaded(bring: Bring) -> None:
    bring(**EXPORT)


def test_missing_row_of_the_archive_is_found(loaded: None) -> None:
    row = LegacyContact.objects.filter(lastname="Ott").get()

    sql("DELETE FROM crm_import_legacycontact WHERE id = %s", row.pk)

    assert wrong()[:3] == [("files", "Contact"), ("rows", "Contact"), ("ids", "Contact")]


def test_missing_outcome_is_found_and_the_row_is_named(loaded: None) -> None:
    outcome = RowOutcome.objects.filter(entity="Contact", legacy_id=guid(5)).get()

    sql("DELETE FROM crm_import_rowoutcome WHERE id = %s", outcome.pk)

    _kept, result = verify()
    found = check(result, "rows", "Contact")
    assert not found["adds_up"]
    assert found["places"] == [{"table": "Contact", "number": outcome.row}]


def test_missing_legacy_id_is_found_from_both_sides(loaded: None) -> None:
    line = Crosswalk.objects.get(legacy_id=guid(3))

    sql("DELETE FROM crm_import_crosswalk WHERE id = %s", line.pk)

    assert {("ids", "Contact"), ("made", "patients.Specialist")} <= set(wrong())
    kept, result = verify()
    assert check(result, "made", "patients.Specialist")["places"] == [
        {"table": "patients.Specialist", "id": str(line.target_id)}
    ]
    # An id that is kept would outlive the erasure of the person.
    assert check(kept.result, "made", "patients.Specialist")["places"] == []


def test_legacy_id_of_nothing_is_found(loaded: None) -> None:
    line = Crosswalk.objects.get(legacy_id=guid(3))

    sql("UPDATE crm_import_crosswalk SET target_id = %s WHERE id = %s", uuid7(), line.pk)

    _kept, result = verify()
    found = check(result, "targets", "patients.Specialist")
    assert not found["adds_up"]
    assert found["places"] == [{"table": "Crosswalk", "number": line.pk}]


def test_record_that_vanished_without_anybody_is_found(loaded: None) -> None:
    sql("DELETE FROM bookings_booking")

    assert ("targets", "bookings.Booking") in wrong()
    assert ("columns", "Contact.booking_date") in wrong()


def test_record_that_somebody_deleted_is_explained(loaded: None) -> None:
    with acting(by=UserFactory(), reason="by hand"):
        Booking.objects.all().delete()

    assert ("targets", "bookings.Booking") not in wrong()


def test_emptied_field_is_told_from_a_lost_one(loaded: None) -> None:
    with acting(by=UserFactory(), reason="by hand"):
        Specialist.objects.update(specialization=None, email="")
    assert wrong() == []

    sql("UPDATE patients_specialist SET hospital_id = NULL")

    assert wrong() == [("columns", "Contact.hospital")]


def test_value_that_was_changed_behind_history_is_found(loaded: None) -> None:
    row = LegacyContact.objects.filter(lastname="Ott").get()
    sql("UPDATE patients_specialist SET last_name = 'Ot' WHERE last_name = 'Ott'")

    assert wrong() == []
    _kept, result = verify(is_deep=True)

    found = check(result, "values", "Contact.name → patients.specialist")
    assert not found["adds_up"]
    assert found["places"] == [{"table": "Contact", "number": row.pk}]


def test_value_that_somebody_changed_is_explained(loaded: None) -> None:
    with acting(by=UserFactory(), reason="by hand"):
        Hospital.objects.update(city="Leiden")

    _kept, result = verify(is_deep=True)

    assert check(result, "values", "Hospital.city → patients.hospital")["right"] == {
        "edited_here": 1
    }
    assert result["adds_up"]


def test_missing_foreign_key_of_the_database_is_found(loaded: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND "
            "conrelid = 'bookings_booking'::regclass AND "
            "confrelid = 'patients_patient'::regclass"
        )
        (name,) = cursor.fetchone()
    sql(f'ALTER TABLE bookings_booking DROP CONSTRAINT "{name}"')

    assert wrong() == [("links", "portal")]


# --- the command ----------------------------------------------------------------------------------


def test_command_says_where_it_does_not_add_up(
    loaded: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("crm_verify")
    good = capsys.readouterr().out
    outcome = RowOutcome.objects.filter(entity="Contact", legacy_id=guid(5)).get()
    sql("DELETE FROM crm_import_rowoutcome WHERE id = %s", outcome.pk)

    with pytest.raises(SystemExit) as ended:
        call_command("crm_verify", "--deep")

    assert ended.value.code == 5
    bad = capsys.readouterr().out
    assert "equations add up." in good
    assert f"at Contact {outcome.row}" in bad
    assert "Berg" not in good + bad
    assert list(Verification.objects.order_by("made_at").values_list("adds_up", "is_deep")) == [
        (True, False),
        (False, True),
    ]


def test_command_writes_one_document(loaded: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("crm_verify", "--json", "--run", str(ImportRun.objects.get().pk))

    document = json.loads(capsys.readouterr().out)

    assert (document["format"], document["adds_up"]) == (1, True)


def test_only_what_is_there_now_can_be_counted(bring: Bring) -> None:
    with pytest.raises(NoSuchRun, match="Nothing was imported"):
        verify()
    first = bring(contacts=[ANNA]).run
    bring(contacts=[MOVED])

    with pytest.raises(NoSuchRun, match="newest"):
        verify(run_id=first.pk)
