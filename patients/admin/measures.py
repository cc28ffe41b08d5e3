"""What can be known about patients' health, and in which units it is said."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from patients.models import Measure, MeasureUnit
from patients.models.measures import shown_unit
from portal.core.admin import AutocompleteFilter, ChoicesFilter, PartInline, RecordAdmin
from portal.core.admin.display import NOTHING


class MeasureUnitInline(PartInline):
    """Further units of a number, each with its factor."""

    model = MeasureUnit
    fields = ("unit", "factor", "offset")
    verbose_name_plural = gettext_lazy("Further units")


@admin.register(Measure)
class MeasureAdmin(RecordAdmin):
    """What is measured or asked."""

    list_display = ("name", "question", "category", "kind", "unit_shown", "code", "is_active")
    list_filter = (("category", ChoicesFilter), ("kind", ChoicesFilter), "is_active")
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of any word of its name, question or code")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "Kind and unit stay as they are once there are values."
                ),
                "fields": (
                    ("name", "category"),
                    "question",
                    ("code", "code_system"),
                    ("kind", "unit"),
                    "choices",
                    ("low", "high"),
                    "is_active",
                ),
            },
        ),
    )
    inlines = (MeasureUnitInline,)
    history_parts = ("units",)

    @classmethod
    def autocomplete_label(cls, record: Measure) -> str:
        unit = shown_unit(record.unit)
        return f"{record.name} ({unit})" if unit else record.name

    @admin.display(description=gettext_lazy("unit"))
    def unit_shown(self, measure: Measure) -> str:
        return shown_unit(measure.unit) or NOTHING


@admin.register(MeasureUnit)
class MeasureUnitAdmin(RecordAdmin):
    """Every further unit, of all measures."""

    list_display = ("measure", "unit", "factor", "offset")
    list_filter = (("measure", AutocompleteFilter),)
    autocomplete_fields = ("measure",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Value × factor + offset, in the measure's own unit."),
                "fields": (("measure", "unit"), ("factor", "offset")),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("measure").defer("measure__search")
