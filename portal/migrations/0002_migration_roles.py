"""Who may look at the migration: team lead, steward and auditor (portal.roles)."""

from typing import Any

from django.db import migrations

from portal.roles import Role, synchronize


def take_back(apps: Any, schema_editor: Any) -> None:
    """The groups lose what they held of the migration's tables."""
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="crm_import"
    )
    for group in apps.get_model("auth", "Group").objects.filter(
        name__in=[role.value for role in Role]
    ):
        group.permissions.remove(*permissions)


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_roles"), ("crm_import", "0002_tables")]
    operations = [migrations.RunPython(synchronize, take_back)]
