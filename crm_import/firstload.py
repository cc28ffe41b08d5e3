"""The first load: indexes and foreign keys of empty tables are made after their rows, at once.

Each row would otherwise go into some ten indexes and have as many keys looked up, which costs
several times what sorting all rows once does. Everything happens in the transaction of the run:
nobody else ever sees a table without them, a run that ends early took nothing away, and a row
that breaks a constraint stops the run at its end instead of in its middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, models, transaction
from psycopg import errors

from bookings.models import Booking
from crm_import.models import Crosswalk, Problem, RowOutcome
from patients.models import ContactPoint, Note, Patient, Specialist, Submission
from portal.core.history import event_models
from referrals.models import CTReferral, EAPDossier

# Taking them away and making them again costs about as much as so many rows save.
FEWEST_ROWS = 10_000
# Whoever works in the portal has a moment to finish; then the rows go in with everything in place.
PATIENCE = "2s"

# Tables that a load fills with many rows. None of them is asked by an index, or for conflicts
# with other rows, before it is filled.
_FILLED: tuple[type[models.Model], ...] = (
    *(Patient, Specialist, ContactPoint, Submission, Note),
    *(Booking, CTReferral, EAPDossier),
    *(Crosswalk, RowOutcome, Problem),
)

_FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.conrelid = %s::regclass AND c.contype = 'f'
"""
# Not those that keys of other tables rest on, and of the crosswalk not the one that later steps ask
# for conflicts. The oldest first, so that a dump of the schema looks as before.
_CONSTRAINTS = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
WHERE c.conrelid = %s::regclass AND c.contype IN ('u', 'x') AND c.conname <> ALL (%s)
    AND NOT EXISTS (
        SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)
ORDER BY c.oid
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = %s::regclass AND NOT i.indisprimary AND NOT EXISTS (
    SELECT FROM pg_constraint c
    WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x', 'f'))
ORDER BY i.indexrelid
"""
_NEEDED = ["crm_import_crosswalk_once"]


@dataclass(frozen=True, slots=True)
class _Put:
    """How one of them is taken away and made again."""

    away: str
    back: str


class Unhindered:
    """What was taken away. `put_back` makes it again; `number` is how much there was."""

    def __init__(self, puts: Sequence[_Put]) -> None:
        self._puts = puts
        self.number = len(puts)

    def put_back(self) -> None:
        """Make everything again. An IntegrityError names the constraint that rows break."""
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
            cursor.execute("SET LOCAL max_parallel_maintenance_workers = 0")
            for put in self._puts:
                cursor.execute(put.back)


def unhindered(rows: int) -> Unhindered:
    """Take away what slows down a load of so many rows, where that is worth it and possible.

    Nothing is taken away when any of the tables has a row, when the rows are few, or when somebody
    else uses one of the tables and does not finish in time.
    """
    nothing = Unhindered([])
    if rows < FEWEST_ROWS:
        return nothing
    with connection.cursor() as cursor:
        if not _are_empty(cursor):
            return nothing
        try:
            with transaction.atomic():
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
                # A table with a check that still waits cannot be altered.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                puts = _found(cursor)
                for put in puts:
                    cursor.execute(put.away)
                cursor.execute("SET LOCAL lock_timeout = 0")
        except OperationalError as error:
            if isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected):
                return nothing
            raise
    return Unhindered(puts)


def _tables() -> list[str]:
    filled = {model._meta.db_table for model in _FILLED}
    events = (
        event._meta.db_table
        for event in event_models()
        if event.pgh_tracked_model in _FILLED  # type: ignore[attr-defined]
    )
    return [*sorted(filled), *sorted(events)]


def _are_empty(cursor: Any) -> bool:
    tests = [f"EXISTS (SELECT FROM {table})" for table in _tables()]
    cursor.execute(f"SELECT {' OR '.join(tests)}")
    return not cursor.fetchone()[0]


def _found(cursor: Any) -> list[_Put]:
    """Foreign keys last: they are checked by the indexes and against rows that are there."""
    puts: list[_Put] = []
    keys: list[_Put] = []
    for table in _tables():
        cursor.execute(_INDEXES, [table])
        for name, definition in cursor.fetchall():
            puts.append(_Put(f"DROP INDEX {name}", definition))
        cursor.execute(_CONSTRAINTS, [table, _NEEDED])
        puts += [_constraint(*row) for row in cursor.fetchall()]
        cursor.execute(_FOREIGN_KEYS, [table])
        keys += [_constraint(*row) for row in cursor.fetchall()]
    return [*puts, *keys]


def _constraint(table: str, name: str, definition: str) -> _Put:
    quoted = connection.ops.quote_name(name)
    return _Put(
        f"ALTER TABLE {table} DROP CONSTRAINT {quoted}",
        f"ALTER TABLE {table} ADD CONSTRAINT {quoted} {definition}",
    )
