"""The migrations of before 21 November 2026 evening, folded into those that stand here.

Each of these replaces a part of the list: Django writes down what a migration replaces instead of
itself, so that with the whole list in each the first would count for all of them. The first has
the newest, so that a database that lacks it is refused.
"""

FOLDED = [
    ("patients", "0001_initial"),
    ("patients", "0002_seed_conditions"),
    ("patients", "0003_proposals"),
    ("patients", "0004_consent_texts"),
    ("patients", "0005_merging_and_lifecycle"),
    ("patients", "0006_people_rules"),
    ("patients", "0007_documents_have_files"),
    ("patients", "0008_review_queue"),
    ("patients", "0009_erasure"),
    ("patients", "0010_consent_texts_for_form_and_phone"),
    ("patients", "0011_messages"),
    ("patients", "0012_indexes_once"),
    ("patients", "0013_known_states_and_filters"),
    ("patients", "0014_keys_of_consents_and_notes"),
    ("patients", "0015_facts"),
    ("patients", "0016_seed_measures"),
    ("patients", "0017_condition_parents"),
]
