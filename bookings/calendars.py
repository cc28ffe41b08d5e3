"""Calls in calendars: the file in a mail to a patient, and the feed a navigator subscribes to.

RFC 5545 and 5546: a calendar knows a call by its UID and replaces what it has by the same UID with
a higher SEQUENCE; a METHOD of CANCEL takes it away. So a call keeps its UID when it is moved
(`Booking.ics_uid`), and the verbs that move or cancel it raise `Booking.ics_sequence`. A feed has
no METHOD: what it does not hold any more, the calendar forgets.

Both leave the house and end in clouds of others, so neither says a word about health.
"""

from datetime import UTC, datetime, time, timedelta
from email.utils import parseaddr
from typing import Literal

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import CUTYPE, PARTSTAT, ROLE, STATUS, Calendar, Event, vCalAddress

from bookings.models import Booking, TimeOff
from patients.outgoing import language_of
from portal.core.models import User

# What a feed holds, in days before and after today.
BEFORE, AHEAD = timedelta(weeks=2), timedelta(weeks=12)
# Never changed, not even with the organisation's name: a calendar would keep both calls.
_PRODUCT = "patient-navigation-portal"


def invitation(booking: Booking, *, method: Literal["REQUEST", "CANCEL", "PUBLISH"]) -> bytes:
    """The booking for the patient's calendar, as the bytes of a `text/calendar` file in UTF-8.

    REQUEST puts the call there or moves it, CANCEL takes it away. In the patient's language, and
    without a word about health, for calendars are shared: the patient's own e-mail address is all
    that it holds about them (for a patient without one there is no ATTENDEE). PUBLISH is REQUEST
    without the address, for a file that is downloaded and not sent to it.
    """
    with translation.override(language_of(booking.patient)):
        event = _event(booking)
        event.add("organizer", _organiser())
        if method != "PUBLISH" and booking.patient.email:
            event.add("attendee", _attendee(booking.patient.email))
        event.add("location", _("By phone"))
        event.add("class", "PRIVATE")
        event.add("dtstamp", timezone.now())
        event.add("summary", _("Call with %(name)s") % {"name": settings.ORGANISATION_NAME})
        if method == "CANCEL":
            event.add("status", STATUS.CANCELLED)
            event.add("description", _("This call has been cancelled."))
        else:
            event.add("status", STATUS.CONFIRMED)
            event.add("description", _what_happens())
        calendar = _calendar()
        calendar.add("method", method)
        calendar.add_component(event)
        content: bytes = calendar.to_ical()
        return content


def agenda(user: User, *, now: datetime, site: str) -> bytes:
    """What is planned for a member of staff, as the bytes of a `text/calendar` file in UTF-8.

    Their calls and time off of the last two and the next twelve weeks. Of a patient it has the
    initials and the stage, and a link to the call's page, which asks for a log-in; `site` is the
    address before it (https://portal.example). The same rows give the same bytes all day long.
    """
    today = datetime.combine(now.astimezone(UTC), time.min, UTC)
    start, end = today - BEFORE, today + AHEAD
    calls = Booking.objects.filter(navigator=user).between(start, end)
    calls = calls.exclude(status=Booking.Status.HELD).select_related("patient")
    away = TimeOff.objects.filter(navigator=user, ends_at__gt=start, starts_at__lt=end)
    with translation.override(user.language):
        calendar = _calendar()
        calendar.add("x-wr-calname", _("Calls"))
        calendar.add("x-published-ttl", "PT30M")
        for booking in calls.defer("patient__search").order_by("starts_at", "id"):
            calendar.add_component(_planned(booking, site))
        for absence in away.order_by("starts_at", "id"):
            calendar.add_component(_absence(absence))
        content: bytes = calendar.to_ical()
        return content


def _planned(booking: Booking, site: str) -> Event:
    event = _event(booking)
    patient = booking.patient
    initials = "".join(f"{name[0]}." for name in (patient.first_name, patient.last_name) if name)
    who = {"initials": initials, "stage": patient.get_stage_display().lower()}
    # Without a METHOD, the stamp is when the call was last changed.
    event.add("dtstamp", booking.updated_at.astimezone(UTC))
    event.add("summary", _("Call: %(initials)s (%(stage)s)") % who)
    event.add("description", f"{site}{booking.get_absolute_url()}")
    event.add("class", "PRIVATE")
    event.add("status", STATUS.CONFIRMED)
    return event


def _absence(absence: TimeOff) -> Event:
    """Time off without its reason, which is nobody's business outside."""
    event = Event()
    event.add("uid", f"{absence.pk}@{_PRODUCT}")
    event.add("sequence", absence.version - 1)
    event.add("dtstamp", absence.updated_at.astimezone(UTC))
    event.add("dtstart", absence.starts_at.astimezone(UTC))
    event.add("dtend", absence.ends_at.astimezone(UTC))
    event.add("summary", _("Time off"))
    event.add("class", "PRIVATE")
    return event


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//{_PRODUCT}//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _event(booking: Booking) -> Event:
    """What every calendar is told of a call: which it is, how recent that is, and when."""
    event = Event()
    event.add("uid", f"{booking.ics_uid}@{_PRODUCT}")
    event.add("sequence", booking.ics_sequence)
    event.add("dtstart", booking.starts_at.astimezone(UTC))
    event.add("dtend", booking.ends_at.astimezone(UTC))
    return event


def _organiser() -> vCalAddress:
    address = settings.ORGANISATION_EMAIL or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return vCalAddress.new(address, cn=settings.ORGANISATION_NAME)


def _attendee(address: str) -> vCalAddress:
    """They chose the time or agreed to it, so no answer is asked for."""
    return vCalAddress.new(
        address,
        cutype=CUTYPE.INDIVIDUAL,
        partstat=PARTSTAT.ACCEPTED,
        role=ROLE.REQ_PARTICIPANT,
        rsvp=False,
    )


def _what_happens() -> str:
    sentences = [
        _("We will call you at this time. Please keep your phone near you."),
        _("To move or cancel the call, use the links in our e-mail."),
    ]
    reach = ", ".join(filter(None, (settings.ORGANISATION_PHONE, settings.ORGANISATION_EMAIL)))
    if reach:
        sentences.append(_("Questions? %(reach)s") % {"reach": reach})
    return "\n".join(sentences)
