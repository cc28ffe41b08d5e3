"""A real browser for tests: where it is, and what marks a test that opens it."""

import os
import shutil

import pytest

# The one without windows takes less than half of the CPU time for the same page.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
REQUIRED = bool(os.environ.get("PORTAL_BROWSER_REQUIRED"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

MARKS = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="there is no Chromium here"),
    pytest.mark.xdist_group("browser"),
]
