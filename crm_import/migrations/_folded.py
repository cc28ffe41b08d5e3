"""The migrations of before 21 November 2026 evening, folded into those that stand here.

Each of these replaces a part of the list: Django writes down what a migration replaces instead of
itself, so that with the whole list in each the first would count for all of them. The first has
the newest, so that a database that lacks it is refused.
"""

FOLDED = [
    ("crm_import", "0001_functions"),
    ("crm_import", "0002_tables"),
    ("crm_import", "0003_erasure"),
    ("crm_import", "0004_faster_functions"),
    ("crm_import", "0005_versions_in_the_archive"),
]
