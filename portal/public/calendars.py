"""Calendar links: what a calendar program reads for a navigator, without a log-in."""

from datetime import datetime
from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt

from bookings import feeds
from bookings.calendars import agenda
from bookings.models import CalendarFeed
from portal.throttle import FEEDS, TooMany, count

ENDING = ".ics"


@csrf_exempt  # it changes nothing for anybody, and a refusal would log the address
def feed(request: HttpRequest, name: str) -> HttpResponse:
    """The calls of whoever made the link; 404 when it does not exist or not any more.

    The address is a key in itself, so whatever is logged about the request is said without it.
    """
    request.path = "/calendar/…"
    if request.method not in {"GET", "HEAD"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    now = timezone.now()
    try:
        count(request, FEEDS, now=now)
    except TooMany as error:
        wait = str(max(1, int(error.wait.total_seconds())))
        return HttpResponse(status=429, headers={"Retry-After": wait})
    found = feeds.found(name.removesuffix(ENDING)) if name.endswith(ENDING) else None
    if found is None:
        return HttpResponse(status=404)
    return _read(request, found, now)


def _read(request: HttpRequest, found: CalendarFeed, now: datetime) -> HttpResponse:
    """The file, or 304 for a calendar that has it already."""
    site = request.build_absolute_uri("/").rstrip("/")
    content = agenda(found.user, now=now, site=site)
    digest = sha256(content).hexdigest()
    changed_at = feeds.note_reading(found, content_hash=digest, now=now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    etag, changed = f'"{digest}"', int(changed_at.timestamp())
    response["ETag"] = etag
    response["Last-Modified"] = http_date(changed)
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, private=True, no_cache=True)
    return get_conditional_response(request, etag, changed, response) or response
