"""Later exports: what is new is added, and what people did meanwhile stays."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bookings.models import Booking
from crm_import import importing
from crm_import.importing import Result
from crm_import.models import ImportRun, LegacyContact, PendingLink, Problem, RowOutcome
from crm_import.tests import exports
from crm_import.tests.checksums import checksums
from crm_import.tests.exports import (
    ANNA,
    MOVED,
    SOON,
    contact,
    dossier,
    guid,
    patient,
    physician,
)
from patients.models import (
    Hospital,
    Patient,
    Specialist,
    Submission,
)
from referrals.models import EAPDossier

Bring = Callable[..., Result]

QUARANTINED = contact(5, "Cor", "Dam", contact_type="")


def test_same_export_again_changes_nothing_and_keeps_the_exit_honest(bring: Bring) -> None:
    rows = [ANNA, QUARANTINED, physician(2, "Ida", "Vos", hospital=guid(70))]
    first = bring(contacts=rows)
    before = checksums()

    again = bring(contacts=rows)

    assert checksums() == before
    assert again.report["tables"]["Contact"] == {
        **dict.fromkeys(first.report["tables"]["Contact"], 0),
        "read": 3,
        "unchanged": 2,
        "quarantined": 1,
    }
    assert set(again.report["created"].values()) == {0}
    assert again.report["totals"] == first.report["totals"]
    assert again.report["problems"] == first.report["problems"]
    assert ImportRun.objects.count() == 2


def test_rows_in_another_order_are_the_same_rows(bring: Bring) -> None:
    rows = [ANNA, QUARANTINED, ANNA]
    bring(contacts=rows)
    before = checksums()

    again = bring(contacts=[*rows[::-1], ANNA])

    assert checksums() == before
    counts = again.report["tables"]["Contact"]
    assert (counts["read"], counts["unchanged"], counts["quarantined"]) == (4, 3, 1)
    assert LegacyContact.objects.count() == 3


def test_newer_version_adds_a_form_and_moves_the_call(bring: Bring) -> None:
    bring(contacts=[ANNA])

    again = bring(contacts=[MOVED])

    anna = Patient.objects.get()
    assert anna.submissions.count() == 2
    first, second = anna.bookings.order_by("starts_at")
    assert (first.status, first.rescheduled_to) == ("rescheduled", second)
    assert second.status == "booked"
    assert again.report["tables"]["Contact"]["merged"] == 1
    created = again.report["created"]
    assert (created["patients"], created["bookings"], created["submissions"]) == (0, 1, 1)
    assert again.report["totals"]["bookings"] == 2


def test_call_moved_by_a_quarter_of_an_hour_is_not_in_its_own_way(bring: Bring) -> None:
    bring(contacts=[ANNA])
    moved = SOON + timedelta(minutes=15)

    bring(contacts=[{**MOVED, "booking_date": f"{moved:%Y-%m-%dT%H:%M:%SZ}"}])

    statuses = Booking.objects.order_by("starts_at").values_list("status", flat=True)
    assert list(statuses) == ["rescheduled", "booked"]


def test_call_that_somebody_cancelled_stays_cancelled(bring: Bring) -> None:
    bring(contacts=[ANNA])
    Booking.objects.update(status="cancelled", cancelled_by="navigator", cancel_reason="ill")

    bring(contacts=[MOVED])

    assert Booking.objects.order_by("starts_at")[0].cancel_reason == "ill"
    assert Booking.objects.order_by("starts_at")[1].status == "booked"


def test_row_86_what_people_wrote_is_not_overwritten(bring: Bring) -> None:
    bring(contacts=[ANNA])
    Patient.objects.update(last_name="van der Berg", email="new@example.org")

    bring(contacts=[{**MOVED, "lastname": "Bergsma"}])

    anna = Patient.objects.get()
    assert (anna.last_name, anna.email) == ("van der Berg", "new@example.org")
    assert anna.contact_points.get().value == "anna@example.org"
    assert Submission.objects.filter(payload__lastname="Bergsma").exists()


def test_new_rows_join_the_people_who_are_there(bring: Bring) -> None:
    bring(contacts=[ANNA])

    again = bring(
        contacts=[ANNA, contact(9, "ANNA", "BERG", "anna@example.org")],
        patients=[patient(1, "Anna", "Berg", of=1)],
    )

    assert Patient.objects.count() == 1
    assert Patient.objects.get().stage == "patient"
    assert Submission.objects.count() == 2
    assert again.report["tables"]["Contact"]["unchanged"] == 1
    assert again.report["tables"]["Contact"]["merged"] == 1
    assert again.report["tables"]["Patient"]["merged"] == 1


def test_quarantined_row_is_placed_when_a_later_row_explains_it(bring: Bring) -> None:
    bring(contacts=[QUARANTINED])

    again = bring(contacts=[QUARANTINED], patients=[patient(1, "Cor", "Dam", of=5)])

    assert Patient.objects.get().submissions.count() == 1
    assert again.report["tables"]["Contact"] == {
        **dict.fromkeys(again.report["tables"]["Contact"], 0),
        "read": 1,
        "imported": 1,
    }
    assert again.quarantined == 0
    assert "routing_missing" not in again.report["problems"]
    assert list(
        RowOutcome.objects.filter(legacy_id=guid(5))
        .order_by("id")
        .values_list("outcome", flat=True)
    ) == ["quarantined", "imported"]


def test_pending_links_are_made_when_their_rows_arrive(bring: Bring) -> None:
    rows = {
        "contacts": [physician(1, "Ida", "Vos", hospital=guid(70)), contact(2, "Anna", "Berg")],
        "patients": [patient(1, "Anna", "Berg", of=2, physician=guid(3))],
        "dossiers": [dossier(1, "EAP-1", 9)],
    }
    first = bring(**rows)
    assert first.report["problems"]["pending_link"] == 3

    rows["contacts"].append(physician(3, "Udo", "Ott"))
    rows["patients"].append(patient(9, "Ben", "Smit"))
    again = bring(
        hospitals=[{"hospitalid": guid(70), "name": "UMC", "city": "Utrecht"}],
        **rows,
    )

    assert Specialist.objects.get(first_name="Ida").hospital == Hospital.objects.get()
    assert Patient.objects.get(first_name="Anna").physician == Specialist.objects.get(
        first_name="Udo"
    )
    assert EAPDossier.objects.get().patient == Patient.objects.get(first_name="Ben")
    assert not PendingLink.objects.exists()
    assert "pending_link" not in again.report["problems"]
    assert Problem.objects.filter(code="pending_link").count() == 3  # what was found stays written


def test_vanished_rows_change_nothing(bring: Bring) -> None:
    bring(contacts=[ANNA, contact(2, "Ben", "Smit")])
    before = checksums()

    again = bring(contacts=[ANNA])

    assert checksums() == before
    assert again.report["tables"]["Contact"]["read"] == 1
    assert again.report["totals"]["patients"] == 2


def test_dry_run_is_the_real_run_taken_back(db: None, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", contacts=[ANNA, QUARANTINED])
    before = checksums()

    dry = importing.run(source=folder, by=None, dry_run=True)

    assert checksums() == before
    assert not ImportRun.objects.exists()
    assert (dry.report["dry_run"], dry.report["totals"]["patients"]) == (True, 1)
    real = importing.run(source=folder, by=None)
    changed = {"run", "dry_run"}
    assert {k: v for k, v in real.report.items() if k not in changed} == {
        k: v for k, v in dry.report.items() if k not in changed
    }


def test_call_of_a_patient_who_has_one_then_is_cancelled(bring: Bring) -> None:
    """The database allows no two standing calls of one patient at one time."""
    bring(contacts=[{**ANNA, "booking_date": ""}])
    anna = Patient.objects.get()
    Booking.objects.create(patient=anna, starts_at=SOON, ends_at=SOON + timedelta(minutes=45))

    bring(contacts=[{**ANNA, "versionnumber": "9000"}])

    assert sorted(anna.bookings.values_list("status", flat=True)) == ["booked", "cancelled"]
    assert Problem.objects.filter(code="overlapping_bookings").count() == 1


# --- what is told ------------------------------------------------------------------------------


def test_row_of_a_restricted_patient_is_told(bring: Bring) -> None:
    bring(contacts=[ANNA])
    Patient.objects.update(processing_restricted=True)

    bring(contacts=[MOVED])

    assert Problem.objects.filter(code="rule_7").count() == 1


def test_problem_of_a_file_stands_until_the_next_file(db: None, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", contacts=[ANNA])
    path = folder / "Contact.csv"
    good = path.read_bytes()
    path.write_bytes(good + b"one,two\n")
    first = importing.run(source=folder, by=None)

    path.write_bytes(good)
    again = importing.run(source=folder, by=None)

    assert first.report["problems"]["too_few_cells"] == 1
    assert "too_few_cells" not in again.report["problems"]
