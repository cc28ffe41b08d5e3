"""Free slots of everybody for four weeks, while most of the time is taken."""

from datetime import UTC, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import databases
from benchmarks.measure import Line, repeat
from bookings.availability import free_slots
from bookings.models import Booking, SlotRules, WorkingHours
from patients.models import Patient
from portal.core.models import User

NAVIGATORS, DAYS, BOOKINGS = 20, 28, 10_000
LENGTH = timedelta(minutes=15)
TIMES = 20


def run() -> list[Line]:
    """Two lines: the statements, for few and for many navigators, and the milliseconds."""
    with databases.using(databases.SMALL), transaction.atomic():
        first = _first_day()
        few = _queries(first, _fill(first, navigators=2, bookings=100))
        many = _queries(first, _fill(first, navigators=NAVIGATORS, bookings=BOOKINGS))
        end = first + timedelta(days=DAYS)
        found = free_slots(start=first, end=end, now=first)
        slots = repeat(lambda: free_slots(start=first, end=end, now=first), TIMES)
        bare = repeat(lambda: _bare(first, end), TIMES)
        rows = len(_bare(first, end))
        transaction.set_rollback(True)
    size = f"{NAVIGATORS} navigators, {DAYS} days, {rows:,} bookings"
    return [
        Line(
            what=f"free slots: queries, {size}",
            measured=f"{many}",
            baseline=f"2 navigators, 100 bookings: {few}",
            hold="constant",
            held=few == many == 1,
        ),
        Line(
            what=f"free slots: {len(found):,} of {size}",
            measured=f"{slots.cpu:.0f} ms of CPU ({slots})",
            baseline=f"bare query of the same bookings: {bare.cpu:.0f} ms of CPU ({bare})",
            ratio=slots.cpu / bare.cpu,
        ),
    ]


def _first_day() -> datetime:
    """The midnight after everything that is planned, and after now."""
    last = Booking.objects.order_by("-starts_at").values_list("ends_at", flat=True).first()
    day = max(last or timezone.now(), timezone.now()).date() + timedelta(days=1)
    return datetime.combine(day, time(), UTC)


def _fill(first: datetime, *, navigators: int, bookings: int) -> list[User]:
    """So many new navigators who work eight to eight, with so many calls; others do not work."""
    Booking.objects.filter(starts_at__gte=first).delete()
    SlotRules.objects.update(
        minutes=LENGTH.seconds // 60, buffer_minutes=0, notice_hours=0, per_day=100
    )
    people = User.objects.bulk_create(
        User(username=f"slots-{navigators}-{number}", name=f"N {number}", is_staff=True)
        for number in range(navigators)
    )
    WorkingHours.objects.all().delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(
            navigator=person, weekday=day, starts=time(8), ends=time(20), time_zone="Europe/Lisbon"
        )
        for person, day in product(people, WorkingHours.Weekday)
    )
    _book(first, people, bookings)
    return people


def _book(first: datetime, people: list[User], bookings: int) -> None:
    """Calls spread over all days, each with a patient who has no other at that time."""
    patients = list(Patient.objects.values_list("pk", flat=True)[:bookings])
    per_day = -(-bookings // (len(people) * DAYS))
    zone = ZoneInfo("Europe/Lisbon")
    made = []
    for number, (day, turn, person) in enumerate(product(range(DAYS), range(per_day), people)):
        if number == bookings:
            break
        opens = datetime.combine(first.date() + timedelta(days=day), time(8), zone)
        starts_at = opens + 2 * turn * LENGTH
        made.append(
            Booking(
                patient_id=patients[number % len(patients)],
                navigator=person,
                starts_at=starts_at,
                ends_at=starts_at + LENGTH,
            )
        )
    Booking.objects.bulk_create(made, batch_size=1000)


def _queries(first: datetime, people: list[User]) -> int:
    """How many statements the slots of all of them take."""
    with CaptureQueriesContext(connection) as queries:
        found = free_slots(start=first, end=first + timedelta(days=DAYS), now=first)
    if len({slot.navigator.pk for slot in found}) != len(people):
        raise RuntimeError("not everybody has free slots")
    return len(queries)


def _bare(start: datetime, end: datetime) -> list[tuple]:
    """The bookings of the range, as tuples."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT navigator_id, starts_at, ends_at FROM bookings_booking "
            "WHERE starts_at >= %s AND starts_at < %s AND status = 'booked'",
            [start, end],
        )
        return cursor.fetchall()
