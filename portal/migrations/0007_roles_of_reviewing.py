"""The roles' groups may merge patients, and take a merge back."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [("portal", "0006_roles_of_documents"), ("patients", "0008_review_queue")]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
