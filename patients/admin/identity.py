"""Old ids that still resolve, and what the records that had them said."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from patients.admin import comparing
from patients.admin.said import OfPatient
from patients.models import MergedPatient, Patient
from portal.core.admin import AutocompleteFilter, ReadOnlyAdmin
from portal.core.admin.display import NOTHING, key_values


@admin.register(MergedPatient)
class MergedPatientAdmin(OfPatient, ReadOnlyAdmin):
    """Old ids, and who they became."""

    search_fields = ("survivor__search",)
    autocomplete_fields = ("survivor",)
    opens = ("survivor",)
    list_display = ("old_id", "survivor", "merged_by", "created_at")
    list_filter = (("survivor", AutocompleteFilter),)
    readonly_fields = ("gave_way",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("The old id still leads to the person."),
                "fields": (("old_id", "survivor"), ("merged_by", "created_at"), "gave_way"),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("survivor", "merged_by").defer("survivor__search")

    @admin.display(description=gettext_lazy("values that gave way"))
    def gave_way(self, merged: MergedPatient) -> str:
        return key_values(_readable(merged.losing_values)) if merged.losing_values else NOTHING


def _readable(losing: Mapping[str, Any]) -> dict[str, str]:
    """Label → value as people read it, of columns and values as JSON holds them."""
    person = Patient()
    for column, value in losing.items():
        field: Any = Patient._meta.get_field(column)
        setattr(person, field.attname, field.to_python(value))
    return {
        comparing.label_of(Patient, column): _named(person, column, value)
        for column, value in losing.items()
    }


def _named(person: Patient, column: str, value: Any) -> str:
    try:
        return comparing.value_of(person, column)
    except ObjectDoesNotExist:  # what it pointed at is gone
        return str(value)
