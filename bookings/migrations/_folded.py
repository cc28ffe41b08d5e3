"""The migrations of before 21 November 2026 evening, folded into those that stand here.

Each of these replaces a part of the list: Django writes down what a migration replaces instead of
itself, so that with the whole list in each the first would count for all of them. The first has
the newest, so that a database that lacks it is refused.
"""

FOLDED = [
    ("bookings", "0001_initial"),
    ("bookings", "0002_calls_and_slots"),
    ("bookings", "0003_calls_stay_with_their_patient"),
    ("bookings", "0004_calendar_feeds"),
    ("bookings", "0005_calls_booked_by_visitors"),
    ("bookings", "0006_indexes_once"),
    ("bookings", "0007_known_states"),
]
