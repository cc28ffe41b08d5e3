"""The admin site that navigators work in."""

import time
from functools import partial
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

# As `portal.core.admin.display`, which cannot be imported before the models are there.
NOTHING = "–"
# What the palette shows of each kind; who wants more opens the list.
FOUND_OF_EACH_KIND = 15


class PortalSite(UnfoldAdminSite):  # type: ignore[misc]
    """The workplace."""

    index_title = _("Home")
    enable_nav_sidebar = True
    empty_value_display = NOTHING

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # Nothing is deleted by the dozen.
        self.disable_action("delete_selected")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        context["zone_name"] = timezone.get_current_timezone_name()
        return context

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every list that may be seen, worked out when it is first read.

        Every page has it at hand, and most show their own navigation instead: to sort and to
        translate all names took a quarter of a page.
        """
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The home page: today, and what waits."""
        from portal.site.home import home  # at call time: it needs every model

        context = {
            **self.each_context(request),
            "title": self.index_title,
            "home": home(request),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, "portal/home.html", context)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The lists of one group."""
        name = apps.get_app_config(app_label).verbose_name if self._knows(app_label) else ""
        return super().app_index(request, app_label, {"title": name, **(extra_context or {})})

    def _knows(self, app_label: str) -> bool:
        return any(model._meta.app_label == app_label for model in self._registry)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The log-in page; on a demonstration it says that there are demo log-ins."""
        context = {"is_demonstration": settings.EMBEDDED, **(extra_context or {})}
        context.setdefault(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME, ""))
        if not context[REDIRECT_FIELD_NAME]:
            context[REDIRECT_FIELD_NAME] = reverse("admin:index", current_app=self.name)
        response: HttpResponse = super().login(request, context)
        return response

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        from portal.site.autocomplete import PortalAutocomplete  # at call time, as above

        return PortalAutocomplete.as_view(admin_site=self)(request)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The command palette: people first, then pages. Nothing of it is cached or logged."""
        started = time.monotonic()
        term = request.GET.get("s", "").strip()[:200]
        if not term:
            return HttpResponse()
        app_list = self.get_app_list(request)
        people = self._people(request, term)
        results = [*people, *self._search_apps(app_list, term.lower())]
        paginator = Paginator(results, 100)
        return TemplateResponse(
            request,
            "unfold/helpers/command_results.html",
            {
                "page_obj": paginator,
                "results": paginator.page(1),
                "page_counter": 0,
                "execution_time": time.monotonic() - started,
                "nobody_named": "" if people else term,
                "command_show_history": False,
            },
            headers={"HX-Trigger": "search"},
        )

    def _people(self, request: HttpRequest, term: str) -> list[SearchResult]:
        """The first people of each kind who are found by `term` and may be seen."""
        found = []
        for label in self._get_config("COMMAND", request)["search_models"]:
            model, page = next(
                (model, page)
                for model, page in self._registry.items()
                if model._meta.label_lower == label
            )
            if not page.has_view_permission(request):
                continue
            queryset, _distinct = page.get_search_results(request, page.get_queryset(request), term)
            related = getattr(page, "autocomplete_related", ())
            for row in queryset.select_related(*related)[:FOUND_OF_EACH_KIND]:
                name, _dot, more = page.autocomplete_label(row).partition(" · ")
                kind = page.kind_of(row)
                found.append(
                    SearchResult(
                        title=name,
                        description=f"{kind} · {more}" if more else kind,
                        link=reverse(
                            f"{self.name}:{model._meta.app_label}_{model._meta.model_name}_change",
                            args=[row.pk],
                        ),
                        icon="person" if label.endswith("patient") else "stethoscope",
                    )
                )
        return found
