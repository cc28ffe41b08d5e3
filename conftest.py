"""What every test stands on: one database, roles by name, and threads that see each other's rows.

Running the migrations takes longer than most tests together, so it is done once for all processes
of a run, and again only after something that the migrations are made of has changed: each process
gets a copy of that database.

Tests that need committed rows (threads, a live server) are marked `django_db(transaction=True)`.
Django would empty every table after each of them, seeds and roles included, and by TRUNCATE, which
the append-only tables refuse; here the tables are put back as the migrations left them.
"""

import functools
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import timezone, translation

from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.roles import Role

# How long an example takes says more about the machine than about the portal.
hypothesis.settings.register_profile("portal", deadline=None)
hypothesis.settings.load_profile("portal")

pytest_plugins = ("portal.core.tests.rest",)

_as_migrated: dict[str, bytes] = {}

# Run by a process of its own, which no coverage slows down.
_MIGRATE = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
call_command("migrate", verbosity=0)
"""


def _made_of() -> str:
    """A short word for everything that decides what the migrations make."""
    root = Path(django_settings.BASE_DIR)
    files = {
        root / "requirements-dev.txt",
        root / "portal" / "roles.py",
        *(root / "portal" / "core").rglob("*.py"),
        *root.glob("*/migrations/*"),
    }
    word = sha256()
    for path in sorted(path for path in files if path.is_file() and "tests" not in path.parts):
        word.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return word.hexdigest()[:16]


def _migrated(name: str) -> None:
    """Have a database `name` with all migrations in it; one process makes it, the others wait."""
    word = _made_of()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [name],
        )
        if cursor.fetchone() == (word,):
            return
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
        unmeasured = {key: value for key, value in os.environ.items() if "COV" not in key}
        subprocess.run(  # noqa: S603 - our own words, and a name from the settings
            [sys.executable, "-c", _MIGRATE, name],
            cwd=django_settings.BASE_DIR,
            env=unmeasured,
            check=True,
        )
        cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{word}'")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest,
    django_db_blocker: Any,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> None:
    """Each process copies the migrated database, unless it keeps the one it has (--reuse-db)."""
    test = connection.settings_dict["TEST"]
    if django_db_createdb or not django_db_keepdb:
        test["TEMPLATE"] = f"{test['NAME']}_migrated"
        with django_db_blocker.unblock():
            _migrated(test["TEMPLATE"])
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename <> 'django_migrations' ORDER BY tablename"
        )
        return [row[0] for row in cursor.fetchall()]


@functools.cache
def _filled_tables() -> str:
    """The query for the tables that have rows."""
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})"  # noqa: S608 - our own names
        for table in _tables()
    )


def _rows(cursor: Any, table: str) -> bytes:
    with cursor.cursor.copy(f"COPY {table} ({_columns(table)}) TO STDOUT") as copy:
        return b"".join(bytes(block) for block in copy)


@functools.cache
def _columns(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('%%I', attname), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = ''",
            [table],
        )
        return str(cursor.fetchone()[0])


def pytest_collection_finish() -> None:
    """Thousands of tests and all that they import stay to the end: not to be searched for waste."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Remember every row the migrations made, and wait for no disk: nobody needs these rows."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        for table in _tables():
            if rows := _rows(cursor, table):
                _as_migrated[table] = rows
    yield
    # A live server's threads leave connections behind that keep the database from being dropped.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connections.close_all()


def _put_back(self: TransactionTestCase) -> None:
    """Bring every table back to what the migrations made, past triggers and foreign keys.

    Most tables are empty as they were, and to find that out takes a tenth of emptying them all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = 'replica'")
        cursor.execute(_filled_tables())
        filled = {table for (table,) in cursor.fetchall()}
        for table in filled | _as_migrated.keys():
            migrated = _as_migrated.get(table, b"")
            if migrated and _rows(cursor, table) == migrated:
                continue
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            if migrated:
                with cursor.cursor.copy(f"COPY {table} ({_columns(table)}) FROM STDIN") as copy:
                    copy.write(migrated)
        cursor.execute("SET session_replication_role = 'origin'")


TransactionTestCase._fixture_teardown = _put_back  # type: ignore[attr-defined,method-assign]


@pytest.fixture(autouse=True)
def _as_on_a_laptop(settings: Any) -> None:
    """Tests mean the same with DATABASE_URL and without it; passwords are hashed quickly, and
    documents and mails are kept in memory.

    Tests of their own check the real hasher, the real store, and the settings of an installation.
    The language and the zone of a page that a test before opened are not those of the next.
    """
    translation.deactivate()
    timezone.deactivate()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SECURE_SSL_REDIRECT = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.MAIL_IS_ON = True
    # Static files are looked for when asked for; each test client would list them all.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def member(db: None) -> Callable[..., User]:
    """`member("navigator")`: a member of staff in that role (a value of portal.roles.Role)."""

    def make(role: str | None, **fields: Any) -> User:
        user = UserFactory(**fields)
        if role is not None:
            user.groups.add(Group.objects.get(name=Role(role).value))
        return user

    return make


@pytest.fixture
def navigator(member: Callable[..., User]) -> User:
    """A navigator, Aisha Okafor."""
    return member(Role.NAVIGATOR, username="navigator", name="Aisha Okafor")
