"""`manage.py serve`: the demonstration is there as a whole or not at all, with a worker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from patients.models import Patient
from portal import demo, embedded
from portal.management.commands import serve
from portal.management.commands.serve import Command


def test_demonstration_that_is_stopped_half_way_is_made_again(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_navigators: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(demo, "share_out", stop)
        with pytest.raises(KeyboardInterrupt):
            Command().fill(people=10)
    assert not Patient.objects.exists()

    Command().fill(people=10)

    assert Patient.objects.open().exists()
    imported = Patient.objects.open().filter(submissions__source="legacy_crm")
    assert not imported.filter(owner=None).exists()


@pytest.mark.parametrize("is_embedded", [True, False])
def test_worker_runs_beside_a_demonstration_until_its_pipe_is_closed(
    is_embedded: bool, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMBEDDED = is_embedded
    became: list[list[str]] = []
    workers: list[tuple[list[str], int]] = []

    def start(arguments: list[str], *, stdin: int, start_new_session: bool) -> None:
        workers.append((arguments, os.dup(stdin)))

    monkeypatch.setattr(os, "execv", lambda _program, arguments: became.append(arguments))
    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(embedded, "keep_through_exec", lambda: None)
    monkeypatch.setattr(serve.connection, "close", lambda: None)
    monkeypatch.setattr(Command, "fill", lambda _self, people: None)
    monkeypatch.setenv("PORT", "")
    for name in ("PORTAL_WELCOME", "GUNICORN_BIND", "GUNICORN_LOGLEVEL"):
        monkeypatch.setenv(name, "")

    call_command("serve", "--port", "8123")

    assert [arguments[1:3] for arguments in became] == [["-m", "gunicorn"]]
    assert os.environ["PORT"] == "8123"
    assert [arguments[-2:] for arguments, _stdin in workers] == (
        [["worker", "--attached"]] if is_embedded else []
    )
    for _arguments, stdin in workers:
        os.set_blocking(stdin, False)
        with pytest.raises(BlockingIOError):  # open: the worker goes on
            os.read(stdin, 1)
        os.close(stdin)


def test_ctrl_c_is_the_business_of_the_master_process_alone(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("def app(environ, start): ...")
    config = settings.BASE_DIR / "deploy" / "gunicorn.conf.py"
    arguments = ["--config", config, "--bind", f"unix:{tmp_path}/socket", "plain:app"]
    with subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments],
        cwd=tmp_path,
        env=os.environ | {"WEB_CONCURRENCY": "2"},
        start_new_session=True,
    ) as master:
        try:
            children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
            ignored: list[bool] = []
            deadline = time.monotonic() + 20
            while not (len(ignored) == 2 and all(ignored)) and time.monotonic() < deadline:
                time.sleep(0.05)
                ignored = [_ignores_ctrl_c(int(child)) for child in children.read_text().split()]
        finally:
            os.killpg(master.pid, signal.SIGKILL)
    assert ignored == [True, True]


def _ignores_ctrl_c(process: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
    return bool(int(mask, 16) >> (signal.SIGINT - 1) & 1)
