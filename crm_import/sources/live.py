"""A database named by its URL, that holds the CRM's tables: PostgreSQL, read and never written.

All tables are read in one transaction that sees one moment (REPEATABLE READ READ ONLY), each of
them twice, once to know what it holds. Their rows are piped from COPY to COPY as they are. Tables
and columns are found by the same names as in other exports, on the search path of the connection.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from crm_import.refusals import SourceUnreadable
from crm_import.sources.headed import check_columns
from crm_import.sources.shape import Batch, Part, Reading, Source
from crm_import.tables import FILES, TABLES, Table

KIND = "live database"
SCHEMES = ("postgres", "postgresql")
# (schema, table) → [(column, type)]
Described = dict[tuple[str, str], list[tuple[str, str]]]
# Bytes of CSV that are handed on at a time.
_AT_ONCE = 1 << 18
# How a column of that type is written in a headed export.
SPELLINGS = {
    "timestamp with time zone": "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    # Such a database holds UTC, as the CRM does.
    "timestamp without time zone": 'to_char({}, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')',
    "date": "to_char({}, 'YYYY-MM-DD\"T00:00:00Z\"')",
    "boolean": "CASE {0} WHEN true THEN 'true' WHEN false THEN 'false' END",
}


def is_url(source: str) -> bool:
    """Whether it names a database instead of a file."""
    return "://" in source


def open_database(url: str) -> Source:
    """The CRM's tables in the database. The connection stays open as long as the source does.

    Raises SourceUnreadable when it cannot be reached or read, or lacks a table or column.
    """
    found = urlsplit(url)
    name = found.path.strip("/") or "database"
    if found.scheme not in SCHEMES:
        raise SourceUnreadable(
            f"{found.scheme}:// is no database that can be read here. Name a PostgreSQL one "
            "(postgres://…) or SQL Server (mssql://…), or export the tables as headed CSV."
        )
    with ExitStack() as refused, _readable(f"database {name}"):
        connection = psycopg.connect(url, connect_timeout=10, client_encoding="UTF8")
        refused.callback(connection.close)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        source = _source(connection, name)
        refused.pop_all()
    return source


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Turn what a database says into a refusal; its own text may hold the password, or a row."""
    try:
        yield
    except (psycopg.Error, UnicodeError) as error:
        raise SourceUnreadable(
            f"The {what} cannot be read ({type(error).__name__}). Check that the database is up, "
            "the address, the user and that it may read the tables. Then start again."
        ) from None


def _source(connection: "psycopg.Connection[Any]", name: str) -> Source:
    found, prefixes = ours(_tables(connection))
    missing = [table.entities[0] for table in TABLES if table.name not in found]
    if missing:
        raise SourceUnreadable(
            f"The database {name} has no table {', '.join(missing)} on the search path of this "
            "user. Name the schema in the address: ?options=-csearch_path%3DSCHEMA"
        )
    parts: list[Part] = [
        _part(connection, table, *found[table.name], prefixes)
        for table in FILES
        if table.name in found
    ]
    why = f"{len(found)} tables of the CRM are in {name}"
    return Source(name, KIND, why, parts, close=connection.close)


def _tables(connection: "psycopg.Connection[Any]") -> Described:
    """What the user may read."""
    found: Described = {}
    rows = connection.execute(
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = ANY (current_schemas(false)) ORDER BY 1, 2, ordinal_position"
    )
    for schema, table, column, kind in rows:
        found.setdefault((schema, table), []).append((column, kind))
    return found


_Where = tuple[tuple[str, str], list[tuple[str, str]]]


def ours(tables: Described) -> tuple[dict[str, _Where], set[str]]:
    """Where each of the CRM's tables is, by its name, and the prefixes of its publishers."""
    found: dict[str, _Where] = {}
    prefixes: set[str] = set()
    for table in FILES:
        for place, columns in tables.items():
            name = place[1].lower()
            prefix = "" if name == table.name.lower() else table.prefix(name)
            if prefix is not None and table.name not in found:
                found[table.name] = (place, columns)
                prefixes |= {prefix} - {""} or table.prefixes(column for column, _kind in columns)
    return found, prefixes


def _part(
    connection: "psycopg.Connection[Any]",
    table: Table,
    place: tuple[str, str],
    described: list[tuple[str, str]],
    prefixes: set[str],
) -> "TablePart":
    header = [column for column, _kind in described]
    columns = [table.column(column, prefixes) for column in header]
    check_columns(f"The table {place[1]}", table, columns)
    chosen = [
        sql.SQL(SPELLINGS.get(kind, "{}::text")).format(sql.Identifier(name))
        for (name, kind), column in zip(described, columns, strict=True)
        if column
    ]
    # By the id first. What has the same id, or none, still comes in one order.
    key = header[columns.index(table.id)]
    order = sql.SQL(", ").join(
        [sql.Identifier(key), *(sql.Literal(n + 1) for n in range(len(chosen)))]
    )
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(chosen), sql.Identifier(*place), order
    )
    part = TablePart(table, place[1], 0, "", header, columns, ",", connection, query)
    # What it holds is known when it was read: once now, within the moment that the import sees.
    reading = part.reading(0)
    for batch in reading.batches():
        part.size += sum(len(line) for _number, line in batch.lines)
    part.sha256 = reading.sha256
    return part


@dataclass(slots=True)
class TablePart(Part):
    """One table of the database."""

    connection: "psycopg.Connection[Any]" = field(repr=False)
    query: sql.Composed

    def reading(self, first: int) -> Reading:
        """Begin a pass over it."""
        return _Reading(self, first)


class _Reading(Reading):
    def __init__(self, part: TablePart, first: int) -> None:
        self.records = first
        self._part = part
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def batches(self) -> Iterator[Batch]:
        part = self._part
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(part.query)
        batch, size = Batch(), 0
        with (
            _readable(f"table {part.name}"),
            part.connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for data in copy:  # PostgreSQL sends one row at a time
                row = bytes(data)
                self._hash.update(row)
                self.records += 1
                batch.lines.append((self.records, row.removesuffix(b"\n")))
                size += len(row)
                if size >= _AT_ONCE:
                    yield batch
                    batch, size = Batch(), 0
        yield batch
