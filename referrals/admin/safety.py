"""Safety reports: what happened, who has been told, and how long there is for the others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    ReadOnlyAdmin,
    RelatedTable,
)
from portal.core.admin.display import (
    NOTHING,
    badge,
    choice_badge,
    day,
    key_values,
    moment,
    record_link,
    two_lines,
    waiting,
)
from portal.core.models import User
from referrals import safety_reporting
from referrals.admin.moves import queue_filter
from referrals.admin.of_dossier import OfDossier
from referrals.admin.safety_telling import TakeSafety
from referrals.admin.whose import WhoseFilter
from referrals.models import SafetyReport, SafetyReportChange

# Less time than this is shown in amber.
_SOON_HOURS = 72


def clock(due_at: datetime | None, told_at: datetime | None = None) -> str:
    """How long there is until somebody has to be told, or that they were; below it the moment."""
    if told_at is not None:
        late = due_at is not None and told_at > due_at
        shown = badge("told", _("told late") if late else _("told"), "amber" if late else "green")
        return two_lines(shown, moment(told_at))
    if due_at is None:
        return NOTHING
    now = timezone.now()
    if due_at < now:
        said, tone = _("%(time)s late") % {"time": waiting(due_at, now=now)}, "red"
    else:
        said = _("%(time)s left") % {"time": waiting(now, now=due_at)}
        soon = (due_at - now).total_seconds() < _SOON_HOURS * 3600
        tone = "amber" if soon else "grey"
    return two_lines(badge("due", said, tone), moment(due_at))


def sponsor_clock(report: SafetyReport) -> str:
    return clock(_due(report, report.sponsor_due_at), report.sponsor_told_at)


def authority_clock(report: SafetyReport) -> str:
    return clock(_due(report, report.authority_due_at), report.authority_told_at)


def _due(report: SafetyReport, due_at: datetime | None) -> datetime | None:
    return None if report.status == SafetyReport.Status.CLOSED else due_at


def seriousness(report: SafetyReport) -> str:
    """The worst of why it is serious, and what else; that it is not."""
    if not report.seriousness:
        return badge("not", _("Not serious"), "grey")
    worst, *others = [each for each in SafetyReport.Seriousness if each in report.seriousness]
    at_risk = worst in (SafetyReport.Seriousness.DEATH, SafetyReport.Seriousness.LIFE_THREATENING)
    shown = badge("serious", worst.label, "red" if at_risk else "amber")
    return two_lines(shown, ", ".join(str(each.label) for each in others))


_ICONS = {"tell-sponsor": "send", "tell-authority": "account_balance", "close": "lock"}


@admin.register(SafetyReport)
class SafetyReportAdmin(OfDossier):
    """Adverse events of patients in expanded access, and the clocks of the law."""

    list_display = (
        "event",
        "patient_shown",
        "serious",
        "status_shown",
        "sponsor",
        "authority_shown",
    )
    list_filter = (
        queue_filter("due", gettext_lazy("Somebody has to be told"), lambda rows: rows.waiting()),
        WhoseFilter,
        ("status", ChoicesFilter),
        ("expectedness", ChoicesFilter),
        ("relatedness", ChoicesFilter),
        ("aware_at", DateRangeFilter),
        ("dossier", AutocompleteFilter),
    )
    autocomplete_fields = ("dossier", "follows")
    readonly_fields = (
        "status",
        "sponsor_told_at",
        "sponsor_reference",
        "authority_told_at",
        "authority",
        "authority_reference",
        "outcome",
        "closing_remark",
    )
    _event = (
        gettext_lazy("What happened"),
        {
            "description": gettext_lazy("No names in the text: the sponsor reads it."),
            "fields": (("dossier", "follows"), "description", ("aware_at", "onset_on")),
        },
    )
    _assessed = (
        gettext_lazy("How it is assessed"),
        {
            "description": gettext_lazy(
                "Suspected, unexpected and serious: 15 days to the authority; 7 when fatal or "
                "life-threatening. The sponsor hears of anything serious within 24 hours."
            ),
            "fields": ("seriousness", ("expectedness", "relatedness")),
        },
    )
    fieldsets = (
        _event,
        _assessed,
        (
            gettext_lazy("Who was told"),
            {
                "description": gettext_lazy("Written down by the buttons above."),
                "fields": (
                    ("sponsor_told_at", "sponsor_reference"),
                    ("authority_told_at", "authority"),
                    ("authority_reference", "status"),
                    ("outcome", "closing_remark"),
                ),
            },
        ),
    )
    add_fieldsets = (_event, _assessed)
    verbs = tuple(TakeSafety(each, icon=_ICONS[each.name]) for each in safety_reporting.MOVES)
    related_tables = (
        RelatedTable(
            relation="changes",
            columns=(
                (gettext_lazy("When"), lambda row: moment(row.happened_at)),
                (gettext_lazy("What happened"), lambda row: what_happened(row)),
                (gettext_lazy("In words"), lambda row: row.remark or NOTHING),
                (gettext_lazy("By"), lambda row: row.changed_by),
            ),
            title=gettext_lazy("Its way so far"),
            select_related=("changed_by",),
            defer=("packet",),
            can_add=False,
        ),
        RelatedTable(
            relation="followed_by",
            columns=(
                (gettext_lazy("Known since"), lambda row: moment(row.aware_at)),
                (gettext_lazy("What happened"), str),
                (gettext_lazy("Status"), lambda row: choice_badge(row, "status")),
                (gettext_lazy("Sponsor"), sponsor_clock),
                (gettext_lazy("Authority"), authority_clock),
            ),
            title=gettext_lazy("What was learnt later"),
            empty=gettext_lazy("Nothing yet. What is learnt later has clocks of its own."),
        ),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "seriousness":
            field.widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=field.choices)
        return field

    @admin.display(description=gettext_lazy("event"))
    def event(self, report: SafetyReport) -> str:
        known = {"day": day(timezone.localdate(report.aware_at))}
        said = _("goes on, known since %(day)s") if report.follows_id else _("known since %(day)s")
        return two_lines(report, said % known)

    @admin.display(description=gettext_lazy("serious"))
    def serious(self, report: SafetyReport) -> str:
        return seriousness(report)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, report: SafetyReport) -> str:
        return status_badge(report)

    @admin.display(description=gettext_lazy("sponsor by"), ordering="sponsor_due_at")
    def sponsor(self, report: SafetyReport) -> str:
        return sponsor_clock(report)

    @admin.display(description=gettext_lazy("authority by"), ordering="authority_due_at")
    def authority_shown(self, report: SafetyReport) -> str:
        return authority_clock(report)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """Of a closed report everything."""
        known = super().get_readonly_fields(request, obj)
        if obj is None or obj.status != SafetyReport.Status.CLOSED:
            return (*known, "follows") if obj else known
        return tuple(f.name for f in self.opts.fields if f.name != "id")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one is raised by the verb; a closed one is not rewritten."""
        if not change:
            safety_reporting.raise_report(obj, by=cast(User, request.user))
            return
        safety_reporting.refuse_closed(obj)
        safety_reporting.refuse_moment(obj)
        super().save_model(request, obj, form, change)

    def facts(self, request: HttpRequest, record: SafetyReport) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.dossier.patient)),
            Fact(_("Dossier"), record_link(record.dossier)),
            Fact(_("Serious"), seriousness(record)),
            Fact(_("Status"), status_badge(record)),
            Fact(_("Sponsor by"), sponsor_clock(record)),
            Fact(_("Authority by"), authority_clock(record)),
        ]

    @classmethod
    def autocomplete_label(cls, record: SafetyReport) -> str:
        return f"{record} · {day(timezone.localdate(record.aware_at))}"


