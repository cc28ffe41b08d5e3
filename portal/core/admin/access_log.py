"""Who opened which record."""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy

from portal.core.admin.filters import ChoicesFilter, DateRangeFilter
from portal.core.admin.kinds import ReadOnlyAdmin
from portal.core.models import AccessEvent

SHOWN_IDS = 50


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    """The access log, newest first. Search by the id of a record."""

    list_display = ("at", "actor_name", "route", "kind", "how_many", "request_id")
    list_filter = (("route", ChoicesFilter), ("at", DateRangeFilter))
    search_fields = ("record_ids",)
    search_help_text = gettext_lazy("The id of a record, in full")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Written when a record is opened; never changed."),
                "fields": (
                    ("at", "actor_name"),
                    ("route", "kind"),
                    ("actor_id", "request_id"),
                    "records",
                ),
            },
        ),
    )
    readonly_fields = ("kind", "records")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Openings of one record."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(record_ids__contains=[UUID(term)]), False
        except ValueError:
            return queryset.none(), False

    @admin.display(description=gettext_lazy("kind of record"))
    def kind(self, event: AccessEvent) -> str:
        try:
            return str(apps.get_model(event.record_type)._meta.verbose_name)
        except (LookupError, ValueError):
            return event.record_type

    @admin.display(description=gettext_lazy("records"))
    def how_many(self, event: AccessEvent) -> int:
        return len(event.record_ids)

    @admin.display(description=gettext_lazy("records"))
    def records(self, event: AccessEvent) -> str:
        """The ids, each a link to the record; the first ones of a long list."""
        app_label, _dot, model = event.record_type.lower().partition(".")
        name = f"admin:{app_label}_{model}_change"
        try:
            links = [(reverse(name, args=[key]), key) for key in event.record_ids[:SHOWN_IDS]]
        except NoReverseMatch:
            return ", ".join(str(key) for key in event.record_ids[:SHOWN_IDS])
        return format_html(
            '<ul class="portal-ids">{}</ul>',
            format_html_join("", '<li><a class="portal-link" href="{}">{}</a></li>', links),
        )
