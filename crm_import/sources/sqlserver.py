"""The same tables in SQL Server, through python-tds: an extra (`pip install .[sqlserver]`).

Written by the documentation of both; it was never tried against a server. Tables are read in one
SNAPSHOT transaction, which the database must allow (ALLOW_SNAPSHOT_ISOLATION), each of them twice,
once to know what it holds.
"""

import hashlib
import importlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from crm_import.refusals import SourceUnreadable
from crm_import.sources import live
from crm_import.sources.headed import check_columns
from crm_import.sources.shape import Batch, Part, Reading, Row, Source
from crm_import.tables import FILES, TABLES, Table

SCHEMES = ("mssql", "sqlserver")
_AT_ONCE = 2_000
# How columns of a type are written in a headed export. Those without a zone hold UTC, as the CRM's.
_MOMENT = "CONVERT(char(19), {}, 126) + 'Z'"
_SPELLINGS = {
    "datetimeoffset": _MOMENT.format("SWITCHOFFSET({}, '+00:00')"),
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), _MOMENT),
    "date": "CONVERT(char(10), {}, 126) + 'T00:00:00Z'",
    "bit": "CASE {} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
    "uniqueidentifier": "LOWER(CONVERT(char(36), {}))",
}


def is_url(source: str) -> bool:
    """Whether it names a database of SQL Server."""
    return urlsplit(source).scheme in SCHEMES


def open_database(url: str) -> Source:
    """The CRM's tables in the default schema of the user. The connection stays open meanwhile.

    Raises SourceUnreadable when it cannot be reached or read, or lacks a table or column.
    """
    found = urlsplit(url)
    name = found.path.strip("/") or "database"
    try:
        tds = importlib.import_module("pytds")
    except ImportError as error:
        raise SourceUnreadable(
            "SQL Server is read by an extra that is not installed. Install it (pip install "
            '".[sqlserver]"), or export the tables as headed CSV.'
        ) from error
    with ExitStack() as refused, _readable(tds, f"database {name}"):
        connection = _connect(tds, found, name)
        refused.callback(connection.close)
        source = _source(tds, connection, name)
        refused.pop_all()
    return source


def _connect(tds: Any, found: SplitResult, name: str) -> Any:
    connection = tds.connect(
        server=found.hostname,
        port=found.port or 1433,
        database=name,
        user=unquote(found.username or ""),
        password=unquote(found.password or os.environ.get("SQLCMDPASSWORD", "")),
        autocommit=True,  # the transaction is begun below, in the isolation that it needs
        readonly=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION")
    return connection


@contextmanager
def _readable(tds: Any, what: str) -> Iterator[None]:
    """Turn what the database says into a refusal; its own text may hold the password, or a row."""
    try:
        yield
    except (tds.Error, OSError, UnicodeError) as error:
        raise SourceUnreadable(
            f"The {what} cannot be read ({type(error).__name__}). Check that the database is up, "
            "the address, the user, that it may read the tables, and that the database allows "
            "snapshot isolation. Then start again."
        ) from None


def _source(tds: Any, connection: Any, name: str) -> Source:
    ours, prefixes = live.ours(_tables(connection))
    if missing := [table.entities[0] for table in TABLES if table.name not in ours]:
        raise SourceUnreadable(
            f"The database {name} has no table {', '.join(missing)} in the default schema of this "
            "user. Give the user the schema of the CRM as its default."
        )
    parts: list[Part] = [
        _part(tds, connection, table, *ours[table.name], prefixes)
        for table in FILES
        if table.name in ours
    ]
    why = f"{len(ours)} tables of the CRM are in {name}"
    return Source(name, live.KIND, why, parts, close=connection.close)


def _tables(connection: Any) -> live.Described:
    found: live.Described = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE "
            "FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = SCHEMA_NAME() "
            "ORDER BY TABLE_NAME, ORDINAL_POSITION"
        )
        for schema, table, column, kind in cursor:
            found.setdefault((schema, table), []).append((column, kind.lower()))
    return found


def _quoted(name: str) -> str:
    return f"[{name.replace(']', ']]')}]"


def _part(
    tds: Any,
    connection: Any,
    table: Table,
    place: tuple[str, str],
    described: list[tuple[str, str]],
    prefixes: set[str],
) -> "ServerPart":
    header = [column for column, _kind in described]
    columns = [table.column(column, prefixes) for column in header]
    check_columns(f"The table {place[1]}", table, columns)
    chosen = [
        _SPELLINGS.get(kind, "CONVERT(nvarchar(max), {})").format(_quoted(name))
        for (name, kind), column in zip(described, columns, strict=True)
        if column
    ]
    order = ", ".join(str(number + 1) for number in range(len(chosen)))
    source = ".".join(map(_quoted, place))
    query = f"SELECT {', '.join(chosen)} FROM {source} ORDER BY {order}"  # noqa: S608  quoted
    part = ServerPart(table, place[1], 0, "", header, columns, ",", tds, connection, query)
    reading = _Reading(part, 0)
    for batch in reading.batches():
        part.size += sum(len(cell) for row in batch.rows for cell in row.cells)
    part.sha256 = reading.sha256
    return part


@dataclass(slots=True)
class ServerPart(Part):
    """One table of the database."""

    tds: Any = field(repr=False)
    connection: Any = field(repr=False)
    query: str

    def reading(self, first: int) -> Reading:
        """Begin a pass over it."""
        return _Reading(self, first)


class _Reading(Reading):
    def __init__(self, part: ServerPart, first: int) -> None:
        self.records = first
        self._part = part
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def batches(self) -> Iterator[Batch]:
        part = self._part
        with _readable(part.tds, f"table {part.name}"), part.connection.cursor() as cursor:
            cursor.execute(part.query)
            while found := cursor.fetchmany(_AT_ONCE):
                batch = Batch()
                for record in found:
                    cells = ["" if cell is None else str(cell) for cell in record]
                    self._hash.update("\0".join([*cells, "\n"]).encode())
                    self.records += 1
                    batch.rows.append(Row(self.records, cells))
                yield batch
