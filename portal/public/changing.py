"""The page behind the link in a mail: one call, to be moved or cancelled, and nothing else.

Programs that look into mails open every link, so opening one changes nothing: a button does.
"""

from datetime import date
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from bookings import links
from bookings.calling_off import cancel
from bookings.models import Booking
from bookings.placing import SlotTaken
from portal.core.errors import Refused
from portal.public import notices, offers, pages, picking, problems, zones
from portal.public.drafts import Draft
from portal.public.languages import in_its_language
from portal.public.notices import Notice
from portal.public.sending import first_sent
from portal.throttle import LINKS, TooMany, count

# Instead of the address, which is a key in itself, wherever a line is logged about the request.
UNTOLD = "/start/call/…"


@in_its_language
def call(request: HttpRequest, token: str) -> HttpResponse:
    """The call of a link that is still good: shown, moved or cancelled."""
    request.path = UNTOLD
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    now = timezone.now()
    try:
        count(request, LINKS, now=now)
    except TooMany as error:
        return problems.too_many(request, error.wait)
    booking = links.booking_of(token, now=now)
    if booking is None:
        return problems.changed(request)
    if request.method != "POST":
        notice = notices.moved() if "moved" in request.GET else None
        return _page(request, booking, notice=notice)
    if "cancel" in request.POST:
        return _cancelled(request, booking, token)
    return _moved(request, booking, token)


@in_its_language
def cancelled(request: HttpRequest) -> HttpResponse:
    """That the call was cancelled. The page is the same for everybody."""
    draft = Draft.of(request)
    may_pick = draft is not None and first_sent(draft) is not None
    return pages.show(request, "public/cancelled.html", {"may_pick": may_pick})


def _cancelled(request: HttpRequest, booking: Booking, token: str) -> HttpResponse:
    try:
        cancel(booking_id=booking.pk, by=None, party=Booking.Party.PATIENT)
    except Refused:
        return _not_changed(request, token)
    return pages.leading_to(reverse("public:cancelled"))


def _moved(request: HttpRequest, booking: Booking, token: str) -> HttpResponse:
    now = timezone.now()
    starts_at = offers.chosen(request, now=now)
    if starts_at is None:
        return _page(request, booking, notice=notices.nothing_chosen(), status=422)
    zone = _zone(request, booking)
    slot = offers.slot_at(starts_at, picking.instead_of(booking, now=now))
    day = starts_at.astimezone(zone).date()
    if slot is None:
        return _page(request, booking, notice=notices.taken(), since=day, status=409)
    try:
        new = picking.move(booking, slot, language=booking.patient.language, zone=zone.key)
    except SlotTaken:
        return _page(request, booking, notice=notices.taken(), since=day, status=409)
    except Refused:
        return _not_changed(request, token)
    return pages.leading_to(f"{links.path_to_change(new)}?moved=1")


def _not_changed(request: HttpRequest, token: str) -> HttpResponse:
    """That the call stays as it is, unless somebody changed it a moment ago."""
    booking = links.booking_of(token, now=timezone.now())
    if booking is None:
        return problems.changed(request)
    return _page(request, booking, notice=notices.not_changed(), status=409)


def _zone(request: HttpRequest, booking: Booking) -> ZoneInfo:
    patient = booking.patient
    said = {"time_zone": patient.time_zone, "country": str(patient.country)}
    chosen = zones.asked_for(request) or booking.patient_time_zone
    return ZoneInfo(chosen) if chosen else zones.zone_of(said)


def _page(
    request: HttpRequest,
    booking: Booking,
    *,
    notice: Notice | None = None,
    since: date | None = None,
    status: int = 200,
) -> HttpResponse:
    now, zone = timezone.now(), _zone(request, booking)
    find = picking.instead_of(booking, now=now)
    since = since or offers.since_asked_for(request, now=now)
    response = pages.show(
        request,
        "public/call.html",
        {
            "appointment": picking.Appointment.of(booking, zone=zone),
            "offer": offers.offer(find, zone=zone, since=since, now=now),
            "zones": zones.choices(chosen=zone.key, country=str(booking.patient.country)),
            "notice": notice,
        },
        status=status,
    )
    response["X-Robots-Tag"] = "noindex"
    return response
