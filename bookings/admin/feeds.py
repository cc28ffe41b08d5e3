"""Calendar links: a page to make one's own, and the list of all to stop them from."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant

from bookings import feeds
from bookings.models import CalendarFeed
from portal.core.admin import AutocompleteFilter, Briefing, Fact, ReadOnlyAdmin, Verb
from portal.core.admin.display import badge, moment
from portal.core.permissions import may


class Stop(Verb):
    """The link stops working, for good."""

    name = "stop"
    label = gettext_lazy("Stop this link")
    icon = "link_off"
    variant = ActionVariant.DANGER
    is_versioned = False  # it is stopped or not, whatever else was changed
    done_already = gettext_lazy("This link was stopped already.")

    def is_offered(self, record: CalendarFeed, user: Any) -> bool:
        return record.is_working and feeds.may_stop(record, user)

    def briefing(self, record: CalendarFeed, user: Any) -> Briefing:
        return Briefing(
            will=(
                _("Calendars that read this link find nothing there any more."),
                _("What they have already they keep, until they read again or forget it."),
                _("It cannot be started again. A new link can be made at any time."),
            )
        )

    def run(self, record: CalendarFeed, *, by: Any, said: Mapping[str, Any]) -> str:
        feeds.stop(feed_id=record.pk, by=by)
        return _("The link was stopped.")


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnlyAdmin):
    """Who lets a calendar outside read their calls."""

    list_display = ("user", "made", "last_read", "state")
    list_filter = (("user", AutocompleteFilter),)
    fieldsets = (
        (
            gettext_lazy("The link"),
            {
                "description": gettext_lazy("Its secret is kept nowhere: who lost it makes a new."),
                "fields": ("user", ("created_at", "last_read_at"), "stopped_at"),
            },
        ),
    )
    readonly_fields = ("user", "created_at", "last_read_at", "stopped_at")
    verbs = (Stop(),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "add", CalendarFeed)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The viewer's own link: whether there is one, and a button that makes one.

        The link is in the answer to that button and nowhere else.
        """
        user: Any = request.user
        if not self.has_add_permission(request):
            raise PermissionDenied
        address = ""
        if request.method == "POST":
            _feed, secret = feeds.make(by=user)
            address = request.build_absolute_uri(reverse("calendar-feed", args=[f"{secret}.ics"]))
        feed = CalendarFeed.objects.filter(user=user, stopped_at=None).first()
        context = {
            **self.admin_site.each_context(request),
            "title": _("My calls in my calendar"),
            "feed": feed,
            "address": address,
            "stop_url": reverse("admin:bookings_calendarfeed_stop", args=[feed.pk]) if feed else "",
            "last_read": moment(feed.last_read_at) if feed else "",
            "week_url": reverse("admin:bookings_booking_week"),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        response = TemplateResponse(request, "bookings/my_link.html", context)
        add_never_cache_headers(response)
        return response

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("user")

    @admin.display(description=gettext_lazy("made"), ordering="created_at")
    def made(self, feed: CalendarFeed) -> str:
        return moment(feed.created_at)

    @admin.display(description=gettext_lazy("last read"))
    def last_read(self, feed: CalendarFeed) -> str:
        return moment(feed.last_read_at)

    @admin.display(description=gettext_lazy("state"))
    def state(self, feed: CalendarFeed) -> str:
        return _state(feed)

    def facts(self, request: HttpRequest, record: CalendarFeed) -> list[Fact]:
        return [
            Fact(_("Whose calls"), record.user),
            Fact(_("State"), _state(record)),
            Fact(_("Last read"), moment(record.last_read_at)),
        ]


def _state(feed: CalendarFeed) -> str:
    if not feed.is_working:
        return badge("stopped", _("Stopped"), "grey")
    if not (feed.user.is_active and feed.user.is_staff):
        return badge("dead", _("Account switched off"), "grey")
    return badge("works", _("Works"), "green")
