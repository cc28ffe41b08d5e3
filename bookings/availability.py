"""Free slots: computed when somebody asks, from working hours and what takes time away.

Working hours are wall time of a place. A moment lies in them when the clock on the wall there
shows a time from `starts` to before `ends`: an hour that the clock skips has no slots, an hour
that it shows twice has them twice. Slots are instants, so the zone of who reads them is no matter.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import groupby, islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bookings.models import SlotRules

# The longest range that is looked at.
MAX_RANGE = timedelta(days=31)
_FIRST_DAYS = timedelta(days=5)
# What takes time from a slot of the range, or counts for its day, begins this far outside at most.
_AROUND = timedelta(days=2)
_MINUTE = timedelta(minutes=1)

Span = tuple[datetime, datetime]
_Hours = tuple[int, time, time, ZoneInfo]


@dataclass(frozen=True, slots=True)
class Navigator:
    """Who takes calls, as a slot names them."""

    pk: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which this navigator can be booked."""

    navigator: Navigator
    starts_at: datetime
    ends_at: datetime

    def shown(self) -> dict[str, Any]:
        """As REST shows it."""
        return {
            "navigator": {"id": self.navigator.pk, "name": self.navigator.name},
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """A navigator, when they work and what takes time from them or from the patient."""

    who: Navigator
    hours: list[_Hours]
    booked: list[Span]
    away: list[Span]
    engaged: list[Span]  # the patient's other calls
    to_come: int  # calls, when that was asked
    rules: SlotRules


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
    ignoring: UUID | None = None,
) -> list[Slot]:
    """The slots that begin from `start` to before `end`, by time and then by navigator's name.

    Of one navigator, or of all who speak `language`. `ignoring` is a booking that takes no time,
    because it gives way. One query, however long the range.
    """
    people = _people(
        start=start,
        end=end,
        now=now,
        navigator_id=navigator_id,
        language=language,
        ignoring=ignoring,
    )
    found = [slot for each in people for slot in _slots_of(each, start=start, end=end, now=now)]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.navigator.name, slot.navigator.pk))


def next_free(
    *,
    patient_id: UUID | None,
    after: datetime,
    now: datetime,
    navigator_id: UUID | None = None,
    language: str = "",
    count: int = 3,
) -> tuple[Slot, ...]:
    """The first slots from `after` on in which the patient (None: nobody yet) has no other call.

    Of this navigator; or, one for each time, of all who speak `language`. Fewer than `count` when
    there are no more in the days to come.
    """
    start = max(after, now)
    found: tuple[Slot, ...] = ()
    # All navigators' calls of a month are many rows, and mostly the first days have room.
    for days in (MAX_RANGE,) if navigator_id else (_FIRST_DAYS, MAX_RANGE):
        end = start + days
        people = _people(
            start=start,
            end=end,
            now=now,
            navigator_id=navigator_id,
            language=language,
            patient_id=patient_id,
        )
        by_time = merge(
            *(_slots_of(each, start=start, end=end, now=now) for each in people), key=_start
        )
        one_each = (next(same) for _time, same in groupby(by_time, key=_start))
        found = tuple(islice(one_each, count))
        if len(found) == count:
            break
    return found


def _start(slot: Slot) -> datetime:
    return slot.starts_at


def who_is_free(
    *,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    offered: bool,
    navigator_id: UUID | None = None,
    language: str = "",
    ignoring: UUID | None = None,
) -> list[UUID]:
    """Who takes calls at that time and has room for one, who has the fewest calls to come first.

    Within working hours, without time off, with the pause before and after, on a day that is not
    full; only when it is a slot that is `offered`, also with the notice and within the horizon.
    `ignoring` is a booking that takes no time. One query.
    """
    people = _people(
        start=starts_at,
        end=ends_at,
        now=now,
        navigator_id=navigator_id,
        language=language,
        ignoring=ignoring,
        counted=True,
    )
    wanted = (starts_at, ends_at)
    is_free = _is_offered if offered else _has_room
    found = [each for each in people if is_free(each, wanted, now)]
    return [each.who.pk for each in sorted(found, key=lambda each: (each.to_come, each.who.pk))]


def _is_offered(person: _Person, wanted: Span, now: datetime) -> bool:
    slots = _slots_of(person, start=wanted[0], end=wanted[1], now=now)
    return any((slot.starts_at, slot.ends_at) == wanted for slot in slots)


def _has_room(person: _Person, wanted: Span, now: datetime) -> bool:
    starts, ends = wanted
    pause = person.rules.buffer_minutes * _MINUTE
    if any(starts < until + pause and since - pause < ends for since, until in person.booked):
        return False
    if any(starts < until and since < ends for since, until in person.away):
        return False
    on_day, most = _counted(person.booked), person.rules.per_day
    return any(
        window.starts_at <= starts and ends <= window.ends_at and on_day(window) < most
        for window in _windows(person.hours, starts, ends)
    )


