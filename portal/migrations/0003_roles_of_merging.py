"""The permissions on merges, changes of stage and overrides."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_migration_roles")]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
