"""What counts: a run until it is taken back, a row of the archive until a rollback took it back.

The one wording of both, as conditions in SQL. In the files of sql/ they are `__COUNTS__(entity,
row)`, `__GONE__(entity, row)` and `__STANDS__(run)` (crm_import.transform).
"""

import re
from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q, QuerySet

from crm_import.models import Correction, ImportRun, TakenBack

_CONDITION = re.compile(r"__(COUNTS|GONE|STANDS)__\(([^()]+)\)")


def gone(entity: str, row: str) -> str:
    """That a rollback took a row back. Both are SQL: the name of a table stands in quotes."""
    return (
        f"EXISTS (SELECT FROM {TakenBack._meta.db_table} b "
        f"WHERE b.entity = {entity} AND b.row = {row})"
    )


def counts(entity: str, row: str) -> str:
    """That a row of the archive counts."""
    return f"NOT {gone(entity, row)}"


def stands(run: str) -> str:
    """That nobody took the run of this id (SQL) back."""
    return f"NOT EXISTS (SELECT FROM {ImportRun._meta.db_table} u WHERE u.undoes_id = {run})"


def filled_in(text: str) -> str:
    """A text of sql/ with the conditions written out."""
    conditions: dict[str, Callable[..., str]] = {"COUNTS": counts, "GONE": gone, "STANDS": stands}
    return _CONDITION.sub(lambda found: conditions[found[1]](*found[2].split(", ")), text)


def runs() -> QuerySet[ImportRun]:
    """The imports that stand."""
    return ImportRun.objects.filter(kind=ImportRun.Kind.IMPORT, undone_by=None)


def corrections() -> QuerySet[Correction]:
    """What people said about rows and is in force: a corrected row counts, a waiver's run stands.

    sql/versions.sql and sql/88_decided.sql say the same.
    """
    back = TakenBack.objects.filter(entity=OuterRef("entity"), row=OuterRef("replacement"))
    fixed = Q(kind=Correction.Kind.FIX) & ~Exists(back)
    return Correction.objects.filter(fixed | Q(kind=Correction.Kind.WAIVE, run__undone_by=None))
