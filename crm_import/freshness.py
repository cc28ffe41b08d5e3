"""Whether what a plan found out still holds: a fingerprint by parts, and what differs between two.

What people change in patients, calls and cases is no part of it. The portal is at work all day, and
the rules of an import hold whatever they changed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from django.db import connection

from crm_import import transform
from crm_import.models import ImportPlan
from crm_import.refusals import Stale
from crm_import.sources import Part

# Each part of a fingerprint, and what to say when it differs.
PARTS = {
    "files": "the export is another one, or its files were changed",
    "run": "an import was run, or taken back, in between",
    "meanings": "the meaning of an option value was changed",
    "decisions": "somebody decided whether two records are one person",
    "erased": "legacy rows were erased",
    "rules": "the rules of the import were changed",
    "code": "the portal was updated",
}

# One value each, as text.
_QUESTIONS = {
    "run": """
        SELECT concat_ws(' ', (SELECT id FROM crm_import_importrun
                ORDER BY started_at DESC, id DESC LIMIT 1),
            (SELECT max(id) FROM crm_import_rowoutcome),
            (SELECT max(id) FROM crm_import_crosswalk))
    """,
    "meanings": """
        SELECT md5(coalesce(string_agg(
            concat_ws(' ', v.option_set, v.value, v.state, v.meaning), '|' ORDER BY v.id), ''))
        FROM crm_import_optionvalue v
    """,
    "decisions": """
        SELECT md5(concat_ws('|', (SELECT max(id) FROM crm_import_pairdecision),
            string_agg(concat_ws(' ', d.id, d.state), '|' ORDER BY d.id)))
        FROM patients_possibleduplicate d WHERE d.state IN ('same', 'different')
    """,
    "erased": "SELECT coalesce(max(id), 0)::text FROM crm_import_forgottenrow",
}


def fingerprint(parts: Iterable[Part]) -> dict[str, str]:
    """What an import of this export would be made from at this moment."""
    files = "\n".join(f"{part.table.name} {part.sha256}" for part in parts)
    found = {"files": hashlib.sha256(files.encode()).hexdigest()}
    with connection.cursor() as cursor:
        for name, question in _QUESTIONS.items():
            cursor.execute(question)
            found[name] = cursor.fetchone()[0]
    return {**found, "rules": str(transform.RULES), "code": _code()}


@cache
def _code() -> str:
    """The SHA-256 of the programs of the migration."""
    folder = Path(__file__).parent
    found = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.sql")]):
        place = path.relative_to(folder)
        if not {"tests", "migrations", "demo"}.intersection(place.parts):
            found.update(place.as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def expect_fresh(plan: ImportPlan, now: Mapping[str, str]) -> None:
    """Raise Stale, saying what changed, when the plan was made from something else than `now`."""
    changed = [said for name, said in PARTS.items() if plan.fingerprint.get(name) != now[name]]
    if changed:
        raise Stale(
            f"The plan {plan.pk} is stale: {'; '.join(changed)}. Nothing was written. Plan again "
            "with crm_plan, look at what it says, and import with the new plan."
        )
