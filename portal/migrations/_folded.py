"""The migrations of before 21 November 2026 evening, folded into those that stand here.

Each of these replaces a part of the list: Django writes down what a migration replaces instead of
itself, so that with the whole list in each the first would count for all of them. The first has
the newest, so that a database that lacks it is refused.
"""

FOLDED = [
    ("portal", "0001_roles"),
    ("portal", "0002_migration_roles"),
    ("portal", "0003_roles_of_proposals"),
    ("portal", "0004_rate_windows"),
    ("portal", "0005_roles_of_merging"),
    ("portal", "0006_roles_of_documents"),
    ("portal", "0007_roles_of_reviewing"),
    ("portal", "0008_roles_of_erasure"),
    ("portal", "0009_roles_of_calls"),
    ("portal", "0010_roles_of_calendar_feeds"),
    ("portal", "0011_roles_of_messages"),
    ("portal", "0012_roles_of_catalogue"),
    ("portal", "0013_roles_of_referring"),
    ("portal", "0014_roles_of_facts"),
    ("portal", "0015_roles_of_eligibility"),
    ("portal", "0016_roles_of_options_reports"),
    ("portal", "0017_roles_of_dossiers_and_routes"),
    ("portal", "0018_roles_of_supply_and_safety"),
]
