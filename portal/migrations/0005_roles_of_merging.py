"""Who sees merges and changes of stage, and who may set a rule aside."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [("portal", "0004_rate_windows"), ("patients", "0005_merging_and_lifecycle")]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
