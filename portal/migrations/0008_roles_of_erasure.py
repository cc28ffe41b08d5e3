"""Who may ask for an erasure, approve it, and see what came of it."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "8cafddce30e1f633"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0007_roles_of_reviewing"),
        ("patients", "0009_erasure"),
        ("crm_import", "0003_erasure"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
