"""A PostgreSQL database that holds the CRM's tables, read at one moment and not written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from crm_import import importing
from crm_import.refusals import SourceUnreadable
from crm_import.sources import live
from crm_import.tables import CONTACT, FILES, OPTIONS, TABLES, Table
from crm_import.tests import exports, shapes
from crm_import.tests.exports import contact, patient
from crm_import.tests.reading import refusal, see
from patients.models import Patient

SCHEMA = "test_legacy_crm"
CONTACTS = [
    contact(1, "Zoë", 'Berg, "the"\nnewline', "zoe@example.org", no_show="true"),
    contact(2, "Anna", "Vos", booking_date="2024-05-01T08:30:00Z"),
]


@pytest.fixture
def crm(db: None, tmp_path: Path) -> Iterator[str]:
    """The address of a database with such tables, typed as a database types them."""
    csv = exports.write(
        tmp_path / "csv", contacts=CONTACTS, patients=[patient(1, "Anna", "Vos", of=2)]
    )
    rows = shapes.read(csv)
    given = connection.get_connection_params()
    with psycopg.connect(
        **{k: given[k] for k in ("dbname", "host", "port", "user", "password") if k in given},
        autocommit=True,
    ) as own:
        own.execute("SET lock_timeout = '5s'")  # a source that was not closed fails the test
        own.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        own.execute(f"CREATE SCHEMA {SCHEMA}")
        for table in FILES:
            _fill(own, table, rows.get(table.name, ()))
        info = own.info
        yield (
            f"postgres://{quote(info.user)}@/{info.dbname}?host={quote(info.host, safe='')}"
            f"&port={info.port}&options=-csearch_path%3D{SCHEMA}"
        )
        own.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _fill(own: "psycopg.Connection[Any]", table: Table, rows: Any) -> None:
    name = "optionsets" if table is OPTIONS else shapes.entity(table)
    kinds = {"createdon": "timestamptz", "booking_date": "timestamp", "no_show": "boolean"}
    names = [
        column if table is OPTIONS else shapes.attribute(table, column) for column in table.columns
    ]
    columns = ", ".join(
        f"{name} {kinds.get(column, 'text')}"
        for name, column in zip(names, table.columns, strict=True)
    )
    own.execute(sql.SQL(f"CREATE TABLE {SCHEMA}.{name} ({columns})"))  # type: ignore[arg-type]
    for row in rows:
        cells = [row[column] or None for column in table.columns]
        marks = ", ".join(["%s"] * len(cells))
        own.execute(f"INSERT INTO {SCHEMA}.{name} VALUES ({marks})", cells)  # type: ignore[arg-type]


def test_rows_are_those_of_the_headed_export(crm: str, tmp_path: Path) -> None:
    expected = see(tmp_path / "csv").rows

    seen = see(crm)

    assert (seen.source.kind, seen.source.name) == (live.KIND, connection.settings_dict["NAME"])
    for table in TABLES:
        assert seen.rows[table.name] == expected[table.name]
    assert seen.labels == {tuple(row.values()) for row in expected["OptionSets"]}


def test_rows_are_imported(crm: str) -> None:
    result = importing.run(source=crm, by=None)

    assert result.report["tables"]["Contact"]["imported"] == 2
    assert Patient.objects.count() == 2
    assert result.run.source == connection.settings_dict["NAME"]


def test_nothing_can_be_written(crm: str) -> None:
    source = live.open_database(crm)
    part = source.parts[0]
    assert isinstance(part, live.TablePart)

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        part.connection.execute("DELETE FROM contact")
    source.close()


def test_the_moment_is_that_of_the_first_look(crm: str) -> None:
    source = live.open_database(crm)
    part = next(p for p in source.parts if p.table.name == "Contact")
    with psycopg.connect(crm, autocommit=True) as other:
        other.execute("DELETE FROM contact")

    reading = part.reading(0)
    rows = [line for batch in reading.batches() for line in batch.lines]
    source.close()

    assert len(rows) == 2
    assert reading.sha256 == part.sha256


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("oracle://crm/db", "no database that can be read here"),
        ("postgres://nobody@localhost:1/crm?password=secret", "The database crm cannot be read"),
    ],
)
def test_database_that_cannot_be_read_is_refused(
    url: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise psycopg.OperationalError("password secret")

    monkeypatch.setattr(psycopg, "connect", fail)

    code, said = refusal(url)

    assert (code, says in said, "secret" in said) == (8, True, False)


def test_table_without_a_column_is_refused_and_let_go(crm: str) -> None:
    email = shapes.attribute(CONTACT, "email")
    with psycopg.connect(crm, autocommit=True) as other:
        other.execute(f"ALTER TABLE contact RENAME {email} TO post")  # type: ignore[arg-type]

    code, says = refusal(crm)

    assert (code, "The table contact lacks the column email" in says) == (8, True)


def test_database_that_fails_while_it_is_read_is_refused(crm: str) -> None:
    source = live.open_database(crm)
    part = source.parts[0]
    assert isinstance(part, live.TablePart)
    with psycopg.connect(crm, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [part.connection.info.backend_pid])

    with pytest.raises(SourceUnreadable) as refused:
        list(part.reading(0).batches())
    source.close()

    says = f"The table {part.name} cannot be read (AdminShutdown). Check"
    assert str(refused.value).startswith(says)


def test_database_without_the_tables_is_refused(crm: str) -> None:
    code, says = refusal(crm.replace(SCHEMA, "nothing_here"))

    assert (code, "has no table contact" in says) == (8, True)
