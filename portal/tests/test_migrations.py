"""A first migrate that is interrupted goes on where it stopped, also among folded migrations."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

FOLDED = ("core", "portal", "patients", "bookings", "crm_import", "referrals")


def executor_after(applied: list[Any], monkeypatch: pytest.MonkeyPatch) -> MigrationExecutor:
    """The executor of a database in which just these migrations were run."""
    written = {
        key: None for done in applied for key in done.replaces or [(done.app_label, done.name)]
    }
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _self: written)
    return MigrationExecutor(connection)


def test_whatever_was_run_the_rest_is_still_to_come(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = executor_after([], monkeypatch)
    leaves = fresh.loader.graph.leaf_nodes()
    plan = [migration for migration, _backwards in fresh.migration_plan(leaves)]

    for place, migration in enumerate(plan):
        if migration.app_label in FOLDED:
            executor = executor_after(plan[: place + 1], monkeypatch)
            executor.loader.check_consistent_history(connection)
            left = [each for each, _backwards in executor.migration_plan(leaves)]
            assert left == plan[place + 1 :]


@pytest.mark.parametrize("label", FOLDED)
def test_each_folded_migration_is_replaced_once(label: str, db: None) -> None:
    package = f"{apps.get_app_config(label).name}.migrations"
    graph = MigrationExecutor(connection).loader.graph
    replaced = [
        key
        for (app, name) in graph.nodes
        if app == label
        for key in import_module(f"{package}.{name}").Migration.replaces
    ]

    assert sorted(replaced) == sorted(import_module(f"{package}._folded").FOLDED)
