"""Who makes options reports: what one may do in the workplace, one may do over REST."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "f5d8d86c95e593b9"


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_roles"), ("referrals", "0003_routes")]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
