"""The home page: who is called today, who waits, and what was left open.

A fixed number of queries, each with a limit; counts stop at COUNT_LIMIT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings import queues
from bookings.models import Booking, Call
from patients.closing import ATTEMPTS_NEEDED
from patients.models import Patient
from portal.core.admin.display import choice_badge, day, short_day, waiting
from portal.core.models import User
from portal.core.permissions import may
from portal.roles import Role
from portal.site import home_decisions, home_referrals
from portal.site.blocks import LISTED, Block, Line, about, counted, list_url

LISTED_TODAY = 30
# To know how often somebody was tried, their calls are read: of fewer people than that.
TRIED_LIMIT = 30


@dataclass(frozen=True, kw_only=True)
class Home:
    greeting: str
    today: str
    is_everybody: bool
    other_url: str
    week_url: str
    blocks: Sequence[Block]


def home(request: HttpRequest) -> Home:
    """What the home page shows to the viewer; only what they may see."""
    user: Any = request.user
    whose = request.GET.get("whose", "")
    is_navigator = any(group.name == Role.NAVIGATOR for group in user.groups.all())
    is_everybody = whose == "everybody" or (whose != "mine" and not is_navigator)
    now = timezone.now()
    mine = None if is_everybody else user
    blocks: list[Block] = []
    if may(user, "view", Booking):
        blocks.append(_today(user, mine, now))
        blocks.append(_outcome_missing(user, mine, now))
        blocks.append(_to_rebook(user, mine, now))
    if may(user, "view", Call):
        blocks.append(_follow_ups(user, mine, now))
    if may(user, "view", Patient):
        blocks.append(_leads(user, mine, now))
        blocks.append(_unreachable(user, mine, now))
    blocks += home_referrals.blocks(user, mine, now)
    blocks += home_decisions.blocks(user)
    return Home(
        greeting=_greeting(user, now),
        today=day(timezone.localdate(now)),
        is_everybody=is_everybody,
        other_url="?whose=mine" if is_everybody else "?whose=everybody",
        week_url=_week_url(user, mine),
        blocks=blocks,
    )


def _greeting(user: User, now: datetime) -> str:
    hour = timezone.localtime(now).hour
    if hour < 12:
        words = _("Good morning, %(name)s")
    elif hour < 18:
        words = _("Good afternoon, %(name)s")
    else:
        words = _("Good evening, %(name)s")
    return words % {"name": user.get_short_name()}


def _week_url(user: User, mine: User | None) -> str:
    if not may(user, "view", Booking):
        return ""
    return f"{reverse('admin:bookings_booking_week')}?navigator={mine.pk if mine else 'team'}"


def _whose(mine: User | None) -> dict[str, Any]:
    return {} if mine is None else {"navigator__id__exact": mine.pk}


def _today(user: User, mine: User | None, now: datetime) -> Block:
    calls = queues.calls_today(now)
    if mine is not None:
        calls = calls.filter(navigator=mine)
    rows = list(
        calls.select_related("patient__medical_condition", "navigator")
        .defer("patient__search", "patient__medical_condition__search")
        .order_by("starts_at", "id")[:LISTED_TODAY]
    )
    coming = next((row for row in rows if row.starts_at >= now), None)
    note = _("none left today")
    if coming is not None:
        note = _("next at %(time)s") % {"time": f"{timezone.localtime(coming.starts_at):%H:%M}"}
    may_book = may(user, "add", Booking)
    return Block(
        key="today",
        title=_("Calls today"),
        icon="call",
        count=f"{LISTED_TODAY}+" if len(rows) == LISTED_TODAY else str(len(rows)),
        note=note,
        url=list_url("bookings_booking", queue="today", **_whose(mine)),
        lines=[
            Line(
                lead=f"{timezone.localtime(row.starts_at):%H:%M}",
                name=row.patient.full_name,
                url=row.patient.get_absolute_url(),
                detail=about(row.patient, "" if mine else str(row.navigator or "")),
                badge=choice_badge(row, "status"),
                action=_complete_label(row, user),
                action_url=reverse("admin:bookings_booking_complete", args=[row.pk]),
            )
            for row in rows
        ],
        empty=_("No call is planned today."),
        empty_action=_("Plan a call") if may_book else "",
        empty_url=reverse("admin:bookings_booking_add") if may_book else "",
    )


def _complete_label(booking: Booking, user: User) -> str:
    """What can be done about a planned call; blank for nothing."""
    is_open = booking.status == Booking.Status.BOOKED and may(user, "add", Call)
    return _("Complete") if is_open else ""


def _leads(user: User, mine: User | None, now: datetime) -> Block:
    upcoming = Booking.objects.upcoming(now=now).filter(patient=OuterRef("pk"))
    leads = queues.never_called()
    narrowed = {}
    if mine is not None:
        leads = leads.open_to(mine)
        narrowed = {"whose": "mine_or_nobodys"}
    rows = list(
        leads.select_related("medical_condition")
        .defer("search", "medical_condition__search")
        .annotate(call_at=Subquery(upcoming.order_by("starts_at").values("starts_at")[:1]))
        .order_by("first_contact_at")[:LISTED]
    )
    may_book = may(user, "add", Booking)
    may_add = may(user, "add", Patient)
    return Block(
        key="leads",
        title=_("Leads never called"),
        icon="hourglass_top",
        count=counted(leads),
        note=_leads_note(rows, mine, now),
        url=list_url("patients_patient", queue="never_called", **narrowed),
        lines=[
            Line(
                lead=waiting(row.first_contact_at, now=now),
                name=row.full_name,
                url=row.get_absolute_url(),
                detail=about(row),
                badge=_("call on %(day)s")
                % {"day": short_day(timezone.localdate(row.call_at), now=now)}
                if row.call_at
                else "",
                action=_("Book a call") if may_book and not row.call_at else "",
                action_url=_book_url(row.pk),
            )
            for row in rows
        ],
        empty=_("Every lead has been called."),
        empty_action=_("Add a lead") if may_add else "",
        empty_url=reverse("admin:patients_patient_add") if may_add else "",
    )


def _leads_note(rows: Sequence[Patient], mine: User | None, now: datetime) -> str:
    if not rows:
        return _("nobody waits")
    waits = _("oldest waits %(time)s") % {"time": waiting(rows[0].first_contact_at, now=now)}
    return waits if mine is None else f"{_('yours and nobody’s')}, {waits}"


def _outcome_missing(user: User, mine: User | None, now: datetime) -> Block:
    missing = queues.outcome_missing(now)
    if mine is not None:
        missing = missing.filter(navigator=mine)
    rows = list(
        missing.select_related("patient__medical_condition", "navigator")
        .defer("patient__search", "patient__medical_condition__search")
        .order_by("-starts_at", "-id")[:LISTED]
    )
    return Block(
        key="missing",
        title=_("Outcome missing"),
        icon="rule",
        count=counted(missing),
        note=_("say how these calls went") if rows else _("all calls are written up"),
        url=list_url("bookings_booking", queue="missing", **_whose(mine)),
        lines=[
            Line(
                lead=short_day(timezone.localdate(row.starts_at), now=now),
                name=row.patient.full_name,
                url=row.get_absolute_url(),
                detail=about(row.patient, "" if mine else str(row.navigator or "")),
                action=_complete_label(row, user),
                action_url=reverse("admin:bookings_booking_complete", args=[row.pk]),
            )
            for row in rows
        ],
        empty=_("Every call that was held has an outcome."),
    )


def _to_rebook(user: User, mine: User | None, now: datetime) -> Block:
    lost = queues.to_rebook(now)
    if mine is not None:
        lost = lost.filter(navigator=mine)
    rows = list(
        lost.select_related("patient__medical_condition", "navigator")
        .defer("patient__search", "patient__medical_condition__search")
        .order_by("-starts_at", "-id")[:LISTED]
    )
    may_book = may(user, "add", Booking)
    return Block(
        key="rebook",
        title=_("To rebook"),
        icon="event_repeat",
        count=counted(lost),
        note=_("missed, or called off by us") if rows else _("nobody waits for another call"),
        url=list_url("bookings_booking", queue="rebook", **_whose(mine)),
        lines=[
            Line(
                lead=short_day(timezone.localdate(row.starts_at), now=now),
                name=row.patient.full_name,
                url=row.patient.get_absolute_url(),
                detail=about(row.patient, "" if mine else str(row.navigator or "")),
                badge=choice_badge(row, "status"),
                action=_("Book a call") if may_book else "",
                action_url=_book_url(row.patient_id),
            )
            for row in rows
        ],
        empty=_("Every call that came to nothing was made up for."),
    )


def _book_url(patient_id: Any) -> str:
    return f"{reverse('admin:bookings_booking_add')}?patient={patient_id}"


def _follow_ups(user: User, mine: User | None, now: datetime) -> Block:
    due = queues.follow_ups_due(now)
    if mine is not None:
        due = due.filter(navigator=mine)
    rows = list(
        due.select_related("patient", "navigator")
        .defer("patient__search")
        .order_by("next_action_due", "id")[:LISTED]
    )
    may_call = may(user, "add", Call)
    return Block(
        key="follow-ups",
        title=_("Follow-ups due"),
        icon="event_upcoming",
        count=counted(due),
        note=_("promised up to today") if rows else _("nothing is due"),
        url=list_url("bookings_call", queue="due", **_whose(mine)),
        lines=[
            Line(
                lead=short_day(row.next_action_due, now=now),
                name=row.patient.full_name,
                url=row.patient.get_absolute_url(),
                detail=row.next_action if mine else f"{row.next_action} · {row.navigator}",
                action=_("Record a call") if may_call else "",
                action_url=reverse("admin:patients_patient_call", args=[row.patient_id]),
            )
            for row in rows
        ],
        empty=_("Nothing that was promised is due."),
    )


def _unreachable(user: User, mine: User | None, now: datetime) -> Block:
    people = queues.unreachable(now)
    narrowed = {}
    if mine is not None:
        people = people.open_to(mine)
        narrowed = {"whose": "mine_or_nobodys"}
    rows = list(
        people.select_related("medical_condition")
        .defer("search", "medical_condition__search")
        .order_by("first_contact_at", "id")[:LISTED]
    )
    may_close = may(user, "change", Patient)
    return Block(
        key="unreachable",
        title=_("Tried in vain"),
        icon="phone_missed",
        count=counted(people, limit=TRIED_LIMIT),
        note=_("%(count)d times or more") % {"count": ATTEMPTS_NEEDED},
        url=list_url("patients_patient", queue="unreachable", **narrowed),
        lines=[
            Line(
                lead=_("%(count)d times") % {"count": row.times},
                name=row.full_name,
                url=row.get_absolute_url(),
                detail=about(row),
                action=_("Close as unreachable") if may_close else "",
                action_url=reverse("admin:patients_patient_close", args=[row.pk]),
            )
            for row in rows
        ],
        empty=_("Nobody was tried that often."),
    )
