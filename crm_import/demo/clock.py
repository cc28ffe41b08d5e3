"""Instants as the legacy CRM writes them, and the office hours of the people who phone.

Instants are whole seconds since 1970 (UTC), days are whole days since 1970: a million rows are
written with integer arithmetic, without one datetime object per cell.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = 60
HOUR = 3_600
DAY = 86_400
OFFICE_ZONE = ZoneInfo("Europe/Amsterdam")
# The office phones from 9:00 to 17:00; the last call starts at 16:45.
OFFICE_OPENS = 9 * HOUR
SLOT = 15 * MINUTE
SLOTS_PER_DAY = 32

_EPOCH = date(1970, 1, 1)
_MINUTES = tuple(f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f":{second:02d}Z" for second in range(60))


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970 of an aware datetime; `ValueError` for a naive one."""
    if moment.tzinfo is None:
        message = "A moment without a time zone is ambiguous; pass an aware datetime."
        raise ValueError(message)
    return int(moment.timestamp())


@lru_cache(maxsize=8_192)
def _day_text(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()


def iso(instant: int) -> str:
    """`2023-10-29T00:30:00Z`."""
    minute = instant % DAY // MINUTE
    return f"{_day_text(instant // DAY)}T{_MINUTES[minute]}{_SECONDS[instant % MINUTE]}"


def iso_date(instant: int) -> str:
    """The day of an instant as the CRM writes a date without a time: midnight UTC."""
    return f"{_day_text(instant // DAY)}T00:00:00Z"


def iso_local_midnight(instant: int) -> str:
    """The same day as the UTC instant at which it begins in the office (22:00Z or 23:00Z)."""
    day = _EPOCH + timedelta(days=instant // DAY)
    local = datetime(day.year, day.month, day.day, tzinfo=OFFICE_ZONE)
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=8_192)
def _office_offset(day: int) -> int:
    """Seconds the office is ahead of UTC at noon: clocks change at night, before office hours."""
    noon = datetime.fromtimestamp(day * DAY + 12 * HOUR, tz=OFFICE_ZONE)
    offset = noon.utcoffset()
    return int(offset.total_seconds()) if offset else 0


def office_day(instant: int) -> int:
    """The day it is in the office at an instant."""
    return (instant + _office_offset(instant // DAY)) // DAY


def working_day(day: int) -> int:
    """The day itself, or the Monday after it when it falls in a weekend."""
    weekday = (day + 3) % 7  # 1 January 1970 was a Thursday; Monday is 0
    return day if weekday < 5 else day + 7 - weekday


def office_slot(day: int, slot: int) -> int:
    """The instant at which one of the `SLOTS_PER_DAY` calls of a working day starts."""
    return working_day(day) * DAY + OFFICE_OPENS + slot * SLOT - _office_offset(working_day(day))
