"""Products, and the programs through which patients get them outside a trial."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    Fact,
    PartInline,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, choice_badge, day, two_lines
from portal.core.admin.widgets import QuickDropdownForm
from portal.core.choices import country_choices
from referrals import completeness
from referrals.admin.catalogue import DATES, ORIGIN, OURS, READ_ONLY, WHO, AttentionFilter
from referrals.admin.registry import (
    Confirm,
    FromRegistry,
    TakeRegistrys,
    completeness_fact,
    study_link,
)
from referrals.admin.tree import Criteria
from referrals.admin.trying import Tried
from referrals.models import ExpandedAccessProgram, Product, ProgramCondition


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    """Medicines that are not on the market for these patients yet."""

    list_display = ("name", "substance", "manufacturer")
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of any word of name, substance or manufacturer")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Search first: it may be there under another name."),
                "fields": ("name", ("substance", "manufacturer")),
            },
        ),
    )
    related_tables = (
        RelatedTable(
            relation="programs",
            columns=(
                (gettext_lazy("EAP number"), lambda row: row.eap_number),
                (gettext_lazy("Title"), lambda row: row.title),
                (gettext_lazy("Availability"), lambda row: choice_badge(row, "availability")),
            ),
        ),
    )

    @classmethod
    def autocomplete_label(cls, record: Product) -> str:
        parts = (record.name, record.substance, record.manufacturer)
        return " · ".join(part for part in parts if part)


class CountryFilter(DropdownFilter):  # type: ignore[misc]
    """Programs in a country."""

    title = gettext_lazy("country")
    parameter_name = "country"
    form_class = QuickDropdownForm

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return country_choices()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(countries__contains=[self.value()]) if self.value() else queryset


class ProgramConditionInline(PartInline):
    model = ProgramCondition
    fields = ("condition", "origin")
    readonly_fields = ("origin",)
    autocomplete_fields = ("condition",)
    verbose_name_plural = gettext_lazy("Conditions")


def program_fieldset(*more: str) -> tuple[Any, dict[str, Any]]:
    """What is said of the program itself, with further fields below."""
    return (
        gettext_lazy("The program"),
        {
            "description": gettext_lazy("What is offered, by whom and where."),
            "fields": (
                ("eap_number", "registry_id"),
                "title",
                "official_title",
                ("product", "sponsor"),
                ("availability", "org_study_id"),
                "access_types",
                "countries",
                "days_to_resupply",
                *more,
            ),
        },
    )


@admin.register(ExpandedAccessProgram)
class ExpandedAccessProgramAdmin(FromRegistry, Tried):
    """Expanded access programs."""

    list_display = (
        "program",
        "product",
        "sponsor",
        "availability_shown",
        "confirmed",
        "completeness_shown",
    )
    list_filter = (
        ("availability", ChoicesFilter),
        CountryFilter,
        AttentionFilter,
        ("product", AutocompleteFilter),
        ("conditions", AutocompleteFilter),
    )
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of a number, or of words of title or sponsor")
    autocomplete_fields = ("product",)
    autocomplete_related = ("product",)
    readonly_fields = READ_ONLY
    fieldsets = (
        program_fieldset("interventions_shown"),
        WHO,
        DATES,
        OURS,
        ORIGIN,
    )
    add_fieldsets = (
        program_fieldset(),
        WHO,
        DATES,
        (gettext_lazy("Ours"), {"fields": ("notes",)}),
    )
    inlines = (ProgramConditionInline,)
    history_parts = ("program_conditions",)
    verbs = (
        Criteria(),
        Confirm("referrals.change_expandedaccessprogram"),
        TakeRegistrys("referrals.change_expandedaccessprogram"),
    )
    related_tables = (
        RelatedTable(
            relation="dossiers",
            columns=(
                (gettext_lazy("Patient"), lambda row: row.patient),
                (gettext_lazy("Number"), lambda row: row.number),
                (gettext_lazy("State"), lambda row: choice_badge(row, "state")),
                (gettext_lazy("Since"), lambda row: day(row.created_at)),
            ),
            select_related=("patient",),
            empty=gettext_lazy("Nobody has a dossier in this program."),
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = ("search", "criteria_text", "interventions", "contacts", "product__search")
        filled = completeness.percent(ExpandedAccessProgram)
        return page.select_related("product").annotate(filled=filled).defer(*unseen)

    @admin.display(description=gettext_lazy("program"))
    def program(self, program: ExpandedAccessProgram) -> str:
        return two_lines(program.eap_number, program.title)

    @admin.display(description=gettext_lazy("availability"))
    def availability_shown(self, program: ExpandedAccessProgram) -> str:
        return choice_badge(program, "availability")

    def facts(self, request: HttpRequest, record: ExpandedAccessProgram) -> list[Fact]:
        return [
            Fact(_("Registry"), study_link(record.registry_id)),
            Fact(_("Availability"), choice_badge(record, "availability")),
            Fact(_("Sponsor"), record.sponsor or NOTHING),
            Fact(_("Registry updated"), day(record.last_update_posted_on)),
            Fact(_("Last confirmed"), day(record.last_confirmed_on)),
            completeness_fact(record),
        ]

    @classmethod
    def autocomplete_label(cls, record: ExpandedAccessProgram) -> str:
        return f"{record.eap_number} · {record.title or record.product or record.sponsor}"


@admin.register(ProgramCondition)
class ProgramConditionAdmin(RecordAdmin):
    """Which program is for which condition."""

    list_display = ("program", "condition", "origin")
    list_filter = (("program", AutocompleteFilter), ("condition", AutocompleteFilter))
    ordering = ("-id",)
    autocomplete_fields = ("program", "condition")
    readonly_fields = ("origin",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A program may be for several conditions."),
                "fields": ("program", ("condition", "origin")),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = ("program__search", "program__criteria_text", "condition__search")
        return page.select_related("program", "condition").defer(*unseen)
