"""The migration in the workplace: what each run did, what it could not place, and the raw rows.

Everything is read-only. `runs` shows runs with their reconciliation, `rows` single legacy rows
with what became of them, `links` what was learnt; `submissions` puts rows that became forms into
words. `verifications` shows what was counted again, which can be signed.
"""

from crm_import.admin import links, rows, runs, submissions, verifications

__all__ = ("links", "rows", "runs", "submissions", "verifications")
