"""Importing small exports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_import import importing
from crm_import.tests import exports, remembered


@pytest.fixture
def bring(db: None, tmp_path: Path) -> Callable[..., importing.Result]:
    """`bring(contacts=[…], …)`: write a small export and import it."""

    def run(**rows: list[exports.Row]) -> importing.Result:
        return remembered.bring(exports.write(tmp_path / "export", **rows))

    return run
