"""What a run is at, and how it is told: to a person at a terminal, or to a program.

How long is left follows from how much of the work is done. A step in the database says nothing
until it has ended, so the share of each phase was measured once (`SHARES`) and the estimate is
taken again at the end of each.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

# The version of the lines that programs read.
SCHEMA = 1

# Of a thousand parts of the time of a first load (the demonstration export, 6,000 people): reading
# all the tables, and the phases in the database.
READING = 50
SHARES = {
    "forgotten": 1,
    "values": 7,
    "lookups": 23,
    "rows": 109,
    "trials": 3,
    "identity": 70,
    "specialists": 19,
    "patients": 189,
    "review": 32,
    "bookings": 95,
    "submissions": 91,
    "referrals": 34,
    "dossiers": 28,
    "notes": 20,
    "pending": 137,
    "deleted": 4,
    "problems contacts": 19,
    "problems patients": 19,
    "problems changed": 5,
    "problems deleted": 1,
    "outcomes": 44,
}
_WHOLE = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """A phase went on or, with `is_over`, ended.

    `rows` are those of the phase until now, `seconds` its time and `elapsed` that of the run.
    `left` is how many seconds the rest will take, None when nobody can say yet.
    """

    phase: str
    rows: int
    seconds: float
    elapsed: float
    left: float | None
    is_over: bool


Tell = Callable[[Event], None]


@dataclass
class Progress:
    """Counts what a run does and tells each event. `size` is that of the export in bytes."""

    tell: Tell
    size: int
    clock: Callable[[], float] = time.monotonic
    _phase: str = ""
    _rows: int = 0
    _done: float = 0.0  # share of the work that is done, but for what is read of this table
    _read: float = 0.0
    _begun: float = field(init=False)
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self._since = self.clock()

    def begin(self, phase: str) -> None:
        """The phase that comes next, or the one it is in."""
        if phase != self._phase:
            self.end()
            self._phase, self._rows, self._since = phase, 0, self.clock()

    def read(self, records: int, size: int) -> None:
        """Records of the table until now, and bytes since it was told last."""
        self._rows = records
        self._read += self._part(size)
        self._tell(is_over=False)

    def add(self, rows: int) -> None:
        """Further rows of the phase."""
        self._rows += rows

    def table_ends(self, size: int) -> None:
        """All of a table was read, which has so many bytes."""
        self._done += self._part(size)
        self._read = 0.0

    def end(self) -> None:
        """The phase is over."""
        if self._phase:
            self._done += SHARES.get(self._phase, 0) / _WHOLE
            self._tell(is_over=True)
        self._phase = ""

    def _part(self, size: int) -> float:
        """The share of the work that so many bytes are."""
        return READING / _WHOLE * size / max(self.size, 1)

    def _tell(self, *, is_over: bool) -> None:
        now = self.clock()
        done = min(self._done + self._read, 1.0)
        elapsed = now - self._begun
        left = elapsed * (1 - done) / done if done > 0 else None
        self.tell(Event(self._phase, self._rows, now - self._since, elapsed, left, is_over))


class Output(Protocol):
    """What a command writes its progress to, in the colour of errors if nothing is said."""

    def write(self, text: str, style: Callable[[str], str], ending: str) -> object: ...


def on_terminal(output: Output) -> Tell:
    """One line for each phase, written over while the phase lasts."""
    last = 0.0

    def tell(event: Event) -> None:
        nonlocal last
        if not event.is_over and event.elapsed - last < 0.2:
            return
        last = event.elapsed
        output.write(f"\r{line(event):<78}", str, "\n" if event.is_over else "")

    return tell


def in_lines(output: Output) -> Tell:
    """One line of text for each phase that ended."""

    def tell(event: Event) -> None:
        if event.is_over:
            output.write(line(event), str, "\n")

    return tell


def as_json(output: Output) -> Tell:
    """NDJSON: a document in a line for each phase that ended (docs/migration-reference.md)."""

    def tell(event: Event) -> None:
        if event.is_over:
            document = {
                "schema": SCHEMA,
                "event": "phase",
                "phase": event.phase,
                "rows": event.rows,
                "seconds": round(event.seconds, 3),
                "elapsed": round(event.elapsed, 3),
                "left": None if event.left is None else round(event.left, 1),
            }
            output.write(json.dumps(document), str, "\n")

    return tell


def silent(event: Event) -> None:
    """Tell nobody."""


def line(event: Event) -> str:
    """One line: phase, rows, rows a second, time left."""
    rate = f"{event.rows / event.seconds:>11,.0f}/s" if event.seconds > 0.05 else ""
    left = "" if event.left is None else f"{span(event.left)} left"
    return f"{event.phase:<24}{event.rows:>12,} rows{rate:>13}{left:>18}".rstrip()


def span(seconds: float) -> str:
    """A length of time as people say it: 4 s, 1 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
