"""The free times that a visitor chooses from, by day on their own clock."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.dateparse import parse_date

from bookings.availability import MAX_RANGE, Slot
from bookings.clocks import place
from bookings.models import SlotRules

# How many days with free times one page shows.
DAYS = 4
# What a browser sends: the time that was chosen, and the first day to be shown.
FIELD, SINCE = "slot", "from"
_MINUTE = timedelta(minutes=1)

# The slots that begin from one moment to before another.
Find = Callable[[datetime, datetime], list[Slot]]


@dataclass(frozen=True, slots=True)
class Time:
    """One time to choose. `value` is what the browser sends back."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day on the visitor's calendar with its free times."""

    date: date
    times: tuple[Time, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A page of days. `later` is the first day of the next page, None when this is the last.

    `minutes` is how long a call takes.
    """

    days: tuple[Day, ...]
    minutes: int
    zone: ZoneInfo
    is_first: bool
    later: date | None

    @property
    def place(self) -> str:
        """The place whose clock the times are of."""
        return place(self.zone.key)


def offer(find: Find, *, zone: ZoneInfo, since: date | None, now: datetime) -> Offer:
    """The first days from `since` on on which something is free.

    From today on when it is None, and when nothing is free from then on.
    """
    rules = SlotRules.objects.first() or SlotRules()
    begin = now if since is None else max(now, datetime.combine(since, time.min, zone))
    end = now + timedelta(days=rules.horizon_days)
    found: dict[date, dict[datetime, None]] = {}
    while begin < end and len(found) <= DAYS:
        until = min(begin + MAX_RANGE, end)
        for slot in find(begin, until):
            day = slot.starts_at.astimezone(zone).date()
            found.setdefault(day, {})[slot.starts_at.astimezone(UTC)] = None
        begin = until
    if since is not None and not found:
        return offer(find, zone=zone, since=None, now=now)
    days = sorted(found)
    return Offer(
        days=tuple(Day(day, _times(found[day], zone)) for day in days[:DAYS]),
        minutes=rules.minutes,
        zone=zone,
        is_first=since is None,
        later=days[DAYS] if len(days) > DAYS else None,
    )


def chosen(request: HttpRequest, *, now: datetime) -> datetime | None:
    """The moment that was chosen; None for no choice, and for what is no moment."""
    try:
        moment = datetime.fromisoformat(request.POST.get(FIELD, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo and abs(moment.year - now.year) <= 2 else None


def slot_at(starts_at: datetime, find: Find) -> Slot | None:
    """A slot that begins then, of any navigator who is free; None when there is none any more."""
    slots = find(starts_at, starts_at + _MINUTE)
    return next((slot for slot in slots if slot.starts_at == starts_at), None)


def since_asked_for(request: HttpRequest, *, now: datetime) -> date | None:
    """The first day to be shown, as a link asks for; None for today, and for what is no day."""
    try:
        day = parse_date(request.GET.get(SINCE, ""))
    except ValueError:
        return None
    return day if day and now.date() < day and day.year - now.year <= 2 else None


def _times(starts: Iterable[datetime], zone: ZoneInfo) -> tuple[Time, ...]:
    """By the clock in `zone`; a time that the clock shows twice says which one is meant."""
    moments = [(moment, moment.astimezone(zone)) for moment in sorted(starts)]
    shown = Counter(f"{local:%H:%M}" for _moment, local in moments)
    return tuple(
        Time(
            value=moment.isoformat(),
            label=f"{local:%H:%M}{f' {local:%Z}' if shown[f'{local:%H:%M}'] > 1 else ''}",
        )
        for moment, local in moments
    )
