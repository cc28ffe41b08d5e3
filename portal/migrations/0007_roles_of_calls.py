"""Who changes the slot rules, and that nobody deletes a call."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_roles_of_documents"),
        ("bookings", "0003_calls_stay_with_their_patient"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
