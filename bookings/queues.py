"""Who is to be called, and what was left open: each number and the list behind it ask here.

A queue is derived from what happened and never stored. Each takes the rows to look among, all of
them without it, so that a list can narrow what is chosen already.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from bookings.models import Booking, Call
from patients.closing import ATTEMPTS_NEEDED
from patients.contacting import callable_among
from patients.models import Patient

Status = Booking.Status

# Whoever missed a call longer ago has found another way or is a lead like others. They are in the
# list of bookings by their status; the home page would read years of them to count a few.
REBOOK_WITHIN = timedelta(days=180)


def never_called(among: Any = None) -> Any:
    """Leads whom nobody has called or reached, not even in a booked call of the legacy CRM.

    Without those who said no to being contacted.
    """
    people = callable_among(Patient.objects.all() if among is None else among)
    calls = Call.objects.current().filter(patient=OuterRef("pk"))
    held = Booking.objects.filter(patient=OuterRef("pk"), status=Status.COMPLETED)
    leads = people.filter(stage=Patient.Stage.LEAD, initial_consult_at=None)
    return leads.filter(~Exists(calls), ~Exists(held))


def calls_today(now: datetime, among: Any = None) -> Any:
    """Planned calls that begin on the viewer's day and were not called off."""
    bookings = Booking.objects.all() if among is None else among
    return bookings.between(*today(now)).planned()


def outcome_missing(now: datetime, among: Any = None) -> Any:
    """Booked calls that are over and of which nobody has said how they went."""
    bookings = Booking.objects.all() if among is None else among
    return bookings.outcome_missing(now=now)


def to_rebook(now: datetime, among: Any = None) -> Any:
    """The last booking of somebody to be called, which came to nothing and was not made up for.

    A no-show of either side, or called off by us, within REBOOK_WITHIN. Whoever was spoken to
    since needs no other.
    """
    bookings = Booking.objects.all() if among is None else among
    # One that was moved is no call any more; the row that continues it is.
    later = (
        Booking.objects.planned()
        .exclude(status=Status.RESCHEDULED)
        .filter(patient=OuterRef("patient"), starts_at__gt=OuterRef("starts_at"))
    )
    spoken = (
        Call.objects.current()
        .filter(patient=OuterRef("patient"), started_at__gte=OuterRef("starts_at"))
        .exclude(outcome__in=Call.IN_VAIN)
    )
    people = callable_among(Patient.objects.open().filter(pk=OuterRef("patient")))
    ours = Q(status=Status.CANCELLED, cancelled_by=Booking.Party.NAVIGATOR)
    recent = bookings.filter(starts_at__gte=now - REBOOK_WITHIN)
    return recent.filter(
        Q(status=Status.NO_SHOW) | ours, ~Exists(later), ~Exists(spoken), Exists(people)
    )


def follow_ups_due(now: datetime, among: Any = None) -> Any:
    """Last calls of people who are not closed, when what they promised is due."""
    calls = Call.objects.all() if among is None else among
    return calls.follow_ups_due(today=timezone.localdate(now))


def unreachable(now: datetime, among: Any = None) -> Any:
    """Leads tried ATTEMPTS_NEEDED times in vain or more, whom nobody has ever reached.

    They can be closed as unreachable. Whoever has a call to come is still being tried; of those
    who were reached before, their last follow-up says what is next. Annotated with `times`.
    """
    people = callable_among(Patient.objects.all() if among is None else among)
    to_come = Booking.objects.upcoming(now=now).filter(patient=OuterRef("pk"))
    tried = Call.objects.tried().filter(patient=OuterRef("pk")).order_by().values("patient")
    counted = Coalesce(Subquery(tried.annotate(times=Count("pk")).values("times")), 0)
    leads = people.filter(~Exists(to_come), stage=Patient.Stage.LEAD, initial_consult_at=None)
    return leads.annotate(times=counted).filter(times__gte=ATTEMPTS_NEEDED)


def today(now: datetime) -> tuple[datetime, datetime]:
    """When the viewer's day begins, and the next one."""
    day = timezone.localdate(now)
    return _midnight(day), _midnight(day + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
