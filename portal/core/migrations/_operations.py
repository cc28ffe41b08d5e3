"""Operations of our migrations that the libraries do not have.

Both spare a first `migrate` from rendering the models of the whole house again and again, which
takes longer than everything that the database does.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pgtrigger.migrations
from django.db import migrations
from django.db.migrations.operations.base import Operation


class AddTrigger(pgtrigger.migrations.AddTrigger):
    """Installs a trigger without rendering every related model again.

    A trigger does not change how a model looks.
    """

    def state_forwards(self, app_label: str, state: Any) -> None:
        model_state = state.models[app_label, self.model_name.lower()]
        triggers = [*model_state.options.get("triggers", ()), self.trigger]
        model_state.options["triggers"] = triggers


class CreateModels(Operation):
    """Creates models one after the other that are rendered all at once."""

    def __init__(self, operations: list[migrations.CreateModel]) -> None:
        self.operations = operations

    def describe(self) -> str:
        return f"Create {len(self.operations)} models"

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)  # else each model would be rendered as it comes
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)


def together(operations: Iterable[Operation]) -> list[Operation]:
    """The operations, with neighbouring CreateModel ones as one."""
    found: list[Operation] = []
    for kind, group in groupby(operations, key=type):
        if kind is migrations.CreateModel:
            found.append(CreateModels(list(group)))  # type: ignore[arg-type]
        else:
            found += group
    return found
