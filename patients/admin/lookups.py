"""The lists that people point at: conditions and their names, hospitals, specializations."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from patients.models import ConditionName, Hospital, MedicalCondition, Specialization
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    PartInline,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import NOTHING


class ConditionNameInline(PartInline):
    """All the ways in which people write the condition."""

    model = ConditionName
    fields = ("name", "language", "origin")
    readonly_fields = ("origin",)
    verbose_name_plural = gettext_lazy("Names it is known by")


@admin.register(MedicalCondition)
class MedicalConditionAdmin(RecordAdmin):
    """Diseases and disorders."""

    list_display = ("name", "abbreviation", "parent", "code", "code_system")
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of any word of any of its names")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "One row for each condition; other spellings are further names below."
                ),
                "fields": (("name", "abbreviation"), ("code", "code_system"), "parent"),
            },
        ),
    )
    autocomplete_fields = ("parent",)
    inlines = (ConditionNameInline,)
    history_parts = ("names",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("parent").defer("search", "parent__search")

    @classmethod
    def autocomplete_label(cls, record: MedicalCondition) -> str:
        return f"{record.name} ({record.abbreviation})" if record.abbreviation else record.name

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.answer_to_own_name()


@admin.register(ConditionName)
class ConditionNameAdmin(RecordAdmin):
    """Every way of writing a condition."""

    list_display = ("name", "condition", "language", "origin")
    list_filter = (("origin", ChoicesFilter), ("condition", AutocompleteFilter))
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of any word")
    autocomplete_fields = ("condition",)
    readonly_fields = ("origin",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A name belongs to one condition only."),
                "fields": ("name", "condition", ("language", "origin")),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("condition").defer("search", "condition__search")


@admin.register(Hospital)
class HospitalAdmin(RecordAdmin):
    """Hospitals and clinics."""

    list_display = ("name", "city", "country")
    list_filter = (("country", ChoicesFilter),)
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of any word of its name or city")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Search first: the hospital may be there already."),
                "fields": ("name", ("city", "country")),
            },
        ),
    )
    related_tables = (
        RelatedTable(
            relation="specialists",
            columns=(
                (gettext_lazy("Name"), lambda specialist: specialist.full_name),
                (gettext_lazy("Role"), lambda specialist: specialist.get_contact_type_display()),
                (
                    gettext_lazy("Specialization"),
                    lambda specialist: specialist.specialization or NOTHING,
                ),
            ),
            select_related=("specialization",),
        ),
    )

    @classmethod
    def autocomplete_label(cls, record: Hospital) -> str:
        parts = (record.name, record.city, record.country)
        return " · ".join(part for part in parts if part)


@admin.register(Specialization)
class SpecializationAdmin(RecordAdmin):
    """Fields of medicine and pharmacy."""

    list_display = ("name",)
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of any word")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A field that a specialist works in."),
                "fields": ("name",),
            },
        ),
    )
