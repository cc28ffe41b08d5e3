"""Who attaches documents to steps of dossiers, and reads how a dossier came to where it is."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "e0d96e0a32ed4e45"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0016_roles_of_options_reports"),
        ("referrals", "0011_routes"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
