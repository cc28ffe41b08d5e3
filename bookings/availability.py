"""Free slots: computed when somebody asks, from working hours and what takes time away.

Working hours are wall time of a place. A moment lies in them when the clock on the wall there
shows a time from `starts` to before `ends`: an hour that the clock skips has no slots, an hour
that it shows twice has them twice. Slots are instants, so the zone of who reads them is no matter.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from bookings.models import NAVIGATORS, Booking, SlotRules, TimeOff, WorkingHours, time_span
from portal.core.models import User

# The longest range that is looked at.
MAX_RANGE = timedelta(days=31)
# What takes time from a slot of the range, or counts for its day, begins this far outside at most.
_AROUND = timedelta(days=2)
_MINUTE = timedelta(minutes=1)
_TAKING = (Booking.Status.BOOKED, Booking.Status.COMPLETED, Booking.Status.NO_SHOW)
_RULES = ("minutes", "buffer_minutes", "notice_hours", "horizon_days", "per_day")

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which this navigator can be booked."""

    navigator: User
    starts_at: datetime
    ends_at: datetime

    def shown(self) -> dict[str, Any]:
        """As REST shows it."""
        return {
            "navigator": {"id": self.navigator.pk, "name": self.navigator.name},
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of working hours: `day` is the date on the wall of `zone`."""

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    day: date


def free_slots(
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    navigator_id: UUID | None = None,
    language: str = "",
) -> list[Slot]:
    """The slots that begin from `start` to before `end`, by time and then by navigator's name.

    Of one navigator, or of all who speak `language`. One query, however long the range.
    """
    people = _people(start=start, end=end, now=now)
    if navigator_id is not None:
        people = people.filter(pk=navigator_id)
    if language:
        people = people.filter(languages_spoken__contains=[language])
    found = [slot for each in people for slot in _slots_of(each, start=start, end=end, now=now)]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.navigator.name, slot.navigator.pk))


def next_free(
    *, navigator_id: UUID, patient_id: UUID, after: datetime, now: datetime, count: int = 3
) -> tuple[Slot, ...]:
    """The first slots of this navigator from `after` on in which the patient has no other call.

    Fewer than `count` when there are no more in the days to come.
    """
    start = max(after, now)
    end = start + MAX_RANGE
    people = _people(start=start, end=end, now=now, patient_id=patient_id)
    found = (
        slot
        for each in people.filter(pk=navigator_id)
        for slot in _slots_of(each, start=start, end=end, now=now)
    )
    return tuple(islice(found, count))


def _people(
    *, start: datetime, end: datetime, now: datetime, patient_id: UUID | None = None
) -> Any:
    """Who takes calls, each with hours, bookings, time off and the rules: one query."""
    hours = WorkingHours.objects.filter(navigator=OuterRef("pk"))
    away = TimeOff.objects.filter(
        navigator=OuterRef("pk"), ends_at__gt=start, starts_at__lt=end + _AROUND
    )
    booked = Booking.objects.filter(
        Q(status__in=_TAKING) | Q(status=Booking.Status.HELD, held_until__gt=now),
        starts_at__gt=start - _AROUND,
        starts_at__lt=end + _AROUND,
    )
    of_patient = booked.filter(patient=patient_id)  # without an id of nobody
    return (
        User.objects.filter(Exists(hours), **NAVIGATORS)
        .only("name")
        .annotate(
            hours=ArraySubquery(
                hours.order_by("weekday", "starts").values(
                    row=JSONObject(
                        weekday="weekday", starts="starts", ends="ends", time_zone="time_zone"
                    )
                )
            ),
            away=ArraySubquery(away.values(span=time_span())),
            booked=ArraySubquery(booked.filter(navigator=OuterRef("pk")).values(span=time_span())),
            engaged=ArraySubquery(of_patient.values(span=time_span())),
            rules=Subquery(
                SlotRules.objects.values(row=JSONObject(**{name: name for name in _RULES}))[:1]
            ),
        )
    )


def _slots_of(person: Any, *, start: datetime, end: datetime, now: datetime) -> Iterator[Slot]:
    """The slots of one row of `_people`, by time."""
    rules = SlotRules(**(person.rules or {}))  # without a row, the defaults
    length, pause = rules.minutes * _MINUTE, rules.buffer_minutes * _MINUTE
    first = max(start, now + timedelta(hours=rules.notice_hours))
    last = min(end, now + timedelta(days=rules.horizon_days))
    booked = _spans(person.booked)
    busy = sorted(
        [
            *((starts - pause, ends + pause) for starts, ends in booked),
            *_spans(person.away),
            *_spans(person.engaged),
        ]
    )
    on_day = _counted(booked)
    free_from, position = datetime.min.replace(tzinfo=UTC), 0
    for window in _windows(person.hours, first, last):
        begins = max(window.starts_at, free_from)  # hours in two zones may meet
        free_from = max(free_from, window.ends_at)
        if on_day(window) >= rules.per_day:
            continue
        while begins + length <= window.ends_at and begins < last:
            # Sorted by their start; one that reaches further than the next is waited out.
            while position < len(busy) and busy[position][1] <= begins:
                position += 1
            if begins >= first and not _meets(busy, position, begins, begins + length):
                yield Slot(person, begins, begins + length)
            begins += length + pause


def _meets(busy: list[Span], position: int, starts: datetime, ends: datetime) -> bool:
    """Whether any span from `position` on overlaps; they are sorted by their start."""
    for index in range(position, len(busy)):
        if busy[index][0] >= ends:
            return False
        if busy[index][1] > starts:
            return True
    return False


def _spans(ranges: Iterable[Any]) -> list[Span]:
    return [(each.lower, each.upper) for each in ranges]


def _counted(booked: list[Span]) -> Any:
    """A function: how many calls begin on the day of a window, by the clock of its zone."""
    by_zone: dict[str, Counter[date]] = {}

    def on_day(window: _Window) -> int:
        if window.zone.key not in by_zone:
            days = (starts.astimezone(window.zone).date() for starts, _ends in booked)
            by_zone[window.zone.key] = Counter(days)
        return by_zone[window.zone.key][window.day]

    return on_day


def _windows(hours: list[dict[str, Any]], first: datetime, last: datetime) -> list[_Window]:
    """The stretches of working hours that matter from `first` to `last`, by time."""
    found = []
    for row in hours:
        zone = ZoneInfo(row["time_zone"])
        starts, ends = time.fromisoformat(row["starts"]), time.fromisoformat(row["ends"])
        day, until = first.astimezone(zone).date(), last.astimezone(zone).date()
        day += timedelta(days=(row["weekday"] - day.isoweekday()) % 7)
        while day <= until:
            found += [_Window(*span, zone, day) for span in wall_spans(zone, day, starts, ends)]
            day += timedelta(days=7)
    return sorted(found, key=lambda window: window.starts_at)


def wall_spans(zone: ZoneInfo, day: date, starts: time, ends: time) -> list[Span]:
    """When the clock in `zone` shows `day` and a time from `starts` to before `ends`.

    One span, in UTC, on most days; none when the clock skips all of it, and two when it shows a
    part of it twice with something else between.
    """
    found: list[Span] = []
    for since, until, offset in _offsets(zone, day):
        begins = max(since, datetime.combine(day, starts, UTC) - offset)
        over = min(until, datetime.combine(day, ends, UTC) - offset)
        if begins >= over:
            continue
        if found and found[-1][1] == begins:
            begins = found.pop()[0]
        found.append((begins, over))
    return found


@lru_cache(maxsize=4096)
def _offsets(zone: ZoneInfo, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The stretches of one offset from UTC around a date, each from … to before … .

    No zone changes its offset twice within two days, so one change is looked for.
    """
    midnight = datetime.combine(day, time.min, UTC)
    low, high = midnight - timedelta(hours=15), midnight + timedelta(hours=39)
    before, after = _offset(zone, low), _offset(zone, high)
    if before == after:
        return ((low, high, before),)
    early, late = low, high
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
        if _offset(zone, middle) == before:
            early = middle
        else:
            late = middle
    return ((low, late, before), (late, high, after))


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
