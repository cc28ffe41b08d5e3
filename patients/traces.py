"""Looking for an erased person in the whole database, and among the names of stored files.

The columns come from PostgreSQL's catalogue, not from the models, so that a table which no model
knows is read too: everything but numbers, dates and booleans, as text. One statement for each table
narrows its rows down inside the database; what it finds is streamed and judged here, so memory does
not grow with the tables or with the hits. `patients.sought` says what counts as a hit.

Not every hit is a trace that was left behind:

- In a row about another living person, a value that is also that person's own (a namesake, a family
  with one mailbox) is theirs, and is only counted. A text proves nothing there, nor in our lists (a
  condition that somebody wrote out in full).
- Ids that are meant to stay (the tombstone, the request, the access log) are counted as kept.
- Any other hit is reported with table, column and row. `of_another` says that the row is one of
  ours about somebody or something else: then a person may decide that the value belongs there. An
  id never may stay, nor anything in a table that is not ours.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.storage import Storage, default_storage
from django.db import connection, models, transaction
from psycopg import sql

from patients import holdings, sought
from patients.holdings import Owner, Person, Sought
from patients.models import SoughtValue
from patients.sought import Kind, Matcher

# Reported one by one; the others are counted.
MOST_TRACES = 200
_BATCH = 200
_IDS = (Kind.ID, Kind.LEGACY_ID)
_SESSIONS = "django_session"

# Partitions are read one by one; a generated column is read like any other. A type is what it is
# made from: a domain its base, a list its items.
_COLUMNS = """
SELECT n.nspname, c.relname, a.attname, t.typname,
    coalesce(item.typcategory, t.typcategory) NOT IN ('N', 'B', 'D', 'T') AS is_text,
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
        AND a.attnum = ANY (i.indkey)) AS is_key
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type declared ON declared.oid = a.atttypid
JOIN pg_type t ON t.oid = coalesce(nullif(declared.typbasetype, 0), declared.oid)
LEFT JOIN pg_type item ON item.oid = t.typelem AND t.typcategory = 'A'
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
    AND c.relname <> %s
ORDER BY n.nspname, c.relname, a.attnum
"""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the columns to read, and those of its primary key."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Trace:
    """A value that was found where it should not be. Which value is not said, only its kind."""

    table: str
    column: str
    row: str
    kind: str
    of_another: bool


@dataclass
class Report:
    """What was read, and what was found in it."""

    tables: dict[str, list[str]] = field(default_factory=dict)
    files: int = 0
    traces: list[Trace] = field(default_factory=list)
    uncounted: int = 0  # traces beyond those that are reported one by one
    others: Counter[str] = field(default_factory=Counter)  # "table.column: kind" → hits
    kept: Counter[str] = field(default_factory=Counter)  # "table.column" → hits

    def add(self, trace: Trace) -> None:
        if len(self.traces) < MOST_TRACES:
            self.traces.append(trace)
        else:
            self.uncounted += 1


@dataclass(frozen=True, slots=True)
class _Row:
    key: tuple[Any, ...]
    found: tuple[tuple[str, Sought], ...]  # column and value


def scan(values: Collection[Sought]) -> Report:
    """Look for these values everywhere. Raises what the database or the storage raises."""
    report = Report()
    matcher = Matcher(values)
    with transaction.atomic():
        for table in tables():
            report.tables[str(table)] = [column.name for column in table.columns]
            rows = _rows(table, matcher)
            while batch := list(islice(rows, _BATCH)):
                _judge(table, batch, report)
    for name in stored_names(default_storage):
        report.files += 1
        for kind, _value in sorted(matcher.found(name)):
            report.add(Trace("stored files", "name", name, kind, of_another=False))
    return report


def tables() -> list[Table]:
    """Every table that can hold a text, with its columns, by name.

    Without the one that holds the values which are looked for.
    """
    found: dict[tuple[str, str], tuple[list[Column], list[str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [SoughtValue._meta.db_table])
        for schema, table, column, kind, is_text, is_key in cursor.fetchall():
            columns, key = found.setdefault((schema, table), ([], []))
            if is_text:
                columns.append(Column(column, kind))
            if is_key:
                key.append(column)
    return [
        Table(schema, name, tuple(columns), tuple(key))
        for (schema, name), (columns, key) in found.items()
        if columns
    ]


def stored_names(storage: Storage, folder: str = "") -> Iterator[str]:
    """The name of every stored file. A storage without any folder yet has none."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{folder}/{name}".lstrip("/")
    for name in folders:
        yield from stored_names(storage, f"{folder}/{name}".lstrip("/"))


def session_text(data: str) -> Any:
    """What a stored session says, decoded; nothing for one that cannot be read any more."""
    return SessionStore().decode(data)


# --- reading


