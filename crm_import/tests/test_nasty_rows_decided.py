"""Rows of the list that a person has the last word on: what is decided, and what comes of it.

Each has its number in its name, as in `test_nasty_rows`.
"""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from crm_import import deciding, importing, review_files, settling, verifying
from crm_import.correcting import Fix
from crm_import.deciding import Verdict
from crm_import.meanings import invented_name
from crm_import.models import HeldRow, OptionValue, Problem, RowOutcome
from crm_import.reporting import standing_problems
from crm_import.tests import exports, test_sources_sheets
from crm_import.tests.exports import NEWER, contact, dossier, guid, patient, physician
from crm_import.tests.operators import command
from crm_import.tests.reading import see
from patients.models import Patient, Specialist
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals.models import EAPDossier, ExpandedAccessProgram

Bring = Callable[..., importing.Result]

NO_KIND = {"contact_type": ""}


def became(entity: str, number: int) -> tuple[str, str]:
    """The last word about the row of that number."""
    place = number + {"Contact": 0, "Patient": 10_000, "EAPDossier": 20_000}[entity]
    last = RowOutcome.objects.filter(entity=entity, legacy_id=guid(place)).order_by("-pk").first()
    assert last
    return last.outcome, last.reason


def held(entity: str, number: int) -> HeldRow:
    place = number + {"Contact": 0, "EAPDossier": 20_000}[entity]
    found: HeldRow = HeldRow.objects.get(entity=entity, legacy_id=guid(place))
    return found


def decide(name: str, meaning: str) -> settling.Settled:
    verdicts = [Verdict("invented_name", name, meaning)]
    return settling.settle(by=UserFactory(), reason="they are ours", verdicts=verdicts)


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("test", "test"), "test test"),
        (("", "test"), "test"),
        (("patient", "test"), "patient test"),
        (("mouse", "mickey"), "mickey mouse"),
        (("anna", "test"), ""),
        (("anna", "mouse"), ""),
        (("", ""), ""),
    ],
)
def test_name_is_invented_when_all_of_it_is(parts: tuple[str, str], name: str) -> None:
    assert invented_name(parts) == name


def test_row_40_rows_of_an_invented_name_are_left_out_once_that_is_approved(bring: Bring) -> None:
    first = [
        contact(1, "Test", "Test", "t@example.org"),
        contact(2, "TEST", "test", **NO_KIND),
        contact(3, "Mouse", "Mickey"),
        contact(4, "Anna", "Test"),
    ]
    result = bring(contacts=first)
    waiting = OptionValue.objects.waiting().values_list("value", "meaning", "seen")

    assert Patient.objects.count() == 3  # nobody approved anything
    assert sorted(waiting) == [("mickey mouse", "test_record", 1), ("test test", "test_record", 2)]
    assert result.report["problems"]["looks_like_test"] == 4

    done = decide("test test", "test_record")

    assert done.run
    assert done.run.report["tables"]["Contact"]["ignored"] == 1
    assert became("Contact", 1) == ("imported", "")  # a record already: it stays
    assert became("Contact", 2) == ("ignored", "test_record")
    assert Patient.objects.count() == 3
    assert standing_problems()["looks_like_test"] == 3

    again = bring(contacts=[*first, physician(5, "Test", "Test"), contact(6, "Mickey", "Mouse")])

    counts = again.report["tables"]["Contact"]
    assert (counts["ignored"], counts["imported"], counts["unchanged"]) == (1, 1, 4)
    assert (again.quarantined, Specialist.objects.exists()) == (0, False)
    assert OptionValue.objects.get(value="test test").seen == 3
    with pytest.raises(Refused) as refused:
        decide("test test", "")
    assert refused.value.code == "rows_left_out"


def test_row_40_page_of_the_name_says_what_follows(
    bring: Bring, member: Callable[..., User], client: Client
) -> None:
    bring(contacts=[contact(1, "Test", "Test")])
    client.force_login(member("data steward"))
    address = reverse(
        "admin:crm_import_optionvalue_decide", args=[OptionValue.objects.get(value="test test").pk]
    )

    page = client.get(address).content.decode()

    assert "Rows that have become records stay." in page
    assert "test record</option>" in page
    assert "A person: import them" in page


