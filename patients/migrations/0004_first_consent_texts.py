"""The first version of every text that people agree to."""

from django.db import migrations

from patients.migrations._consent_texts import seed
from patients.migrations._folded import FOLDED


class Migration(migrations.Migration):
    replaces = FOLDED[2:3]
    dependencies = [("patients", "0003_seed_conditions")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
