"""The migrations of before 21 November 2026 evening, folded into those that stand here.

A database that has them all has these too.
"""

FOLDED = [
    ("crm_import", "0001_functions"),
    ("crm_import", "0002_tables"),
    ("crm_import", "0003_erasure"),
    ("crm_import", "0004_faster_functions"),
    ("crm_import", "0005_versions_in_the_archive"),
]
