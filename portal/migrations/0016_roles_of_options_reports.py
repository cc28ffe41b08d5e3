"""Who makes and reads options reports."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "d7027c3a78e227fa"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0015_roles_of_eligibility"),
        ("referrals", "0009_options_reports"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
