"""Ages as registries write them, compared with a birthday to the day."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from django.utils.translation import ngettext

from referrals.eligibility.verdicts import Verdict, known

_WRITTEN = re.compile(r"^(\d{1,4}) (Year|Month|Week|Day|Hour|Minute)s?$")
_HOURS_A_DAY = 24


class Unit(StrEnum):
    YEAR = "Year"
    MONTH = "Month"
    WEEK = "Week"
    DAY = "Day"
    HOUR = "Hour"
    MINUTE = "Minute"


@dataclass(frozen=True, slots=True)
class Age:
    """A number of completed years, months, weeks, days, hours or minutes."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        return _words(self.unit, self.number) % {"count": self.number}

    def reached(self, born: date, *, today: date) -> Verdict:
        """Whether somebody born on that day is so old; unknown when the hour decides."""
        if self.unit in (Unit.HOUR, Unit.MINUTE):
            hours = self.number if self.unit == Unit.HOUR else self.number / 60
            days = (today - born).days
            # Born and looked at somewhere in the day.
            if (days - 1) * _HOURS_A_DAY >= hours:
                return Verdict.MET
            if (days + 1) * _HOURS_A_DAY <= hours:
                return Verdict.NOT_MET
            return Verdict.UNKNOWN
        return known(today >= self._after(born))

    def not_passed(self, born: date, *, today: date) -> Verdict:
        """Whether somebody is that old at most: 75 years until the day they are 76."""
        return Age(self.number + 1, self.unit).reached(born, today=today).turned

    def _after(self, born: date) -> date:
        """The day on which they are so old; beyond the calendar, its last day."""
        try:
            if self.unit == Unit.DAY:
                return born + timedelta(days=self.number)
            if self.unit == Unit.WEEK:
                return born + timedelta(weeks=self.number)
            months = self.number * (12 if self.unit == Unit.YEAR else 1)
            years, month = divmod(born.month - 1 + months, 12)
            return _day(born.year + years, month + 1, born.day)
        except (OverflowError, ValueError):
            return date.max


def _day(year: int, month: int, day: int) -> date:
    """That day, or the first of the next month where the month is too short for it.

    Who was born on 29 February comes of age on 1 March in other years.
    """
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month + 1, 1)  # only months within a year are too short


@lru_cache(maxsize=500)
def read_age(text: str) -> Age | None:
    """“18 Years” or “6 Months” of a registry; None for no limit, or for words that are no age."""
    match = _WRITTEN.match(text)
    return Age(int(match[1]), Unit(match[2])) if match else None


def age_in_words(born: date, *, today: date) -> str:
    """How old somebody is: in years, below three years in months, below two months in days."""
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months >= 36:
        return str(Age(months // 12, Unit.YEAR))
    if months >= 2:
        return str(Age(months, Unit.MONTH))
    return str(Age(max((today - born).days, 0), Unit.DAY))


def _words(unit: Unit, number: int) -> str:
    words = {
        Unit.YEAR: ngettext("%(count)d year", "%(count)d years", number),
        Unit.MONTH: ngettext("%(count)d month", "%(count)d months", number),
        Unit.WEEK: ngettext("%(count)d week", "%(count)d weeks", number),
        Unit.DAY: ngettext("%(count)d day", "%(count)d days", number),
        Unit.HOUR: ngettext("%(count)d hour", "%(count)d hours", number),
        Unit.MINUTE: ngettext("%(count)d minute", "%(count)d minutes", number),
    }
    return words[unit]
