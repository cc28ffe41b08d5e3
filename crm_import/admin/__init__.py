"""The migration in the workplace: what each run did, what it could not place, and the raw rows.

`plans` shows what would be done, `runs` runs with their reconciliation, `rows` single legacy rows
with what became of them, `links` what was learnt; `submissions` puts rows that became forms into
words. What has to be decided is in `quarantine`, `values` and `conflicts`, what was in `decisions`;
`waiting` tells the home page of it. `origins` says on every record that was migrated where it came
from, and `verifications` what was counted again and signed.
"""

from crm_import.admin import (
    conflicts,
    decisions,
    links,
    origins,
    plans,
    quarantine,
    rows,
    runs,
    submissions,
    values,
    verifications,
    waiting,
)

__all__ = (
    "conflicts",
    "decisions",
    "links",
    "origins",
    "plans",
    "quarantine",
    "rows",
    "runs",
    "submissions",
    "values",
    "verifications",
    "waiting",
)
