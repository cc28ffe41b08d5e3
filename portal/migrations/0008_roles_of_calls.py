"""Who changes the slot rules, and that nobody deletes a call."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "fbcf8663ee561345"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0007_roles_of_reviewing"),
        ("bookings", "0003_calls_stay_with_their_patient"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
