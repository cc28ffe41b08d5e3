"""Who places the conditions of registries, and sees what their records were set aside for."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "50122dfcf258d431"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0009_roles_of_calls"),
        ("referrals", "0004_what_registries_tell"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
