"""Who may ask for an erasure, approve it, and see what came of it."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_roles_of_documents"),
        ("patients", "0008_erasure"),
        ("crm_import", "0003_erasure"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
