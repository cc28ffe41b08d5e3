"""Referrals of patients to clinical trials."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import DropdownFilter

from patients.admin.joined import Table, join
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    ReadOnlyAdmin,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import (
    NOTHING,
    choice_badge,
    day,
    moment,
    record_link,
    two_lines,
)
from referrals import referring
from referrals.admin.due import answer_badge
from referrals.admin.eligibility import Eligibility, verdict_facts
from referrals.admin.recruiting import RecruitingFilter, recruiting_badge
from referrals.admin.referring import VERBS
from referrals.admin.whose import WhoseFilter
from referrals.lifecycle import BY_NAME
from referrals.models import CTReferral, ReferralChange


class SilentFilter(DropdownFilter):  # type: ignore[misc]
    """The sites that are to be asked again."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("silent", _("Site keeps silent"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "silent":
            return queryset.silent(today=timezone.localdate())
        return queryset


class ReferralWhoseFilter(WhoseFilter):
    path = "patient"


def held(referral: CTReferral) -> tuple[str, str]:
    """Who has to act, and for how long they have had it; dashes when it has ended."""
    holder = referral.holder
    if holder is None:
        return NOTHING, ""
    since = referral.status_since
    if since is None:
        return str(holder.label), ""
    days = (timezone.localdate() - timezone.localdate(since)).days
    return str(holder.label), ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


def what_happened(change: ReferralChange) -> str:
    """The action in the words of its button."""
    action = BY_NAME.get(change.action)
    return str(action.label) if action else _("The site was asked again")


@admin.register(CTReferral)
class CTReferralAdmin(RecordAdmin):
    """Who was referred to which trial, and how far it has come."""

    list_display = (
        "patient",
        "trial_shown",
        "status_shown",
        "holder_shown",
        "due",
        "eligible",
        "physician",
        "sent",
    )
    list_filter = (
        SilentFilter,
        ReferralWhoseFilter,
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
    readonly_fields = (
        "status",
        "outcome",
        "referred_at",
        "physician",
        "site",
        "status_since",
        "due_on",
        "enrolled_on",
    )
    verbs = (Eligibility(), *VERBS)
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
                    ("status_since", "due_on"),
                    ("referred_at", "enrolled_on"),
                    ("physician", "site"),
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
    related_tables = (
        RelatedTable(
            relation="changes",
            columns=(
                (gettext_lazy("When"), lambda row: day(row.happened_on)),
                (gettext_lazy("What happened"), what_happened),
                (gettext_lazy("Why"), lambda row: row.get_reason_display() or NOTHING),
                (gettext_lazy("In words"), lambda row: row.remark or NOTHING),
                (gettext_lazy("By"), lambda row: row.changed_by),
            ),
            title=gettext_lazy("Its way so far"),
            select_related=("changed_by",),
            defer=("packet",),
            can_add=False,
            empty=gettext_lazy("Nothing has been done with it yet."),
        ),
    )

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

    @admin.display(description=gettext_lazy("who holds it"))
    def holder_shown(self, referral: CTReferral) -> str:
        return two_lines(*held(referral))

    @admin.display(description=gettext_lazy("answer due"), ordering="due_on")
    def due(self, referral: CTReferral) -> str:
        return answer_badge(referral)

    @admin.display(description=gettext_lazy("referred"))
    def sent(self, referral: CTReferral) -> str:
        return moment(referral.referred_at)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return (*self.readonly_fields, "patient", "trial") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new referral is begun by the verb; the eligibility of one is saved as ever."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            referring.begin(referral=obj, by=request.user)  # type: ignore[arg-type]

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
            *verdict_facts(record),
            Fact(_("Referred"), moment(record.referred_at)),
            Fact(_("Who holds it"), two_lines(*held(record))),
            Fact(_("Answer due"), answer_badge(record)),
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


@admin.register(ReferralChange)
class ReferralChangeAdmin(ReadOnlyAdmin):
    """What happened to referrals, and what was sent: written down by what was done."""

    list_display = ("referral", "happened", "happened_on", "reason", "changed_by")
    list_filter = (("reason", ChoicesFilter), ("happened_on", DateRangeFilter))
    fieldsets = (
        (
            gettext_lazy("What happened"),
            {
                "fields": (
                    ("referral", "action"),
                    ("from_status", "to_status"),
                    ("happened_on", "changed_by"),
                    "reason",
                    "remark",
                )
            },
        ),
        (
            gettext_lazy("What was sent"),
            {
                "description": gettext_lazy("As it was on that day, whatever changed later."),
                "fields": ("packet",),
            },
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("referral__trial", "changed_by").defer(
            "packet", "referral__trial__search"
        )

    @admin.display(description=gettext_lazy("what happened"))
    def happened(self, change: ReferralChange) -> str:
        return what_happened(change)
