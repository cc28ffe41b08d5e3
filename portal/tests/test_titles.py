"""The titles of records: an instant is told by the viewer's clock."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from bookings.models import Booking, Call
from crm_import.models import ImportRun
from patients.models import ErasureRequest, Note, Submission
from portal.core.models import AccessEvent
from portal.models import RateWindow

LATE = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "title"),
    [
        (Note(created_at=LATE), "2026-01-06 00:30"),
        (Submission(received_at=LATE, source="api"), "another system, 2026-01-06 00:30"),
        (ErasureRequest(created_at=LATE, ground="objection"), "2026-01-06, Objection"),
        (Booking(starts_at=LATE), "Tue 6 Jan 2026, 00:30"),
        (Call(started_at=LATE, outcome="reached"), "Tue 6 Jan 2026, 00:30, Reached"),
        (ImportRun(started_at=LATE, source="export"), "export, 2026-01-06 00:30"),
        (AccessEvent(at=LATE, actor_name="Ann", route="rest"), "Ann, REST, 2026-01-06 00:30"),
        (RateWindow(starts_at=LATE, hits=3), "2026-01-06 00:30: 3"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_title_tells_an_instant_by_the_viewers_clock(record: Any, title: str) -> None:
    with timezone.override("Europe/Amsterdam"):
        assert str(record).startswith(title)
