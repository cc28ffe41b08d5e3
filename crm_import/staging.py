"""Reads an export into the archive: every row as text, by COPY, and a ledger line for each file."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.db import connection

from crm_import.models import ImportRun, SourceFile
from crm_import.refusals import SourceUnreadable
from crm_import.scanner import Batch, Scanner, sha256
from crm_import.tables import FILES, Table


@dataclass(slots=True)
class ExportFile:
    """One file of an export whose header is understood. `columns` has None for unknown headers."""

    table: Table
    path: Path
    header: list[str]
    columns: list[str | None]
    sha256: str
    size: int

    @property
    def known(self) -> list[str]:
        return [column for column in self.columns if column]

    @property
    def absent(self) -> list[str]:
        """Columns of the table that the file does not have."""
        return [column for column in self.table.columns if column not in self.columns]


def open_export(folder: Path) -> list[ExportFile]:
    """The files of a headed-CSV export, checked as far as their headers.

    Raises SourceUnreadable, with what to do about it, when the folder is not such an export.
    """
    if not folder.is_dir():
        raise SourceUnreadable(
            f"There is no folder {folder.name}. Name the folder that holds Contact.csv."
        )
    missing = [f"{table.name}.csv" for table in FILES if not _path(folder, table).is_file()]
    if missing:
        raise SourceUnreadable(
            f"{folder.name} lacks {', '.join(missing)}. Export these tables too (a table without "
            "rows is a file with a header only), and name the folder that holds all of them."
        )
    try:
        return [_open(_path(folder, table), table) for table in FILES]
    except OSError as error:
        raise SourceUnreadable(
            f"{Path(str(error.filename)).name} cannot be read ({error.strerror}). "
            "Make it readable and start again."
        ) from error


def _path(folder: Path, table: Table) -> Path:
    return folder / f"{table.name}.csv"


def _open(path: Path, table: Table) -> ExportFile:
    scanner = Scanner(path)
    columns = [table.column(header) for header in scanner.header]
    known = [column for column in columns if column]
    lacking = [column for column in table.needed if column not in known]
    if lacking:
        raise SourceUnreadable(
            f"{path.name} lacks the column {', '.join(lacking)}. "
            "Export it with commas, all columns, and their names in the first line."
        )
    twice = sorted({column for column in known if known.count(column) > 1})
    if twice:
        raise SourceUnreadable(
            f"{path.name} has the column {', '.join(twice)} twice. Remove one of them."
        )
    return ExportFile(table, path, scanner.header, columns, sha256(path), scanner.size)


def fingerprint(files: list[ExportFile], rules: int) -> str:
    """Equal for equal files under equal rules."""
    lines = [f"{file.table.name} {file.sha256}" for file in files]
    return hashlib.sha256("\n".join([*lines, f"rules {rules}"]).encode()).hexdigest()


@dataclass(slots=True)
class Staged:
    """What came of one file. Rows of this run have archive ids from `first` on."""

    file: ExportFile
    ledger: SourceFile
    first: int


def stage(file: ExportFile, run: ImportRun, *, compare: bool) -> Staged:
    """Put the rows of a file into the archive, and its bad records beside them.

    With `compare`, rows that the archive has word for word are not stored again but listed in the
    temporary table crm_again (entity, row_id), once for each time they came.
    """
    scanner = Scanner(file.path)
    ledger = SourceFile(
        run=run,
        entity=file.table.name,
        name=file.path.name,
        sha256=file.sha256,
        size=file.size,
        columns=file.header,
        records=0,
    )
    with connection.cursor() as cursor:
        # The ledger line is written last, when its counts are known, but rows need its id.
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('crm_import_sourcefile', 'id')), "
            f"coalesce((SELECT max(id) FROM {file.table.db_table}), 0) + 1"
        )
        ledger.pk, first = cursor.fetchone()
        target = file.table.db_table
        if compare:
            target = "crm_stage"
            cursor.execute("DROP TABLE IF EXISTS crm_stage")
            cursor.execute(
                f"CREATE TEMP TABLE crm_stage (LIKE {file.table.db_table} INCLUDING DEFAULTS) "
                "ON COMMIT DROP"
            )
            cursor.execute("ALTER TABLE crm_stage DROP COLUMN id")
        ledger.unreadable = _copy(scanner, file, ledger.pk, target)
        if scanner.sha256 != file.sha256:
            raise SourceUnreadable(
                f"{file.path.name} changed while it was read. Copy the export to a place where "
                "nobody writes, and start again."
            )
        ledger.records = scanner.records
        if compare:
            ledger.known = _take_over_new(cursor, file.table)
        ledger.save(force_insert=True)
    return Staged(file, ledger, first)


def _copy(scanner: Scanner, file: ExportFile, ledger: int, target: str) -> int:
    """Copy the records of a file. Returns how many could not be; they are kept as bytes."""
    unreadable = 0
    plain = None not in file.columns
    names = ", ".join(["file_id", "record", *file.known])
    blanks = ", ".join(file.known)  # an empty cell is blank text, not null
    statement = f"COPY {target} ({names}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({blanks}))"
    with connection.cursor() as cursor:
        for batch in scanner.batches():
            if plain:
                _copy_lines(cursor, statement, ledger, batch)
                rows = batch.rows
            else:
                # The header has columns of which we know nothing: their cells go into `extra`.
                lines = [(n, line.decode().split(",")) for n, line in batch.lines]
                rows = sorted(lines + batch.rows)
            if rows:
                columns = names if plain else f"{names}, extra"
                with cursor.copy(f"COPY {target} ({columns}) FROM STDIN") as copy:
                    for number, cells in rows:
                        copy.write_row((ledger, number, *_cells(file, cells)))
            unreadable += sum(not item.loaded for item in batch.bad)
            if batch.bad:
                columns = "file_id, record, byte_offset, raw, reason, loaded"
                with cursor.copy(
                    f"COPY crm_import_unreadablerecord ({columns}) FROM STDIN"
                ) as copy:
                    for bad in batch.bad:
                        copy.write_row(
                            (ledger, bad.record, bad.offset, bad.raw, bad.reason, bad.loaded)
                        )
    return unreadable


def _copy_lines(cursor: Any, statement: str, ledger: int, batch: Batch) -> None:
    if batch.lines:
        with cursor.copy(statement) as copy:
            copy.write(b"".join([b"%d,%d,%b\n" % (ledger, n, line) for n, line in batch.lines]))


def _cells(file: ExportFile, cells: list[str]) -> Iterator[str | None]:
    """The cells of known columns in the header's order, then the other ones (if any) as JSON."""
    extra = {}
    for header, column, cell in zip(file.header, file.columns, cells, strict=True):
        if column:
            yield cell
        elif cell:
            extra[header] = cell
    if None in file.columns:
        yield orjson.dumps(extra).decode() if extra else None


def _take_over_new(cursor: Any, table: Table) -> int:
    """Move what the archive does not have from crm_stage into it. Returns how many it had."""
    columns = ", ".join([*table.columns, "extra"])
    cursor.execute(
        f"""
        CREATE TEMP TABLE crm_found ON COMMIT DROP AS
        SELECT s.record, a.row_id
        FROM (SELECT record, md5(ROW({columns})::text) AS content FROM crm_stage) s
        LEFT JOIN (
            SELECT md5(ROW({columns})::text) AS content, min(id) AS row_id
            FROM {table.db_table} GROUP BY 1
        ) a USING (content)
        """
    )
    cursor.execute(
        "INSERT INTO crm_again (entity, row_id) "
        f"SELECT '{table.name}', row_id FROM crm_found WHERE row_id IS NOT NULL"
    )
    known = int(cursor.rowcount)
    cursor.execute(
        f"INSERT INTO {table.db_table} (file_id, record, {columns}) "
        f"SELECT file_id, record, {columns} FROM crm_stage s "
        "WHERE record IN (SELECT record FROM crm_found WHERE row_id IS NULL) ORDER BY record"
    )
    cursor.execute("DROP TABLE crm_found")
    return known
