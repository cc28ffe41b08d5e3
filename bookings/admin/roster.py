"""When navigators can be called, and when they cannot."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.models import SlotRules, TimeOff, WorkingHours
from portal.core.admin import AutocompleteFilter, ChoicesFilter, DateRangeFilter, RecordAdmin


@admin.register(WorkingHours)
class WorkingHoursAdmin(RecordAdmin):
    """When navigators take calls."""

    list_display = ("navigator", "weekday", "starts", "ends", "time_zone")
    list_filter = (("navigator", AutocompleteFilter), ("weekday", ChoicesFilter))
    autocomplete_fields = ("navigator",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Wall time of the place; free slots follow from it."),
                "fields": (("navigator", "weekday"), ("starts", "ends"), "time_zone"),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("navigator")


@admin.register(TimeOff)
class TimeOffAdmin(RecordAdmin):
    """When navigators take none."""

    list_display = ("navigator", "starts_at", "ends_at", "reason")
    list_filter = (("navigator", AutocompleteFilter), ("starts_at", DateRangeFilter))
    autocomplete_fields = ("navigator",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("No free slot is offered in this time."),
                "fields": ("navigator", ("starts_at", "ends_at"), "reason"),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("navigator")


@admin.register(SlotRules)
class SlotRulesAdmin(RecordAdmin):
    """Which slots are offered: one row, for all navigators."""

    list_display = ("__str__", "pause", "notice", "horizon", "per_day")
    ordering = ("id",)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "For what is offered. A navigator may book any time at which nobody is busy."
                ),
                "fields": (
                    ("minutes", "buffer_minutes"),
                    ("notice_hours", "horizon_days"),
                    "per_day",
                ),
            },
        ),
    )

    @admin.display(description=gettext_lazy("pause between calls"))
    def pause(self, rules: SlotRules) -> str:
        return _("%(count)d minutes") % {"count": rules.buffer_minutes}

    @admin.display(description=gettext_lazy("minimum notice"))
    def notice(self, rules: SlotRules) -> str:
        return _("%(count)d hours") % {"count": rules.notice_hours}

    @admin.display(description=gettext_lazy("horizon"))
    def horizon(self, rules: SlotRules) -> str:
        return _("%(count)d days") % {"count": rules.horizon_days}
