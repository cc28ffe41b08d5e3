"""What stops an import until somebody had a look, and what an export of everything tells."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_import import importing
from crm_import.models import ImportRun, LegacyContact, Problem, RowOutcome, SourceFile
from crm_import.refusals import Brake, DecisionNeeded
from crm_import.sources import Choices
from crm_import.tests import exports, shapes
from crm_import.tests.exports import NEWER, Row, contact
from patients.models import Patient

Import = Callable[..., importing.Result]
DELTA = Choices(is_delta=True)


@pytest.fixture
def load(db: None, tmp_path: Path) -> Import:
    """`load(contacts, without=["email"], …)`: import contacts, with options of `importing.run`."""

    def run(contacts: list[Row], *, without: tuple[str, ...] = (), **options: Any) -> Any:
        folder = exports.write(tmp_path / "export", contacts=contacts)
        path = folder / "Contact.csv"
        lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        kept = [n for n, name in enumerate(lines[0]) if name not in without]
        text = "\n".join(",".join(cells[n] for n in kept) for cells in lines)
        path.write_text(f"{text}\n", encoding="utf-8")
        return importing.run(source=folder, by=None, **options)

    return run


def people(number: int, **cells: str) -> list[Row]:
    return [contact(n, f"Name{n}", "Berg", f"n{n}@example.org", **cells) for n in range(number)]


# --- rows that are gone ------------------------------------------------------------------------


def test_row_18_row_that_vanished_counts_only_in_an_export_of_everything(load: Import) -> None:
    load(people(3))

    load(people(2))
    assert not Patient.objects.filter(stage="closed").exists()

    result = load(people(2), is_complete=True)

    gone = Patient.objects.get(stage="closed")
    assert (gone.last_name, gone.closed_reason, gone.email) == (
        *("Berg", "legacy_inactive"),
        "n2@example.org",
    )
    assert result.report["tables"]["Contact"]["read"] == 3
    assert result.report["problems"]["deleted_in_crm"] == 1
    ledger = SourceFile.objects.get(is_gone=True)
    assert (ledger.name, ledger.records) == ("Contact: gone from the export", 1)


def test_row_18_row_that_vanished_is_gone_once_and_the_same_export_changes_nothing(
    load: Import,
) -> None:
    load(people(3))
    load(people(2), is_complete=True)

    again = load(people(2), is_complete=True)
    changed = load([*people(1), {**people(2)[1], **NEWER}], is_complete=True)

    assert again.report["tables"]["Contact"]["unchanged"] == 3
    assert changed.report["tables"]["Contact"]["read"] == 2
    assert LegacyContact.objects.filter(deleted=True).count() == 1


def test_row_19_row_that_is_in_the_export_again_as_it_was_is_active_again(load: Import) -> None:
    load(people(3))
    load(people(2), is_complete=True)

    load(people(3), is_complete=True)

    assert not Patient.objects.filter(stage="closed").exists()
    assert Patient.objects.count() == 3
    assert Problem.objects.filter(code="back_in_crm").count() == 1
    last = load([*people(2), {**people(3)[2], **NEWER, "firstname": "Nina"}], is_complete=True)
    assert last.report["tables"]["Contact"]["unchanged"] == 2


def test_row_18_many_vanished_rows_need_a_yes(load: Import) -> None:
    load(people(8))

    with pytest.raises(Brake, match=r"6 rows of Contact were deleted.*--accept-deletes 6") as told:
        load(people(2), is_complete=True)
    assert told.value.exit_code == 6

    load(people(2), is_complete=True, accept_deletes=6)
    assert Patient.objects.filter(stage="closed").count() == 6


def test_quarantined_row_that_vanishes_stays_in_quarantine(load: Import) -> None:
    load([*people(1), contact(5, "Jan", "Moll", contact_type="")])

    result = load(people(1), is_complete=True)

    assert result.report["tables"]["Contact"]["quarantined"] == 1
    assert RowOutcome.objects.quarantined().count() == 2


def test_delta_cannot_be_an_export_of_everything(load: Import) -> None:
    with pytest.raises(DecisionNeeded, match="Leave --complete away"):
        load(people(1), is_complete=True, choices=DELTA)


# --- shrunken, and other columns ---------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"choices": DELTA}, {"is_complete": True, "accept_deletes": 60}], ids=str
)
def test_shrunken_export_needs_a_word(load: Import, options: dict[str, Any]) -> None:
    load(people(62))

    with pytest.raises(Brake, match="Contact has 2 rows, and had 62 in the export before"):
        load(people(2))

    load(people(2), **options)
    assert ImportRun.objects.count() == 2


def test_delta_is_not_what_the_next_export_is_compared_with(load: Import) -> None:
    load(people(62))
    load(people(1, job_title="Baker"), choices=DELTA)

    with pytest.raises(Brake, match="Contact has 2 rows, and had 62"):
        load(people(2))


def test_column_that_is_gone_needs_a_yes_and_keeps_what_is_known(load: Import) -> None:
    load(people(1, job_title="Baker"))
    gone = ("job_title", "hospital")

    with pytest.raises(Brake, match=r"no column hospital, job_title any more.*--accept-columns"):
        load(people(1, **NEWER), without=gone)

    load(people(1, **NEWER), without=gone, accept_columns=True)
    assert LegacyContact.objects.latest("id").job_title == "Baker"
    load(people(2, **NEWER), without=gone)


def test_new_column_that_nobody_knows_needs_a_yes(load: Import) -> None:
    load(people(1))

    with pytest.raises(Brake, match="new column shoe_size, which nobody has given a meaning"):
        load(people(1, shoe_size="42"))

    load(people(1, shoe_size="42"), accept_columns=True)
    load(people(2, shoe_size="42"))
    assert LegacyContact.objects.latest("id").extra == {"shoe_size": "42"}


def test_columns_of_a_delta_are_its_own_affair(load: Import) -> None:
    load(people(1, job_title="Baker"))

    load(people(1, shoe_size="42", **NEWER), without=("email", "job_title"), choices=DELTA)

    assert Patient.objects.get().email == "n0@example.org"


def test_unknown_columns_of_another_kind_of_export_are_no_change(
    load: Import, tmp_path: Path
) -> None:
    load(people(1))
    rows = shapes.read(tmp_path / "export")
    pages = shapes.write_pages(tmp_path / "pages", rows)

    importing.run(source=pages, by=None)

    kinds = ImportRun.objects.order_by("started_at").values_list("shape__kind", flat=True)
    assert list(kinds) == ["headed CSV", "Web API pages"]


# --- a delta, and the watermark ----------------------------------------------------------------


def test_delta_may_lack_tables_and_needed_columns(load: Import, tmp_path: Path) -> None:
    load([*people(1), exports.physician(5, "Ida", "Vos")])
    folder = tmp_path / "delta"
    folder.mkdir()
    (folder / "Contact.csv").write_text(
        f"contactid,firstname,versionnumber\n{exports.guid(0)},Nina,9000\n", encoding="utf-8"
    )

    result = importing.run(source=folder, by=None, choices=DELTA)

    assert result.report["tables"]["Contact"]["merged"] == 1
    assert LegacyContact.objects.latest("id").lastname == "Berg"


def test_watermark_is_the_newest_in_the_archive_whatever_came_last(load: Import) -> None:
    first = load(people(2, versionnumber="5000")).report["watermark"]
    older = load(people(1, versionnumber="400"), choices=DELTA).report["watermark"]
    again = load(people(1, versionnumber="400"), choices=DELTA).report["watermark"]
    newer = load(people(1, versionnumber="6000"), choices=DELTA).report["watermark"]

    assert first["Contact"] == older["Contact"] == again["Contact"]
    assert first["Contact"] == {"version": 5000, "written": ""}
    assert first["Patient"] == {"version": None, "written": ""}
    assert newer["Contact"] == {"version": 6000, "written": ""}


def test_watermark_of_a_run_from_before_is_read_from_the_archive(load: Import) -> None:
    load(people(2, versionnumber="5000"))
    ImportRun.objects.update(report={"tables": {}})

    result = load(people(1, versionnumber="400"), choices=DELTA)

    assert result.report["watermark"]["Contact"]["version"] == 5000
