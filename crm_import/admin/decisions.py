"""What people said about legacy rows and pairs of them. It is only read here."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from crm_import.admin.links import LegacyAdmin, as_uuid
from crm_import.admin.rows import RawAdmin
from crm_import.models import Correction, PairDecision
from portal.core.admin import ChoicesFilter, ReadOnlyAdmin
from portal.core.admin.display import key_values


@admin.register(Correction)
class CorrectionAdmin(LegacyAdmin, RawAdmin):
    """Rows that were put right or left out: by whom, when and why."""

    list_display = ("__str__", "kind", "by", "at")
    list_filter = (("kind", ChoicesFilter), ("entity", ChoicesFilter))
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("The row below is as the CRM had it."),
                "fields": (
                    ("kind", "reason"),
                    ("by", "at"),
                    "corrected",
                    "became",
                    ("entity", "legacy_id"),
                    "run",
                    "cells_as_they_came",
                ),
            },
        ),
    )
    readonly_fields = ("corrected", "became", "cells_as_they_came")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("by")

    @admin.display(description=gettext_lazy("corrected cells"))
    def corrected(self, correction: Correction) -> SafeString | str:
        return key_values(correction.cells)

    @admin.display(description=gettext_lazy("the row as it came"))
    def cells_as_they_came(self, correction: Correction) -> SafeString | str:
        return self.cells(correction)


@admin.register(PairDecision)
class PairDecisionAdmin(ReadOnlyAdmin):
    """Decisions about possible duplicates, by legacy ids: every import follows them."""

    list_display = ("first_id", "second_id", "decision", "by", "at")
    list_filter = (("decision", ChoicesFilter),)
    search_fields = ("first_id",)
    search_help_text = gettext_lazy("A legacy id, in full")
    fields = (("first_id", "second_id"), "decision", ("by", "at"))

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("by")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        asked = _asked(search_term)
        if asked is None:
            return queryset, False
        either: Iterable[UUID] = asked
        return (queryset.filter(first_id__in=either) | queryset.filter(second_id__in=either)), False


def _asked(text: str) -> list[UUID] | None:
    """The id that is searched for, none of them for what is no id; None for no search."""
    if not text.strip():
        return None
    found = as_uuid(text)
    return [found] if found else []
