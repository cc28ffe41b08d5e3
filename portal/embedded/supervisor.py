"""The program that keeps one PostgreSQL running for as long as somebody uses it.

`python -m portal.embedded.supervisor DATA_DIR` goes into the background;
`portal.embedded.users` starts it so. The package does not import this module, or Python would
load it twice.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from portal.embedded import log
from portal.embedded.errors import EmbeddedPostgresError
from portal.embedded.locks import is_same_file, open_lock, try_flock
from portal.embedded.places import Places
from portal.embedded.server import Server
from portal.embedded.sockets import publish, withdraw

if TYPE_CHECKING:
    from types import FrameType

POLL_SECONDS = 0.2
# Long enough that `migrate && import` meets one server, short enough that Ctrl-C leaves nothing.
GRACE_SECONDS = 0.8


class Supervisor:
    """Starts the server, stays until nobody uses it, stops it."""

    def __init__(self, places: Places, lock: int) -> None:
        """`lock` is the supervisor's lock, held."""
        self.places = places
        self.lock = lock
        self.users = open_lock(places, "users")
        self.server = Server(places)
        self.published = False
        self.told_to_stop = False

    def run(self) -> None:
        """Start or adopt the server, stay until nobody uses it, stop it.

        Returns with all locks released. Raises EmbeddedPostgresError when it does not start.
        """
        for number in (signal.SIGINT, signal.SIGHUP):
            # A function and not SIG_IGN, which PostgreSQL would inherit.
            signal.signal(number, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, self._on_terminate)
        alone_since: float | None = None
        while not self.told_to_stop:
            if not self._keep_alive():
                break
            if not try_flock(self.users, fcntl.LOCK_EX):
                alone_since = None
            elif alone_since is None:
                alone_since = time.monotonic()
                fcntl.flock(self.users, fcntl.LOCK_UN)
            elif time.monotonic() - alone_since < GRACE_SECONDS:
                fcntl.flock(self.users, fcntl.LOCK_UN)
            else:
                # From here a newcomer waits for the users' lock, that is until we are gone.
                break
            time.sleep(POLL_SECONDS)
        self._withdraw()
        self.server.stop()
        # In this order: whoever gets the users' lock must find the supervisor's free.
        os.close(self.lock)
        self.server.close()
        os.close(self.users)

    def _on_terminate(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_stop = True

    def _keep_alive(self) -> bool:
        """Have a server that answers, newly started if need be; False if the data are gone."""
        if not self.server.is_gone():
            if not self.published and self.server.adopt():
                self._publish()
            return True
        # Before anything is started: is this still our data folder, or was it deleted and perhaps
        # made again, with a supervisor of its own?
        if self.server.has_lost_its_folder() or not is_same_file(
            self.lock, self.places.lock("supervisor")
        ):
            return False
        if self.server.postmaster is not None:
            log.say(f"PostgreSQL (process {self.server.postmaster}) has died; starting it again")
        self._withdraw()
        if self.server.start(lambda: self.told_to_stop):
            self._publish()
        return True

    def _publish(self) -> None:
        publish(self.lock, self.places, self.server.socket_dir)
        self.published = True

    def _withdraw(self) -> None:
        withdraw(self.lock)
        self.published = False


def main(arguments: list[str]) -> int:
    """Become the supervisor of the data folder named, in the background.

    The exit code is 0 once it holds its lock, or when there is a supervisor already.
    """
    (data_dir,) = arguments
    places = Places(Path(data_dir))
    os.umask(0o077)
    lock = open_lock(places, "supervisor")
    if not try_flock(lock, fcntl.LOCK_EX):
        return 0
    withdraw(lock)
    if os.fork() != 0:
        # The fork shares the lock. Our parent need not reap the supervisor one day.
        return 0
    os.chdir("/")
    try:
        Supervisor(places, lock).run()
    except EmbeddedPostgresError as error:
        log.say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
