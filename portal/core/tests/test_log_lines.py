"""What the log says about requests that are refused: one line."""

import logging
from io import StringIO

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied

from portal.core.log_lines import WithoutTraceback


@pytest.mark.parametrize(("status", "lines"), [(403, 1), (400, 1), (500, 4), (None, 4)])
def test_only_what_is_our_fault_has_a_traceback(status: int | None, lines: int) -> None:
    said = StringIO()
    handler = logging.StreamHandler(said)
    handler.addFilter(WithoutTraceback())
    log = logging.Logger("django.request")
    log.addHandler(handler)

    try:
        raise PermissionDenied
    except PermissionDenied:
        extra = {} if status is None else {"status_code": status}
        log.warning("Forbidden: /admin/", exc_info=True, extra=extra)

    assert len(said.getvalue().splitlines()) == lines + (lines > 1)


def test_lines_of_the_portal_are_filtered() -> None:
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["without_traceback"]
