"""Who makes and reads options reports."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "?"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0014_roles_of_facts"),
        ("referrals", "0009_options_reports"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
