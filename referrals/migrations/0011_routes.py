"""The routes that come with the portal."""

from django.db import migrations

from referrals.migrations._routes import plant


class Migration(migrations.Migration):
    dependencies = [("referrals", "0010_dossier_steps_and_their_way")]
    operations = [migrations.RunPython(plant, migrations.RunPython.noop)]
