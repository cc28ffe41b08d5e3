"""Calls: when a navigator can be called, what is planned, and what was really said."""

from bookings.models.feeds import CalendarFeed, CalendarFeedQuerySet
from bookings.models.made import Call, CallQuerySet
from bookings.models.planned import Booking, BookingQuerySet
from bookings.models.ranges import SameId, TimeSpan, WeekSpan, time_span
from bookings.models.roster import NAVIGATORS, SlotRules, TimeOff, WorkingHours

__all__ = (
    "NAVIGATORS",
    "Booking",
    "BookingQuerySet",
    "CalendarFeed",
    "CalendarFeedQuerySet",
    "Call",
    "CallQuerySet",
    "SameId",
    "SlotRules",
    "TimeOff",
    "TimeSpan",
    "WeekSpan",
    "WorkingHours",
    "time_span",
)
