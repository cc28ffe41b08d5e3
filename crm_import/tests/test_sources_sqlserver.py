"""SQL Server, as far as it can be shown without one: what is asked of it, and what comes of it."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from crm_import.refusals import SourceUnreadable
from crm_import.sources import live, sqlserver
from crm_import.tables import CONTACT, TABLES
from crm_import.tests import exports, shapes
from crm_import.tests.exports import contact
from crm_import.tests.reading import refusal, see

URL = "mssql://reader:se%20cret@crm.example/CRM"
KINDS = {"booking_date": "datetime2", "createdon": "datetimeoffset", "no_show": "bit"}


class Error(Exception):
    """What python-tds raises."""


class Server:
    """Answers what the reader asks, out of the rows of a headed export."""

    def __init__(self, rows: shapes.Rows) -> None:
        self.rows = rows
        self.tables = list(TABLES)
        self.asked: list[str] = []
        self.is_open = False
        self.fails = False

    def connect(self, **given: Any) -> "Server":
        assert given["password"] == "se cret"
        self.is_open = True
        return self

    def close(self) -> None:
        self.is_open = False

    def cursor(self) -> "Server":
        return self

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def execute(self, query: str) -> None:
        self.asked.append(query)
        if self.fails:
            raise Error("the row of Hildegonda")
        if "INFORMATION_SCHEMA" in query:
            self._found: list[Any] = [
                ("dbo", shapes.entity(table), shapes.attribute(table, column), self._kind(column))
                for table in self.tables
                for column in table.columns
            ]
        elif found := re.search(r"FROM \[dbo\]\.\[(\w+)\]", query):
            table = next(t for t in TABLES if shapes.entity(t) == found[1])
            rows = self.rows.get(table.name, ())
            self._found = [tuple(row[c] or None for c in table.columns) for row in rows]

    def _kind(self, column: str) -> str:
        return KINDS.get(column, "nvarchar")

    def __iter__(self) -> Any:
        return iter(self._found)

    def fetchmany(self, size: int) -> list[Any]:
        found, self._found = self._found[:size], self._found[size:]
        return found


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    csv = exports.write(tmp_path / "csv", contacts=[contact(n, f"N{n}", "Berg") for n in (1, 2, 3)])
    server = Server(shapes.read(csv))
    tds = ModuleType("pytds")
    tds.Error, tds.connect = Error, server.connect
    monkeypatch.setitem(sys.modules, "pytds", tds)
    return server


def test_rows_are_those_of_the_headed_export(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlserver, "_AT_ONCE", 2)
    expected = see(tmp_path / "csv").rows

    seen = see(URL)

    assert (seen.source.kind, seen.source.name, server.is_open) == (live.KIND, "CRM", False)
    assert {t.name: seen.rows[t.name] for t in TABLES} == {t.name: expected[t.name] for t in TABLES}
    assert server.asked[0] == "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION"


def test_types_are_spelled_as_other_exports_do(server: Server) -> None:
    see(URL)

    asked = next(query for query in server.asked if "FROM [dbo].[contact]" in query)
    for cell in (
        "CONVERT(char(19), [contoso_bookingdate], 126) + 'Z'",
        "CONVERT(char(19), SWITCHOFFSET([createdon], '+00:00'), 126) + 'Z'",
        "CASE [contoso_noshow] WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
        "CONVERT(nvarchar(max), [firstname])",
    ):
        assert cell in asked


def test_names_cannot_break_out_of_their_brackets() -> None:
    assert sqlserver._quoted("a]; DROP TABLE b") == "[a]]; DROP TABLE b]"


def test_database_without_the_tables_is_refused(server: Server) -> None:
    server.tables = [CONTACT]

    code, says = refusal(URL)

    assert (code, "The database CRM has no table patient" in says) == (8, True)
    assert not server.is_open


def test_database_that_fails_is_refused_without_its_words(server: Server) -> None:
    source = sqlserver.open_database(URL)
    server.fails = True

    with pytest.raises(SourceUnreadable) as refused:
        list(source.parts[0].reading(0).batches())

    assert "The table contoso_medicalcondition cannot be read (Error)." in str(refused.value)
    assert "Hildegonda" not in str(refused.value)


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytds", None)

    code, says = refusal(URL)

    assert (code, 'pip install ".[sqlserver]"' in says) == (8, True)
