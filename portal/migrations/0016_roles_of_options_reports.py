"""Who makes and reads options reports."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "82a9a762a916b91f"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0015_roles_of_eligibility"),
        ("referrals", "0009_options_reports"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
