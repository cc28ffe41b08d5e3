"""The sample export, in each of its three shapes: all that its truth.json says comes true.

The sample lies beside the project and is no part of it; without it these tests are skipped.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Lower

from bookings.models import Booking
from crm_import import importing, sources
from crm_import.models import Crosswalk, Problem, RowOutcome
from crm_import.tables import TABLES
from crm_import.tests.checksums import checksums, state
from patients.models import ContactPoint, Patient, PossibleDuplicate, Submission
from referrals.models import CTReferral, EAPDossier

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "legacy_crm" / "sample"
pytestmark = [
    pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample is not here"),
    pytest.mark.xdist_group("sample"),
]
TRUTH: dict[str, Any] = (
    json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8")) if SAMPLE.is_dir() else {}
)

SHAPES = ("csv", "webapi", "synapse")
# The pages of the Web API have labels in one language, and only of values that some row has; the
# others come in metadata of their own.
LABELS = {
    *("crm_import_legacyoption", "crm_import_optionvalue", "crm_import_optionvalueevent"),
    *("referrals_product", "referrals_productevent"),
}
# The state after the import, by shape; filled as the shapes have their turn.
STATES: dict[str, dict[str, str]] = {}

PARTS = {"bookings.booking", "referrals.ctreferral"}


@pytest.fixture(scope="module", params=SHAPES)
def once(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[importing.Result]:
    """The sample, imported once for all tests of this module and taken back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        result = importing.run(source=SAMPLE / request.param, by=None)
        STATES[request.param] = state()
        yield result
        transaction.set_rollback(True)


@pytest.fixture
def imported(once: importing.Result, db: None) -> importing.Result:
    return once


def _shape(imported: importing.Result) -> str:
    return imported.run.source


@cache
def _numbers(shape: str) -> dict[tuple[str, int], int]:
    """(table, record) → the record's number in `csv/`, by which the truth names it.

    The folders of Synapse Link hold the rows in another order: they are found by their cells.
    """
    places: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for table, record, cells in _rows("csv"):
        places[table, cells].append(record)
    return {(table, record): places[table, cells].pop(0) for table, record, cells in _rows(shape)}


def _rows(shape: str) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    counted: Counter[str] = Counter()
    for part in sources.detect(SAMPLE / shape).parts:
        if part.table not in TABLES:
            continue
        reading = part.reading(counted[part.table.name])
        order = [part.known.index(column) for column in part.table.columns]
        for batch in reading.batches():
            lines = [(number, line.decode().split(",")) for number, line in batch.lines]
            for number, cells in [*lines, *((row.record, row.cells) for row in batch.rows)]:
                yield part.table.name, number, tuple(cells[place] for place in order)
        counted[part.table.name] = reading.records


def _outcomes(shape: str) -> dict[tuple[str, int], tuple[str, UUID | None]]:
    """(table, number in `csv/`) → (outcome as the truth writes it, legacy id)."""
    found = {}
    numbers = _numbers(shape)
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                "SELECT a.record, o.outcome || CASE WHEN o.outcome IN ('quarantined', 'ignored') "
                "THEN ':' || o.reason ELSE '' END, o.legacy_id "
                f"FROM {table.db_table} a JOIN crm_import_rowoutcome o "
                "ON o.entity = %s AND o.row = a.id",
                [table.name],
            )
            for record, outcome, legacy_id in cursor.fetchall():
                row = (table.name, numbers[table.name, record])
                assert row not in found
                found[row] = (outcome, legacy_id)
    return found


def _targets() -> dict[tuple[str, UUID], UUID]:
    """(table, legacy id) → the record that the row became (a part of)."""
    rows = Crosswalk.objects.exclude(target_model__in=PARTS)
    return {
        (entity, legacy_id): target
        for entity, legacy_id, target in rows.values_list("entity", "legacy_id", "target_id")
    }


def _records_of_labels() -> dict[str, UUID]:
    """The truth's label of a target → the id of our record. Fails when a label has two."""
    targets = _targets()
    found: dict[str, set[UUID]] = defaultdict(set)
    for row in TRUTH["rows"]:
        if row["target"] and not row.get("parked"):
            found[row["target"]].add(targets[row["table"], UUID(row["legacy_id"])])
    several = {label: ids for label, ids in found.items() if len(ids) != 1}
    assert not several
    return {label: ids.pop() for label, ids in found.items()}


def test_sample_totals_are_the_expected_ones(imported: importing.Result) -> None:
    totals = dict(imported.report["totals"])

    assert totals.pop("submissions") == Submission.objects.count() > 0
    assert totals == TRUTH["expected_totals"]


def test_sample_created_counts_what_the_run_made(imported: importing.Result) -> None:
    created = dict(imported.report["created"])

    # Three of the five conditions are shipped with the portal.
    assert created.pop("medical_conditions") == TRUTH["expected_totals"]["medical_conditions"] - 3
    assert created.pop("submissions") == Submission.objects.count()
    assert created == {k: v for k, v in TRUTH["expected_totals"].items() if k in created}


