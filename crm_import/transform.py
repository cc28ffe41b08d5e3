"""Runs the set-based SQL of the migration, step by step, in the caller's transaction.

The steps stand in `crm_import/sql/*.sql`, files in the order of their numbers. A line
`-- step: what` begins a step; `-- make: key` one whose rows are counted as created, and
`-- change: key` one whose rows are counted as updated; `-- include: versions Table` puts in
`versions.sql` for a table; `-- components: name` groups the nodes of the temporary table crm_edge
(a, b); `-- statistics: tables` tells the planner about what was just written, which it would
otherwise join row by row. A step whose first line is `-- if: table` (or `-- if: table WHERE …`) is
passed over when the table has no such rows: planning a statement takes longer than doing nothing.
What counts is said as in `crm_import.standing`.
"""

# ruff: noqa: S608  names of tables are our own; no value is put into a statement

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from crm_import import scope, standing
from crm_import.meanings import word_rows
from crm_import.tables import TABLES, Table

# Raised whenever the rules give other results for the same export: then "nothing new was
# delivered" is no reason any more to do nothing.
RULES = 6

_FOLDER = Path(__file__).parent / "sql"
_DIRECTIVE = re.compile(
    r"^-- (step|make|change|include|components|statistics): (.+)$", re.MULTILINE
)
_CONDITION = re.compile(r"-- if: (.+)\n")
_ROWS = {
    "Contact": "crm_contact",
    "Patient": "crm_patient",
    "EAPDossier": "crm_dossier",
    "MedicalCondition": "crm_condition",
    "Hospital": "crm_hospital",
    "Specialization": "crm_specialization",
}

Watch = Callable[[str, int, float], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, its SQL, and what its rows are counted as ("" for nothing).

    `phase` is the file it stands in, without number; `needs` is what has to have rows ("" for
    nothing).
    """

    kind: str
    name: str
    sql: str
    phase: str = ""
    needs: str = ""


@cache
def steps() -> tuple[Step, ...]:
    """All steps in order."""
    return tuple(_read_steps())


def _read_steps() -> Iterator[Step]:
    versions = (_FOLDER / "versions.sql").read_text(encoding="utf-8")
    for path in sorted(_FOLDER.glob("[0-9]*.sql")):
        phase = path.stem[3:].replace("_", " ")
        for step in _cut(path.read_text(encoding="utf-8"), phase):
            if step.kind == "include":
                table = next(t for t in TABLES if t.name == step.name.split()[-1])
                yield from _cut(_for_table(versions, table), phase)
            else:
                yield step


def _cut(text: str, phase: str) -> Iterator[Step]:
    marks = list(_DIRECTIVE.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        sql = standing.filled_in(text[mark.end() : end].strip())
        needs = _CONDITION.match(sql)
        yield Step(mark[1], mark[2], sql, phase, needs[1] if needs else "")


def _for_table(text: str, table: Table) -> str:
    content = ", ".join(f"a.{column}" for column in (*table.columns[1:], "extra", "deleted"))
    for name, value in {
        "__ENTITY__": table.name,
        "__ROWS__": _ROWS[table.name],
        "__ARCHIVE__": table.db_table,
        "__CONTENT__": content,
    }.items():
        text = text.replace(name, value)
    return text


@dataclass(frozen=True, slots=True)
class Renamed:
    """A value of an option set that means something else now; `was` is blank for nothing."""

    option_set: str
    value: str
    was: str


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows were made and changed, by the key of each `make` and `change` step."""

    created: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)


