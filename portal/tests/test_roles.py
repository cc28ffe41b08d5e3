"""The table of roles is what the database holds."""

import pkgutil
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from portal import migrations
from portal.roles import TABLE, Role, allows, fingerprint, granted
from portal.tests.test_architecture import MODELS


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_group_has_exactly_the_permissions_of_the_table(role: Role) -> None:
    group = Group.objects.get(name=role.value)

    held = set(group.permissions.values_list("content_type__app_label", "codename"))

    assert held == set(granted(role))


def test_newest_migration_of_the_roles_knows_this_table() -> None:
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(migrations.__path__)
        if "roles" in module.name
    )
    newest = import_module(f"portal.migrations.{names[-1]}")

    assert fingerprint() == newest.ROLES, (
        "The table of roles has changed. Add a migration portal/…_roles that calls synchronize, "
        f'with ROLES = "{fingerprint()}".'
    )


def test_every_model_is_in_the_table() -> None:
    labels = {model._meta.label_lower for model in MODELS}

    assert labels <= set(TABLE)
    for label in TABLE:
        assert apps.get_model(label)


def test_auditor_reads_everything_and_writes_nothing() -> None:
    for label in TABLE:
        assert allows(label, Role.AUDITOR, "view"), label
        for action in ("add", "change", "delete"):
            assert not allows(label, Role.AUDITOR, action), label


def test_navigator_has_nothing_of_administration() -> None:
    for label in ("core.user", "core.accessevent", "auth.group", "oauth2_provider.application"):
        assert not allows(label, Role.NAVIGATOR, "view")


def test_api_reader_only_reads() -> None:
    for label in TABLE:
        for action in ("add", "change", "delete"):
            assert not allows(label, Role.API_READER, action), label
