"""Measuring: time of calls, CPU of client and server, and lines of the resulting table."""

import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

TICKS_PER_SECOND = 100  # USER_HZ of /proc on every Linux in use


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table. `held` is None where nothing was promised."""

    what: str
    measured: str
    baseline: str
    ratio: float | None = None
    hold: str = ""
    held: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "holds", False: "**does not hold**"}[self.held]

    @property
    def ratio_shown(self) -> str:
        return "" if self.ratio is None else f"{self.ratio:.2f}x"


@dataclass
class Samples:
    """Milliseconds of many calls: by the clock, and of CPU of this process and its backends."""

    ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return statistics.median(self.ms)

    def percentile(self, percent: float) -> float:
        """The smallest sample that at least `percent` of all do not exceed."""
        ordered = sorted(self.ms)
        return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]

    @property
    def p95(self) -> float:
        return self.percentile(95)

    @property
    def cpu(self) -> float:
        """The median of the CPU, which other users of the machine disturb less than the clock."""
        return statistics.median(self.cpu_ms)

    def __str__(self) -> str:
        return f"{self.p50:.1f} / {self.p95:.1f} ms"


def repeat(call: Callable[[], Any], times: int, into: Samples | None = None) -> Samples:
    """Call `times` times after one call that is not counted."""
    samples = Samples() if into is None else into
    call()
    serving = backends()
    for _ in range(times):
        cpu = _on_cpu(serving)
        started = time.perf_counter()
        call()
        samples.ms.append((time.perf_counter() - started) * 1000)
        samples.cpu_ms.append(_on_cpu(serving) - cpu)
    return samples


def backends() -> list[int]:
    """The server's processes that serve this database, when the server is on this machine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend'"
        )
        return [pid for (pid,) in cursor.fetchall() if Path(f"/proc/{pid}/schedstat").exists()]


def server_ms(serving: Sequence[int]) -> float:
    """Milliseconds that these backends have been on a CPU so far."""
    total = 0
    for pid in serving:
        # A pool may close a connection at any moment.
        with suppress(OSError):
            total += int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e6


def _on_cpu(serving: Sequence[int]) -> float:
    """Milliseconds that this process and those backends have been on a CPU so far."""
    return time.process_time_ns() / 1e6 + server_ms(serving)


def interleaved(calls: Sequence[Callable[[], Any]], *, times: int, rounds: int) -> list[Samples]:
    """Samples of calls that are compared: in turns, so that a busy moment hits all of them."""
    found = [Samples() for _call in calls]
    for _ in range(rounds):
        for call, samples in zip(calls, found, strict=True):
            repeat(call, times, samples)
    return found


@contextmanager
def sql_time() -> Iterator[Samples]:
    """Milliseconds of each statement executed inside, as the client sees them."""
    samples = Samples()

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            samples.ms.append((time.perf_counter() - started) * 1000)

    with connection.execute_wrapper(wrapper):
        yield samples


# --- CPU ----------------------------------------------------------------------------------------


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold blanks."""
    text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    return text.rsplit(")", 1)[1].split()


def postmaster() -> int:
    """The process that all of the server's processes come from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    try:
        name = Path(f"/proc/{backend}/comm").read_text(encoding="ascii")
    except OSError:
        name = ""
    if "postgres" not in name:
        raise SystemExit("The server's CPU can only be read where it runs: use a local server.")
    return int(_stat(backend)[1])


def server_cpu(root: int) -> float:
    """CPU seconds that the server has used so far, all processes, those that ended too."""
    ticks = sum(map(int, _stat(root)[11:15]))
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = _stat(int(folder.name))
            except (OSError, IndexError):
                continue
            if int(fields[1]) == root:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def client_cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass
class Cost:
    """What something took: seconds of CPU on either side, and of the clock."""

    client: float = 0.0
    server: float = 0.0
    wall: float = 0.0

    @property
    def cpu(self) -> float:
        return self.client + self.server

    def __str__(self) -> str:
        return f"{self.cpu:.2f} CPU-s ({self.client:.2f} client)"


@contextmanager
def cost() -> Iterator[Cost]:
    """The cost of what happens inside. Nobody else should use the server meanwhile."""
    root = postmaster()
    found = Cost()
    before = client_cpu(), server_cpu(root), time.perf_counter()
    yield found
    found.client = client_cpu() - before[0]
    found.server = server_cpu(root) - before[1]
    found.wall = time.perf_counter() - before[2]
