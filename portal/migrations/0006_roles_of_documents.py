"""Who may add documents, and notes over REST."""

from django.db import migrations

from portal.roles import synchronize


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_roles_of_merging"), ("patients", "0007_documents_have_files")]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
