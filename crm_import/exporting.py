"""What the portal holds, as files in the shape of the legacy CRM: the way back.

The rows are those of the views `legacy_…` (docs/migration-reference.md says what they show), in the
spelling of a headed export, so that `crm_import` reads them. They are written as they are: a cell
that a spreadsheet takes for a formula would not come back as it was.
"""

# ruff: noqa: S608  names of views and columns are our own; no value is put into a statement

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from crm_import import standing
from crm_import.meanings import WORDS
from crm_import.models import OptionValue
from crm_import.reporting import appearing
from crm_import.sources.live import SPELLINGS
from crm_import.tables import FILES, OPTIONS
from patients.models import MedicalCondition, Patient
from portal.core.models import AccessEvent
from referrals.models import Product

VIEWS = {
    "Contact": "legacy_contact",
    "Patient": "legacy_patient",
    "EAPDossier": "legacy_eap_dossier",
    "MedicalCondition": "legacy_medical_condition",
    "Hospital": "legacy_hospital",
    "Specialization": "legacy_specialization",
}
NAMES = tuple(table.name for table in FILES)
# Of these rows are people.
_PERSONAL = ("Contact", "Patient", "EAPDossier")

# As the CRM labelled them, in every language that was ever delivered. A value of which somebody
# decided what it means has that as its label, in the words that imports know: its own ones do not
# say it. A product of the portal stands in the rows by its name, which is an option as well.
_WORDS = ", ".join(
    f"('{option_set}', '{meaning}', '{words[0]}')"
    for option_set, meanings in WORDS.items()
    for meaning, words in meanings.items()
)
_OPTIONS = f"""
    WITH decided AS (
        SELECT option_set, value, meaning, state FROM {OptionValue._meta.db_table}
        WHERE decided_at IS NOT NULL
    )
    SELECT {", ".join(OPTIONS.columns)} FROM {OPTIONS.db_table} a
    WHERE {standing.counts(f"'{OPTIONS.name}'", "a.id")} AND NOT EXISTS (SELECT FROM decided d
        WHERE d.option_set = lower(btrim(a.option_set)) AND d.value = btrim(a.value))
    UNION SELECT d.option_set, d.value, coalesce(w.word, c.name, p.name), '' FROM decided d
    LEFT JOIN (VALUES {_WORDS}) w (option_set, meaning, word) USING (option_set, meaning)
    LEFT JOIN {MedicalCondition._meta.db_table} c ON c.id::text = d.meaning
    LEFT JOIN {Product._meta.db_table} p ON p.id::text = d.meaning
    WHERE d.state = 'approved' AND coalesce(w.word, c.name, p.name) IS NOT NULL
    UNION SELECT 'product', name, name, '' FROM {Product._meta.db_table} p WHERE NOT EXISTS (
        SELECT FROM {OptionValue._meta.db_table} o
        WHERE o.option_set = 'product' AND o.meaning = p.id::text AND o.state = 'approved')
    ORDER BY {", ".join(OPTIONS.columns)}
"""
# Many ids in each row of the access log: an export of everybody is one event, not a million.
_OPENED = f"""
    INSERT INTO {AccessEvent._meta.db_table} (actor_name, route, record_type, record_ids)
    SELECT 'system', %s, %s, array_agg(id) FROM (
        SELECT id, row_number() OVER (ORDER BY id) / 1000 AS part
        FROM {Patient._meta.db_table} WHERE NOT processing_restricted
    ) p GROUP BY part ORDER BY part
"""


def export(name: str, write: Callable[[bytes], Any]) -> int:
    """Hand the table of that name of the CRM to `write`, in pieces, as CSV with a header.

    Returns the number of rows. That the people in them were seen is in the access log.
    """
    _log([name])
    with _one_moment() as cursor:
        return _copy(cursor, name, write)


def export_all(folder: Path) -> dict[str, int]:
    """Write every table as a file into a new or empty folder, all as of one moment.

    Returns the number of rows by table. Raises FileExistsError when the folder holds anything. The
    files can be read by their owner only: they hold personal data.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(folder)
    _log(NAMES)
    with _one_moment() as cursor:
        return {name: _to_file(cursor, name, folder / f"{name}.csv") for name in NAMES}


def export_file(name: str, path: Path) -> int:
    """Write one table to a file, which appears when it is whole. Returns the number of rows."""
    _log([name])
    with _one_moment() as cursor:
        return _to_file(cursor, name, path)


def _to_file(cursor: Any, name: str, path: Path) -> int:
    with appearing(path, private=True) as file:
        return _copy(cursor, name, file.buffer.write)


def _copy(cursor: Any, name: str, write: Callable[[bytes], Any]) -> int:
    with cursor.copy(f"COPY ({_select(cursor, name)}) TO STDOUT (FORMAT csv, HEADER)") as rows:
        for row in rows:
            write(row)
    return int(cursor.rowcount)


def _select(cursor: Any, name: str) -> str:
    """The view's columns in their order, each in the spelling of an export."""
    if name == OPTIONS.name:
        return _OPTIONS
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position",
        [VIEWS[name]],
    )
    columns = [
        f"{SPELLINGS.get(kind, '{0}').format(column)} AS {column}"
        for column, kind in cursor.fetchall()
    ]
    return f"SELECT {', '.join(columns)} FROM {VIEWS[name]}"


def _log(names: Any) -> None:
    """Write to the access log, whatever becomes of the export: a cut-off one was seen as well."""
    if set(names).intersection(_PERSONAL):
        with connection.cursor() as cursor:
            cursor.execute(_OPENED, [AccessEvent.Route.EXPORT, Patient._meta.label])


@contextmanager
def _one_moment() -> Iterator[Any]:
    """A cursor that sees all tables as of one moment, so that they fit together.

    Within a transaction of the caller it is the caller's.
    """
    own = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if own:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield cursor
