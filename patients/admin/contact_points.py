"""Further addresses and numbers, of all patients."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from patients.admin.parts import ContactPointForm
from patients.models import ContactPoint, Patient
from portal.core.admin import AutocompleteFilter, ChoicesFilter, RecordAdmin
from portal.core.phones import for_people


@admin.register(ContactPoint)
class ContactPointAdmin(RecordAdmin):
    """Further addresses and numbers of all patients."""

    form = ContactPointForm
    list_display = ("value_shown", "kind", "patient", "origin", "remark")
    list_filter = (
        ("kind", ChoicesFilter),
        ("origin", ChoicesFilter),
        ("patient", AutocompleteFilter),
    )
    ordering = ("-id",)
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of an e-mail address or its domain, or phone digits")
    autocomplete_fields = ("patient",)
    readonly_fields = ("origin",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Another way to reach a patient; may be shared."),
                "fields": ("patient", ("kind", "value"), ("remark", "origin")),
            },
        ),
    )
    opens = ("patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("patient").defer("search", "patient__search")

    @admin.display(description=gettext_lazy("address or number"))
    def value_shown(self, point: ContactPoint) -> str:
        return for_people(point.value) if point.kind == ContactPoint.Kind.PHONE else point.value

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return ("origin", "patient") if obj else ("origin",)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Also found by the name of the person."""
        term = search_term.strip()
        if not term:
            return queryset, False
        people = Patient.objects.search(term).order_by().values_list("pk", flat=True)
        return queryset.filter(patient__pk__among=list(people)), False
