"""Working days of a country: when somebody who holds a case should have answered."""

from datetime import date
from functools import lru_cache

import holidays

from referrals.models import ClinicalTrial, CTReferral

Status = CTReferral.Status

# The clock of the trial that runs while a referral is in this status.
CLOCKS = {
    Status.REFERRED: "days_to_acknowledge",
    Status.ACKNOWLEDGED: "days_to_screen",
    Status.SCREENING: "days_to_outcome",
}
# ISO 8601 weekdays that are free where nothing else is known.
_SATURDAY, _SUNDAY = 5, 6


def later(day: date, days: int) -> date:
    """So many calendar days after `day`, before it when negative; the calendar ends with 9999."""
    number = day.toordinal() + days
    return date.fromordinal(max(date.min.toordinal(), min(number, date.max.toordinal())))


def after(day: date, working_days: int, *, country: str = "") -> date:
    """The day that lies so many working days after `day`.

    Public holidays and weekends are those of `country` (ISO 3166-1 alpha-2); of a country that
    the library does not know, and without one, only Saturday and Sunday are free.
    """
    current = day
    for _step in range(working_days):
        current = _working_day(later(current, 1), 1, country=country)
    return current


def before(day: date, working_days: int, *, country: str = "") -> date:
    """The latest day so many working days after which is `day` or earlier; see `after`."""
    current = _working_day(day, -1, country=country)
    for _step in range(working_days):
        current = _working_day(later(current, -1), -1, country=country)
    return current


def _working_day(day: date, direction: int, *, country: str) -> date:
    """`day` or the next working day in that direction; where the calendar ends, its end."""
    current = day
    while not is_working_day(current, country=country):
        beyond = later(current, direction)
        if beyond == current:
            break
        current = beyond
    return current


def is_working_day(day: date, *, country: str = "") -> bool:
    """Whether offices of `country` are open on that day."""
    calendar = _calendar(country)
    if calendar is None:
        return day.weekday() not in (_SATURDAY, _SUNDAY)
    return bool(calendar.is_working_day(day))


def due(status: str, *, trial: ClinicalTrial, since: date, country: str = "") -> date | None:
    """When the site should have answered a referral in `status` since that day; None for never."""
    field = CLOCKS.get(Status(status))
    return after(since, getattr(trial, field), country=country) if field else None


@lru_cache(maxsize=300)
def _calendar(country: str) -> holidays.HolidayBase | None:
    """The public holidays of a country, which fills itself year by year."""
    if country not in holidays.list_supported_countries():
        return None
    return holidays.country_holidays(country)
