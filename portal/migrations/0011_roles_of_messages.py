"""Who sees what was said to patients, and who has a message sent that was set aside."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "456c2434008078bb"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0010_roles_of_calendar_feeds"),
        ("patients", "0011_messages"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
