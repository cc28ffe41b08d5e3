"""Reads an export into the archive: every row as text, by COPY, and a ledger line for each file."""

# ruff: noqa: S608  names of tables and columns are our own; no value is put into a statement

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
from django.db import connection

from crm_import import standing
from crm_import.models import ImportRun, SourceFile
from crm_import.refusals import SourceUnreadable
from crm_import.sources import Batch, Part, Reading
from crm_import.tables import Table

# Called as records come: the number of them in the table until now, and how many bytes came since.
Told = Callable[[int, int], None]


def fingerprint(parts: Iterable[Part], rules: int) -> str:
    """Equal for equal files under equal rules."""
    lines = [f"{part.table.name} {part.sha256}" for part in parts]
    return hashlib.sha256("\n".join([*lines, f"rules {rules}"]).encode()).hexdigest()


@dataclass(slots=True)
class Staged:
    """What came of one part. Rows of this run have archive ids from `first` on."""

    part: Part
    ledger: SourceFile
    first: int

    @property
    def rows(self) -> int:
        """How many rows of the part the archive did not have."""
        return self.ledger.records - self.ledger.unreadable - self.ledger.known


def by_table(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """The parts in their order, those of one table together."""
    for _name, group in groupby(parts, key=lambda part: part.table.name):
        yield list(group)


def stage(
    parts: Sequence[Part],
    run: ImportRun,
    *,
    compare: bool,
    before: int = 0,
    is_gone: bool = False,
    told: Told = lambda records, size: None,
) -> list[Staged]:
    """Put the rows of one table into the archive, and the bad records of its parts beside them.

    With `compare`, rows that the archive has word for word are not stored again but listed in the
    temporary table crm_again (entity, row_id), once for each time they came.

    Records are counted through all parts of the table, from `before` on. With `is_gone` they are
    what an export of everything did not have any more.
    """
    table = parts[0].table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce((SELECT max(id) FROM {table.db_table}), 0) + 1")
        (first,) = cursor.fetchone()
        place = _Place(table, is_compared=compare)
        staged = []
        for part in parts:
            ledger, before = _read(cursor, part, run, place, before, told)
            ledger.is_gone = is_gone
            staged.append(Staged(part, ledger, first))
            if place.has_rows and compare and part.absent:
                cursor.execute(
                    "UPDATE crm_stage SET absent = coalesce(absent, '{}') || %s::text[] "
                    "WHERE file_id = %s",
                    [part.absent, ledger.pk],
                )
        known: dict[int, int] = {}
        if place.has_rows and compare:
            _carry_over(cursor, table)
            known = _take_over_new(cursor, table)
        if place.has_deleted:
            for file, rows in _bury(cursor, table).items():
                known[file] = known.get(file, 0) + rows
        for item in staged:
            item.ledger.known = known.get(item.ledger.pk, 0)
            item.ledger.save(force_insert=True)
    return staged


@dataclass(slots=True)
class _Place:
    """Where the records of one table go first.

    The temporary tables are made when a batch needs them: exports often have nothing of a table,
    and making one takes longer than reading nothing.
    """

    table: Table
    is_compared: bool
    has_rows: bool = False
    has_deleted: bool = False

    def prepare(self, cursor: Any, batch: Batch) -> str:
        """Have what the batch needs. Returns the table that its rows go into."""
        if batch.deleted and not self.has_deleted:
            self.has_deleted = True
            cursor.execute("DROP TABLE IF EXISTS crm_tombstone")
            cursor.execute(
                "CREATE TEMP TABLE crm_tombstone (file_id bigint, record int, legacy_id text, "
                "version text) ON COMMIT DROP"
            )
        if not self.is_compared:
            return self.table.db_table
        if (batch.lines or batch.rows) and not self.has_rows:
            self.has_rows = True
            cursor.execute("DROP TABLE IF EXISTS crm_stage")
            cursor.execute(
                f"CREATE TEMP TABLE crm_stage (LIKE {self.table.db_table} INCLUDING DEFAULTS) "
                "ON COMMIT DROP"
            )
            cursor.execute("ALTER TABLE crm_stage DROP COLUMN id")
        return "crm_stage"


def _read(
    cursor: Any, part: Part, run: ImportRun, place: _Place, before: int, told: Told
) -> tuple[SourceFile, int]:
    """Copy one part. Returns its line of the ledger, still unsaved, and the records until now."""
    ledger = SourceFile(
        run=run,
        entity=part.table.name,
        name=part.name[-300:],
        sha256=part.sha256,
        size=part.size,
        columns=part.header,
    )
    # The ledger line is written last, when its counts are known, but rows need its id.
    cursor.execute("SELECT nextval(pg_get_serial_sequence('crm_import_sourcefile', 'id'))")
    (ledger.pk,) = cursor.fetchone()
    reading = part.reading(before)
    ledger.unreadable = 0
    for batch in reading.batches():
        target = place.prepare(cursor, batch)
        told(reading.records, copy_batch(cursor, part, ledger.pk, target, batch))
        ledger.unreadable += sum(not bad.loaded for bad in batch.bad)
    expect_unchanged(part, reading)
    ledger.records = reading.records - before
    return ledger, reading.records


def expect_unchanged(part: Part, reading: Reading) -> None:
    """Raise SourceUnreadable when a part that was read to its end is not what it was before."""
    if reading.sha256 != part.sha256:
        raise SourceUnreadable(
            f"{part.name.rpartition('/')[2]} changed while it was read. Copy the export to a "
            "place where nobody writes, and start again."
        )


def copy_batch(cursor: Any, part: Part, ledger: int, target: str, batch: Batch) -> int:
    """Copy the records of a batch; those that cannot be are kept as bytes.

    Returns the bytes of those that were copied as they stood.
    """
    size = 0
    names = ", ".join(["file_id", "record", *part.known])
    if batch.lines:
        blanks = ", ".join(part.known)  # an empty cell is blank text, not null
        mark = part.separator.encode()
        with cursor.copy(
            f"COPY {target} ({names}) FROM STDIN "
            f"(FORMAT csv, DELIMITER '{part.separator}', FORCE_NOT_NULL ({blanks}))"
        ) as copy:
            numbered = [b"%d%b%d%b%b\n" % (ledger, mark, n, mark, line) for n, line in batch.lines]
            block = b"".join(numbered)
            size = len(block)
            copy.write(block)
    if batch.rows:
        plain = not any(row.extra or row.absent or row.written for row in batch.rows)
        columns = names if plain else f"{names}, extra, absent, written"
        with cursor.copy(f"COPY {target} ({columns}) FROM STDIN") as copy:
            for row in batch.rows:
                if plain:
                    copy.write_row((ledger, row.record, *row.cells))
                else:
                    extra = orjson.dumps(row.extra).decode() if row.extra else None
                    others = (extra, row.absent, row.written or "")
                    copy.write_row((ledger, row.record, *row.cells, *others))
    if batch.deleted:
        with cursor.copy("COPY crm_tombstone FROM STDIN") as copy:
            for gone in batch.deleted:
                copy.write_row((ledger, gone.record, gone.id, gone.version))
    if batch.bad:
        columns = "file_id, record, byte_offset, raw, reason, loaded"
        with cursor.copy(f"COPY crm_import_unreadablerecord ({columns}) FROM STDIN") as copy:
            for bad in batch.bad:
                copy.write_row((ledger, bad.record, bad.offset, bad.raw, bad.reason, bad.loaded))
    return size


def age(table: Table, row: str) -> str:
    """An order by which the newest version of a legacy id comes first."""
    version = f"crm_version({row}.versionnumber) DESC NULLS LAST, "
    return f"{version if 'versionnumber' in table.columns else ''}{row}.id DESC"


def counts(table: Table, row: str = "a") -> str:
    """That a row of the archive counts: no rollback took it back."""
    return standing.counts(f"'{table.name}'", f"{row}.id")


def count_again() -> None:
    """Let rows count that a rollback took back and that came again.

    They are listed in the temporary table crm_back (entity, row_id).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH back AS (DELETE FROM crm_import_takenback b USING crm_again a "
            "WHERE b.entity = a.entity AND b.row = a.row_id RETURNING b.entity, b.row) "
            "INSERT INTO crm_back SELECT entity, row FROM back"
        )


def _carry_over(cursor: Any, table: Table) -> None:
    """Fill in what was not delivered: such a cell says what the last version of its row said.

    Otherwise a column that an export leaves out would look as if everybody had emptied it.
    """
    cursor.execute("SELECT EXISTS (SELECT FROM crm_stage WHERE absent IS NOT NULL)")
    if not cursor.fetchone()[0]:
        return
    cells = ", ".join(
        f"{column} = CASE WHEN '{column}' = ANY (s.absent) THEN a.{column} ELSE s.{column} END"
        for column in table.columns[1:]
    )
    cursor.execute(
        f"""
        UPDATE crm_stage s SET {cells}
        FROM (
            SELECT DISTINCT ON (guid) * FROM (
                SELECT crm_guid({table.id}) AS guid, a.* FROM {table.db_table} a
                WHERE {counts(table)}
            ) a WHERE guid IN (SELECT crm_guid({table.id}) FROM crm_stage WHERE absent IS NOT NULL)
            ORDER BY guid, {age(table, "a")}
        ) a
        WHERE s.absent IS NOT NULL AND crm_guid(s.{table.id}) = a.guid
        """
    )


def _take_over_new(cursor: Any, table: Table) -> dict[int, int]:
    """Move what the archive does not have from crm_stage into it.

    Returns how many rows it had, by file.
    """
    content = ", ".join([*table.columns, "extra"])
    columns = f"{content}, absent, written"
    # 128 bits of two hashes: text and MD5 of a row would cost twice as much.
    one, other = (f"hash_record_extended(ROW({content}), {seed})" for seed in (0, 1))
    cursor.execute(
        f"""
        CREATE TEMP TABLE crm_found ON COMMIT DROP AS
        SELECT s.file_id, s.record, a.row_id
        FROM (SELECT file_id, record, {one} AS one, {other} AS other FROM crm_stage) s
        LEFT JOIN (
            SELECT {one} AS one, {other} AS other, min(id) AS row_id
            FROM {table.db_table} GROUP BY 1, 2
        ) a USING (one, other)
        """
    )
    _expect_back(cursor, table)
    cursor.execute(
        "INSERT INTO crm_again (entity, row_id) "
        f"SELECT '{table.name}', row_id FROM crm_found WHERE row_id IS NOT NULL"
    )
    cursor.execute(
        f"INSERT INTO {table.db_table} (file_id, record, {columns}) "
        f"SELECT file_id, record, {columns} FROM crm_stage s "
        "WHERE record IN (SELECT record FROM crm_found WHERE row_id IS NULL) ORDER BY record"
    )
    cursor.execute(
        "SELECT file_id, count(*) FROM crm_found WHERE row_id IS NOT NULL GROUP BY file_id"
    )
    known = dict(cursor.fetchall())
    cursor.execute("DROP TABLE crm_found")
    return known


def _expect_back(cursor: Any, table: Table) -> None:
    """A row that was gone and comes as it was is no known one: it is there again."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM crm_import_sourcefile WHERE is_gone AND entity = %s)",
        [table.name],
    )
    if cursor.fetchone()[0]:
        cursor.execute(
            f"""
            UPDATE crm_found SET row_id = NULL WHERE row_id IN (
                SELECT a.id FROM {table.db_table} a
                JOIN {table.db_table} gone ON crm_guid(gone.{table.id}) = crm_guid(a.{table.id})
                JOIN crm_import_sourcefile f ON f.id = gone.file_id AND f.is_gone
                WHERE {counts(table)} AND {counts(table, "gone")} AND NOT EXISTS (
                    SELECT FROM {table.db_table} newer
                    WHERE crm_guid(newer.{table.id}) = crm_guid(gone.{table.id})
                        AND newer.id > gone.id AND {counts(table, "newer")}))
            """
        )


