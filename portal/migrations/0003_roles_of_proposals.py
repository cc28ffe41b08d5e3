"""The roles' groups may work with proposals."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_migration_roles"), ("patients", "0003_proposals")]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
