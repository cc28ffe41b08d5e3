"""The roles' groups may merge patients, and take a merge back."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_roles_of_merging"), ("patients", "0006_review_queue")]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
