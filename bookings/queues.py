"""Who is to be called, and what was left open: each number and the list behind it ask here."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from bookings.models import Call
from patients.contacting import callable_among
from patients.models import Patient


def never_called(among: Any = None) -> Any:
    """Leads whom nobody has called or reached, of the patients in `among` (all without it).

    Without those who said no to being contacted.
    """
    people = callable_among(Patient.objects.all() if among is None else among)
    calls = Call.objects.current().filter(patient=OuterRef("pk"))
    return people.filter(~Exists(calls), stage=Patient.Stage.LEAD, initial_consult_at=None)


def today(now: datetime) -> tuple[datetime, datetime]:
    """When the viewer's day begins, and the next one."""
    day = timezone.localdate(now)
    return _midnight(day), _midnight(day + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
