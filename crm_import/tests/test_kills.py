"""Whatever is killed, and whenever: nothing is half-applied, and the next run completes."""

import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_import.models import ImportRun, LegacyContact, RowOutcome
from crm_import.tests import exports
from crm_import.tests.operators import (
    LOCKS,
    Operators,
    command,
    family,
    operators,
    other_session,
    url_of_database,
    wait_for,
)
from patients.models import Patient, Submission

STUCK = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND query LIKE '%INSERT INTO patients_patient%' AND datname = current_database()"
)


@pytest.fixture
def ours(transactional_db: None) -> Iterator[Operators]:
    """Operators on the database of the test."""
    with operators(url_of_database()) as found:
        yield found


def killed_at(moments: list[float], ours: Operators, folder: Path) -> int:
    """Start an import for each moment and kill it then. How many had not ended by themselves."""
    killed = 0
    for moment in moments:
        before = there()
        process = ours.start("crm_import", folder)
        time.sleep(moment)
        os.kill(process, signal.SIGKILL)
        code, _said = ours.wait(process)
        wait_for(LOCKS, 0)
        if code == -signal.SIGKILL:
            killed += 1
            assert there() == before or ImportRun.objects.count() == before[0] + 1
    return killed


def there() -> tuple[int, ...]:
    """How many there are of what an import writes first, in the middle, and last."""
    return tuple(
        model._default_manager.count() for model in (ImportRun, LegacyContact, Patient, RowOutcome)
    )


def test_row_88_import_killed_at_thirty_moments_ends_as_one_that_was_not(
    ours: Operators, tmp_path: Path
) -> None:
    chance = random.Random(6)  # noqa: S311  any moments will do
    killed = 0
    for number in (0, 1):
        folder = exports.write(tmp_path / f"export{number}", **family(number))
        expected = ours.done("rehearsed", folder)
        begun = time.monotonic()
        ours.done("crm_import", folder, "--dry-run")
        lasts = time.monotonic() - begun

        # The late ones last: once an import has ended by itself there is little left to kill.
        moments = sorted(chance.uniform(0, 0.9 * lasts) for _time in range(15))
        killed += killed_at(moments, ours, folder)
        ours.done("crm_import", folder)

        assert ours.done("state") == expected
    assert killed >= 20


def test_row_89_second_operator_is_told_who_holds_the_lock_and_a_kill_lets_go_of_it(
    ours: Operators, tmp_path: Path
) -> None:
    folder = exports.write(tmp_path / "export", **family(0))
    # The lock makes the run stop in the middle: rows are staged, people are being written.
    with other_session() as other:
        other.execute("LOCK TABLE patients_patient IN SHARE MODE")
        process = ours.start("crm_import", folder)
        wait_for(STUCK, 1)

        code, printed = command("crm_import", folder)

        assert code == 7
        assert "Another crm_import is running: since 20" in printed
        assert f"on {socket.gethostname()[:20]}" in printed
        assert f"as process {process} (server process " in printed
        os.kill(process, signal.SIGKILL)
        assert ours.wait(process) == (-signal.SIGKILL, "")
        other.rollback()
    wait_for(LOCKS, 0)

    for model in (Patient, Submission, LegacyContact, ImportRun):
        assert not model._default_manager.exists()
    assert command("crm_import", folder)[0] == 0
    assert Patient.objects.count() == Submission.objects.count() == 30


def test_ctrl_c_ends_with_130_and_writes_nothing(ours: Operators, tmp_path: Path) -> None:
    folder = exports.write(tmp_path / "export", **family(0))
    with other_session() as other:
        other.execute("LOCK TABLE patients_patient IN SHARE MODE")
        process = ours.start("crm_import", folder, "--report", tmp_path / "report.json")
        wait_for(STUCK, 1)

        os.kill(process, signal.SIGINT)

        code, said = ours.wait(process)
        other.rollback()
    assert (code, "Interrupted: nothing was written" in said) == (130, True)
    assert not ImportRun.objects.exists()
    assert not list(tmp_path.glob("*report*"))
