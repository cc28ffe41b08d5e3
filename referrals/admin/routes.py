"""How a dossier is done in a country: versioned templates of steps."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.admin import (
    AutocompleteFilter,
    Briefing,
    ChoicesFilter,
    PartInline,
    RecordAdmin,
    Verb,
)
from referrals import routing
from referrals.models import RouteStep, RouteStepDependency, RouteTemplate


class Revise(Verb):
    """The next revision of a route, to be changed before it is chosen."""

    name = "revise"
    label = gettext_lazy("Next revision")
    icon = "difference"
    permissions = ("referrals.add_routetemplate",)

    def is_offered(self, record: RouteTemplate, user: Any) -> bool:
        return True

    def briefing(self, record: RouteTemplate, user: Any) -> Briefing:
        return Briefing(
            will=(
                _("A copy with the same steps is made, as the next revision."),
                _("It may be chosen once you tick that; then untick it here."),
                _("Dossiers that have begun keep their steps."),
            )
        )

    def run(self, record: RouteTemplate, *, by: Any, said: Mapping[str, Any]) -> str:
        made = routing.revise(route_id=record.pk, by=by)
        return _("Made: %(route)s.") % {"route": made}


class RouteStepInline(PartInline):
    model = RouteStep
    fields = ("position", "key", "title", "responsible", "goes_to", "days", "source")
    verbose_name_plural = gettext_lazy("Steps")
    show_change_link = True
    hide_title = False  # it carries the link


@admin.register(RouteTemplate)
class RouteTemplateAdmin(RecordAdmin):
    """Routes to treatment, by country."""

    list_display = ("title", "code", "revision", "country", "is_active")
    list_filter = (("country", ChoicesFilter),)
    search_fields = ("title", "code")
    search_help_text = gettext_lazy("Part of the title or code")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A change that matters is a new revision."),
                "fields": (("title", "country"), ("code", "revision"), "is_active"),
            },
        ),
    )
    inlines = (RouteStepInline,)
    history_parts = ("steps",)
    verbs = (Revise(),)


class RouteStepNeedInline(PartInline):
    model = RouteStepDependency
    fk_name = "step"
    fields = ("needed",)
    autocomplete_fields = ("needed",)
    verbose_name_plural = gettext_lazy("Waits for")


@admin.register(RouteStep)
class RouteStepAdmin(RecordAdmin):
    """Steps of all routes."""

    list_display = ("title", "template", "position", "responsible", "days")
    list_filter = (("template", AutocompleteFilter), ("responsible", ChoicesFilter))
    search_fields = ("title", "key")
    search_help_text = gettext_lazy("Part of the title or key")
    autocomplete_fields = ("template",)
    autocomplete_related = ("template",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("What has to be done, by whom, and who says so."),
                "fields": (
                    ("template", "position"),
                    ("title", "key"),
                    ("responsible", "goes_to"),
                    ("days", "within_days"),
                    ("day_kind", "country"),
                    ("documents", "valid_days"),
                    ("milestone", "is_optional"),
                    "source",
                ),
            },
        ),
    )
    inlines = (RouteStepNeedInline,)
    history_parts = ("needs",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("template")

    @classmethod
    def autocomplete_label(cls, record: RouteStep) -> str:
        return f"{record.title} · {record.template}"


@admin.register(RouteStepDependency)
class RouteStepDependencyAdmin(RecordAdmin):
    """Which step of a route waits for which."""

    list_display = ("step", "needed")
    list_filter = (("step", AutocompleteFilter),)
    ordering = ("-id",)
    autocomplete_fields = ("step", "needed")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("The first cannot begin before the second is done."),
                "fields": ("step", "needed"),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("step", "needed")
