"""What legacy rows become: which are placed, and their names and addresses."""

from collections.abc import Callable
from datetime import timedelta

import pghistory.models
import pytest
from django.apps import apps
from django.utils import timezone

from crm_import.importing import Result
from crm_import.models import LegacyContact, Problem, RowOutcome
from crm_import.tests.exports import (
    contact,
    guid,
    iso,
    patient,
    physician,
)
from crm_import.tests.tables import numbered, values
from crm_import.tests.told import codes, person, told
from patients.models import (
    MedicalCondition,
    Patient,
    Specialist,
)

Bring = Callable[..., Result]

PAST = timezone.now() - timedelta(days=30)


# --- rows ---


UNPLACED = numbered(
    pytest.param({"contactid": "12345"}, "bad_id", id="row_12_id_that_is_none"),
    ({"contactid": ""}, "bad_id"),
    ({"contactid": "00000000-0000-0000-0000-000000000000"}, "bad_id"),
    pytest.param(
        {"firstname": " ", "lastname": "", "email": "a@example.org"},
        "no_name",
        id="row_39_no_name_but_an_address",
    ),
    ({"firstname": "-", "lastname": "n/a"}, "no_name"),
    ({"firstname": "Unknown", "lastname": "ONBEKEND"}, "no_name"),
    pytest.param({"lastname": "x" * 201}, "too_long", id="row_10_longer_than_the_column"),
    ({"email": f"{'x' * 250}@example.org"}, "too_long"),
    ({"contact_type": ""}, "routing_missing"),
    pytest.param(
        *({"contact_type": "100000099"}, "routing_unmapped"),
        id="row_43_option_without_a_meaning",
    ),
)


@pytest.mark.parametrize(("number", "cells", "reason"), UNPLACED)
def test_row_that_cannot_be_placed_is_quarantined(
    bring: Bring, number: int, cells: dict[str, str], reason: str
) -> None:
    rows = [{**contact(n, "Anna", "Berg"), **cells} for n, cells, _ in values(UNPLACED)]
    result = bring(contacts=rows)

    outcome = RowOutcome.objects.get(row=LegacyContact.objects.get(record=number).pk)
    assert (outcome.outcome, outcome.reason) == ("quarantined", reason)
    assert result.quarantined == len(rows)
    assert not Patient.objects.exists()
    assert Problem.objects.get(severity="error", record=number).code == reason


@pytest.mark.parametrize("cell", ["", "100000099"])
def test_row_41_contact_without_a_type_is_what_its_patient_row_is(bring: Bring, cell: str) -> None:
    bring(
        contacts=[contact(1, "Anna", "Berg", contact_type=cell)],
        patients=[patient(1, "Anna", "Berg", of=1)],
    )

    assert Patient.objects.get().submissions.count() == 1
    assert "routed_by_patient_row:contact_type" in codes()


WRITTEN = ("{%s}", " %s ", "%s")


@pytest.mark.parametrize("number", [1, 2, 3], ids=["braces", "blanks", "capitals"])
def test_row_11_legacy_id_is_found_however_it_is_written(bring: Bring, number: int) -> None:
    odd = [written % guid(n).upper() for n, written in enumerate(WRITTEN, 1)]
    bring(
        contacts=[contact(n, "Anna", "Berg", contactid=id_) for n, id_ in enumerate(odd, 1)],
        patients=[patient(n, "Anna", "Berg", of=n) for n in (1, 2, 3)],
    )

    assert Patient.objects.count() == 3
    assert person(number) == person(number, "Patient")


def test_row_44_labels_of_several_languages_are_understood(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", contact_type="Patient - Lead", medical_condition="GBM"),
            contact(2, "Ida", "Vos", contact_type="Arzt"),
        ]
    )

    assert Patient.objects.get().medical_condition == MedicalCondition.objects.get(
        abbreviation="GBM"
    )
    assert Specialist.objects.count() == 1


def test_inactive_rows_are_closed(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", statecode="1"),
            physician(2, "Ida", "Vos", statecode="1"),
        ]
    )

    anna = Patient.objects.get()
    assert (anna.stage, anna.closed_reason) == ("closed", "legacy_inactive")
    assert not Specialist.objects.get().is_active
    assert "inactive:statecode" in codes()