def status_badge(report: SafetyReport) -> str:
    """The status; red while nobody was told of something serious."""
    if report.status == SafetyReport.Status.DRAFT and report.is_serious:
        return badge("draft", report.get_status_display(), "red")
    tone = "blue" if report.status == SafetyReport.Status.REPORTED else ""
    return badge(report.status, report.get_status_display(), tone)


def what_happened(change: SafetyReportChange) -> str:
    """The step in the words of its button."""
    move = safety_reporting.BY_NAME.get(change.action)
    return str(move.label) if move else _("Written down")


@admin.register(SafetyReportChange)
class SafetyReportChangeAdmin(ReadOnlyAdmin):
    """Who was told of an event, and what: written down by what was done."""

    list_display = ("report", "happened", "when", "changed_by")
    list_filter = (("happened_at", DateRangeFilter),)
    fieldsets = (
        (
            gettext_lazy("What happened"),
            {"fields": (("report", "happened"), ("when", "changed_by"), "remark")},
        ),
        (
            gettext_lazy("What was told"),
            {
                "description": gettext_lazy("As it was then, whatever changed later."),
                "fields": ("told",),
            },
        ),
    )
    readonly_fields = ("happened", "when", "told")
    opens = ("report.dossier.patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("report", "changed_by").defer("packet")

    @admin.display(description=gettext_lazy("what happened"))
    def happened(self, change: SafetyReportChange) -> str:
        return what_happened(change)

    @admin.display(description=gettext_lazy("when"))
    def when(self, change: SafetyReportChange) -> str:
        return moment(change.happened_at)

    @admin.display(description=gettext_lazy("what was told"))
    def told(self, change: SafetyReportChange) -> Any:
        return key_values(change.packet)
