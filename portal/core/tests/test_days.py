"""Days that people write down."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from portal.core.days import refuse_far


@pytest.mark.parametrize(
    ("today", "far", "near"),
    [
        (date(2026, 11, 21), date(2076, 11, 22), date(2076, 11, 21)),
        (date(2028, 2, 29), date(2078, 3, 1), date(2078, 2, 28)),
        (date(2026, 11, 21), date.max, date.min),
    ],
    ids=["to the day", "leap day", "ends of the calendar"],
)
def test_day_beyond_fifty_years_is_refused(
    today: date, far: date, near: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: today)

    refuse_far(near)
    with pytest.raises(ValidationError, match="more than 50 years ahead") as refused:
        refuse_far(far)

    assert refused.value.code == "too_far"
