"""Who decides what the import of the CRM cannot, who signs its reconciliation, who makes reports."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "595b344d7fc3b522"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0002_roles"),
        ("crm_import", "0009_legacy_views"),
        ("referrals", "0003_routes"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
