"""What is decided while an export is read, and what comes of it in the portal."""

# ruff: noqa: DTZ001  wall times, as spreadsheets have them

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bookings.models import Booking
from crm_import import importing, profiling
from crm_import.models import LegacyContact, Problem, RowOutcome
from crm_import.tests import exports, test_sources_sheets
from crm_import.tests.exports import contact, dossier, patient
from crm_import.tests.told import codes
from patients.models import Patient
from referrals.models import CTReferral, EAPDossier

Bring = Callable[..., importing.Result]


def test_row_59_ambiguous_wall_time_is_the_earlier_one_and_is_told(
    db: None, tmp_path: Path
) -> None:
    twice, none = datetime(2021, 10, 31, 2, 30), datetime(2021, 3, 28, 2, 30)
    rows = [
        test_sources_sheets.contact(1, "Zoë", "Berg", booking=twice),
        test_sources_sheets.contact(2, "Ida", "Vos", booking=none),
    ]
    folder = test_sources_sheets.write(tmp_path / "ui", {"Contact": rows, "EAPDossier": []})

    importing.run(source=folder, by=None)

    booking = Booking.objects.get()
    assert booking.starts_at == datetime(2021, 10, 31, 0, 30, tzinfo=UTC)
    told = Problem.objects.filter(field="booking_date").values_list("record", "code", "severity")
    assert set(told) == {(1, "ambiguous_time", "warning"), (2, "invalid_date", "warning")}
    kept = LegacyContact.objects.get(record=1)
    assert kept.cells["booking_date (came twice)"] == "2021-10-31T02:30:00"
    assert LegacyContact.objects.get(record=2).booking_date == "2021-03-28 02:30:00 (no such time)"


def _without_labels(folder: Path) -> Path:
    exports.write(
        folder,
        contacts=[contact(1, "Anna", "Berg", contact_type=exports.LEAD), contact(2, "Ida", "Vos")],
        patients=[
            patient(1, "Anna", "Berg", of=1, trial_id="NCT01234567", eligible=exports.YES),
            patient(2, "Anna", "Berg", of=1, ct_outcome=exports.ENROLLED),
        ],
        dossiers=[dossier(1, "EAP-1", of=1)],
    )
    (folder / "OptionSets.csv").unlink()
    return folder


def test_rows_43_82_integers_without_labels_are_guessed_by_nobody(db: None, tmp_path: Path) -> None:
    importing.run(source=_without_labels(tmp_path / "export"), by=None)

    held = RowOutcome.objects.quarantined().values_list("entity", "reason")
    # A routing value that nobody knows holds the row back, unless a Patient row points at it.
    assert set(held) == {("Contact", "routing_unmapped"), ("EAPDossier", "unmapped_product")}
    assert Patient.objects.count() == 1
    # A descriptive one is left out and told.
    assert (CTReferral.objects.get().eligible, EAPDossier.objects.count()) == ("unknown", 0)
    assert {"unmapped:eligible", "unmapped:ct_outcome"} <= codes()


def test_labels_that_come_later_place_what_was_held(db: None, tmp_path: Path) -> None:
    folder = _without_labels(tmp_path / "export")
    importing.run(source=folder, by=None)
    labelled = exports.write(tmp_path / "labels")
    (labelled / "OptionSets.csv").rename(folder / "OptionSets.csv")

    importing.run(source=folder, by=None)

    assert Patient.objects.count() == 2
    assert EAPDossier.objects.count() == 1


def test_profile_says_that_there_are_no_labels(db: None, tmp_path: Path) -> None:
    profile = profiling.run(source=_without_labels(tmp_path / "export"))

    (told,) = [finding for finding in profile.findings if finding.code == "no_labels"]
    assert (told.rows, "Add OptionSets.csv" in told.text) == (5, True)
    assert all(not option.labels and not option.mapped for option in profile.options)
