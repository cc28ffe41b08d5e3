"""Who changes the slot rules, and that nobody deletes a call."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "1d935c2f19231256"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0008_roles_of_erasure"),
        ("bookings", "0003_calls_stay_with_their_patient"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