def test_row_40_rule_that_was_approved_before_the_first_import(bring: Bring) -> None:
    said = "kind,key,decision,meaning\nvalue,invented_name:patient test,approve,test record\n"
    review_files.carry_out(StringIO(said), by=UserFactory())
    rows = {"contacts": [contact(1, "Test", "Patient")]}

    result = bring(**rows, patients=[patient(1, "Test", "Patient", of=1), patient(2, "Bo", "Dam")])

    assert became("Contact", 1) == became("Patient", 1) == ("ignored", "test_record")
    assert result.report["tables"]["Patient"]["ignored"] == 1
    assert Patient.objects.get().first_name == "Bo"
    assert "looks_like_test" not in result.report["problems"]
    assert verifying.verify(is_deep=True)[0].adds_up


def test_row_40_name_of_a_person_is_no_rule(db: None) -> None:
    with pytest.raises(Refused) as refused:
        deciding.demand(Verdict("invented_name", "anna berg", "test_record"))

    assert refused.value.code == "no_such_value"


# --- values ------------------------------------------------------------------------------------


def test_row_74_unknown_value_ends_with_3_until_somebody_decides(db: None, tmp_path: Path) -> None:
    rows = [patient(1, "Anna", "Berg", trial_id="NCT05600001", eligible="100000099")]
    folder = exports.write(tmp_path / "export", patients=rows)

    assert command("crm_plan", folder)[0] == 3
    code, printed = command("crm_import", folder)
    assert (code, "1 rows have a value that nobody has decided on" in printed) == (3, True)
    referral = Patient.objects.get().ct_referrals.get()
    assert referral.eligible == "unknown"
    assert Problem.objects.filter(code="unmapped", field="eligible").count() == 1
    assert command("crm_import", folder)[0] == 3  # the same export again

    verdicts = [Verdict("eligible", "100000099", "yes")]
    settling.settle(by=UserFactory(), reason="asked", verdicts=verdicts)

    referral.refresh_from_db()
    assert referral.eligible == "yes"
    assert command("crm_import", folder)[0] == 0


# --- numbers of dossiers -----------------------------------------------------------------------


def test_row_79_doubtful_number_is_taken_as_it_is_when_somebody_says_so(bring: Bring) -> None:
    people = [patient(1, "Anna", "Berg"), patient(2, "Ben", "Smit")]
    rows = [dossier(1, "EAP-0012", 1), dossier(2, "12", 2)]
    bring(patients=people, dossiers=rows)
    fix = Fix(entity="EAPDossier", row=held("EAPDossier", 2).row, reason="asked the company")

    done = settling.settle(by=UserFactory(), reason="asked", fixes=[fix])

    assert done.placed == 1
    numbers = ["12", "EAP-0012"]
    assert sorted(EAPDossier.objects.values_list("number", flat=True)) == numbers

    again = bring(patients=people, dossiers=[{**rows[0], **NEWER, "eap_number": "12"}, rows[1]])

    assert again.quarantined == 0
    assert sorted(EAPDossier.objects.values_list("number", flat=True)) == numbers
    assert ExpandedAccessProgram.objects.count() == 2
    assert Problem.objects.filter(code="number_zeros_lost").count() == 1
    assert verifying.verify(is_deep=True)[0].adds_up


# --- worksheets, and CSV that a spreadsheet wrote ----------------------------------------------


def test_row_18_row_that_vanished_from_worksheets_counts_only_when_they_hold_everything(
    db: None, tmp_path: Path
) -> None:
    fewer = {"Contact": test_sources_sheets.ROWS["Contact"][:2]}
    importing.run(source=test_sources_sheets.write(tmp_path / "all"), by=None)
    later = test_sources_sheets.write(tmp_path / "later", fewer)

    importing.run(source=later, by=None)
    assert not Specialist.objects.filter(is_active=False).exists()

    importing.run(source=later, by=None, is_complete=True)
    gone = Specialist.objects.get(is_active=False)
    assert (gone.first_name, gone.last_name) == ("Ben", "Smit")


def test_row_59_wall_times_of_a_csv_from_the_screens(tmp_path: Path) -> None:
    text = test_sources_sheets.contacts_csv(
        {"booking": "31/10/2021 02:30"}, {"booking": "28/03/2021 02:30"}
    )
    folder = test_sources_sheets.write(tmp_path / "ui")

    seen = see(test_sources_sheets.rewrite(folder, "Contact", text))

    twice, none = (row["booking_date"] for row in seen.contacts)
    assert twice == "2021-10-31T00:30:00Z"
    extra = seen.others["Contact"][0].extra or {}
    assert extra["booking_date (came twice)"] == "31/10/2021 02:30"
    assert none == "28/03/2021 02:30 (no such time)"  # no instant, so that it is told