def test_every_change_is_in_the_history_with_its_run(bring: Bring) -> None:
    result = bring(contacts=[contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z")])

    for table in ("patients.PatientEvent", "bookings.BookingEvent", "patients.SubmissionEvent"):
        event = apps.get_model(table)._default_manager.get()
        assert event.pgh_label == "insert"
        assert event.pgh_context.metadata["reason"] == "import of the legacy CRM"
        assert event.pgh_context.metadata["run"] == str(result.run.pk)
    assert pghistory.models.Context.objects.count() == 1


# --- addresses and names ---


# Of each somebody else, so that no address is that of two people.
ADDRESSES = numbered(
    ("Ada@Example.ORG", "ada@example.org", [], None),
    pytest.param(
        "\u00a0mailto:Anna@Example.ORG ;",
        *("anna@example.org", [], None),
        id="row_22_case_blanks_mailto_and_semicolon",
    ),
    pytest.param(
        "bea@example.org; b@example.org",
        "bea@example.org",
        ["b@example.org"],
        "two_emails",
        id="row_23_two_addresses",
    ),
    ("cor@example.org, c@example.org", "cor@example.org", ["c@example.org"], "two_emails"),
    ("Dov <dov@example.org>", "dov@example.org", [], None),
    ("eva @ example.org", "eva@example.org", [], None),
    pytest.param(
        "post@bücher.example.org",
        "post@bücher.example.org",
        [],
        None,
        id="letters of another script",
    ),
    pytest.param("anna.berg", "", ["anna.berg"], "email_invalid", id="row_24_no_domain"),
    ("anna@home", "", ["anna@home"], "email_invalid"),
    ("anna@example..org", "", ["anna@example..org"], "email_invalid"),
    (".a@example.org", "a@example.org", [], None),
    ("a@b.-c.nl", "", ["a@b.-c.nl"], "email_invalid"),
    ("test@test.example.org", "", [], "email_placeholder"),
    ("test@example.org", "test@example.org", [], None),
    ("n/a", "", [], "email_placeholder"),
    ("ONBEKEND", "", [], "email_placeholder"),
)


@pytest.mark.parametrize(("number", "raw", "email", "further", "code"), ADDRESSES)
def test_address_is_read_and_nothing_of_it_lost(
    bring: Bring, number: int, raw: str, email: str, further: list[str], code: str | None
) -> None:
    bring(contacts=[contact(n, "Anna", "Berg", raw) for n, raw, *_ in values(ADDRESSES)])

    anna = person(number)
    assert anna.email == email
    assert list(anna.contact_points.values_list("value", flat=True)) == further
    assert anna.submissions.get().payload["email"] == raw
    assert told(number) == ({f"{code}:email"} if code else set())


NAMES = numbered(
    pytest.param(
        "MÃ¼ller", "Müller", "encoding_repaired:name", id="row_34_read_in_the_wrong_encoding"
    ),
    pytest.param("ÃƒÂ©tienne", "étienne", "encoding_repaired:name", id="and twice"),
    pytest.param("Ãngel", "Ãngel", None, id="row_35_innocent_letters"),
    ("SÃO", "SÃO", None),
    pytest.param("M?ller", "M?ller", "lossy_text:name", id="row_36_lost_letter"),
    pytest.param("Mu\u0308ller", "Müller", None, id="row_32_decomposed_accent"),
    pytest.param("=HYPERLINK(1)", "=HYPERLINK(1)", None, id="row_38_formula"),
    ("n/a", "", None),
    ("Na", "Na", None),
    ("Unknown", "Unknown", None),
)


@pytest.mark.parametrize(("number", "raw", "stored", "code"), NAMES)
def test_name_is_stored_as_it_was_meant(
    bring: Bring, number: int, raw: str, stored: str, code: str | None
) -> None:
    bring(contacts=[contact(n, "Anna", raw) for n, raw, *_ in values(NAMES)])

    assert person(number).last_name == stored
    assert told(number) == ({code} if code else set())


def test_repaired_name_of_a_patient_row_is_told_too(bring: Bring) -> None:
    bring(patients=[patient(1, "Anna", "MÃ¼ller")])

    assert "encoding_repaired:name" in codes()


ODD_WORDS = numbered(
    ({"no_show": "perhaps"}, "unmapped:no_show"), ({"statecode": "2"}, "unmapped:statecode")
)


@pytest.mark.parametrize(("number", "cells", "code"), ODD_WORDS)
def test_word_that_is_neither_yes_nor_no_is_told(
    bring: Bring, number: int, cells: dict[str, str], code: str
) -> None:
    rows = values(ODD_WORDS)
    bring(contacts=[contact(n, "A", "Berg", booking_date=iso(PAST), **c) for n, c, _ in rows])

    assert code in told(number)
    assert person(number).bookings.get().status == "booked"


def test_label_of_the_state_is_understood(bring: Bring) -> None:
    labels = enumerate(("Inactive", "inactief"))
    bring(contacts=[contact(n, "Anna", "Berg", statecode=label) for n, label in labels])

    assert list(Patient.objects.values_list("stage", flat=True)) == ["closed", "closed"]
