"""A portal full of invented people, to measure with: made by SQL, inside the database.

`fill` writes in one transaction, parents before children. Everything is drawn from hashes of a
running number, so the same sizes give the same people. Nobody exists: names are put together from
the lists of the demonstration, mail domains are reserved ones (RFC 2606), trial numbers begin with
NCT9, a range that the registry has not reached.

`settle` is called after the commit, because VACUUM cannot run inside a transaction.
"""

# ruff: noqa: S608 - table and index names come from this package and from the catalogue only

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg import errors, sql

from portal.roles import Role
from portal.scale.names import load_names
from portal.scale.people import (
    CATALOGUE,
    PATIENTS,
    PEOPLE,
    PREPARE,
    SPECIALISTS,
    STAFF_AND_LISTS,
    SUBMISSIONS,
)
from portal.scale.work import BOOKINGS, DOSSIERS, REFERRALS

Tell = Callable[[str], None]


class NotAllowed(Exception):
    """The database account may not switch triggers off."""


class BrokenReferences(Exception):
    """Rows were written that point at nothing; nothing has been kept."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows to make. A patient has up to six bookings and a few referrals."""

    patients: int = 1_000_000
    bookings: int = 2_000_000
    referrals: int = 300_000
    dossiers: int = 50_000
    specialists: int = 10_000
    hospitals: int = 900
    trials: int = 2_000
    programs: int = 80
    navigators: int = 20


# The tables that get many rows. Their indexes are taken away and built again afterwards, which
# takes a third of the time that keeping them up row by row does.
LARGE = (
    "patients_patient",
    "patients_contactpoint",
    "patients_submission",
    "patients_consent",
    "patients_note",
    "bookings_booking",
    "bookings_call",
    "referrals_ctreferral",
    "referrals_eapdossier",
    "referrals_dossierstep",
)
SMALL = (
    "core_user",
    "core_user_groups",
    "patients_medicalcondition",
    "patients_conditionname",
    "patients_hospital",
    "patients_specialization",
    "patients_specialist",
    "patients_possibleduplicate",
    "bookings_workinghours",
    "referrals_clinicaltrial",
    "referrals_trialcondition",
    "referrals_trialsite",
    "referrals_product",
    "referrals_expandedaccessprogram",
)


def fill(
    size: Size, *, history: bool = False, now: datetime | None = None, tell: Tell = lambda _: None
) -> dict[str, int]:
    """Write `size` rows and return how many went into each table.

    Triggers are off meanwhile, as for any bulk restore: history would hold each generated row a
    second time and be the larger part of the database. That also switches foreign keys off, so
    they are verified before the commit. `history` leaves everything on. `tell` gets one line for
    each step.

    Raises NotAllowed when the account may not switch triggers off, BrokenReferences when the
    verification fails.
    """
    with transaction.atomic():
        before = _counts()
        values = {
            **{name: getattr(size, name) for name in Size.__dataclass_fields__},
            "now": now or timezone.now(),
            # Numbers go on where an earlier filling ended, so that addresses stay unique.
            "base": before["patients_patient"],
            "trial_base": before["referrals_clinicaltrial"],
            "program_base": before["referrals_expandedaccessprogram"],
            "specialist_base": before["patients_specialist"],
            "role": Role.NAVIGATOR.value,
        }
        with _memory(), _triggers_off(unless=history), _indexes_built_afterwards(tell):
            for name, statement in [*PREPARE, ("names", ""), *_WRITE]:
                started = time.monotonic()
                if statement:
                    _run(statement, values)
                else:
                    load_names()
                tell(f"{name}: {time.monotonic() - started:.1f} s")
        for table in _TEMPORARY:
            _run(f"DROP TABLE pg_temp.{table}")
        if not history:
            _refuse_orphans(tell)
        after = _counts()
    return {table: after[table] - before[table] for table in (*SMALL, *LARGE)}


def settle() -> None:
    """Bring the planner's statistics and the visibility maps up to date. Not in a transaction."""
    for table in (*SMALL, *LARGE):
        _run(f"VACUUM (ANALYZE) {table}")


def orphans(tables: tuple[str, ...] = (*SMALL, *LARGE)) -> dict[str, int]:
    """Rows whose foreign key points at nothing, by constraint; empty when all is well."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, conrelid::regclass::text, confrelid::regclass::text,"
            " (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]),"
            " (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1])"
            " FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        found = {}
        for name, table, target, column, key in cursor.fetchall():
            question = sql.SQL(
                "SELECT count(*) FROM {} AS child WHERE {} IS NOT NULL AND NOT EXISTS"
                " (SELECT FROM {} AS parent WHERE parent.{} = child.{})"
            ).format(*map(sql.Identifier, (table, column, target, key, column)))
            cursor.execute(question)
            (count,) = cursor.fetchone()
            if count:
                found[name] = count
        return found


def _refuse_orphans(tell: Tell) -> None:
    started = time.monotonic()
    found = orphans()
    if found:
        message = ", ".join(f"{name}: {count}" for name, count in sorted(found.items()))
        raise BrokenReferences(message)
    tell(f"foreign keys verified: {time.monotonic() - started:.1f} s")


def _run(statement: str, values: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in (*SMALL, *LARGE):
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
        return counts


# --- how the server is set up meanwhile ----------------------------------------------------------


@contextmanager
def _memory() -> Iterator[None]:
    _run("SET LOCAL work_mem = '256MB'")
    _run("SET LOCAL maintenance_work_mem = '512MB'")
    yield
    _run("SET LOCAL work_mem = DEFAULT")
    _run("SET LOCAL maintenance_work_mem = DEFAULT")


@contextmanager
def _triggers_off(*, unless: bool) -> Iterator[None]:
    """History, row versions and foreign keys are triggers; in the replica role none of them fire.

    Unique, exclusion and check constraints still hold.
    """
    if unless:
        yield
        return
    try:
        with transaction.atomic():
            _run("SET LOCAL session_replication_role = 'replica'")
    except Exception as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise NotAllowed from error
        raise
    yield
    _run("SET LOCAL session_replication_role = 'origin'")


@contextmanager
def _indexes_built_afterwards(tell: Tell) -> Iterator[None]:
    """Drop the indexes of the large tables that belong to no constraint, and build them again."""
    with connection.cursor() as cursor:
        # Deferred foreign keys that wait for the commit would stand in the way.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indrelid::regclass"
            " FROM pg_index WHERE indrelid::regclass::text = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"
            " ORDER BY indrelid::regclass::text, indexrelid",
            [list(LARGE)],
        )
        indexes = cursor.fetchall()
        for name, _definition, _table in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    started = time.monotonic()
    for _name, definition, _table in indexes:
        _run(definition)
    _run("SET CONSTRAINTS ALL DEFERRED")
    tell(f"{len(indexes)} indexes: {time.monotonic() - started:.1f} s")


_TEMPORARY = (
    "scale_given",
    "scale_family",
    "scale_wheel",
    "scale_navigator",
    "scale_condition",
    "scale_physician",
    "scale_trial",
    "scale_program",
    "scale_person",
    "scale_named",
    "scale_taken",
    "scale_booking",
    "scale_dossier",
)

_WRITE = (
    ("staff and lists", STAFF_AND_LISTS),
    ("specialists", SPECIALISTS),
    ("trials and programs", CATALOGUE),
    ("who there is", PEOPLE),
    ("patients", PATIENTS),
    ("submissions, consents, notes", SUBMISSIONS),
    ("bookings and calls", BOOKINGS),
    ("referrals", REFERRALS),
    ("dossiers", DOSSIERS),
)
