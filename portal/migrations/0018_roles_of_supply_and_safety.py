"""Who plans shipments and follow-ups, and raises safety reports."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "12fb3565db994d30"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0017_roles_of_dossiers_and_routes"),
        ("referrals", "0012_supply_and_safety"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
