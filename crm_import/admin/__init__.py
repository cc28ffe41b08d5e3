"""The migration in the workplace: what each run did, what it could not place, and the raw rows.

Everything is read-only. `plans` shows what would be done, `runs` runs with their reconciliation,
`rows` single legacy rows with what became of them, `links` what was learnt; `submissions` puts rows
that became forms into words.
"""

from crm_import.admin import links, plans, rows, runs, submissions

__all__ = ("links", "plans", "rows", "runs", "submissions")
