"""Who makes and reads options reports."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "a2b5bc0045399c00"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0015_roles_of_eligibility"),
        ("referrals", "0009_options_reports"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
