"""A call belongs to a booking of the same patient; and the slot rules begin with the defaults.

Checked at the end of a transaction, because a merge moves bookings and calls one after the other.
"""

from typing import Any

from django.db import migrations

from bookings.migrations._folded import FOLDED

_SAME_PATIENT = """
CREATE UNIQUE INDEX bookings_booking_and_patient ON bookings_booking (id, patient_id);
ALTER TABLE bookings_call ADD CONSTRAINT bookings_call_booking_of_the_patient
    FOREIGN KEY (booking_id, patient_id) REFERENCES bookings_booking (id, patient_id)
    DEFERRABLE INITIALLY DEFERRED;
"""
_UNDO = """
ALTER TABLE bookings_call DROP CONSTRAINT bookings_call_booking_of_the_patient;
DROP INDEX bookings_booking_and_patient;
"""


def make_rules(apps: Any, schema_editor: Any) -> None:
    apps.get_model("bookings", "SlotRules").objects.get_or_create(only=True)


class Migration(migrations.Migration):
    replaces = FOLDED[1:-1]
    dependencies = [("bookings", "0002_triggers")]
    operations = [
        migrations.RunSQL(_SAME_PATIENT, _UNDO),
        migrations.RunPython(make_rules, migrations.RunPython.noop),
    ]
