"""Operations of our migrations that the libraries do not have."""

from typing import Any

import pgtrigger.migrations


class AddTrigger(pgtrigger.migrations.AddTrigger):
    """Installs a trigger without rendering every related model again.

    A trigger does not change how a model looks, and rendering the whole house anew for each of
    some two hundred triggers takes longer than everything else in a first `migrate`.
    """

    def state_forwards(self, app_label: str, state: Any) -> None:
        model_state = state.models[app_label, self.model_name.lower()]
        triggers = [*model_state.options.get("triggers", ()), self.trigger]
        model_state.options["triggers"] = triggers
