"""Calls that were made."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from bookings import queues
from bookings.admin.heeding import HeedsNo, reason_field
from bookings.calling import record
from bookings.models import Booking, Call
from patients.admin.beginning import BeginsForPatient
from portal.core.admin import AutocompleteFilter, ChoicesFilter, DateRangeFilter, Fact, RecordAdmin
from portal.core.admin.display import (
    NOTHING,
    badge,
    choice_badge,
    day,
    moment,
    phone_link,
    record_link,
    two_lines,
)
from portal.core.admin.forms import RecordForm


class QueueFilter(DropdownFilter):  # type: ignore[misc]
    """The queue that the home page counts."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", _("Follow-ups due"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "due":
            return queues.follow_ups_due(timezone.now(), queryset)
        return queryset


class CallForm(RecordForm):
    """A call that was made."""

    although = reason_field(gettext_lazy("Why there was a call"))


def is_corrected(call: Call) -> bool:
    """Whether a later record of the same call counts instead (`superseded_by` is joined)."""
    return hasattr(call, "superseded_by")


def call_outcome(call: Call) -> str:
    """The outcome, or that it was recorded wrongly."""
    if is_corrected(call):
        return badge("corrected", _("Corrected"), "grey")
    return choice_badge(call, "outcome")


def _row(model: Any, raw: Any) -> Any:
    """The row whose id stands in the address; None for none."""
    return model.objects.filter(pk=raw).first() if raw else None


@admin.register(Call)
class CallAdmin(HeedsNo, BeginsForPatient, RecordAdmin):
    """Calls that were made."""

    form = CallForm
    reason_name = "although"
    list_display = ("when", "patient", "navigator", "outcome_shown", "next_step")
    list_filter = (
        QueueFilter,
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
    autocomplete_fields = ("patient", "booking", "navigator", "supersedes")
    autocomplete_related = ("patient",)
    fieldsets = (
        (
            gettext_lazy("The call"),
            {
                "description": gettext_lazy(
                    "When and with what outcome is said once. A second call is a second entry."
                ),
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
        (
            gettext_lazy("A correction"),
            {
                "description": gettext_lazy("Of an entry of the same call; that one stays."),
                "fields": ("supersedes",),
            },
        ),
    )
    opens = ("patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("patient", "navigator", "superseded_by").defer("patient__search")

    @admin.display(description=gettext_lazy("when"))
    def when(self, call: Call) -> str:
        return moment(call.started_at)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome_shown(self, call: Call) -> str:
        return call_outcome(call)

    @admin.display(description=gettext_lazy("next"))
    def next_step(self, call: Call) -> str:
        return (
            two_lines(call.next_action, day(call.next_action_due)) if call.next_action else NOTHING
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        fixed = ("patient", "booking", "navigator", "started_at", "outcome", "supersedes")
        return fixed if obj else ()

    @classmethod
    def autocomplete_label(cls, record: Call) -> str:
        return f"{moment(record.started_at)} · {record.patient} · {record.get_outcome_display()}"

    def facts(self, request: HttpRequest, record: Call) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.patient)),
            Fact(_("Phone"), phone_link(record.patient.phone)),
            Fact(_("When"), moment(record.started_at)),
            Fact(_("Outcome"), call_outcome(record)),
            Fact(_("Correction"), self._correction(request, record)),
        ]

    def _correction(self, request: HttpRequest, call: Call) -> str:
        """The entry that counts instead, or where to make it; the dash for who may not."""
        if is_corrected(call):
            return record_link(call.superseded_by)
        if not self.has_add_permission(request):
            return NOTHING
        start = {
            "patient": call.patient_id,
            "booking": call.booking_id or "",
            "navigator": call.navigator_id,
            "supersedes": call.pk,
        }
        url = f"{reverse('admin:bookings_call_add')}?{urlencode(start)}"
        return format_html('<a class="portal-link" href="{}">{}</a>', url, _("Record it again"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new call is recorded by the verb, which lets it take effect."""
        if change:
            super().save_model(request, obj, form, change)
            return
        call = record(
            patient_id=obj.patient_id,
            navigator_id=obj.navigator_id,
            booking_id=obj.booking_id,
            supersedes_id=obj.supersedes_id,
            started_at=obj.started_at,
            outcome=obj.outcome,
            summary=obj.summary,
            decision=obj.decision,
            next_action=obj.next_action,
            next_action_due=obj.next_action_due,
            although=form.cleaned_data["although"],
            by=request.user,  # type: ignore[arg-type]
        )
        obj.pk = call.pk
        obj._state.adding = False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """When and with whom: as planned, or as recorded wrongly; else the viewer, just now."""
        asked = super().get_changeform_initial_data(request)
        now = timezone.now().replace(second=0, microsecond=0)
        wrong = _row(Call, asked.get("supersedes"))
        booking = _row(Booking, asked.get("booking"))
        navigator, started_at = request.user.pk, now
        if wrong is not None:
            navigator, started_at = wrong.navigator_id, wrong.started_at
        elif booking is not None:
            navigator = booking.navigator_id or navigator
            started_at = min(booking.starts_at, now)
        return {"navigator": navigator, "started_at": started_at, **asked}
