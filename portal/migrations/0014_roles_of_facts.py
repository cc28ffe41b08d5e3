"""Who writes down facts about patients, and who edits what can be known."""

from django.db import migrations

from portal.roles import synchronize

ROLES = "300bdc16ed7a7c5a"


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0013_roles_of_referring"),
        ("patients", "0015_facts"),
    ]
    operations = [migrations.RunPython(synchronize, migrations.RunPython.noop)]
