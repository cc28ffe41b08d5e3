"""Every URL of the portal."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal.api.tokens import LimitedTokenView
from portal.public.calendars import feed

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path("api/", include("portal.api.urls")),
    path("oauth2/token/", LimitedTokenView.as_view(), name="oauth2-token"),
    # Any tail: a secret with the end cut off is answered, and kept out of the log, here as well.
    path("calendar/<path:name>", feed, name="calendar-feed"),
    path("start/", include("portal.public.urls")),
]

# Under /api/ these are problem documents, under /start/ public pages, elsewhere Django's pages.
handler400 = "portal.api.errors.error400"
handler404 = "portal.public.problems.not_found"
handler500 = "portal.public.problems.broken"
