"""The quarantine: rows that are put right or left out, and what the CRM sends later."""

from collections.abc import Callable

import pytest

from bookings.models import Booking
from crm_import import settling
from crm_import.correcting import Fix
from crm_import.importing import Result
from crm_import.models import Correction, ImportRun, LegacyContact, RowOutcome
from crm_import.rolling_back import roll_back
from crm_import.settling import Settled
from crm_import.tests import exports
from crm_import.tests.exports import NEWER, contact, guid
from patients import erasure
from patients.models import ErasureRequest, Patient, Specialist, Submission
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]

HELD = contact(1, "Anna", "Berg", "anna@example.org", contact_type="")
BEN = contact(2, "Ben", "Smit")


def held() -> RowOutcome:
    found: RowOutcome = RowOutcome.objects.held().order_by("pk").last()  # type: ignore[assignment]
    return found


def settle(fix: Fix, by: User | None = None) -> Settled:
    return settling.settle(by=by or UserFactory(), reason="quarantine", fixes=[fix])


def fix(reason: str = "asked them", by: User | None = None, **cells: str) -> Settled:
    row = held()
    return settle(Fix(entity=row.entity, row=row.row, reason=reason, cells=cells), by)


def waive(reason: str = "a test of ours") -> Settled:
    row = held()
    return settle(Fix(entity=row.entity, row=row.row, reason=reason, is_waiver=True))


def outcomes() -> dict[int, tuple[str, str]]:
    """The last word about each row of the archive, in their order."""
    rows = RowOutcome.objects.order_by("pk").values_list("row", "outcome", "reason")
    return {row: (outcome, reason) for row, outcome, reason in rows}


def test_corrected_row_is_placed_and_the_archive_keeps_it_as_it_came(bring: Bring) -> None:
    bring(contacts=[HELD, BEN])
    by, row = UserFactory(), held()
    before = LegacyContact.objects.get(pk=row.row)

    done = fix(by=by, contact_type="patient")

    anna = Patient.objects.get(first_name="Anna")
    assert anna.email == "anna@example.org"
    assert LegacyContact.objects.get(pk=row.row).contact_type == before.contact_type == ""
    said = Correction.objects.get()
    assert (said.cells, said.reason, said.by) == ({"contact_type": "patient"}, "asked them", by)
    assert said.run == done.run
    assert str(said.legacy_id) == guid(1)
    assert outcomes()[row.row] == ("superseded", "corrected")
    assert done.placed == 1
    became = done.outcome_of(said)
    assert became
    assert became.outcome == "imported"
    assert not RowOutcome.objects.held().exists()
    assert Submission.objects.filter(patient=anna).count() == 1


def test_only_the_corrected_row_is_tried_with_another_result(bring: Bring) -> None:
    bring(contacts=[HELD, contact(3, "Cas", "Bos", contact_type=""), BEN])
    ben = Patient.objects.get()
    Patient.objects.filter(pk=ben.pk).update(first_name="Benny")

    row = RowOutcome.objects.held().order_by("row").first()
    assert row
    settle(Fix(entity="Contact", row=row.row, reason="x", cells={"contact_type": "physician"}))

    assert Specialist.objects.get().first_name == "Anna"
    assert list(Patient.objects.values_list("first_name", flat=True)) == ["Benny"]
    assert RowOutcome.objects.held().count() == 1


def test_correction_that_does_not_help_leaves_the_row_in_quarantine(bring: Bring) -> None:
    bring(contacts=[{**HELD, "firstname": "", "lastname": ""}])

    fix(contact_type="patient")
    second = held()
    fix(firstname="Anna")

    assert second.reason == "no_name"
    assert Patient.objects.get().first_name == "Anna"
    assert not RowOutcome.objects.held().exists()


def test_row_that_is_held_for_another_reason_now_says_so(bring: Bring) -> None:
    bring(contacts=[{**HELD, "firstname": "", "lastname": "x" * 201}])
    assert held().reason == "too_long"

    fix(lastname="")

    assert held().reason == "no_name"


def test_row_without_an_id_is_given_one(bring: Bring) -> None:
    bring(contacts=[{**BEN, "contactid": "{broken}"}])
    row = held()
    assert row.reason == "bad_id"

    fix(contactid=guid(77))

    assert Patient.objects.get().first_name == "Ben"
    assert outcomes()[row.row] == ("superseded", "corrected")


def test_one_of_two_versions_is_taken_as_it_is(bring: Bring) -> None:
    bring(contacts=[BEN, {**BEN, "firstname": "Bernard"}])
    rows = list(RowOutcome.objects.held().order_by("row"))
    assert [row.reason for row in rows] == ["version_conflict"] * 2

    settle(Fix(entity="Contact", row=rows[1].row, reason="the newer form"))

    assert Patient.objects.get().first_name == "Bernard"
    assert not RowOutcome.objects.held().exists()


def test_corrected_booking_date_makes_one_booking(bring: Bring) -> None:
    bring(contacts=[{**HELD, "booking_date": "2024-05-01T10:00:00Z"}])

    fix(contact_type="patient", booking_date="2024-05-02T10:00:00Z")

    assert f"{Booking.objects.get().starts_at:%d}" == "02"


# --- what the CRM sends later -------------------------------------------------------------------