def test_sample_every_row_has_its_outcome(imported: importing.Result) -> None:
    found = _outcomes(_shape(imported))
    wanted = {(row["table"], row["n"]): row["outcome"] for row in TRUTH["rows"]}

    wrong = {
        row: (found[row][0], outcome) for row, outcome in wanted.items() if found[row][0] != outcome
    }

    assert not wrong
    assert found.keys() == wanted.keys()


def test_sample_report_adds_up_to_the_rows(imported: importing.Result) -> None:
    for table, outcomes in TRUTH["outcomes_per_table"].items():
        wanted: Counter[str] = Counter()
        for outcome, rows in outcomes.items():
            wanted[outcome.split(":")[0]] += rows
        counts = imported.report["tables"][table]

        assert {k: v for k, v in counts.items() if v and k != "read"} == dict(wanted), table
        assert counts["read"] == TRUTH["rows_per_table"]["csv"][table] == sum(wanted.values())


def test_sample_legacy_ids_are_the_plain_ones(imported: importing.Result) -> None:
    found = _outcomes(_shape(imported))

    for row in TRUTH["rows"]:
        legacy_id = found[row["table"], row["n"]][1]
        assert (str(legacy_id) if legacy_id else None) == row["legacy_id"]


def test_sample_rows_belong_together_as_they_should(imported: importing.Result) -> None:
    records = _records_of_labels()

    shared = [ids for ids, labels in Counter(records.values()).items() if labels > 1]

    assert not shared


def test_sample_older_versions_belong_to_their_target(imported: importing.Result) -> None:
    targets, records = _targets(), _records_of_labels()
    older = [row for row in TRUTH["rows"] if row.get("same_id_as_target")]

    assert older
    for row in older:
        ours = targets[row["table"], UUID(row["legacy_id"])]
        assert ours == records[row["same_id_as_target"]]


def test_sample_quarantined_and_parked_rows_made_nothing(imported: importing.Result) -> None:
    targets = _targets()
    placed = {row["legacy_id"] for row in TRUTH["rows"] if row["target"] and not row.get("parked")}

    for row in TRUTH["rows"]:
        if row["legacy_id"] and row["legacy_id"] not in placed:
            assert (row["table"], UUID(row["legacy_id"])) not in targets


def test_sample_every_pair_is_proposed(imported: importing.Result) -> None:
    records = _records_of_labels()
    proposed = {}
    for pair in PossibleDuplicate.objects.all():
        ids = (
            pair.first_patient_id,
            pair.second_patient_id,
            pair.first_specialist_id,
            pair.second_specialist_id,
        )
        proposed[frozenset(i for i in ids if i)] = pair.tier

    wrong = [
        (pair, proposed.get(frozenset(records[label] for label in pair["targets"])))
        for pair in TRUTH["review_pairs"]
        if proposed.get(frozenset(records[label] for label in pair["targets"])) != pair["tier"]
    ]

    assert not wrong


def test_sample_pairs_are_few_enough_to_review(imported: importing.Result) -> None:
    """Further proposals are not wrong, but a queue nobody can read is."""
    assert PossibleDuplicate.objects.count() <= len(TRUTH["review_pairs"]) + 20


def test_sample_reports_what_should_be_known(imported: importing.Result) -> None:
    said: dict[tuple[str, int | None], set[str]] = defaultdict(set)
    numbers = _numbers(_shape(imported))
    problems = Problem.objects.exclude(record=None)
    for entity, record, code, field in problems.values_list("entity", "record", "code", "field"):
        said[entity, numbers[entity, record]] |= {code, f"{code}:{field}"}

    missing = [
        (row["table"], row["n"], issue)
        for row in TRUTH["rows"]
        for issue in row.get("issues") or []
        if issue not in said[row["table"], row["n"]]
    ]

    assert not missing


def _outcome_of(row: list[str], shape: str) -> str:
    table, name = row
    if name.startswith("record "):
        return _outcomes(shape)[table, int(name.split()[1])][0]
    (outcome,) = RowOutcome.objects.filter(entity=table, legacy_id=name).values_list(
        "outcome", "reason"
    )[:1]
    return ":".join(outcome)


def _checked(spot: dict[str, Any], ours: UUID) -> dict[str, Any]:
    """What we hold, under the names of the expectations."""
    rows = Crosswalk.objects.filter(target_id=ours)
    held: dict[str, Any] = {
        "contact_rows": rows.filter(entity="Contact").count(),
        "patient_rows": rows.filter(entity="Patient").count(),
    }
    patient = Patient.objects.filter(pk=ours).first()
    if patient is None:
        return held
    referrals = CTReferral.objects.filter(patient=patient)
    pairs = PossibleDuplicate.objects.filter(Q(first_patient=patient) | Q(second_patient=patient))
    held |= {
        "medical_condition": patient.medical_condition and patient.medical_condition.name,
        "bookings": Booking.objects.filter(patient=patient).count(),
        "ct_referrals": sorted(referrals.values_list("trial__registry_id", flat=True)),
        "eap_dossiers": EAPDossier.objects.filter(patient=patient).count(),
        "review": sorted(pairs.values_list("tier", flat=True).distinct()),
    }
    if patient.initial_consult_at:
        held["initial_consult_date"] = f"{patient.initial_consult_at:%Y-%m-%d}"
    if address := spot.get("shared_email"):
        held["patients_with_this_email"] = (
            Patient.objects.alias(address=Lower("email"))
            .filter(Q(address=address) | Q(pk__in=_having(address)))
            .count()
        )
    return held


