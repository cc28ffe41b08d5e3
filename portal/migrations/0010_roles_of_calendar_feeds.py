"""Who makes and stops calendar links."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "854593acb5191c7f"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0009_roles_of_calls"),
        ("bookings", "0004_calendar_feeds"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
