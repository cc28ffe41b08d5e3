"""Who builds criteria, who answers them, and who reads what they came to."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "b1d8f8cd4537324b"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0014_roles_of_facts"),
        ("referrals", "0008_eligibility"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
