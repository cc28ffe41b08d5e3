"""Legacy ids and our records, links that wait, and rows of erased people."""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from crm_import.models import Crosswalk, ForgottenRow, PendingLink
from portal.core.admin import ChoicesFilter, ReadOnlyAdmin


def target_link(row: Crosswalk) -> SafeString | str:
    """A link to the record that a legacy id became, named by its kind and id only."""
    app_label, _dot, name = row.target_model.partition(".")
    try:
        kind = str(apps.get_model(app_label, name)._meta.verbose_name)
        url = reverse(f"admin:{app_label}_{name}_change", args=[row.target_id])
    except (LookupError, NoReverseMatch):
        return f"{row.target_model} {row.target_id}"
    return format_html('<a class="portal-link" href="{}">{} {}</a>', url, kind, row.target_id)


def as_uuid(text: str) -> UUID | None:
    """A legacy id as somebody pastes it, with or without braces and blanks; None for no id."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


class LegacyAdmin(ReadOnlyAdmin):
    """Rows found by a legacy id."""

    search_fields = ("legacy_id",)
    search_help_text = gettext_lazy("A legacy id, in full")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if not search_term.strip():
            return queryset, False
        legacy_id = as_uuid(search_term)
        if legacy_id is None:
            return queryset.none(), False
        return queryset.filter(legacy_id=legacy_id), False


@admin.register(Crosswalk)
class CrosswalkAdmin(LegacyAdmin):
    """Which legacy id became which record, by which rule. Search also by the id of our record."""

    search_help_text = gettext_lazy("A legacy id or the id of a record, in full")
    list_display = ("entity", "legacy_id", "target", "slot", "rule")
    list_filter = (("entity", ChoicesFilter),)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Written by the run that placed the row."),
                "fields": (("entity", "legacy_id"), ("target", "slot"), ("rule", "run")),
            },
        ),
    )
    readonly_fields = ("target",)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        key = as_uuid(search_term)
        if key is None:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(Q(legacy_id=key) | Q(target_id=key)), False

    @admin.display(description=gettext_lazy("became"))
    def target(self, row: Crosswalk) -> SafeString | str:
        return target_link(row)


@admin.register(PendingLink)
class PendingLinkAdmin(LegacyAdmin):
    """Links of legacy rows that lead nowhere yet. Every run tries them again."""

    list_display = ("entity", "legacy_id", "field", "missing_id")
    list_filter = (("entity", ChoicesFilter),)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Made as soon as the missing row arrives."),
                "fields": (("entity", "legacy_id"), ("field", "missing_id"), "run"),
            },
        ),
    )


@admin.register(ForgottenRow)
class ForgottenRowAdmin(ReadOnlyAdmin):
    """Legacy rows of erased people: imports pass over them."""

    list_display = ("entity", "digest")
    list_filter = (("entity", ChoicesFilter),)
    fields = (("entity", "digest"),)
