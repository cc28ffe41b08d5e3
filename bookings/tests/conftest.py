"""What tests of planned calls share."""

import pytest

from bookings import scheduling
from bookings.scheduling import Change, Step


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """What the steps that follow a change were told; there is one step, which remembers it."""
    told: list[Change] = []
    monkeypatch.setattr(scheduling, "_steps", [Step("remember", told.append)])
    return told