def test_same_export_again_changes_nothing(bring: Bring) -> None:
    bring(contacts=[HELD, BEN])
    fix(contact_type="patient")

    again = bring(contacts=[HELD, BEN])

    assert again.report["tables"]["Contact"]["unchanged"] == 2
    assert Patient.objects.count() == 2
    assert Submission.objects.count() == 2


def test_newer_version_from_the_crm_counts_more_than_the_correction(bring: Bring) -> None:
    bring(contacts=[HELD])
    fix(contact_type="patient")

    bring(contacts=[{**HELD, **NEWER, "contact_type": exports.LEAD, "email": "new@example.org"}])

    anna = Patient.objects.get()
    assert anna.submissions.count() == 2
    assert outcomes()[LegacyContact.objects.latest("pk").pk] == ("merged", "")


def test_same_version_with_another_cell_does_not_undo_the_correction(bring: Bring) -> None:
    bring(contacts=[HELD])
    fix(contact_type="patient")

    again = bring(contacts=[{**HELD, "job_title": "x"}])

    assert again.quarantined == 0
    assert Patient.objects.count() == 1


def test_correction_that_was_taken_back_counts_no_more_and_can_be_said_again(bring: Bring) -> None:
    bring(contacts=[{**BEN, "contactid": "{broken}"}])
    cells = {"contactid": guid(77)}
    said = Fix(entity="Contact", row=held().row, reason="asked them", cells=cells)
    done = settle(said).run
    assert done
    roll_back(run_id=done.pk, by=None, apply=True)

    bring(contacts=[{**BEN, "contactid": "{broken}"}, contact(3, "Cas", "Bos")])

    assert held().row == said.row
    assert settle(said).placed == 1
    assert Patient.objects.filter(first_name="Ben").count() == 1


# --- leaving out --------------------------------------------------------------------------------


def test_row_that_was_left_out_is_ignored_from_then_on(bring: Bring) -> None:
    bring(contacts=[HELD, BEN])
    row = held()

    done = waive()
    again = bring(contacts=[HELD, BEN, contact(3, "Cas", "Bos")])

    assert outcomes()[row.row] == ("ignored", "waived")
    assert done.run
    assert done.run.report["tables"]["Contact"]["ignored"] == 1
    assert again.quarantined == 0
    assert "deleted_here" not in again.report["problems"]


def test_waiver_that_was_taken_back_counts_no_more_and_can_be_said_again(bring: Bring) -> None:
    bring(contacts=[HELD])
    done = waive().run
    assert done
    roll_back(run_id=done.pk, by=None, apply=True)

    again = bring(contacts=[HELD, BEN])

    assert again.quarantined == 1
    assert waive().run
    assert not RowOutcome.objects.held().exists()


def test_newer_version_of_a_row_that_was_left_out_is_looked_at_anew(bring: Bring) -> None:
    bring(contacts=[HELD])
    waive()

    bring(contacts=[{**HELD, **NEWER}])

    assert held().reason == "routing_missing"


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"reason": " ", "cells": {"contact_type": "patient"}}, "no_reason"),
        ({"cells": {"contact_type": ""}}, "same"),
        ({"cells": {"versionnumber": "9"}}, "no_such_column"),
        ({"cells": {"contactid": guid(5)}}, "bad_id"),
        ({"cells": {"firstname": "x" * 20_001}}, "too_long"),
        ({"row": 0}, "no_such_row"),
        ({"entity": "Nothing", "row": 0}, "no_such_row"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_impossible_correction_is_refused_and_leaves_nothing(
    bring: Bring, said: dict[str, object], code: str
) -> None:
    bring(contacts=[HELD])

    with pytest.raises(Refused) as refused:
        settle(Fix(**{"entity": "Contact", "row": held().row, "reason": "x", **said}))

    assert refused.value.code == code
    assert ImportRun.objects.count() == 1
    assert not Correction.objects.exists()


def test_id_of_another_row_is_refused(bring: Bring) -> None:
    bring(contacts=[BEN, {**HELD, "contactid": ""}])

    with pytest.raises(Refused) as refused:
        fix(contactid=BEN["contactid"])

    assert refused.value.code == "id_taken"


def test_row_that_left_the_quarantine_is_not_corrected_again(bring: Bring) -> None:
    bring(contacts=[HELD])
    row = held().row
    fix(contact_type="patient")

    with pytest.raises(Refused) as refused:
        settle(Fix(entity="Contact", row=row, reason="x", cells={"contact_type": "physician"}))

    assert refused.value.code == "not_held"


def test_same_correction_again_makes_no_run(bring: Bring) -> None:
    bring(contacts=[HELD])
    said = Fix(entity="Contact", row=held().row, reason="x", cells={"contact_type": "patient"})
    settle(said)

    assert settle(said).run is None
    assert ImportRun.objects.count() == 2


# --- erasure ------------------------------------------------------------------------------------


def test_erasure_takes_corrections_along(bring: Bring) -> None:
    bring(contacts=[{**HELD, "contactid": "none", "lastname": ""}])
    fix(contact_type="patient", contactid=guid(9), lastname="Berg")
    anna = Patient.objects.get()
    wanted = erasure.request(patient_id=anna.pk, by=UserFactory(), ground="consent_withdrawn")
    erasure.approve(request_id=wanted.pk, by=UserFactory())

    done = erasure.execute(request_id=wanted.pk, by=UserFactory())

    assert done.state == ErasureRequest.State.VERIFIED
    assert not Correction.objects.exists()
    assert not LegacyContact.objects.exists()