def _rows(table: Table, matcher: Matcher) -> Iterator[_Row]:
    """The rows that have one of the values, with the columns they are in."""
    cells = [_cell(column) for column in table.columns]
    key: list[sql.Composable] = [sql.Identifier("read", name) for name in table.key]
    key = key or [sql.SQL("read.ctid::text")]
    everything = sql.SQL("concat_ws(E'\\x1f', {})").format(sql.SQL(", ").join(cells))
    condition, params = matcher.condition("hay.folded")
    query = sql.SQL(
        "SELECT {key}, {cells} FROM {table} read "
        "CROSS JOIN LATERAL (SELECT portal_fold(said) AS folded FROM "
        "(SELECT {everything} AS said OFFSET 0) plain OFFSET 0) hay "
        "WHERE {condition}"
    ).format(
        key=sql.SQL(", ").join(key),
        cells=sql.SQL(", ").join(cells),
        table=sql.Identifier(table.schema, table.name),
        everything=everything,
        condition=sql.SQL("true" if _needs_decoding(table) else condition),
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(query.as_string(), [] if _needs_decoding(table) else params)
        while batch := cursor.fetchmany(_BATCH):
            for row in batch:
                found = tuple(_found(table, row[len(key) :], matcher))
                if found:
                    yield _Row(row[: len(key)], found)


def _cell(column: Column) -> sql.Composed:
    name = sql.Identifier("read", column.name)
    # As bytes, which are decoded here: what cannot be read as UTF-8 is read all the same.
    return sql.SQL("encode({}, 'hex')" if column.type == "bytea" else "{}::text").format(name)


def _needs_decoding(table: Table) -> bool:
    """Whether the database cannot read what the table says. Such tables are read whole."""
    return table.name == _SESSIONS or any(column.type == "bytea" for column in table.columns)


def _found(
    table: Table, cells: Sequence[str | None], matcher: Matcher
) -> Iterator[tuple[str, Sought]]:
    beside: list[str] = []
    hits: set[Sought] = set()
    for column, cell in zip(table.columns, cells, strict=True):
        if not cell:
            continue
        if column.type in ("json", "jsonb"):
            inside = matcher.found_in_json(sought.parsed(cell))
        elif table.name == _SESSIONS and column.name == "session_data":
            inside = matcher.found_in_json(session_text(cell))
        elif column.type == "bytea":
            inside = matcher.found(sought.decoded(bytes.fromhex(cell)))
        else:
            beside.append(cell)
            inside = matcher.found(cell)
        hits |= inside
        yield from ((column.name, value) for value in sorted(inside))
    # A name may stand in two columns side by side.
    for value in sorted(matcher.found("\x1f".join(beside)) - hits):
        yield "name", value


# --- judging


def _judge(table: Table, rows: Sequence[_Row], report: Report) -> None:
    label, of_events = _model_of(table)
    keys = [row.key[0] for row in rows]
    whose = holdings.owners(label, keys, of_events=of_events) if label else {}
    kept = {holding.label for holding in holdings.holdings() if holding.kept}
    kept = kept.union(*(part.kept for part in holdings.parts()))
    is_ours = bool(label) and holdings.is_ours(apps.get_model(label))
    is_list = is_ours and not holdings.is_personal(apps.get_model(label))
    own: dict[Owner, set[Sought]] = {}
    for row in rows:
        owners = whose.get(row.key[0], set())
        for column, value in row.found:
            kind = value[0]
            where = f"{table}.{column}"
            if kind in _IDS and kept & {label, f"{label}.{column}"}:
                report.kept[where] += 1
            elif (kind == Kind.TEXT and (owners or is_list)) or any(
                value in _own_values(owner, own) for owner in owners
            ):
                report.others[f"{where}: {kind}"] += 1
            else:
                row_key = ", ".join(str(part) for part in row.key)
                of_another = is_ours and kind not in _IDS
                report.add(Trace(str(table), column, row_key, kind, of_another=of_another))


def _own_values(owner: Owner, known: dict[Owner, set[Sought]]) -> set[Sought]:
    """The values that another person has of their own, past ones included."""
    if owner not in known:
        if len(known) >= _BATCH:
            known.clear()
        label, pk = owner
        if label == holdings.PATIENT:
            known[owner] = sought.names_of(holdings.find(Person((pk,))))
        else:
            known[owner] = set(_professional_values(apps.get_model(label), pk))
    return known[owner]


def _professional_values(model: type[models.Model], pk: Any) -> Iterator[Sought]:
    event = holdings.event_model(model)
    queries: list[Any] = [model._base_manager.filter(pk=pk)]
    if event is not None:
        queries.append(event._base_manager.filter(pgh_obj_id=pk))
    for row in (row for query in queries for row in query.values()):
        yield from sought.names_and_addresses(row)
        first, _blank, last = row.get("name", "").rpartition(" ")
        yield from sought.name(first, last)


def _model_of(table: Table) -> tuple[str, bool]:
    """The label of the table's model, and whether the table is that model's history."""
    for model in apps.get_models(include_auto_created=True):
        if table.schema == "public" and model._meta.db_table == table.name:
            tracked = getattr(model, "pgh_tracked_model", None)
            return (tracked or model)._meta.label, tracked is not None
    return "", False
