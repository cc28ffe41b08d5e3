"""Which rows are the same person: pairs to review, and old ids that still resolve."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from patients.admin.said import OfPatient
from patients.models import MergedPatient, PossibleDuplicate
from portal.core.admin import AutocompleteFilter, ChoicesFilter, ReadOnlyAdmin, RecordAdmin
from portal.core.admin.display import NOTHING, choice_badge, key_values
from portal.core.admin.forms import RecordForm

PAIR = ("first_patient", "second_patient", "first_specialist", "second_specialist")


class DecisionForm(RecordForm):
    """A pair's state; a decision is dated."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "state" in self.changed_data:
            open_states = (PossibleDuplicate.State.OPEN, PossibleDuplicate.State.LATER)
            decided = cleaned.get("state") not in open_states
            self.instance.decided_at = timezone.now() if decided else None
        return cleaned


@admin.register(PossibleDuplicate)
class PossibleDuplicateAdmin(RecordAdmin):
    """Pairs that may be one person."""

    form = DecisionForm
    list_display = ("pair", "tier", "state_shown", "created_at", "decided_by")
    list_filter = (("state", ChoicesFilter), ("tier", ChoicesFilter))
    readonly_fields = (*PAIR, "tier", "why", "decided_at", "decided_by")
    fieldsets = (
        (
            gettext_lazy("The pair"),
            {
                "description": gettext_lazy("Open both in tabs and compare them."),
                "fields": (
                    ("first_patient", "second_patient"),
                    ("first_specialist", "second_specialist"),
                    "tier",
                    "why",
                ),
            },
        ),
        (
            gettext_lazy("Decision"),
            {
                "description": gettext_lazy("“Not the same person” is remembered for ever."),
                "fields": ("state", ("decided_at", "decided_by")),
            },
        ),
    )
    opens = ("first_patient", "second_patient")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = (f"{name}__search" for name in PAIR)
        return page.select_related(*PAIR, "decided_by").defer(*unseen)

    @admin.display(description=gettext_lazy("pair"))
    def pair(self, duplicate: PossibleDuplicate) -> str:
        return str(duplicate)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, duplicate: PossibleDuplicate) -> str:
        return choice_badge(duplicate, "state")

    @admin.display(description=gettext_lazy("evidence"))
    def why(self, duplicate: PossibleDuplicate) -> str:
        return key_values(duplicate.evidence)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.decided_by = request.user if obj.decided_at else None
        super().save_model(request, obj, form, change)


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
        return key_values(merged.losing_values) if merged.losing_values else NOTHING
