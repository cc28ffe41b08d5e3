"""Who reads how a referral came to its status."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "9f9200d27438314f"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0012_roles_of_catalogue"),
        ("referrals", "0007_ct_lifecycle"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
