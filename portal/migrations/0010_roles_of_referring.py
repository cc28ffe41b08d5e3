"""Who reads how a referral came to its status."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "4586513ffdec319e"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0009_roles_of_calls"),
        ("referrals", "0004_ct_lifecycle"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
