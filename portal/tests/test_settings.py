"""An installation says at start-up what it lacks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DATABASE_URL": "postgres://portal@localhost/portal",
    "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "portal.example",
}


def manage(arguments: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    clean = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONPATH"}}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_installation_without_a_required_value_names_it(missing: str) -> None:
    environment = {name: value for name, value in COMPLETE.items() if name != missing}

    result = manage(["check"], environment)

    assert result.returncode != 0
    assert f"{missing} is not set" in result.stderr


def test_complete_installation_passes_the_deploy_check() -> None:
    result = manage(["check", "--deploy", "--fail-level", "WARNING"], COMPLETE)

    assert result.returncode == 0, result.stderr
