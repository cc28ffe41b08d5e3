"""The routes that come with the portal."""

from django.db import migrations

from referrals.migrations._folded import FOLDED
from referrals.migrations._routes import plant


class Migration(migrations.Migration):
    replaces = FOLDED[1:-1]
    dependencies = [("referrals", "0002_triggers")]
    operations = [migrations.RunPython(plant, migrations.RunPython.noop)]
