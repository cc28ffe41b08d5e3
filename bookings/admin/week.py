"""The week: calls, time off and free slots of one navigator by the hour, or of the whole team."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from bookings.availability import Slot
from bookings.models import NAVIGATORS, Booking, CalendarFeed, TimeOff, WorkingHours
from bookings.week import DAY, Day, Wall, axis, days_of, hours, monday_of
from portal.core.models import User
from portal.core.permissions import may

TEAM = "team"
# Hours that are always shown; a week with earlier or later calls shows more.
FIRST_HOUR, LAST_HOUR = 9, 17
# Calls that overlap stand beside one another, so many at most.
LANES = 3
WEEKEND = slice(5, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing of a day. `place` are the classes that put it in the grid, `tone` its look.

    Without a time it takes all day.
    """

    name: str
    tone: str
    time: str = ""
    until: str = ""
    status: str = ""
    about: str = ""
    url: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One day of a navigator's week. `skipped` are places where its clock shows no time."""

    day: Day
    is_today: bool
    note: str
    items: Sequence[Item]
    skipped: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One day of a member of the team."""

    items: Sequence[Item]
    free: str
    free_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A member of the team; a blank name for calls without a navigator."""

    name: str
    url: str
    cells: Sequence[Cell]


class Week:
    """What the page shows to one viewer."""

    def __init__(self, request: HttpRequest) -> None:
        self.user: Any = request.user
        self.now = timezone.now()
        self.today = timezone.localdate(self.now)
        self.monday = monday_of(_asked_day(request.GET.get("on", "")) or self.today)
        self.people = _people()
        self.navigator = self._chosen(request.GET.get("navigator", ""))
        self.may_add = may(self.user, "add", Booking)
        days = days_of(
            self.monday,
            zone=timezone.get_current_timezone(),
            now=self.now,
            navigator_id=self.navigator.pk if self.navigator else None,
            with_away=may(self.user, "view", TimeOff),
        )
        weekend = any(day.calls or day.free or day.on == self.today for day in days[WEEKEND])
        self.days = days if weekend else days[: WEEKEND.start]
        self.is_empty = not any(day.calls or day.free or day.away for day in self.days)

    def _chosen(self, asked: str) -> User | None:
        """Whose week it is; None for the whole team."""
        if asked == TEAM:
            return None
        try:
            wanted = UUID(asked)
        except ValueError:
            takes_calls = any(person.pk == self.user.pk for person in self.people)
            return self.user if takes_calls else None
        known = next((person for person in self.people if person.pk == wanted), None)
        return known or User.objects.filter(pk=wanted).first()

    # --- what stands above the grid ----------------------------------------------------------

    @property
    def title(self) -> str:
        if self.navigator is None:
            return _("The team's week")
        if self.is_mine:
            return _("My week")
        return _("Week of %(name)s") % {"name": self.navigator}

    @property
    def is_mine(self) -> bool:
        return self.navigator is not None and self.navigator.pk == self.user.pk

    @property
    def dates(self) -> str:
        """`23 – 27 November 2026`, with the month twice where there are two."""
        first, last = self.days[0].on, self.days[-1].on
        form = "j" if first.month == last.month else "j F"
        form = form if first.year == last.year else "j F Y"
        return f"{date_format(first, form)} – {date_format(last, 'j F Y')}"

    @property
    def others(self) -> list[User]:
        """Who else can be chosen."""
        return [person for person in self.people if person.pk != self.user.pk]

    @property
    def takes_calls(self) -> bool:
        return len(self.others) < len(self.people)

    @property
    def earlier_url(self) -> str:
        return self._url(on=self.monday - 7 * DAY)

    @property
    def later_url(self) -> str:
        return self._url(on=self.monday + 7 * DAY)

    @property
    def now_url(self) -> str:
        return self._url()

    @property
    def is_now(self) -> bool:
        return self.monday == monday_of(self.today)

    @property
    def mine_url(self) -> str:
        return self._url(on=self.monday, navigator=self.user.pk)

    @property
    def team_url(self) -> str:
        return self._url(on=self.monday, navigator=TEAM)

    @property
    def book_url(self) -> str:
        if not self.may_add:
            return ""
        chosen = {"navigator": self.navigator.pk} if self.navigator else {}
        return _with(reverse("admin:bookings_booking_add"), chosen)

    @property
    def link_url(self) -> str:
        """Where the viewer lets their calendar read their own week."""
        if not self.is_mine or not may(self.user, "add", CalendarFeed):
            return ""
        return reverse("admin:bookings_calendarfeed_add")

    def _url(self, **query: Any) -> str:
        query.setdefault("navigator", self.navigator.pk if self.navigator else TEAM)
        return _with(reverse("admin:bookings_booking_week"), query)

    # --- one navigator -------------------------------------------------------------------------

    @property
    def columns(self) -> list[Column]:
        return [
            Column(
                day=day,
                is_today=day.on == self.today,
                note=_note(day),
                items=self._placed(day),
                skipped=_skipped(day, self._axis),
            )
            for day in self.days
        ]

    @property
    def hours(self) -> list[tuple[str, str]]:
        """What stands beside the grid: the place and the hour."""
        labels, row = [], 1
        for (hour, again), quarters in groupby(self._axis, key=lambda quarter: quarter[:2]):
            span = list(quarters)
            shown = f"{hour:02}:{span[0][2]:02}"
            label = _("%(time)s again") % {"time": shown} if again else shown
            labels.append((f"week-row-{row} week-span-{len(span)}", label))
            row += len(span)
        return labels

    @property
    def _axis(self) -> list[Wall]:
        first, last = hours(self.days, first=FIRST_HOUR, last=LAST_HOUR)
        return axis(self.days, first_hour=first, last_hour=last)

    def _placed(self, day: Day) -> list[Item]:
        """Time off, and then calls and free slots by time, each with its place in the grid."""
        rows, quarters = {wall: row for row, wall in enumerate(self._axis)}, day.quarters()

        def place(starts_at: datetime, ends_at: datetime) -> tuple[int, int] | None:
            first, count = day.within(starts_at, ends_at)
            shown = [rows[wall] for wall in quarters[first : first + count] if wall in rows]
            return (shown[0], shown[-1] - shown[0] + 1) if shown else None

        items = []
        for absence in day.away:
            span = place(absence.starts_at, absence.ends_at)
            if span:
                items.append(_absence(absence, day, f"week-row-{span[0] + 1} week-span-{span[1]}"))
        timed = day.timed()
        spans = [place(each.starts_at, each.ends_at) or (0, 1) for each in timed]
        for each, span, (lane, of) in zip(timed, spans, _lanes(spans), strict=True):
            where = f"week-row-{span[0] + 1} week-span-{span[1]}"
            if of > 1:
                where = f"{where} week-lane-{lane}-of-{of}"
            items.append(
                self._call(each, where) if isinstance(each, Booking) else self._slot(each, where)
            )
        return items

    def _call(self, booking: Booking, place: str = "") -> Item:
        tone, status = _status(booking, self.now)
        return Item(
            time=_time(booking.starts_at),
            until=_time(booking.ends_at),
            name=booking.patient.full_name,
            tone=tone,
            status=status,
            about=str(booking.patient.medical_condition or ""),
            url=booking.get_absolute_url(),
            place=place,
        )

    def _slot(self, slot: Slot, place: str) -> Item:
        query = {"navigator": slot.navigator.pk, "starts_at": slot.starts_at.isoformat()}
        url = _with(reverse("admin:bookings_booking_add"), query) if self.may_add else ""
        return Item(
            time=_time(slot.starts_at),
            until=_time(slot.ends_at),
            name=_("Free"),
            tone="free",
            url=url,
            place=place,
        )

    # --- the whole team --------------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        """Who takes calls or has some this week, by name; calls without a navigator come last."""
        names: dict[UUID | None, str] = {person.pk: str(person) for person in self.people}
        for day in self.days:
            for booking in day.calls:
                if booking.navigator_id not in names:
                    names[booking.navigator_id] = str(booking.navigator or "")
        everybody = sorted(names.items(), key=lambda each: (not each[1], each[1].casefold()))
        return [
            Row(
                name=name,
                url=self._url(on=self.monday, navigator=pk) if pk else "",
                cells=[self._cell(day, pk) for day in self.days],
            )
            for pk, name in everybody
        ]

    def _cell(self, day: Day, navigator_id: UUID | None) -> Cell:
        free = [slot for slot in day.free if slot.navigator.pk == navigator_id]
        items = [
            *(_absence(each, day) for each in day.away if each.navigator_id == navigator_id),
            *(self._call(each) for each in day.calls if each.navigator_id == navigator_id),
        ]
        return Cell(
            items=sorted(items, key=lambda item: item.time),
            free=_free(free),
            free_url=self._url(on=self.monday, navigator=navigator_id) if free else "",
        )