def _bury(cursor: Any, table: Table) -> dict[int, int]:
    """Put the tombstones into the archive, each as a last version that says what its row said.

    One whose row is deleted already is known: those are counted by file, as the rows above.
    """
    numbered = "versionnumber" in table.columns
    version = "crm_version(a.versionnumber)" if numbered else "NULL::bigint"
    cursor.execute(
        f"""
        CREATE TEMP TABLE crm_buried ON COMMIT DROP AS
        SELECT DISTINCT ON (t.record) t.*, a.id AS row_id,
            a.deleted AND (t.version = '' OR {version} IS NOT DISTINCT FROM crm_version(t.version))
                AS known
        FROM crm_tombstone t
        LEFT JOIN {table.db_table} a ON crm_guid(a.{table.id}) = crm_guid(t.legacy_id)
            AND {counts(table)}
            AND (t.version = '' OR {version} IS NULL OR {version} <= crm_version(t.version))
        ORDER BY t.record, {age(table, "a").replace("a.id DESC", "a.id DESC NULLS LAST")}
        """
    )
    cursor.execute(
        "INSERT INTO crm_again (entity, row_id) "
        f"SELECT '{table.name}', row_id FROM crm_buried WHERE known"
    )
    others = [column for column in table.columns[1:] if column != "versionnumber"]
    cells = [f"coalesce(a.{column}, '')" for column in (*others, "written")]
    names = [table.id, *others, "written"]
    if numbered:
        names.append("versionnumber")
        cells.append("coalesce(nullif(t.version, ''), a.versionnumber, '')")
    cursor.execute(
        f"INSERT INTO {table.db_table} (file_id, record, deleted, absent, extra, "
        f"{', '.join(names)}) SELECT t.file_id, t.record, true, %s::text[], a.extra, "
        f"coalesce(a.{table.id}, t.legacy_id), {', '.join(cells)} "
        f"FROM crm_buried t LEFT JOIN {table.db_table} a ON a.id = t.row_id "
        "WHERE t.known IS NOT TRUE ORDER BY t.record",
        [others],
    )
    cursor.execute("SELECT file_id, count(*) FROM crm_buried WHERE known GROUP BY file_id")
    known = dict(cursor.fetchall())
    cursor.execute("DROP TABLE crm_buried")
    return known
