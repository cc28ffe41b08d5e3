"""One PostgreSQL: started, taken over or stopped, with nothing of it left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from portal.embedded import cluster, log
from portal.embedded.account import server_account, with_access
from portal.embedded.binaries import find_binaries
from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.locks import is_same_file, open_lock, try_flock
from portal.embedded.options import extra_settings, server_settings
from portal.embedded.sockets import answers, choose_socket_dir, make_socket_dir

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from portal.embedded.places import Places

FAST_SHUTDOWN_SECONDS = 60.0


class Server:
    """The PostgreSQL of one data folder, as its supervisor sees it."""

    def __init__(self, places: Places) -> None:
        self.places = places
        # Our probe of whether PostgreSQL lives: taking it means that no process of it is left.
        self.lock = open_lock(places, "server")
        self.socket_dir = choose_socket_dir(places)
        self.child: subprocess.Popen[bytes] | None = None
        self.postmaster: int | None = None

    def is_gone(self) -> bool:
        """True if no process of it lives; its lock is ours then, until `start` or `close`."""
        if self.child is not None:
            self.child.poll()  # reap it, if it died
        return try_flock(self.lock, fcntl.LOCK_EX)

    def has_lost_its_folder(self) -> bool:
        """True if the data folder was deleted, and perhaps made again by somebody else."""
        return not is_same_file(self.lock, self.places.lock("server"))

    def start(self, is_unwanted: Callable[[], bool]) -> bool:
        """Start PostgreSQL, whose lock we hold; True once it answers.

        False if it became unwanted before. Raises EmbeddedPostgresError if it ends on its own.
        """
        binaries = find_binaries()
        account = server_account(self.places)
        if not cluster.has_database(self.places):
            cluster.initialise(self.places, account, binaries, keep=self.lock)
        cluster.make_startable(self.places, account)
        make_socket_dir(self.places, self.socket_dir, account)
        runner = with_access(account, binaries, [self.places.pgdata, self.socket_dir])
        command = [
            binaries / "postgres",
            "-D",
            self.places.pgdata,
            *server_settings(self.socket_dir),
            *extra_settings(),
        ]
        self.child = runner.popen(command, keep=[self.lock])
        self.postmaster = self.child.pid
        # From now on only PostgreSQL holds the lock; we probe it through a fresh opening.
        os.close(self.lock)
        self.lock = open_lock(self.places, "server")
        while not answers(self.socket_dir):
            if self.child.poll() is not None:
                raise EmbeddedPostgresError(
                    f"PostgreSQL ended with exit code {self.child.returncode} while starting"
                )
            if is_unwanted():
                return False
            time.sleep(0.02)
        return True

    def adopt(self) -> bool:
        """Take over a server whose supervisor was killed; True if it is ours and answers."""
        if self.postmaster is None:
            with contextlib.suppress(OSError, IndexError, ValueError):
                pid_file = self.places.pgdata / "postmaster.pid"
                postmaster = int(pid_file.read_text().splitlines()[0])
                # Only its children may be left, and its number somebody else's by now.
                if _is_postgres(postmaster):
                    self.postmaster = postmaster
                    log.say(f"watching over PostgreSQL (process {postmaster}) from now on")
        return self.postmaster is not None and answers(self.socket_dir)

    def stop(self) -> None:
        """End the server: fast, then hard. Returns when no process of it is left."""
        patience = time.monotonic() + FAST_SHUTDOWN_SECONDS
        self._signal(signal.SIGINT)
        escalation = [signal.SIGKILL, signal.SIGQUIT]
        while not self.is_gone():
            if time.monotonic() > patience and escalation:
                log.say("PostgreSQL does not stop; ending it the hard way")
                self._signal(escalation.pop())
                patience = time.monotonic() + 10
            time.sleep(0.02)
        if self.child is not None:
            self.child.wait()
        if self.socket_dir != self.places.socket_dir:
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def close(self) -> None:
        """Let go of the lock."""
        os.close(self.lock)

    def _signal(self, number: signal.Signals) -> None:
        if self.child is not None:
            self.child.send_signal(number)
        elif self.postmaster is not None:
            # Not our child, but alive: the server's lock was held a moment ago.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.postmaster, number)


def _is_postgres(process: int) -> bool:
    """True if the process lives and runs PostgreSQL; without /proc (macOS) it is believed."""
    if not Path("/proc/self/cmdline").exists():
        return True
    try:
        return b"postgres" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
