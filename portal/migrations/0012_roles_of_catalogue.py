"""Who places the conditions of registries, and sees what their records were set aside for."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "4cf0a431ebf75731"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0011_roles_of_messages"),
        ("referrals", "0006_what_registries_tell"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
