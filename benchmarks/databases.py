"""The databases of a run: made beside the configured one, filled, and dropped when done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from patients.models import Patient
from portal import scale

SMALL, LARGE = "bench_small", "bench_large"
EMPTY, SCRATCH = "bench_empty", "bench_scratch"


def server() -> psycopg.Connection:
    """A connection of its own to the configured database, in autocommit."""
    parameters = connection.get_connection_params()
    wanted = ("host", "port", "user", "password")
    return psycopg.connect(
        dbname=_configured, autocommit=True, **{k: parameters[k] for k in wanted if k in parameters}
    )


_configured = str(connection.settings_dict["NAME"])


def switch(name: str) -> None:
    """Make `name` the database of this process, in every thread."""
    connections.close_all()
    connection.close_pool()
    # All threads' connections are made from this one dictionary.
    connections.settings["default"]["NAME"] = name


@contextmanager
def using(name: str) -> Iterator[None]:
    """`name` is the database inside."""
    before = connections.settings["default"]["NAME"]
    switch(name)
    try:
        yield
    finally:
        switch(before)


def exists(name: str) -> bool:
    with server() as admin:
        return bool(
            admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        )


def drop(name: str) -> None:
    switch(_configured)
    with server() as admin:
        # Parameters are of no use in DDL.
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def make(name: str, *, patients: int = 0) -> None:
    """A new database, migrated, and filled with `patients` invented people."""
    drop(name)
    with server() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    started = time.monotonic()
    with using(name):
        call_command("migrate", verbosity=0)
        if patients:
            call_command("seed_scale", patients=patients, yes_fill_this_database=True, verbosity=0)
    print(f"  {name}: {patients:,} patients in {time.monotonic() - started:.0f} s", flush=True)


def have(name: str, *, patients: int, reuse: bool) -> None:
    """`make`, unless `reuse` finds the database with as many patients, and migrated."""
    if reuse and exists(name):
        with using(name):
            call_command("migrate", verbosity=0)
            if abs(Patient.objects.count() - patients) <= patients // 100:
                scale.settle()
                return
    make(name, patients=patients)


@contextmanager
def scratch() -> Iterator[None]:
    """A copy of the empty database (which `make(EMPTY)` made) that is gone afterwards."""
    drop(SCRATCH)
    with server() as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(SCRATCH), sql.Identifier(EMPTY)
            )
        )
    try:
        with using(SCRATCH):
            yield
    finally:
        drop(SCRATCH)
