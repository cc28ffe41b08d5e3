"""One week of calls: what is planned, who is away and what is free, on the clock of who looks.

A day is from one midnight to the next on that clock, so it has 23 or 25 hours when the clock is
changed. Days are divided into quarters of an hour; `axis` puts the quarters of all days of a week
under one another, so that the same time stands at the same height although a day skips an hour or
has it twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from bookings.availability import Slot, free_slots
from bookings.models import Booking, TimeOff

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)

# A time on the wall: hour, 1 when the clock shows it for the second time, minute. They sort as they
# follow one another, for no clock is set back across a full hour.
Wall = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Day:
    """A date on a clock, and what lies in it. Calls and slots belong to the day they begin on."""

    on: date
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    calls: list[Booking] = field(default_factory=list)
    away: list[TimeOff] = field(default_factory=list)
    free: list[Slot] = field(default_factory=list)

    @classmethod
    def of(cls, on: date, zone: ZoneInfo) -> "Day":
        return cls(
            on=on, zone=zone, starts_at=_midnight(on, zone), ends_at=_midnight(on + DAY, zone)
        )

    @property
    def longer_by(self) -> timedelta:
        """How much longer than 24 hours; negative when it is shorter."""
        return self.ends_at - self.starts_at - DAY

    def timed(self) -> list[Booking | Slot]:
        """Calls and free slots by time."""
        return sorted((*self.calls, *self.free), key=lambda each: each.starts_at)

    def quarters(self) -> list[Wall]:
        """What the clock shows at each quarter of an hour of the day."""
        count = (self.ends_at - self.starts_at) // QUARTER
        return [wall(self.starts_at + QUARTER * number, self.zone) for number in range(count)]

    def within(self, starts_at: datetime, ends_at: datetime) -> tuple[int, int]:
        """The first quarter that the span touches, and how many: what lies in the day of it."""
        first = max(starts_at, self.starts_at) - self.starts_at
        last = min(ends_at, self.ends_at) - self.starts_at
        return first // QUARTER, max(1, -(-last // QUARTER) - first // QUARTER)


def monday_of(on: date) -> date:
    """The Monday of the week that holds the date."""
    return on - timedelta(days=on.weekday())


def days_of(
    monday: date,
    *,
    zone: ZoneInfo,
    now: datetime,
    navigator_id: UUID | None = None,
    with_free: bool = True,
    with_away: bool = True,
) -> list[Day]:
    """The seven days from `monday` on, of one navigator or of all.

    Three queries: calls that were not called off, time off, and free slots. `with_free` and
    `with_away` leave out what the viewer may not see.
    """
    days = [Day.of(monday + DAY * number, zone) for number in range(7)]
    start, end = days[0].starts_at, days[-1].ends_at
    whose = Q() if navigator_id is None else Q(navigator=navigator_id)
    calls = (
        Booking.objects.between(start, end)
        .filter(whose)
        .exclude(status=Booking.Status.HELD, held_until__lte=now)
        .select_related("patient__medical_condition", "navigator")
        .defer("patient__search", "patient__medical_condition__search")
        .order_by("starts_at", "id")
    )
    for booking in calls:
        _day_with(days, booking.starts_at).calls.append(booking)
    if with_away:
        away = TimeOff.objects.filter(whose, ends_at__gt=start, starts_at__lt=end)
        for absence in away.select_related("navigator").order_by("starts_at", "id"):
            for day in days:
                if absence.starts_at < day.ends_at and absence.ends_at > day.starts_at:
                    day.away.append(absence)
    if with_free:
        for slot in free_slots(start=start, end=end, now=now, navigator_id=navigator_id):
            _day_with(days, slot.starts_at).free.append(slot)
    return days


def axis(days: Sequence[Day], *, first_hour: int, last_hour: int) -> list[Wall]:
    """The quarters of all days from `first_hour` to before `last_hour`, in their order."""
    shown = {quarter for day in days for quarter in day.quarters()}
    return sorted(quarter for quarter in shown if first_hour <= quarter[0] < last_hour)


def hours(days: Iterable[Day], *, first: int, last: int) -> tuple[int, int]:
    """From which hour to before which one to show: `first` to `last`, and what is planned."""
    for day in days:
        for each in day.timed():
            begins, ends = wall(each.starts_at, day.zone), each.ends_at - timedelta(seconds=1)
            first = min(first, begins[0])
            last = max(last, wall(ends, day.zone)[0] + 1 if ends < day.ends_at else 24)
    return first, last


def wall(at: datetime, zone: ZoneInfo) -> Wall:
    """What the clock of the zone shows."""
    shown = at.astimezone(zone)
    return shown.hour, shown.fold, shown.minute


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    """When the date begins; where the clock skips midnight, at what comes instead."""
    return datetime.combine(on, time.min, zone).astimezone(UTC)


def _day_with(days: Sequence[Day], at: datetime) -> Day:
    return next(day for day in days if day.starts_at <= at < day.ends_at)