def transform(
    *,
    watch: Watch,
    begin: Callable[[str], None] = lambda phase: None,
    renamed: Iterable[Renamed] = (),
    whole: bool = True,
    is_new: bool = True,
) -> Written:
    """Bring everything in the archive into the portal that is not there yet.

    Needs the temporary table crm_this (id, started, whole, many) of the run. Rows that were
    imported with one of the `renamed` values are looked at again; `whole` and `is_new` say how much
    else has to be (crm_import.scope). Calls `begin` with the phase of each step before it, and
    `watch` with its name, rows and seconds after it.
    """
    written = Written()
    counted = {"make": written.created, "change": written.updated}
    with connection.cursor() as cursor:
        _prepare(cursor, renamed)
        begun = time.monotonic()
        found = scope.narrow(cursor, whole=whole, is_new=is_new)
        watch("rows to look at", scope.size(cursor), time.monotonic() - begun)
        if found is scope.Reach.NOTHING:
            return written
        cursor.execute("UPDATE crm_this SET whole = %s", [found is scope.Reach.EVERYTHING])
        many = scope.has_many(cursor)
        for step in steps():
            if step.kind == "statistics" and not many:
                continue
            begun = time.monotonic()
            begin(step.phase)
            rows = _do(cursor, step)
            if (counts := counted.get(step.kind)) is not None:
                counts[step.name] = counts.get(step.name, 0) + rows
            watch(step.name, rows, time.monotonic() - begun)
    return written


def _do(cursor: Any, step: Step) -> int:
    """Do a step. Returns the rows of its last statement."""
    if step.needs:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {step.needs})")
        if not cursor.fetchone()[0]:
            return 0
    if step.kind == "statistics":
        cursor.execute(f"ANALYZE {step.name}")
        return 0
    if step.kind == "components":
        return _components(cursor, step.name)
    cursor.execute(step.sql)
    return max(int(cursor.rowcount), 0)


def _prepare(cursor: Any, renamed: Iterable[Renamed]) -> None:
    cursor.execute("SET LOCAL work_mem = '128MB'")
    # Small samples tell a table of ten rows from one of a million, which is all that is needed.
    cursor.execute("SET LOCAL default_statistics_target = 20")
    # A foreign key is checked while its row is at hand, instead of from a queue of all rows; of
    # bookings when all of them are there (sql/70_bookings.sql).
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    # Compiling costs more than it saves here, and parallel workers would starve the portal.
    cursor.execute("SET LOCAL jit = off")
    cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    cursor.execute(
        "CREATE TEMP TABLE crm_fate (entity varchar(20), row_id bigint, outcome varchar(20), "
        "reason varchar(60)) ON COMMIT DROP"
    )
    cursor.execute(
        "CREATE TEMP TABLE crm_word (option_set varchar(50), word varchar(100), "
        "meaning varchar(50)) ON COMMIT DROP"
    )
    with cursor.copy("COPY crm_word FROM STDIN") as copy:
        for row in word_rows():
            copy.write_row(row)
    cursor.execute(
        "CREATE TEMP TABLE crm_decided (option_set text, value text, was text) ON COMMIT DROP"
    )
    with cursor.copy("COPY crm_decided FROM STDIN") as copy:
        for one in renamed:
            copy.write_row((one.option_set, one.value, one.was))


def _components(cursor: Any, name: str) -> int:
    """Fill the temporary table `name` (node, cluster): the lowest node that each hangs together
    with over crm_edge. Edges are mostly stars, so two or three rounds are enough; every round can
    only lower a number, so it ends.
    """
    cursor.execute(f"TRUNCATE {name}")
    cursor.execute(
        f"""
        INSERT INTO {name} (node, cluster)
        SELECT node, least(node, min(other))
        FROM (SELECT a AS node, b AS other FROM crm_edge UNION ALL SELECT b, a FROM crm_edge) e
        GROUP BY node
        """
    )
    rows = int(cursor.rowcount)
    scope.analyze(cursor, name)
    moved = rows
    while moved:
        cursor.execute(
            f"""
            UPDATE {name} t SET cluster = m.lowest FROM (
                SELECT CASE WHEN x.cluster > y.cluster THEN x.node ELSE y.node END AS node,
                    min(least(x.cluster, y.cluster)) AS lowest
                FROM crm_edge e JOIN {name} x ON x.node = e.a JOIN {name} y ON y.node = e.b
                WHERE x.cluster <> y.cluster GROUP BY 1
            ) m WHERE m.node = t.node
            """
        )
        moved = cursor.rowcount
    return rows
