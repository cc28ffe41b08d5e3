"""The roles as groups, with the permissions of portal.roles."""

from typing import Any

from django.db import migrations

from portal.roles import Role, synchronize


def drop(apps: Any, schema_editor: Any) -> None:
    apps.get_model("auth", "Group").objects.filter(name__in=[role.value for role in Role]).delete()


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(synchronize, drop)]
