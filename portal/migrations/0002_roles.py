"""The roles as groups, with the permissions of portal.roles."""

from typing import Any

from django.db import migrations

from portal.migrations._folded import FOLDED
from portal.roles import Role, synchronize

ROLES = "12fb3565db994d30"


def drop(apps: Any, schema_editor: Any) -> None:
    apps.get_model("auth", "Group").objects.filter(name__in=[role.value for role in Role]).delete()


class Migration(migrations.Migration):
    replaces = FOLDED[0:-1]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("portal", "0001_tables"),
        ("bookings", "0002_triggers"),
        ("crm_import", "0002_triggers"),
        ("referrals", "0002_triggers"),
    ]
    operations = [migrations.RunPython(synchronize, drop)]
