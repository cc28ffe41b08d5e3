"""Referrals of patients to clinical trials."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.admin.beginning import BeginsForPatient
from patients.admin.joined import Table, join
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, choice_badge, day, moment, record_link, two_lines
from referrals.admin.recruiting import RecruitingFilter, recruiting_badge
from referrals.models import CTReferral


@admin.register(CTReferral)
class CTReferralAdmin(BeginsForPatient, RecordAdmin):
    """Who was referred to which trial, and how far it has come."""

    list_display = ("patient", "trial_shown", "status_shown", "eligible", "physician", "sent")
    list_filter = (
        ("status", ChoicesFilter),
        RecruitingFilter,
        ("eligible", ChoicesFilter),
        ("trial", AutocompleteFilter),
        ("created_at", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    search_fields = ("patient__search",)
    search_help_text = gettext_lazy(
        "The patient: start of a name, e-mail or its domain, or phone digits"
    )
    autocomplete_fields = ("patient", "trial")
    readonly_fields = ("status", "referred_at", "physician", "outcome")
    fieldsets = (
        (
            gettext_lazy("The referral"),
            {
                "description": gettext_lazy(
                    "The status follows from what is done with the referral; it is not typed in."
                ),
                "fields": (
                    ("patient", "trial"),
                    ("status", "outcome"),
                    ("referred_at", "physician"),
                ),
            },
        ),
        (
            gettext_lazy("Eligibility"),
            {
                "description": gettext_lazy("Why not is needed before somebody is turned down."),
                "fields": (("eligible", "ineligible_reason"), "ineligible_text"),
            },
        ),
    )
    add_fieldsets = (
        (
            gettext_lazy("The referral"),
            {
                "description": gettext_lazy("It starts as a draft; nothing is sent yet."),
                "fields": (("patient", "trial"),),
            },
        ),
        fieldsets[1],
    )
    opens = ("patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = (
            "patient__search",
            "trial__search",
            "trial__criteria_text",
            "trial__contacts",
            "physician__search",
        )
        return page.select_related("patient", "trial", "physician").defer(*unseen)

    @admin.display(description=gettext_lazy("trial"))
    def trial_shown(self, referral: CTReferral) -> str:
        below = recruiting_badge(referral) or referral.trial.title
        return two_lines(referral.trial.registry_id, below)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, referral: CTReferral) -> str:
        return choice_badge(referral, "status")

    @admin.display(description=gettext_lazy("referred"))
    def sent(self, referral: CTReferral) -> str:
        return moment(referral.referred_at)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return (*self.readonly_fields, "patient", "trial") if obj else self.readonly_fields

    def facts(self, request: HttpRequest, record: CTReferral) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.patient)),
            Fact(_("Trial"), record_link(record.trial, record.trial.registry_id)),
            Fact(_("Status"), choice_badge(record, "status")),
            *(
                [Fact(_("Trial status"), recruiting_badge(record))]
                if record.is_no_longer_recruiting
                else []
            ),
            Fact(_("Referred"), moment(record.referred_at)),
            Fact(_("Physician"), record.physician or NOTHING),
        ]


join(
    tables=(
        Table(
            position=30,
            table=RelatedTable(
                relation="ct_referrals",
                columns=(
                    (gettext_lazy("Trial"), lambda row: row.trial.registry_id),
                    (gettext_lazy("Title"), lambda row: row.trial.title),
                    (gettext_lazy("Status"), lambda row: choice_badge(row, "status")),
                    (gettext_lazy("Eligible"), lambda row: row.get_eligible_display()),
                    (gettext_lazy("Referred"), lambda row: day(row.referred_at)),
                ),
                title=gettext_lazy("Trial referrals"),
                select_related=("trial",),
                defer=("trial__search", "trial__criteria_text", "trial__contacts"),
                empty=gettext_lazy("Not referred to any trial yet."),
            ),
        ),
    )
)
