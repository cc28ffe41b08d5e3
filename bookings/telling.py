"""What patients are told about their calls by mail: booked, moved, cancelled, and a reminder.

Each mail is made of the booking as it is when the mail is sent. A confirmation of a call that was
moved in the meantime is not sent, as the mail about the new time says it all; of a call that was
called off, only that is said. What waits to be said about a call is dropped when the call is moved
or called off. A reminder comes at `Booking.reminder_at`, or else a day before.

No mail says a word about health, for mailboxes are shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.calendars import invitation
from bookings.clocks import clock
from bookings.links import to_change
from bookings.models import Booking
from bookings.scheduling import Change, Happened, Step
from patients import outgoing
from patients.models import Message
from patients.outgoing import Drop, Dropped, Invitation, Kind, Later, Mail, Outcome

Status = Booking.Status

# How long before the call a reminder comes when the booking does not say.
REMIND_BEFORE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Words:
    """What one mail says: the line in the list of mails, and the page."""

    subject: str
    heading: str
    sentences: Sequence[str]
    offers_change: bool = True


def reminder_due(booking: Booking) -> datetime:
    """When the patient is to be reminded of this call."""
    return booking.reminder_at or booking.starts_at - REMIND_BEFORE


def tell(change: Change) -> None:
    """Have the patient told what became of their call, and reminded of one that is to come."""
    booking = change.booking
    if change.happened == Happened.CANCELLED and _is_called_then(booking):
        return
    # The gate would drop these when they are due. Until then nobody should wait for them.
    if change.happened != Happened.BOOKED:
        outgoing.drop(patient_id=booking.patient_id, about=change.before or booking)
    outgoing.say(
        _TOLD[change.happened],
        patient_id=booking.patient_id,
        due_at=change.now,
        about=booking,
        answers=change.party == Booking.Party.PATIENT,
    )
    if change.happened != Happened.CANCELLED:
        remind(booking, now=change.now)


def _is_called_then(booking: Booking) -> bool:
    """Whether the patient has another call at that time, as somebody who was two records may.

    To hear that this one is cancelled would make them miss that one.
    """
    same_time = Booking.objects.filter(
        patient=booking.patient_id,
        status=Status.BOOKED,
        starts_at__lt=booking.ends_at,
        ends_at__gt=booking.starts_at,
    )
    return bool(same_time.exclude(pk=booking.pk).exists())


def remind(booking: Booking, *, now: datetime) -> None:
    """Have the patient reminded of a booked call, unless the time for that is over already.

    For a call that is booked, and again when somebody sets another time for the reminder.
    """
    due = reminder_due(booking)
    if booking.status == Status.BOOKED and due > now:
        outgoing.say(REMINDER, patient_id=booking.patient_id, due_at=due, about=booking)


# --- the mails, each from the booking as it is now


def _confirmed(message: Message, now: datetime) -> Outcome:
    booking = _booking(message)
    if booking is None or booking.status != Status.BOOKED:
        return Drop(Dropped.OVERTAKEN)
    words = _Words(
        subject=_("Your call on %(day)s at %(time)s"),
        heading=_("Your call is booked"),
        sentences=(
            _("%(navigator)s will call you. Please keep your phone near you."),
            _("The attached file puts the call into your calendar."),
        ),
    )
    return _mail(booking, words, method="REQUEST")


def _moved(message: Message, now: datetime) -> Outcome:
    booking = _booking(message)
    if booking is None or booking.status != Status.BOOKED:
        return Drop(Dropped.OVERTAKEN)
    words = _Words(
        subject=_("Your call is now on %(day)s at %(time)s"),
        heading=_("Your call has a new time"),
        sentences=(
            _("%(navigator)s will call you. The earlier time does not apply any more."),
            _("The attached file moves the call in your calendar."),
        ),
    )
    mail = _mail(booking, words, method="REQUEST")
    return replace(mail, before=_expected_at(booking, now))


def _cancelled(message: Message, now: datetime) -> Outcome:
    booking = _booking(message)
    if booking is None or booking.status != Status.CANCELLED:
        return Drop(Dropped.OVERTAKEN)
    words = _Words(
        subject=_("Your call on %(day)s at %(time)s is cancelled"),
        heading=_("Your call is cancelled"),
        sentences=(
            _("We will not call you at this time."),
            _("The attached file takes the call out of your calendar."),
        ),
        offers_change=False,
    )
    mail = _mail(booking, words, method="CANCEL")
    # Who waits beside the phone when the call should have begun has to hear it, too.
    return replace(mail, until=booking.ends_at, before=_expected_at(booking, now))


def _reminder(message: Message, now: datetime) -> Outcome:
    booking = _booking(message)
    if booking is None or booking.status != Status.BOOKED:
        return Drop(Dropped.OVERTAKEN)
    if reminder_due(booking) > now:
        return Later(reminder_due(booking))
    words = _Words(
        subject=_("A reminder of your call on %(day)s at %(time)s"),
        heading=_("We will call you soon"),
        sentences=(_("%(navigator)s will call you. Please keep your phone near you."),),
    )
    return _mail(booking, words)


CONFIRMED = Kind("call-booked", gettext_lazy("Confirmation of a call"), _confirmed)
MOVED = Kind("call-moved", gettext_lazy("A call was moved"), _moved)
CANCELLED = Kind(
    "call-cancelled",
    gettext_lazy("A call was cancelled"),
    _cancelled,
    # Closing a record cancels its calls: who still has one in their calendar hears of that.
    although_closed=True,
)
REMINDER = Kind("call-reminder", gettext_lazy("Reminder of a call"), _reminder)
KINDS = (CONFIRMED, MOVED, CANCELLED, REMINDER)
STEPS = (Step("tell the patient", tell),)

_TOLD = {
    Happened.BOOKED: CONFIRMED,
    Happened.MOVED: MOVED,
    Happened.CANCELLED: CANCELLED,
}


def _booking(message: Message) -> Booking | None:
    """The booking that the message is about, locked; None when it is gone."""
    rows = Booking.objects.select_for_update(of=("self",), no_key=True)
    mine = rows.filter(pk__in=[message.about_id], patient=message.patient_id)
    booking: Booking | None = mine.select_related("navigator").first()
    if booking is not None:
        booking.patient = message.patient
    return booking


def _expected_at(booking: Booking, now: datetime) -> datetime:
    """When the patient expects a call that was moved or cancelled.

    That is the earliest time of this call, of those that it had and that are not over: the mails
    about the times in between were overtaken.
    """
    earlier = Booking.objects.filter(
        patient=booking.patient_id,
        ics_uid=booking.ics_uid,
        status=Status.RESCHEDULED,
        ends_at__gt=now,
    )
    return min([booking.starts_at, *earlier.values_list("starts_at", flat=True)])


def _mail(
    booking: Booking, words: _Words, *, method: Literal["REQUEST", "CANCEL"] | None = None
) -> Mail:
    zone = _zone(booking)
    starts_at = booking.starts_at.astimezone(zone)
    named = {
        "day": f"{date_format(starts_at, 'l')} {date_format(starts_at, 'MONTH_DAY_FORMAT')}",
        "time": date_format(starts_at, "H:i"),
        "navigator": booking.navigator.get_short_name()
        if booking.navigator
        else settings.ORGANISATION_NAME,
    }
    minutes = int((booking.ends_at - booking.starts_at).total_seconds() // 60)
    context: dict[str, Any] = {
        "patient": booking.patient,
        "heading": words.heading,
        "sentences": [sentence % named for sentence in words.sentences],
        "facts": (
            (_("Day"), f"{date_format(starts_at, 'l')} {date_format(starts_at, 'DATE_FORMAT')}"),
            (_("Time"), f"{named['time']} ({clock(zone.key)})"),
            (_("Length"), _("%(minutes)d minutes") % {"minutes": minutes}),
        ),
        "change_url": to_change(booking) if words.offers_change else "",
        "organisation": {
            "name": settings.ORGANISATION_NAME,
            "email": settings.ORGANISATION_EMAIL,
            "phone": settings.ORGANISATION_PHONE,
        },
    }
    return Mail(
        subject=words.subject % named,
        text=render_to_string("bookings/mail/call.txt", context).strip() + "\n",
        html=render_to_string("bookings/mail/call.html", context),
        zone=zone,
        invitation=Invitation(invitation(booking, method=method), method) if method else None,
        until=booking.starts_at,
    )


def _zone(booking: Booking) -> ZoneInfo:
    """The patient's zone as far as it is known, else the navigator's; the mail names it."""
    navigator = booking.navigator.time_zone if booking.navigator else ""
    return ZoneInfo(booking.patient_time_zone or booking.patient.time_zone or navigator or "UTC")
