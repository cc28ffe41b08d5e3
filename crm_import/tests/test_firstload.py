"""A first load makes indexes and keys after the rows, and ends with the very same schema."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from crm_import import firstload, importing
from crm_import.tests import exports
from patients.models import Patient

Bring = Callable[..., importing.Result]

SCHEMA = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) || convalidated
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


# PostgreSQL reads a condition that it wrote itself with its casts in other places.
CASTS = re.compile(r"::(character varying|text)(\[\])?|[()]")


def schema() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return {(name, CASTS.sub("", definition)) for name, definition in cursor.fetchall()}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every load is large enough. What each one took away, by number."""
    taken: list[int] = []
    unhindered = firstload.unhindered

    def spy(rows: int) -> firstload.Unhindered:
        found = unhindered(rows)
        taken.append(found.number)
        return found

    monkeypatch.setattr(firstload, "FEWEST_ROWS", 0)
    monkeypatch.setattr(firstload, "unhindered", spy)
    return taken


def test_first_load_leaves_every_index_and_key_as_it_was(
    db: None, tmp_path: Path, at_once: list[int]
) -> None:
    before = schema()

    for name, row in (("first", exports.ANNA), ("second", exports.MOVED)):
        importing.run(source=exports.write(tmp_path / name, contacts=[row]), by=None)

    assert schema() == before
    assert at_once[0] > 100
    assert at_once[1] == 0


def test_portal_that_holds_somebody_is_not_touched(bring: Bring, at_once: list[int]) -> None:
    Patient.objects.create(first_name="Cara", last_name="Moll")

    bring(contacts=[exports.ANNA])

    assert at_once == [0]


def test_first_load_of_few_rows_is_not_worth_it(db: None) -> None:
    assert firstload.unhindered(firstload.FEWEST_ROWS - 1).number == 0


def test_rows_that_break_a_constraint_are_refused_at_the_end(db: None, at_once: list[int]) -> None:
    free = firstload.unhindered(1)
    Patient.objects.create(first_name="Cara", last_name="Moll", email="a@example.org")
    Patient.objects.create(first_name="Dora", last_name="Moll", email="A@example.org")

    with pytest.raises(IntegrityError, match="patients_patient_email_unique"):
        free.put_back()
