"""The permissions on merges, changes of stage and overrides."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
<<<<<<<< HEAD:portal/migrations/0005_roles_of_merging.py
    dependencies = [("portal", "0004_rate_windows"), ("patients", "0005_merging_and_lifecycle")]
========
    dependencies = [("portal", "0002_migration_roles")]
>>>>>>>> merging:portal/migrations/0003_roles_of_merging.py
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
