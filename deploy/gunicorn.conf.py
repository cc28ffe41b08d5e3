"""How gunicorn serves the portal, on a laptop and in a container."""

import os
import signal
from typing import Any

wsgi_app = "portal.wsgi:application"
bind = os.environ.get("GUNICORN_BIND", f"0.0.0.0:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
# A client that keeps its connection open would bind all its requests to one worker.
keepalive = 0
timeout = 60
graceful_timeout = 10
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOGLEVEL", "info")
# No access log: a URL may carry a search term, and those are personal.
accesslog = None


def when_ready(server: Any) -> None:
    """Say where the portal is, once it can be opened."""
    welcome = os.environ.get("PORTAL_WELCOME")
    if welcome:
        print(welcome, flush=True)  # noqa: T201


def post_worker_init(_worker: Any) -> None:
    """Leave Ctrl-C to the master process, which tells the workers to stop.

    A terminal sends it to all of them, and of the workers that are told twice within a moment one
    in thirty hangs until it is killed, ten seconds later (gunicorn 27.0.1, gthread).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
