"""A run looks only at rows that the new ones can touch, and comes to what all rows come to."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction

from crm_import import importing, scope
from crm_import.demo import write_export
from crm_import.models import ImportRun, OptionValue
from crm_import.scope import Reach
from crm_import.tables import FILES
from crm_import.tests import exports
from crm_import.tests.checksums import checksums, state

Bring = Callable[..., importing.Result]
Tables = dict[str, list[dict[str, str]]]

PEOPLE = 220
NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
# What a changed row takes over from another one: everything that makes rows alike.
ALIKE = {
    "Contact": (
        *(("email",), ("firstname", "lastname"), ("email", "firstname", "lastname")),
        *(("medical_license_number",), ("booking_date",), ("contact_type",), ("statecode",)),
        *(("medical_condition",), ("hospital",)),
    ),
    "Patient": (
        *(("email",), ("firstname", "lastname"), ("contact_record",), ("physician",)),
        *(("trial_id",), ("eligible",), ("medical_condition",), ("ct_outcome", "statecode")),
        ("firstname", "lastname", "trial_id"),
    ),
    "EAPDossier": (("eap_number",), ("patient",), ("product",), ("eap_number", "patient")),
}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Reach]:
    """What each run of the test looked at."""
    seen: list[Reach] = []
    narrow = scope.narrow

    def spy(cursor: Any, **options: Any) -> Reach:
        seen.append(narrow(cursor, **options))
        return seen[-1]

    monkeypatch.setattr(scope, "narrow", spy)
    return seen


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def read(folder: Path) -> Tables:
    """The rows of an export, by table."""
    found: Tables = {}
    for table in FILES:
        with (folder / f"{table.name}.csv").open(newline="", encoding="utf-8") as file:
            found[table.name] = list(csv.DictReader(file))
    return found


def write(folder: Path, tables: Tables) -> Path:
    """An export of these rows."""
    folder.mkdir()
    for table in FILES:
        with (folder / f"{table.name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, table.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(tables[table.name])
    return folder


def days(parent: Path, random: Random) -> list[Path]:
    """An export, and the same CRM on two later days: more rows, and some that were changed."""
    write_export(parent / "all", people=PEOPLE, seed=random.randrange(1000), now=NOW)
    rows = read(parent / "all")
    held_back = {
        id(row): random.choices((0, 1, 2), (86, 7, 7))[0] for table in ALIKE for row in rows[table]
    }
    found = []
    for day in range(3):
        tables = {
            name: [row for row in of_table if held_back.get(id(row), 0) <= day]
            for name, of_table in rows.items()
        }
        if day:
            for name, columns in ALIKE.items():
                _make_alike(tables[name], columns, random)
        found.append(write(parent / f"day-{day}", tables))
    return found


def _make_alike(
    rows: list[dict[str, str]], columns: tuple[tuple[str, ...], ...], random: Random
) -> None:
    for row in random.sample(rows, len(rows) // 12):
        if row["versionnumber"].isdigit():
            other = random.choice(rows)
            row |= {column: other[column] for column in random.choice(columns)}
            row["versionnumber"] = str(int(row["versionnumber"]) + 10_000_000_000)


def _brought(folders: list[Path]) -> dict[str, str]:
    for folder in folders:
        importing.run(source=folder, by=None)
    return state()


def test_deltas_come_to_what_looking_at_everything_comes_to(
    db: None, tmp_path: Path, looked_at: list[Reach], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reach for another seed when a rule changed: what is random here is the same each time."""
    folders = days(tmp_path, Random(20261101))  # noqa: S311  the same rows each time
    with taken_back():
        narrow = _brought(folders)
    monkeypatch.setattr(scope, "SMALL_SHARE", -1)
    with taken_back():
        whole = _brought(folders)

    assert looked_at == [
        *(Reach.EVERYTHING, Reach.SOME, Reach.SOME),
        *(Reach.EVERYTHING, Reach.EVERYTHING, Reach.EVERYTHING),
    ]
    assert {table for table in whole if narrow[table] != whole[table]} == set()


def test_export_in_which_nothing_changed_is_only_compared(
    bring: Bring, looked_at: list[Reach]
) -> None:
    rows = [exports.contact(n, "Anna", f"Berg{n}", f"anna{n}@example.org") for n in range(1, 4)]
    bring(contacts=rows)
    looked_at.clear()
    before = checksums()

    result = bring(contacts=rows[::-1])

    assert looked_at == [Reach.NOTHING]
    assert result.report["tables"]["Contact"]["unchanged"] == 3
    assert checksums() == before


def test_another_meaning_concerns_every_row(bring: Bring, looked_at: list[Reach]) -> None:
    rows = [exports.contact(n, "Anna", f"Berg{n}", f"anna{n}@example.org") for n in range(1, 4)]
    bring(contacts=rows)
    looked_at.clear()
    OptionValue.objects.filter(option_set="eligible").update(meaning="unknown")

    bring(contacts=rows[::-1])

    assert looked_at == [Reach.EVERYTHING]


def test_run_that_says_nothing_of_meanings_is_followed_by_one_over_everything(
    bring: Bring, looked_at: list[Reach]
) -> None:
    rows = [exports.contact(n, "Anna", f"Berg{n}", f"anna{n}@example.org") for n in range(1, 4)]
    bring(contacts=rows)
    looked_at.clear()
    ImportRun.objects.update(meanings="")

    bring(contacts=rows[::-1])

    assert looked_at == [Reach.EVERYTHING]
