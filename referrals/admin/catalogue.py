"""Clinical trials, what they are for and where they are done."""

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
from referrals import completeness
from referrals.admin.registry import (
    Confirm,
    FromRegistry,
    TakeRegistrys,
    completeness_fact,
    people,
    study_link,
)
from referrals.admin.tree import Criteria
from referrals.admin.trying import Tried
from referrals.models import ClinicalTrial, TrialCondition, TrialSite


class TrialConditionInline(PartInline):
    model = TrialCondition
    fields = ("condition", "origin")
    readonly_fields = ("origin",)
    autocomplete_fields = ("condition",)
    verbose_name_plural = gettext_lazy("Conditions")


class PhaseFilter(DropdownFilter):  # type: ignore[misc]
    """Trials of a phase; one may be in two."""

    title = gettext_lazy("phase")
    parameter_name = "phase"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ClinicalTrial.Phase.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(phases__contains=[self.value()]) if self.value() else queryset


class AttentionFilter(DropdownFilter):  # type: ignore[misc]
    """What somebody has to look at."""

    title = gettext_lazy("to look at")
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("never", _("Never confirmed")),
            ("unknown", _("Values we do not know")),
            ("unplaced", _("No condition of ours")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "never":
            return queryset.filter(last_confirmed_on__isnull=True)
        if self.value() == "unknown":
            return queryset.exclude(unrecognised={})
        if self.value() == "unplaced":
            return queryset.filter(conditions__isnull=True)
        return queryset


WHO = (
    gettext_lazy("Who may take part"),
    {
        "description": gettext_lazy("Looked at before a patient is referred."),
        "fields": (
            ("minimum_age", "maximum_age"),
            ("sex", "healthy_volunteers"),
            "criteria_text",
        ),
    },
)
DATES = (
    gettext_lazy("Dates"),
    {
        "description": gettext_lazy("As the registry gives them."),
        "fields": (("first_posted_on", "last_update_posted_on", "completion_date"),),
    },
)
OURS = (
    gettext_lazy("Ours"),
    {
        "description": gettext_lazy("Said with the button Confirm; notes are for colleagues."),
        "fields": (("last_confirmed_on", "last_confirmed_with"), "notes"),
    },
)
ORIGIN = (
    gettext_lazy("Where it came from"),
    {
        "description": gettext_lazy(
            "What is changed here stays when the registry is read again. Contacts are people: "
            "they are for referring patients, and for nothing else."
        ),
        "fields": (
            ("came_from", "changed_here"),
            ("conditions_written", "unrecognised_shown"),
            ("numbers_shown", "contacts_shown"),
        ),
    },
)
READ_ONLY = (
    "last_confirmed_on",
    "last_confirmed_with",
    "came_from",
    "changed_here",
    "conditions_written",
    "unrecognised_shown",
    "numbers_shown",
    "contacts_shown",
    "interventions_shown",
)


@admin.register(ClinicalTrial)
class ClinicalTrialAdmin(FromRegistry, Tried):
    """Trials as public registries describe them."""

    list_display = (
        "trial",
        "status_shown",
        "sponsor",
        "updated",
        "confirmed",
        "completeness_shown",
    )
    list_filter = (
        ("status", ChoicesFilter),
        ("study_type", ChoicesFilter),
        PhaseFilter,
        ("sites__country", ChoicesFilter),
        AttentionFilter,
        ("registry", ChoicesFilter),
        ("conditions", AutocompleteFilter),
    )
    search_fields = ("search",)
    search_help_text = gettext_lazy("Start of a registry number, or of words of title or sponsor")
    readonly_fields = READ_ONLY
    fieldsets = (
        (
            gettext_lazy("The trial"),
            {
                "description": gettext_lazy("As the registry has it."),
                "fields": (
                    ("registry", "registry_id"),
                    "title",
                    "official_title",
                    ("sponsor", "org_study_id"),
                    ("status", "study_type"),
                    "phases",
                    "interventions_shown",
                    ("has_expanded_access", "expanded_access_id"),
                ),
            },
        ),
        WHO,
        DATES,
        OURS,
        ORIGIN,
    )
    add_fieldsets = (
        (
            gettext_lazy("The trial"),
            {
                "description": gettext_lazy("As the registry has it."),
                "fields": (
                    ("registry", "registry_id"),
                    "title",
                    "official_title",
                    ("sponsor", "org_study_id"),
                    ("status", "study_type"),
                    "phases",
                ),
            },
        ),
        WHO,
        DATES,
        (gettext_lazy("Ours"), {"fields": ("notes",)}),
    )
    inlines = (TrialConditionInline,)
    history_parts = ("trial_conditions",)
    related_tables = (
        RelatedTable(
            relation="sites",
            columns=(
                (gettext_lazy("Site"), lambda row: row),
                (gettext_lazy("Country"), lambda row: row.get_country_display() or NOTHING),
                (gettext_lazy("Status"), lambda row: choice_badge(row, "status")),
                (gettext_lazy("Our hospital"), lambda row: row.hospital or NOTHING),
                (gettext_lazy("Contacts"), lambda row: len(row.contacts) or NOTHING),
            ),
            select_related=("hospital",),
            ordering=("country", "city", "facility", "id"),
            empty=gettext_lazy("No site is known."),
        ),
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
    verbs = (
        Criteria(),
        Confirm("referrals.change_clinicaltrial"),
        TakeRegistrys("referrals.change_clinicaltrial"),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = ("search", "criteria_text", "official_title", "interventions", "contacts")
        return page.annotate(filled=completeness.percent(ClinicalTrial)).defer(*unseen)

    @admin.display(description=gettext_lazy("trial"))
    def trial(self, trial: ClinicalTrial) -> str:
        return two_lines(trial.registry_id, trial.title)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, trial: ClinicalTrial) -> str:
        return choice_badge(trial, "status")

    @admin.display(description=gettext_lazy("registry updated"))
    def updated(self, trial: ClinicalTrial) -> str:
        return day(trial.last_update_posted_on)

    def facts(self, request: HttpRequest, record: ClinicalTrial) -> list[Fact]:
        return [
            Fact(_("Number"), study_link(record.registry_id)),
            Fact(_("Status"), choice_badge(record, "status")),
            Fact(_("Sponsor"), record.sponsor or NOTHING),
            Fact(_("Registry updated"), day(record.last_update_posted_on)),
            Fact(_("Last confirmed"), day(record.last_confirmed_on)),
            completeness_fact(record),
        ]


@admin.register(TrialCondition)
class TrialConditionAdmin(RecordAdmin):
    """Which trial is for which condition."""

    list_display = ("trial", "condition", "origin")
    readonly_fields = ("origin",)
    list_filter = (("trial", AutocompleteFilter), ("condition", AutocompleteFilter))
    ordering = ("-id",)
    autocomplete_fields = ("trial", "condition")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("A trial may be for several conditions."),
                "fields": ("trial", ("condition", "origin")),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("trial", "condition").defer("trial__search", "condition__search")


@admin.register(TrialSite)
class TrialSiteAdmin(RecordAdmin):
    """Where trials are done."""

    list_display = ("site", "trial", "hospital", "country", "status")
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
                    ("city", "state"),
                    ("postal_code", "country"),
                    ("hospital", "status"),
                ),
            },
        ),
        (
            gettext_lazy("Contacts"),
            {
                "description": gettext_lazy("People at the site, as the registry names them."),
                "fields": ("contacts_shown",),
            },
        ),
    )
    readonly_fields = ("contacts_shown",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = ("trial__search", "trial__criteria_text", "hospital__search", "contacts")
        return page.select_related("trial", "hospital").defer(*unseen)

    @admin.display(description=gettext_lazy("site"))
    def site(self, site: TrialSite) -> str:
        return two_lines(site.facility or site.city, site.city if site.facility else "")

    @admin.display(description=gettext_lazy("contacts"))
    def contacts_shown(self, site: TrialSite) -> str:
        return people(site.contacts)
