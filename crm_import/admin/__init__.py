"""The migration in the workplace: what each run did, what it could not place, and the raw rows.

Everything is read-only but the decision on a field conflict (`conflicts`). `runs` shows runs with
their reconciliation, `rows` single legacy rows with what became of them, `links` what was learnt;
`submissions` puts rows that became forms into words.
"""

from crm_import.admin import conflicts, links, rows, runs, submissions

__all__ = ("conflicts", "links", "rows", "runs", "submissions")
