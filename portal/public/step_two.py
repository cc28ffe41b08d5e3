"""Step 2 of the landing page: when a navigator calls."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bookings.calendars import invitation
from bookings.models import Booking
from bookings.placing import SlotTaken
from patients.models import Submission
from portal.core.errors import Refused
from portal.public import notices, offers, pages, picking, problems, zones
from portal.public.confirmation import Confirmation
from portal.public.drafts import Draft
from portal.public.languages import in_its_language
from portal.public.notices import Notice
from portal.public.pages import onwards
from portal.public.sending import first_sent, last_sent
from portal.throttle import TRIES, TooMany, count


@require_http_methods(["GET", "HEAD", "POST"])
@in_its_language
def what_next(request: HttpRequest) -> HttpResponse:
    """Times to choose from, the call that was booked, or what happens without one."""
    draft = Draft.of(request)
    first = first_sent(draft) if draft else None
    if draft is None or first is None:
        return onwards(None, to="public:start")
    if request.method == "POST":
        return _picked(request, draft, first)
    return _page(request, draft, first)


@require_safe
@in_its_language
def calendar(request: HttpRequest) -> HttpResponse:
    """The booked call as a file for the visitor's calendar."""
    draft = Draft.of(request)
    first = first_sent(draft) if draft else None
    booking = picking.call_of(first) if first else None
    if booking is None or booking.status != Booking.Status.BOOKED:
        return onwards(None)
    response = HttpResponse(
        invitation(booking, method="PUBLISH"), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="call.ics"'
    response["Cache-Control"] = "private, no-store"
    return response


def _picked(request: HttpRequest, draft: Draft, first: Submission) -> HttpResponse:
    now = timezone.now()
    try:
        count(request, TRIES, now=now)
    except TooMany as error:
        return problems.too_many(request, error.wait)
    starts_at = offers.chosen(request, now=now)
    if starts_at is None:
        return _page(request, draft, first, notice=notices.nothing_chosen(), status=422)
    said = (last_sent(draft) or first).payload
    zone = zones.asked_for(request) or zones.zone_of(said).key
    language = str(said.get("language", ""))
    try:
        if not said.get("phone"):
            raise Refused("There is no number to call.", code="no_phone")
        picking.pick(first, starts_at, language=language, zone=zone, now=now)
    except SlotTaken:
        day = starts_at.astimezone(ZoneInfo(zone)).date()
        return _page(request, draft, first, notice=notices.taken(), since=day, status=409)
    except Refused:
        return _page(request, draft, first, notice=notices.not_here(), status=409)
    return onwards(draft)


def _page(
    request: HttpRequest,
    draft: Draft,
    first: Submission,
    *,
    notice: Notice | None = None,
    since: date | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    last = last_sent(draft) or first
    sent = Confirmation.of(last, now=now)
    context: dict[str, Any] = {
        "sent": sent,
        "draft": draft,
        "notice": notice,
        "link": request.build_absolute_uri(reverse("public:resume", args=[draft.token])),
    }
    if sent.may_contact and not sent.is_written_to:
        since = since or offers.since_asked_for(request, now=now)
        context |= _call(request, first, last.payload, since=since, now=now)
    response = pages.show(request, "public/next.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _call(
    request: HttpRequest,
    first: Submission,
    said: dict[str, Any],
    *,
    since: date | None,
    now: datetime,
) -> dict[str, Any]:
    """The call that was picked, or the times to pick one from."""
    asked = zones.asked_for(request)
    booking = picking.call_of(first)
    if booking is not None:
        zone = ZoneInfo(asked or booking.patient_time_zone or zones.zone_of(said).key)
        return {
            "appointment": picking.Appointment.of(booking, zone=zone),
            # A call may be made somewhat early.
            "is_over": booking.status != Booking.Status.BOOKED or booking.starts_at <= now,
        }
    zone = ZoneInfo(asked) if asked else zones.zone_of(said)
    find = picking.by_language(str(said.get("language", "")), now=now)
    return {
        "offer": offers.offer(find, zone=zone, since=since, now=now),
        "zones": zones.choices(chosen=zone.key, country=str(said.get("country", ""))),
        "is_guessed": not asked and not zones.known(said.get("time_zone", "")),
    }
