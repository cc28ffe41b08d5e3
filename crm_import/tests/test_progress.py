"""Progress: how much is done, how long is left, and how it is written."""

import io
import json
from typing import Any

import pytest

from crm_import import progress, transform
from crm_import.progress import READING, SHARES, Event, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Output(io.StringIO):
    def write(self, text: str, style: Any = None, ending: str = "") -> int:
        return super().write(style(text) + ending)


EVENT = Event("read Contact", 12_000, 0.3, 4.5, 80.2, is_over=True)


def test_time_left_follows_from_the_share_that_is_done() -> None:
    told: list[Event] = []
    clock = Clock()
    run = Progress(told.append, 1000, clock)

    run.begin("read Contact")
    clock.now += 2
    run.read(50, 500)
    run.read(100, 500)
    run.table_ends(1000)
    run.begin("identity")
    clock.now += 6
    run.add(7)
    run.add(3)
    run.end()
    run.end()

    assert [(one.phase, one.rows, one.is_over) for one in told] == [
        ("read Contact", 50, False),
        ("read Contact", 100, False),
        ("read Contact", 100, True),
        ("identity", 10, True),
    ]
    assert told[0].left == pytest.approx(2 * (2000 - READING) / READING)
    assert (told[2].seconds, told[2].elapsed) == (2, 2)
    done = READING + SHARES["identity"]
    assert (told[3].seconds, told[3].left) == (6, pytest.approx(8 * (1000 - done) / done))


def test_nobody_can_say_how_long_is_left_before_something_was_done() -> None:
    told: list[Event] = []
    run = Progress(told.append, 0, Clock())

    run.begin("read Contact")
    run.read(0, 0)

    assert told[0].left is None


def test_shares_are_those_of_phases_and_make_one() -> None:
    phases = {step.phase for step in transform.steps()}

    assert set(SHARES) <= phases
    assert READING + sum(SHARES.values()) == 1000


def test_terminal_shows_one_line_that_is_written_over() -> None:
    output = Output()
    tell = progress.on_terminal(output)

    tell(Event("read Contact", 100, 0.1, 0.1, None, is_over=False))
    tell(Event("read Contact", 6_000, 0.2, 4.3, 80.0, is_over=False))
    tell(EVENT)

    lines = output.getvalue().split("\r")[1:]
    assert [line.strip() for line in lines] == [
        "read Contact                   6,000 rows     30,000/s   1 min 20 s left",
        "read Contact                  12,000 rows     40,000/s   1 min 20 s left",
    ]
    assert [line.endswith("\n") for line in lines] == [False, True]


def test_program_reads_a_document_in_a_line() -> None:
    output = Output()
    tell = progress.as_json(output)

    tell(Event("read Contact", 6_000, 0.2, 4.3, 80.0, is_over=False))
    tell(EVENT)

    assert json.loads(output.getvalue()) == {
        "schema": 1,
        "event": "phase",
        "phase": "read Contact",
        "rows": 12_000,
        "seconds": 0.3,
        "elapsed": 4.5,
        "left": 80.2,
    }


def test_log_has_a_line_for_each_phase_that_ended() -> None:
    output = Output()
    tell = progress.in_lines(output)

    tell(Event("values", 1, 0.001, 0.1, None, is_over=False))
    tell(Event("values", 3, 0.001, 0.1, None, is_over=True))

    assert output.getvalue() == f"{'values':<24}           3 rows\n"


@pytest.mark.parametrize(
    ("seconds", "says"), [(0.4, "0 s"), (59.4, "59 s"), (80, "1 min 20 s"), (7500, "2 h 05 min")]
)
def test_span_is_said_as_people_do(seconds: float, says: str) -> None:
    assert progress.span(seconds) == says
