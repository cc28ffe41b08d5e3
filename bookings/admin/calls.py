"""Calls that were made."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.models import Call
from patients.admin.beginning import BeginsForPatient
from portal.core.admin import AutocompleteFilter, ChoicesFilter, DateRangeFilter, Fact, RecordAdmin
from portal.core.admin.display import (
    NOTHING,
    choice_badge,
    day,
    moment,
    phone_link,
    record_link,
    two_lines,
)


@admin.register(Call)
class CallAdmin(BeginsForPatient, RecordAdmin):
    """Calls that were made."""

    list_display = ("when", "patient", "navigator", "outcome_shown", "next_step")
    list_filter = (
        ("outcome", ChoicesFilter),
        ("navigator", AutocompleteFilter),
        ("started_at", DateRangeFilter),
        ("next_action_due", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    search_fields = ("patient__search",)
    search_help_text = gettext_lazy(
        "The patient: start of a name, e-mail or its domain, or phone digits"
    )
    autocomplete_fields = ("patient", "booking", "navigator")
    fieldsets = (
        (
            gettext_lazy("The call"),
            {
                "description": gettext_lazy("A second call is a second entry."),
                "fields": (
                    ("patient", "booking"),
                    ("navigator", "started_at"),
                    ("outcome", "decision"),
                    "summary",
                ),
            },
        ),
        (
            gettext_lazy("What is next"),
            {
                "description": gettext_lazy("It is on the home page of the navigator when due."),
                "fields": (("next_action", "next_action_due"),),
            },
        ),
    )
    opens = ("patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("patient", "navigator").defer("patient__search")

    @admin.display(description=gettext_lazy("when"))
    def when(self, call: Call) -> str:
        return moment(call.started_at)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome_shown(self, call: Call) -> str:
        return choice_badge(call, "outcome")

    @admin.display(description=gettext_lazy("next"))
    def next_step(self, call: Call) -> str:
        return (
            two_lines(call.next_action, day(call.next_action_due)) if call.next_action else NOTHING
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return ("patient", "booking", "navigator", "started_at") if obj else ()

    def facts(self, request: HttpRequest, record: Call) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.patient)),
            Fact(_("Phone"), phone_link(record.patient.phone)),
            Fact(_("When"), moment(record.started_at)),
            Fact(_("Outcome"), choice_badge(record, "outcome")),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "navigator": request.user.pk,
            "started_at": timezone.now().replace(second=0, microsecond=0),
            **super().get_changeform_initial_data(request),
        }
