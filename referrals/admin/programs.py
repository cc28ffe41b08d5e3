"""Products, and the programs through which patients get them outside a trial."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from portal.core.admin import AutocompleteFilter, ChoicesFilter, RecordAdmin, RelatedTable
from portal.core.admin.display import choice_badge, day, two_lines
from referrals.models import ExpandedAccessProgram, Product


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


@admin.register(ExpandedAccessProgram)
class ExpandedAccessProgramAdmin(RecordAdmin):
    """Expanded access programs."""

    list_display = ("program", "product", "sponsor", "availability_shown", "confirmed")
    list_filter = (("availability", ChoicesFilter), ("product", AutocompleteFilter))
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of a number, or of words of title or sponsor")
    autocomplete_fields = ("product",)
    autocomplete_related = ("product",)
    fieldsets = (
        (
            gettext_lazy("The program"),
            {
                "description": gettext_lazy("What is offered, by whom and where."),
                "fields": (
                    ("eap_number", "registry_id"),
                    "title",
                    ("product", "sponsor"),
                    "countries",
                ),
            },
        ),
        (
            gettext_lazy("Availability"),
            {
                "description": gettext_lazy("In the registry's own words, and who confirmed it."),
                "fields": ("availability", ("last_confirmed_on", "last_confirmed_with")),
            },
        ),
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
        return page.select_related("product").defer("search", "product__search")

    @admin.display(description=gettext_lazy("program"))
    def program(self, program: ExpandedAccessProgram) -> str:
        return two_lines(program.eap_number, program.title)

    @admin.display(description=gettext_lazy("availability"))
    def availability_shown(self, program: ExpandedAccessProgram) -> str:
        return choice_badge(program, "availability")

    @admin.display(description=gettext_lazy("last confirmed"))
    def confirmed(self, program: ExpandedAccessProgram) -> str:
        return day(program.last_confirmed_on)

    @classmethod
    def autocomplete_label(cls, record: ExpandedAccessProgram) -> str:
        return f"{record.eap_number} · {record.title or record.product}"
