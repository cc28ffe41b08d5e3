"""What was decided about a person: stages, overrides, and the texts of consents.

All of it is written by verbs, so it is read here and changed elsewhere.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from patients.admin.said import OfPatient
from patients.models import (
    ConsentText,
    RuleOverride,
    StageChange,
)
from portal.core.admin import AppendOnlyAdmin, AutocompleteFilter, ReadOnlyAdmin


class OfPatientAdmin(OfPatient, ReadOnlyAdmin):
    """Rows about one patient that verbs write."""

    search_fields = ("patient__search",)
    autocomplete_fields = ("patient",)
    opens = ("patient",)
    joins: tuple[str, ...] = ("patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related(*self.joins).defer("patient__search")


@admin.register(StageChange)
class StageChangeAdmin(OfPatientAdmin):
    """How people came to their stage."""

    list_display = ("patient", "from_stage", "to_stage", "reason", "changed_by", "created_at")
    list_filter = (("patient", AutocompleteFilter), "to_stage", "reason")
    joins = ("patient", "changed_by")


@admin.register(RuleOverride)
class RuleOverrideAdmin(OfPatientAdmin):
    """Rules that somebody set aside, and why."""

    list_display = ("patient", "rule", "reason", "overridden_by", "created_at")
    list_filter = (("patient", AutocompleteFilter),)
    joins = ("patient", "overridden_by")


@admin.register(ConsentText)
class ConsentTextAdmin(AppendOnlyAdmin):
    """Every version of the texts people consent to. A correction is a new version."""

    list_display = ("title", "purpose", "text_version", "language", "valid_from")
    list_filter = ("purpose", "language")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "A text is never changed: people agreed to these very words."
                ),
                "fields": (
                    ("purpose", "text_version"),
                    ("language", "valid_from"),
                    "title",
                    "body",
                ),
            },
        ),
    )
