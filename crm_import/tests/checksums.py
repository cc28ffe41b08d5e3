"""What the database holds, as one checksum for each table."""

import json
import re
from datetime import datetime
from typing import Any

from django.db import connection

# The ledger grows with every run, also with one that changes nothing.
LEDGER = frozenset({"crm_import_importrun", "crm_import_sourcefile", "pghistory_context"})


def checksums() -> dict[str, str]:
    """Table → MD5 over all its rows in any order, for every table but the ledger."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            if table not in LEDGER:
                cursor.execute(
                    "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
                    f"FROM {table} t"
                )
                found[table] = cursor.fetchone()[0]
    return found


# What differs between two runs of the same rules over the same rows.
_VOLATILE = frozenset(
    {
        *("run_id", "file_id", "row", "record", "written"),
        *("pgh_id", "pgh_created_at", "pgh_context_id", "ics_uid"),
    }
)
# The row of the archive beside a value of a conflict.
_ROW = re.compile(r'"row": \d+')
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]*\+00:00")
# Records that no legacy row became as a whole, by what they are known by.
_BY_NAME = (
    "SELECT id, registry_id FROM referrals_clinicaltrial",
    "SELECT id, eap_number FROM referrals_expandedaccessprogram",
    "SELECT id, name FROM referrals_product",
    "SELECT id, name FROM patients_medicalcondition",
    "SELECT id, name FROM patients_specialization",
)


def state() -> dict[str, str]:
    """Table → all its rows as text, equal for two imports of the same rows into empty portals.

    New ids are named after the legacy rows behind them, and moments of the run are left out.
    """
    found = {}
    with connection.cursor() as cursor:
        names = _names(cursor)
        cursor.execute("SELECT min(started_at) FROM crm_import_importrun")
        (started,) = cursor.fetchone()
        assert started, "nothing was imported"

        def named(match: "re.Match[str]") -> str:
            return names.get(match[0], "new" if match[0][14] == "7" else match[0])

        def dated(match: "re.Match[str]") -> str:
            return "now" if datetime.fromisoformat(match[0]) >= started else match[0]

        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            if table in LEDGER:
                continue
            cursor.execute(f"SELECT to_jsonb(t) FROM {table} t")
            rows = []
            for (row,) in cursor.fetchall():
                data: dict[str, Any] = json.loads(row) if isinstance(row, str) else row
                kept = {
                    key: value
                    for key, value in data.items()
                    if key not in _VOLATILE
                    and not (key in ("id", "pgh_obj_id") and isinstance(value, int))
                }
                text = _ROW.sub("", json.dumps(kept, sort_keys=True, ensure_ascii=False))
                text = _UUID.sub(named, text)
                rows.append(_MOMENT.sub(dated, text))
            found[table] = "\n".join(sorted(rows))
    return found


def _names(cursor: Any) -> dict[str, str]:
    cursor.execute(
        "SELECT target_id, min(target_model || ':' || entity || ':' || legacy_id || ':' || slot) "
        "FROM crm_import_crosswalk GROUP BY target_id"
    )
    names = {str(key): name for key, name in cursor.fetchall()}
    for question in _BY_NAME:
        cursor.execute(question)
        names |= {str(key): name for key, name in cursor.fetchall()}
    return names
