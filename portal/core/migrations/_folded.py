"""The migrations of before 21 November 2026 evening, folded into those that stand here.

A database that has them all has these too.
"""

FOLDED = [
    ("core", "0001_initial"),
    ("core", "0002_accounts_in_history"),
]
