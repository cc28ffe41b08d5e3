"""The migrations of before 21 November 2026 evening, folded into those that stand here.

A database that has them all has these too.
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