@require_safe
def week(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """The page. `?on=` is any day of the week, `?navigator=` an id or `team`; me by default."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    shown = Week(request)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": shown.title,
        "week": shown,
        "is_fullwidth": "1",  # the theme's word for all the width there is
    }
    request.current_app = model_admin.admin_site.name
    template = "bookings/week.html" if shown.navigator else "bookings/week_team.html"
    return TemplateResponse(request, template, context)


def _people() -> list[User]:
    """Who takes calls, by name."""
    working = WorkingHours.objects.filter(navigator=OuterRef("pk"))
    people = User.objects.filter(Exists(working), **NAVIGATORS)
    return list(people.only("name", "username").order_by("name", "username"))


def _asked_day(text: str) -> date | None:
    """The date that was asked for; None when it is none, or at the end of the calendar."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return None
    return asked if 1900 < asked.year < 2200 else None


def _with(url: str, query: dict[str, Any]) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def _status(booking: Booking, now: datetime) -> tuple[str, str]:
    """The look of a call and what it says."""
    if booking.is_outcome_missing(now=now):
        return "missing", _("Outcome missing")
    return booking.status, booking.get_status_display()


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


def _absence(absence: TimeOff, day: Day, place: str = "") -> Item:
    """Time off on one day, which it may begin before and end after."""
    starts_at, ends_at = max(absence.starts_at, day.starts_at), min(absence.ends_at, day.ends_at)
    all_day = (starts_at, ends_at) == (day.starts_at, day.ends_at)
    return Item(
        time="" if all_day else _time(starts_at),
        until="" if all_day else _time(ends_at),
        name=_("Time off"),
        tone="away",
        about=absence.reason,
        place=place,
    )


def _free(slots: Sequence[Slot]) -> str:
    """`5 free, from 10:30`; blank when there is none."""
    if not slots:
        return ""
    values = {
        "count": len(slots),
        "time": _time(slots[0].starts_at),
    }
    return ngettext("%(count)d free, at %(time)s", "%(count)d free, from %(time)s", len(slots)) % (
        values
    )


def _note(day: Day) -> str:
    """That the clock is changed on this day; blank on any other."""
    if not day.longer_by:
        return ""
    length = (day.ends_at - day.starts_at) / timedelta(hours=1)
    values = {"hours": f"{length:g}"}
    if day.longer_by > timedelta():
        return _("%(hours)s hours: the clock goes back") % values
    return _("%(hours)s hours: the clock goes forward") % values


def _skipped(day: Day, rows: Sequence[Wall]) -> list[str]:
    """The places of the times that the day does not have and others of the week do."""
    there, places, begins = set(day.quarters()), [], 0
    for row, quarter in enumerate([*rows, None], start=1):
        if quarter is not None and quarter not in there:
            begins = begins or row
        elif begins:
            places.append(f"week-row-{begins} week-span-{row - begins}")
            begins = 0
    return places


def _lanes(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """For each span (by its start): its lane, and how many lanes stand beside one another."""
    found: list[tuple[int, int]] = []
    group: list[int] = []  # the lanes of those that overlap, directly or by way of others
    ends: list[int] = []  # where each lane of the group is taken until
    for first, count in spans:
        if ends and first >= max(ends):
            found += [(lane, len(ends)) for lane in group]
            group, ends = [], []
        lane = next((index for index, end in enumerate(ends) if end <= first), len(ends))
        lane = min(lane, LANES - 1)
        ends[lane : lane + 1] = [max([first + count, *ends[lane : lane + 1]])]
        group.append(lane + 1)
    return found + [(lane, len(ends)) for lane in group]
