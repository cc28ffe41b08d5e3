"""Who decides what the import of the CRM cannot, who signs its reconciliation."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "595b344d7fc3b522"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0003_roles_of_reports_over_rest"),
        ("crm_import", "0009_legacy_views"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
