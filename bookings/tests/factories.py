"""Valid bookings and calls."""

from datetime import UTC, datetime, time, timedelta

import factory

from bookings.models import Booking, CalendarFeed, Call, TimeOff, WorkingHours
from patients.tests.factories import PatientFactory
from portal.core.tests.factories import UserFactory

_TODAY = datetime.now(UTC).date()
# The Monday of the week after the next: ahead, and within the horizon of what is offered.
MONDAY_NINE = datetime.combine(_TODAY + timedelta(days=14 - _TODAY.weekday()), time(9), UTC)


class WorkingHoursFactory(factory.django.DjangoModelFactory[WorkingHours]):
    class Meta:
        model = WorkingHours

    navigator = factory.SubFactory(UserFactory)
    weekday = 1
    starts = time(9)
    ends = time(17)


class TimeOffFactory(factory.django.DjangoModelFactory[TimeOff]):
    class Meta:
        model = TimeOff

    navigator = factory.SubFactory(UserFactory)
    starts_at = MONDAY_NINE
    ends_at = MONDAY_NINE + timedelta(days=1)


class BookingFactory(factory.django.DjangoModelFactory[Booking]):
    """A booked call of 30 minutes; each one an hour after the one before."""

    class Meta:
        model = Booking

    patient = factory.SubFactory(PatientFactory)
    navigator = factory.SubFactory(UserFactory)
    starts_at = factory.Sequence(lambda n: MONDAY_NINE + timedelta(hours=n))
    ends_at = factory.LazyAttribute(lambda booking: booking.starts_at + timedelta(minutes=30))


class CallFactory(factory.django.DjangoModelFactory[Call]):
    class Meta:
        model = Call

    patient = factory.SubFactory(PatientFactory)
    navigator = factory.SubFactory(UserFactory)
    started_at = MONDAY_NINE
    outcome = "reached"


class CalendarFeedFactory(factory.django.DjangoModelFactory[CalendarFeed]):
    class Meta:
        model = CalendarFeed

    user = factory.SubFactory(UserFactory)
    secret_hash = factory.Sequence(lambda n: f"{n:064x}")
