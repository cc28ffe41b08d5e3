"""The migrations of before 21 November 2026 evening, folded into those that stand here.

Each of these replaces a part of the list: Django writes down what a migration replaces instead of
itself, so that with the whole list in each the first would count for all of them. The first has
the newest, so that a database that lacks it is refused.
"""

FOLDED = [
    ("referrals", "0001_initial"),
    ("referrals", "0002_duplicate_dossiers"),
    ("referrals", "0003_physicians_dates_and_dependencies"),
    ("referrals", "0004_indexes_once"),
    ("referrals", "0005_known_states"),
    ("referrals", "0006_what_registries_tell"),
    ("referrals", "0007_ct_lifecycle"),
    ("referrals", "0008_eligibility"),
    ("referrals", "0009_options_reports"),
    ("referrals", "0010_dossier_steps_and_their_way"),
    ("referrals", "0011_routes"),
    ("referrals", "0012_supply_and_safety"),
    ("referrals", "0013_shipments_without_consent"),
]