# Everybody who takes calls, each with hours, what takes time, and the rules for all. A parameter
# that is null or blank narrows nothing; the planner drops what a constant makes void.
_PEOPLE = """
SELECT u.id, u.name, hours.rows, booked.starts, booked.ends, away.starts, away.ends,
       engaged.starts, engaged.ends, to_come.count,
       (SELECT json_build_object('minutes', minutes, 'buffer_minutes', buffer_minutes,
                                 'notice_hours', notice_hours, 'horizon_days', horizon_days,
                                 'per_day', per_day)
        FROM bookings_slotrules)
FROM core_user u
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(weekday, starts, ends, time_zone)) AS rows
    FROM bookings_workinghours WHERE navigator_id = u.id
) hours
CROSS JOIN LATERAL (
    SELECT array_agg(starts_at) AS starts, array_agg(ends_at) AS ends
    FROM bookings_booking
    WHERE navigator_id = u.id AND starts_at > %(from)s AND starts_at < %(to)s
      AND (status IN ('booked', 'completed', 'no_show') OR status = 'held' AND held_until > %(now)s)
      AND id IS DISTINCT FROM %(ignoring)s
) booked
CROSS JOIN LATERAL (
    SELECT array_agg(starts_at) AS starts, array_agg(ends_at) AS ends
    FROM bookings_timeoff
    WHERE navigator_id = u.id AND ends_at > %(start)s AND starts_at < %(to)s
) away
CROSS JOIN (
    SELECT array_agg(starts_at) AS starts, array_agg(ends_at) AS ends
    FROM bookings_booking
    WHERE patient_id = %(patient)s AND starts_at > %(from)s AND starts_at < %(to)s
      AND (status IN ('booked', 'completed', 'no_show') OR status = 'held' AND held_until > %(now)s)
      AND id IS DISTINCT FROM %(ignoring)s
) engaged
LEFT JOIN LATERAL (
    SELECT count(*) AS count
    FROM bookings_booking
    WHERE navigator_id = u.id AND starts_at > %(now)s
      AND (status = 'booked' OR status = 'held' AND held_until > %(now)s)
) to_come ON %(counted)s
WHERE u.is_staff AND u.is_active AND hours.rows IS NOT NULL
  AND (%(navigator)s::uuid IS NULL OR u.id = %(navigator)s)
  AND (%(language)s = '' OR u.languages_spoken @> ARRAY[%(language)s]::varchar[])
"""


def _people(
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    navigator_id: UUID | None = None,
    language: str = "",
    patient_id: UUID | None = None,
    ignoring: UUID | None = None,
    counted: bool = False,
) -> list[_Person]:
    """Who takes calls, with all that their slots follow from: one query, and no instances."""
    asked = {
        "from": start - _AROUND,
        "start": start,
        "to": end + _AROUND,
        "now": now,
        "navigator": navigator_id,
        "language": language,
        "patient": patient_id,
        "ignoring": ignoring,
        "counted": counted,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, asked)
        return [_person(*row) for row in cursor.fetchall()]


def _person(pk: UUID, name: str, hours: list[Any], *spans: Any) -> _Person:
    booked, away, engaged = (
        list(zip(starts or (), ends or (), strict=True))
        for starts, ends in (spans[0:2], spans[2:4], spans[4:6])
    )
    return _Person(
        who=Navigator(pk, name),
        hours=[
            (weekday, time.fromisoformat(starts), time.fromisoformat(ends), ZoneInfo(zone))
            for weekday, starts, ends, zone in hours
        ],
        booked=booked,
        away=away,
        engaged=engaged,
        to_come=spans[6] or 0,
        rules=SlotRules(**(spans[7] or {})),  # without a row, the defaults
    )


def _slots_of(person: _Person, *, start: datetime, end: datetime, now: datetime) -> Iterator[Slot]:
    """The slots of one of `_people`, by time."""
    rules = person.rules
    length, pause = rules.minutes * _MINUTE, rules.buffer_minutes * _MINUTE
    first = max(start, now + timedelta(hours=rules.notice_hours))
    last = min(end, now + timedelta(days=rules.horizon_days))
    busy = sorted(
        [
            *((starts - pause, ends + pause) for starts, ends in person.booked),
            *person.away,
            *person.engaged,
        ]
    )
    on_day = _counted(person.booked)
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
                yield Slot(person.who, begins, begins + length)
            begins += length + pause


def _meets(busy: list[Span], position: int, starts: datetime, ends: datetime) -> bool:
    """Whether any span from `position` on overlaps; they are sorted by their start."""
    for index in range(position, len(busy)):
        if busy[index][0] >= ends:
            return False
        if busy[index][1] > starts:
            return True
    return False


def _counted(booked: list[Span]) -> Any:
    """A function: how many calls begin on the day of a window, by the clock of its zone."""
    by_zone: dict[str, Counter[date]] = {}

    def on_day(window: _Window) -> int:
        if window.zone.key not in by_zone:
            days = (starts.astimezone(window.zone).date() for starts, _ends in booked)
            by_zone[window.zone.key] = Counter(days)
        return by_zone[window.zone.key][window.day]

    return on_day


def _windows(hours: list[_Hours], first: datetime, last: datetime) -> list[_Window]:
    """The stretches of working hours that matter from `first` to `last`, by time."""
    found = []
    for weekday, starts, ends, zone in hours:
        day, until = first.astimezone(zone).date(), last.astimezone(zone).date()
        day += timedelta(days=(weekday - day.isoweekday()) % 7)
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
