"""Whole imports from other sources: the same state, what was deleted, what was not delivered."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction

from crm_import import brakes, importing
from crm_import.demo.export import write_export
from crm_import.models import LegacyContact, Problem, RowOutcome, SourceFile
from crm_import.refusals import Brake
from crm_import.tables import CONTACT, DOSSIER, HOSPITAL, PATIENT
from crm_import.tests import exports, remembered, shapes
from crm_import.tests.checksums import checksums, state
from crm_import.tests.exports import NEWER, contact, dossier, patient, physician
from crm_import.tests.told import changed
from patients.models import Patient, Specialist
from referrals.models import EAPDossier

ANNA = contact(1, "Anna", "Berg", "anna@example.org", job_title="")
IDA = physician(2, "Ida", "Vos", "ida@example.org", job_title="Neurologist")


def bring(path: Path, **options: int) -> importing.Result:
    return importing.run(source=path, by=None, **options)  # type: ignore[arg-type]


@pytest.fixture
def loaded(db: None, tmp_path: Path) -> importing.Result:
    """Anna with a dossier, and a physician, came from headed CSV."""
    return remembered.bring(
        exports.write(
            tmp_path / "export",
            contacts=[ANNA, IDA],
            patients=[patient(1, "Anna", "Berg", "anna@example.org", of=1)],
            dossiers=[dossier(1, "EAP-1", of=1)],
            hospitals=[{"hospitalid": exports.guid(50), "name": "Clinic", "city": "Delft"}],
        )
    )


Delta = Callable[..., importing.Result]


@pytest.fixture
def deleted(tmp_path: Path) -> Delta:
    """`deleted(table=…, ids=[…], rows=[…])`: import a page of change tracking."""
    count = iter(range(100))

    def run(
        table: object = CONTACT, ids: object = (), rows: object = (), **options: int
    ) -> importing.Result:
        found = [shapes.record(table, row) for row in rows]  # type: ignore[arg-type, attr-defined]
        folder = tmp_path / f"delta{next(count)}"
        return bring(shapes.write_delta(folder, table, found, ids), **options)  # type: ignore[arg-type]

    return run


def test_demo_export_leaves_the_same_state_in_every_shape(db: None, tmp_path: Path) -> None:
    write_export(tmp_path / "csv", people=120, seed=7, now=datetime(2026, 3, 1, tzinfo=UTC))
    rows = shapes.read(tmp_path / "csv")
    shapes.write_pages(tmp_path / "pages", rows, size=40)
    shapes.write_link(tmp_path / "link", rows)
    states = []

    for name in ("csv", "pages", "link"):
        with transaction.atomic():
            bring(tmp_path / name)
            states.append(state())
            transaction.set_rollback(True)

    first, pages, link = states
    assert first["patients_patient"].count("\n") > 60
    assert {name for name in first if first[name] != link[name]} <= {"crm_import_legacyoption"}
    # The pages have the labels of one language only, of the values that some row has.
    labels = {"crm_import_legacyoption", "crm_import_optionvalue", "patients_conditionname"}
    labels |= {"referrals_product", "referrals_productevent", "crm_import_optionvalueevent"}
    assert {name for name in first if first[name] != pages[name]} <= labels


def test_ledger_has_a_line_for_each_file(db: None, tmp_path: Path) -> None:
    csv = exports.write(tmp_path / "csv", contacts=[contact(n, f"N{n}", "Berg") for n in range(5)])
    pages = shapes.write_pages(tmp_path / "pages", shapes.read(csv), size=2)

    result = bring(pages)

    assert result.report["tables"]["Contact"]["read"] == 5
    assert result.report["tables"]["Contact"]["imported"] == 5
    ledger = SourceFile.objects.filter(entity="Contact").order_by("id")
    assert list(ledger.values_list("name", "records")) == [
        ("contacts-0001.json", 2),
        ("contacts-0002.json", 2),
        ("contacts-0003.json", 1),
    ]
    assert sorted(LegacyContact.objects.values_list("record", flat=True)) == [1, 2, 3, 4, 5]


# --- deleted -----------------------------------------------------------------------------------


def test_row_16_tombstone_of_a_patient_row_deactivates_and_blanks_nothing(
    loaded: importing.Result, deleted: Delta
) -> None:
    before = Patient.objects.get()
    deleted(DOSSIER, [exports.guid(20_001)])
    deleted(PATIENT, [exports.guid(10_001)])
    assert Patient.objects.get().stage == "patient"  # the Contact row is there yet

    result = deleted(CONTACT, [exports.guid(1)])

    anna = Patient.objects.get()
    assert (anna.stage, anna.closed_reason) == ("closed", "legacy_inactive")
    assert (anna.first_name, anna.email) == ("Anna", "anna@example.org")
    assert anna.first_contact_at == before.first_contact_at
    assert result.report["created"] == dict.fromkeys(result.report["created"], 0)
    told = Problem.objects.filter(code="deleted_in_crm").values_list("entity", flat=True)
    assert set(told) == {"Contact", "Patient", "EAPDossier"}
    kept = LegacyContact.objects.filter(contactid=exports.guid(1)).latest("id")
    assert (kept.deleted, kept.firstname, kept.versionnumber) == (True, "Anna", "1001")
    assert kept.absent is not None


def test_tombstone_of_a_dossier_closes_it(loaded: importing.Result, deleted: Delta) -> None:
    deleted(DOSSIER, [exports.guid(20_001)])

    made = EAPDossier.objects.get()
    assert (made.state, made.closed_reason, made.number) == ("closed", "legacy_inactive", "EAP-1")


def test_tombstone_of_a_specialist_deactivates(loaded: importing.Result, tmp_path: Path) -> None:
    folder = tmp_path / "2026-10-01T08.15.00Z"
    (folder / "contact").mkdir(parents=True)
    shapes.write_json(folder / "model.json", shapes.model([CONTACT]))
    text = shapes.tombstone(CONTACT, exports.guid(2), "9000")
    (folder / "contact" / "2024.csv").write_text(text, encoding="utf-8")

    bring(folder)

    ida = Specialist.objects.get()
    assert (ida.is_active, ida.last_name, ida.job_title) == (False, "Vos", "Neurologist")


def test_patient_with_work_open_stays_open_and_is_told(
    loaded: importing.Result, deleted: Delta
) -> None:
    deleted(PATIENT, [exports.guid(10_001)])

    deleted(CONTACT, [exports.guid(1)])  # the dossier is open

    assert Patient.objects.get().stage == "patient"
    assert Problem.objects.filter(code="deleted_in_crm").count() == 2


def test_tombstone_of_a_list_changes_nothing(loaded: importing.Result, deleted: Delta) -> None:
    result = deleted(HOSPITAL, [exports.guid(50)])

    assert result.report["totals"]["hospitals"] == 1
    assert Problem.objects.filter(code="deleted_in_crm").count() == 1


def test_same_tombstone_again_is_known(loaded: importing.Result, deleted: Delta) -> None:
    deleted(CONTACT, [exports.guid(2)])
    before = checksums()

    result = deleted(CONTACT, [exports.guid(2)])

    assert checksums() == before
    assert result.report["tables"]["Contact"]["unchanged"] == 1


def test_version_and_tombstone_in_one_first_load(db: None, tmp_path: Path) -> None:
    csv = exports.write(tmp_path / "csv", contacts=[ANNA, IDA])
    link = shapes.write_link(tmp_path / "link", shapes.read(csv))
    path = link / "contact" / "2024.csv"
    stone = shapes.tombstone(CONTACT, exports.guid(1), "9000")
    path.write_text(stone + path.read_text(encoding="utf-8"), encoding="utf-8", newline="")

    result = bring(link)

    anna = Patient.objects.get()
    assert (anna.first_name, anna.stage) == ("Anna", "closed")
    counts = result.report["tables"]["Contact"]
    assert (counts["read"], counts["imported"], counts["superseded"]) == (3, 2, 1)


def test_row_17_tombstone_of_an_id_never_seen_is_ignored(
    loaded: importing.Result, deleted: Delta
) -> None:
    result = deleted(CONTACT, [exports.guid(99)])

    assert result.report["tables"]["Contact"]["ignored"] == 1
    outcome = RowOutcome.objects.latest("id")
    assert (outcome.outcome, outcome.reason) == ("ignored", "deleted_before_seen")
    assert Patient.objects.count() == 1


def test_row_that_comes_after_its_tombstone_is_imported(
    loaded: importing.Result, deleted: Delta
) -> None:
    deleted(CONTACT, [exports.guid(99)])

    deleted(CONTACT, rows=[contact(99, "Ben", "Smit")])

    assert Patient.objects.count() == 2


def test_row_18_row_that_is_missing_from_a_full_export_stays(
    loaded: importing.Result, tmp_path: Path
) -> None:
    """That a row is not delivered says nothing; only a deletion does."""
    result = bring(exports.write(tmp_path / "export", contacts=[IDA]))

    assert Patient.objects.get().stage == "patient"
    assert result.report["tables"]["Contact"]["unchanged"] == 1
    assert not Problem.objects.filter(code="deleted_in_crm").exists()


def test_row_19_row_that_is_there_again_is_active_again_and_one_person(
    loaded: importing.Result, deleted: Delta
) -> None:
    deleted(CONTACT, [exports.guid(2)])
    deleted(DOSSIER, [exports.guid(20_001)])
    deleted(PATIENT, [exports.guid(10_001)])
    deleted(CONTACT, [exports.guid(1)])
    assert Patient.objects.get().stage == "closed"

    deleted(CONTACT, rows=[{**ANNA, **NEWER}, {**IDA, **NEWER}])

    assert Patient.objects.get().stage == "patient"
    assert Specialist.objects.get().is_active


def test_many_deletes_need_a_yes(
    loaded: importing.Result, deleted: Delta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brakes, "FEW_DELETES", 1)
    before = checksums()
    ids = [exports.guid(1), exports.guid(2)]

    with transaction.atomic(), pytest.raises(Brake, match="--accept-deletes 2") as refused:
        deleted(CONTACT, ids)
    assert refused.value.exit_code == 6
    assert checksums() == before

    deleted(CONTACT, ids, accept_deletes=2)
    assert not Specialist.objects.get().is_active


# --- not delivered -----------------------------------------------------------------------------


def test_row_20_column_that_is_not_delivered_stays_and_null_clears(
    loaded: importing.Result, deleted: Delta
) -> None:
    without = {key: cell for key, cell in {**IDA, **NEWER}.items() if key != "job_title"}

    deleted(CONTACT, rows=[{**without, "email": "ida@example.com"}])

    row = LegacyContact.objects.latest("id")
    assert (row.job_title, row.email) == ("Neurologist", "ida@example.com")
    assert "job_title" in (row.absent or ())
    ida = Specialist.objects.get()
    assert (ida.job_title, ida.email) == ("Neurologist", "ida@example.com")

    deleted(CONTACT, rows=[{**IDA, **NEWER, "versionnumber": "9001", "job_title": ""}])

    ida.refresh_from_db()
    assert (ida.job_title, changed()) == ("", [])


def test_headed_file_without_a_column_empties_nothing(
    loaded: importing.Result, tmp_path: Path
) -> None:
    folder = exports.write(
        tmp_path / "export",
        contacts=[ANNA, IDA],
        patients=[patient(1, "Anna", "Berg", "anna@example.org", of=1)],
    )
    lines = (folder / "Contact.csv").read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("job_title")
    cut = [",".join(c for n, c in enumerate(row.split(",")) if n != place) for row in lines]
    (folder / "Contact.csv").write_text("\n".join(cut) + "\n", encoding="utf-8")

    result = bring(folder, accept_columns=True)

    assert result.report["tables"]["Contact"]["unchanged"] == 2
    assert LegacyContact.objects.count() == 2


# --- versions ----------------------------------------------------------------------------------


def test_rows_13_14_15_versions_of_one_id_in_one_link(db: None, tmp_path: Path) -> None:
    csv = exports.write(tmp_path / "csv")
    link = shapes.write_link(tmp_path / "link", shapes.read(csv))
    later = "10/1/2026 9:00:00 AM"
    lines = [
        shapes.line(CONTACT, ANNA),
        shapes.line(CONTACT, ANNA),  # 13: again
        shapes.line(CONTACT, contact(3, "Ben", "Oud")),
        shapes.line(CONTACT, {**contact(3, "Ben", "Nieuw"), **NEWER}),  # 14: a higher version
        shapes.line(CONTACT, contact(4, "Cas", "Eerst")),
        shapes.line(CONTACT, contact(4, "Cas", "Anders")),  # 15: nobody knows which
        shapes.line(CONTACT, contact(5, "Dirk", "Later"), sink=later),
        shapes.line(CONTACT, contact(5, "Dirk", "Eerder")),  # 15: written earlier
    ]
    (link / "contact" / "2024.csv").write_text("".join(lines), encoding="utf-8")

    result = bring(link)

    assert sorted(Patient.objects.values_list("last_name", flat=True)) == ["Berg", "Later", "Nieuw"]
    counts = result.report["tables"]["Contact"]
    found = {key: counts[key] for key in ("imported", "exact_repeat", "superseded", "quarantined")}
    assert found == {"imported": 3, "exact_repeat": 1, "superseded": 2, "quarantined": 2}


def test_conflict_across_pages_is_one_too(db: None, tmp_path: Path) -> None:
    csv = exports.write(
        tmp_path / "csv", contacts=[contact(4, "Cas", "Eerst"), contact(4, "Cas", "Anders")]
    )

    result = bring(shapes.write_pages(tmp_path / "pages", shapes.read(csv), size=1))

    assert result.report["tables"]["Contact"]["quarantined"] == 2
