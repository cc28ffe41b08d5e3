"""Clinical trials, what they are for and where they are done."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    Fact,
    PartInline,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, choice_badge, day, two_lines
from referrals.models import ClinicalTrial, TrialCondition, TrialSite


class TrialConditionInline(PartInline):
    model = TrialCondition
    fields = ("condition",)
    autocomplete_fields = ("condition",)
    verbose_name_plural = gettext_lazy("Conditions")


class TrialSiteInline(PartInline):
    model = TrialSite
    fields = ("facility", "hospital", "city", "country", "status")
    autocomplete_fields = ("hospital",)
    verbose_name_plural = gettext_lazy("Sites")


@admin.register(ClinicalTrial)
class ClinicalTrialAdmin(RecordAdmin):
    """Trials as public registries describe them."""

    list_display = ("trial", "status_shown", "sponsor", "registry", "confirmed")
    list_filter = (
        ("status", ChoicesFilter),
        ("registry", ChoicesFilter),
        ("conditions", AutocompleteFilter),
    )
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of a registry number, or of words of title or sponsor")
    fieldsets = (
        (
            gettext_lazy("The trial"),
            {
                "description": gettext_lazy("As the registry has it."),
                "fields": (
                    ("registry", "registry_id"),
                    "title",
                    ("sponsor", "status"),
                    "phases",
                ),
            },
        ),
        (
            gettext_lazy("Who may take part"),
            {
                "description": gettext_lazy("Looked at before a patient is referred."),
                "fields": (("minimum_age", "maximum_age"), "sex", "criteria_text"),
            },
        ),
        (
            gettext_lazy("Last checked"),
            {
                "description": gettext_lazy("Who at the trial said that it still recruits."),
                "fields": (("last_confirmed_on", "last_confirmed_with"),),
            },
        ),
    )
    inlines = (TrialConditionInline, TrialSiteInline)
    history_parts = ("trial_conditions", "sites")
    related_tables = (
        RelatedTable(
            relation="referrals",
            columns=(
                (gettext_lazy("Patient"), lambda row: row.patient),
                (gettext_lazy("Status"), lambda row: choice_badge(row, "status")),
                (gettext_lazy("Eligible"), lambda row: row.get_eligible_display()),
                (gettext_lazy("Since"), lambda row: day(row.created_at)),
            ),
            select_related=("patient",),
            empty=gettext_lazy("Nobody has been referred to this trial."),
        ),
    )

    @admin.display(description=gettext_lazy("trial"))
    def trial(self, trial: ClinicalTrial) -> str:
        return two_lines(trial.registry_id, trial.title)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, trial: ClinicalTrial) -> str:
        return choice_badge(trial, "status")

    @admin.display(description=gettext_lazy("last confirmed"))
    def confirmed(self, trial: ClinicalTrial) -> str:
        return day(trial.last_confirmed_on)

    def facts(self, request: HttpRequest, record: ClinicalTrial) -> list[Fact]:
        return [
            Fact(_("Number"), record.registry_id),
            Fact(_("Status"), choice_badge(record, "status")),
            Fact(_("Sponsor"), record.sponsor or NOTHING),
            Fact(_("Last confirmed"), day(record.last_confirmed_on)),
        ]


@admin.register(TrialCondition)
class TrialConditionAdmin(RecordAdmin):
    """Which trial is for which condition."""

    list_display = ("trial", "condition")
    list_filter = (("trial", AutocompleteFilter), ("condition", AutocompleteFilter))
    ordering = ("-id",)
    autocomplete_fields = ("trial", "condition")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A trial may be for several conditions."),
                "fields": ("trial", "condition"),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("trial", "condition").defer("trial__search", "condition__search")


@admin.register(TrialSite)
class TrialSiteAdmin(RecordAdmin):
    """Where trials are done."""

    list_display = ("facility", "trial", "hospital", "city", "country", "status")
    list_filter = (
        ("trial", AutocompleteFilter),
        ("hospital", AutocompleteFilter),
        ("country", ChoicesFilter),
        ("status", ChoicesFilter),
    )
    search_fields = ("trial__search",)
    search_help_text = gettext_lazy("The trial: start of its number, or of words of its title")
    ordering = ("-id",)
    autocomplete_fields = ("trial", "hospital")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("As the registry writes it, and our hospital for it."),
                "fields": (
                    "trial",
                    "facility",
                    ("city", "country"),
                    ("hospital", "status"),
                ),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("trial", "hospital").defer("trial__search", "hospital__search")