def _having(address: str) -> Any:
    points = ContactPoint.objects.alias(address=Lower("value")).filter(kind="email")
    return points.filter(address=address).values("patient")


def test_sample_every_spot_check_holds(imported: importing.Result) -> None:
    records = _records_of_labels()

    wrong = []
    for spot in TRUTH["spot_checks"]:
        expected = dict(spot["expect"])
        if "outcome" in expected:
            held: dict[str, Any] = {"outcome": _outcome_of(spot["row"], _shape(imported))}
        else:
            held = _checked(spot, records[spot["target"]])
        wrong += [
            (spot["about"], spot["row"], key, held.get(key), value)
            for key, value in expected.items()
            if held.get(key) != value
        ]

    assert not wrong


def test_sample_every_named_address_finds_its_patient(imported: importing.Result) -> None:
    records = _records_of_labels()
    spots = [spot for spot in TRUTH["spot_checks"] if "patient_email" in spot]

    assert spots
    for spot in spots:
        ours = records[spot["target"]]
        address = spot["patient_email"]
        assert (
            Patient.objects.filter(pk=ours, email__iexact=address).exists()
            or ContactPoint.objects.filter(patient=ours, value__iexact=address).exists()
        ), spot["row"]


def test_sample_shared_address_is_a_contact_point_of_each(imported: importing.Result) -> None:
    records = _records_of_labels()
    spots = [spot for spot in TRUTH["spot_checks"] if "shared_email" in spot]

    assert spots
    for spot in spots:
        address = spot["shared_email"]
        if spot["expect"]["patients_with_this_email"] > 1:
            having = set(_having(address).values_list("patient", flat=True))
            assert records[spot["target"]] in having
            assert len(having) == spot["expect"]["patients_with_this_email"]
            assert Patient.objects.filter(email__iexact=address).count() == 1


def test_sample_imported_again_changes_nothing(imported: importing.Result) -> None:
    before = checksums()

    again = importing.run(source=SAMPLE / _shape(imported), by=None)

    assert checksums() == before
    assert set(again.report["created"].values()) == {0}
    assert again.report["totals"] == imported.report["totals"]
    assert again.report["problems"] == imported.report["problems"]
    for table, counts in again.report["tables"].items():
        first = imported.report["tables"][table]
        assert counts["quarantined"] == first["quarantined"]
        assert counts["unchanged"] == counts["read"] - counts["quarantined"]
        assert counts["read"] == first["read"]


def test_sample_with_its_lines_shuffled_changes_nothing(
    imported: importing.Result, tmp_path: Path
) -> None:
    """Other bytes, the same rows: they are compared one by one with the archive."""
    if _shape(imported) != "csv":
        pytest.skip("the lines of the CSV shape")
    before = checksums()
    for file in (SAMPLE / "csv").glob("*.csv"):
        text = file.read_bytes()
        if file.stem in {"Contact", "EAPDossier", "Hospital"}:
            header, *lines = text.splitlines(keepends=True)
            text = b"".join([header, *lines[::-1]])
        (tmp_path / file.name).write_bytes(text)

    again = importing.run(source=tmp_path, by=None)

    assert checksums() == before
    assert set(again.report["created"].values()) == {0}
    assert again.report["tables"] == {
        table: {
            **dict.fromkeys(counts, 0),
            "read": counts["read"],
            "quarantined": counts["quarantined"],
            "unchanged": counts["read"] - counts["quarantined"],
        }
        for table, counts in imported.report["tables"].items()
    }


def test_sample_leaves_the_same_state_in_every_shape(imported: importing.Result) -> None:
    """Byte for byte, archive and all, once new ids are named after the legacy rows behind them."""
    ours = STATES[_shape(imported)]

    assert ours["patients_patient"]
    for shape, theirs in STATES.items():
        left_out = LABELS if "webapi" in {shape, _shape(imported)} else set()
        differing = [
            table for table, rows in theirs.items() if rows != ours[table] and table not in left_out
        ]
        assert not differing, shape


def test_sample_in_another_shape_changes_nothing(imported: importing.Result) -> None:
    """The rows are known word for word, whatever they are written in the second time."""
    other = SHAPES[SHAPES.index(_shape(imported)) - 1]
    before = checksums()

    again = importing.run(source=SAMPLE / other, by=None)

    now = checksums()
    changed = {table for table, checksum in now.items() if checksum != before[table]}
    assert changed <= LABELS
    assert set(again.report["created"].values()) == {0}
    for counts in again.report["tables"].values():
        assert counts["unchanged"] == counts["read"] - counts["quarantined"]
