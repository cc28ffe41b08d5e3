"""Who sees what was said to patients, and who has a message sent that was set aside."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "1483f2a0ba29807b"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0009_roles_of_calls"),
        ("patients", "0010_messages"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
