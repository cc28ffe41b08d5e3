"""Who plans shipments and follow-ups, and raises safety reports."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "2d93474c6e4cdf2a"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0013_roles_of_referring"),
        ("referrals", "0008_supply_and_safety"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
