"""The page of a browser, for the tests that work as a navigator does."""

from collections.abc import Iterator
from typing import Any

import pytest

from portal.tests.browser import CHROMIUM, FLAGS


@pytest.fixture
def page(live_server: Any, settings: Any, monkeypatch: Any) -> Iterator[Any]:
    """A page of a fresh browser. Anything it complains about fails the test."""
    from playwright.sync_api import sync_playwright

    # The driver runs an event loop in this thread; the ORM is only used outside of it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SECURE_SSL_REDIRECT = False
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, locale="en-GB", base_url=live_server.url
        )
        context.set_default_timeout(15_000)
        opened = context.new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        yield opened
        browser.close()
    assert complaints == []
