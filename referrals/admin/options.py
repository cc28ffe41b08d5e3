"""A patient's options in the workplace: the page to decide by, and the reports made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from patients.admin.documents import download_link
from patients.admin.joined import Table, join
from patients.admin.said import OfPatient
from patients.models import Patient
from portal.core import access
from portal.core.admin import (
    AutocompleteFilter,
    Briefing,
    ChoicesFilter,
    ReadOnlyAdmin,
    RelatedTable,
    Verb,
    VerbForm,
)
from portal.core.admin.display import choice_badge, day, moment, record_link
from portal.core.downloads import attachment, safe_name
from portal.core.errors import Refused
from portal.core.models import AccessEvent
from portal.core.permissions import may
from referrals import reassessing
from referrals.admin.eligibility import goes_on
from referrals.eligibility import Verdict
from referrals.models import Assessed, CTReferral, EAPDossier, OptionsReport
from referrals.options import Option, options
from referrals.reporting import making
from referrals.reporting.content import where

MAKE = ("referrals.add_optionsreport", "referrals.view_optionsreport")
# Of each kind; more is not read before a call.
SHOWN = 25


class ShowOptions(Verb):
    """What the patient could go for, the nearest first, with why, why not and what to ask."""

    name = "options"
    label = gettext_lazy("Options")
    icon = "explore"
    permissions = ("referrals.view_clinicaltrial", "referrals.view_expandedaccessprogram")
    template = "referrals/options.html"
    is_versioned = False

    def is_offered(self, record: Patient, user: Any) -> bool:
        return True

    def briefing(self, record: Patient, user: Any) -> Briefing:
        return Briefing(may_go_on=False)

    def context(self, record: Patient, user: Any) -> dict[str, Any]:
        found = options(record, today=timezone.localdate())
        shown = {verdict: found.of(verdict)[:SHOWN] for verdict in found.counts()}
        every = found.detailed(option for some in shown.values() for option in some)
        last = _last_results(record, every)
        sections = [
            Section(
                verdict,
                count,
                [Card(one, record, user, last.get(one.record.pk)) for one in shown[verdict]],
            )
            for verdict, count in found.counts().items()
            if count
        ]
        return {
            "found": found,
            "sections": sections,
            "report_url": _page_of(MAKE_REPORT, record) if MAKE_REPORT.is_allowed(user) else "",
        }

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        raise Refused(_("Begin a referral, a dossier or a report."), code="nothing_to_do")


@dataclass(frozen=True, slots=True)
class Card:
    """What the page says of one option beside the option itself."""

    option: Option
    patient: Patient
    user: Any
    last: Assessed | None  # what was kept of it last, when the patient is followed for it

    @property
    def changed(self) -> Mapping[str, Any]:
        """When what is kept last changed, and what was new then; empty for nothing."""
        if self.last is None or not self.last.changes:
            return {}
        said = reassessing.changes(self.last)
        return {"on": timezone.localdate(self.last.created_at), "said": said}

    @property
    def places(self) -> str:
        """`Netherlands (Leiden, Utrecht), Spain`."""
        return where(self.option.places)

    @property
    def begun(self) -> str:
        """What was begun, with its state, leading there; blank for nothing."""
        begun = self.option.begun
        if begun is None:
            return ""
        state = "status" if isinstance(begun, CTReferral) else "state"
        kind = _("Referral") if self.option.is_trial else _("Dossier")
        link = record_link(begun, f"{kind} {day(timezone.localdate(begun.created_at))}")
        return format_html("{} {}", link, choice_badge(begun, state))

    @property
    def begin(self) -> Mapping[str, str]:
        """The button that begins a referral or dossier; empty when one goes on, or nobody may."""
        model = CTReferral if self.option.is_trial else EAPDossier
        begun = self.option.begun
        if (begun is not None and goes_on(begun)) or not may(self.user, "add", model):
            return {}
        name, field = model._meta.model_name, "trial" if self.option.is_trial else "program"
        asked = urlencode({"patient": str(self.patient.pk), field: str(self.option.record.pk)})
        label = _("Refer") if self.option.is_trial else _("Open a dossier")
        return {"url": f"{reverse(f'admin:referrals_{name}_add')}?{asked}", "label": label}


@dataclass(frozen=True, slots=True)
class Section:
    """The options of one verdict, as far as they are shown."""

    verdict: Verdict
    count: int
    cards: Sequence[Card]

    @property
    def title(self) -> str:
        return {
            Verdict.MET: _("Fits, as far as we know"),
            Verdict.UNKNOWN: _("Something is still to be asked"),
            Verdict.NOT_MET: _("Does not fit, as far as we know"),
        }[self.verdict]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.cards)


def _last_results(patient: Patient, shown: Sequence[Option]) -> dict[UUID, Assessed]:
    """What was kept last of these options, by the id of the trial or program."""
    ids = [option.record.pk for option in shown]
    of_these = Q(trial__in=ids) | Q(program__in=ids)
    rows = Assessed.objects.newest().filter(of_these, patient=patient).defer("findings")
    return {row.offer_id: row for row in rows}


def _page_of(verb: Verb, patient: Patient) -> str:
    return reverse(f"admin:patients_patient_{verb.name}", args=[patient.pk])


# --- making a report ------------------------------------------------------------------------------


class ReportForm(VerbForm):
    """Who reads it, and in which language."""

    audience = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=OptionsReport.Audience.choices,
        initial=OptionsReport.Audience.PATIENT,
        widget=UnfoldAdminRadioSelectWidget,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = making.spoken(self.record.language)


class MakeReport(Verb):
    """Writes down for the patient or the physician what was considered and why."""

    name = "options-report"
    label = gettext_lazy("Make an options report")
    submit = gettext_lazy("Make the report")
    is_button = False  # the page of the options leads to it
    permissions = MAKE
    form_class = ReportForm
    is_versioned = False
    is_atomic = False

    def is_offered(self, record: Patient, user: Any) -> bool:
        return True

    def briefing(self, record: Patient, user: Any) -> Briefing:
        missing = making.missing(record)
        will = [
            _("A report is made of the options as they are today, as a PDF and an HTML page."),
            _("It is kept as it is, whatever changes later. Nothing is sent."),
            _("What it leaves open is asked in the next call."),
        ]
        language = record.get_language_display()
        if record.language and making.is_fallback(record.language):
            said = _("The patient's language is %(language)s; we have no reports in it.")
            will.append(said % {"language": language})
        return Briefing(will=will, missing=missing, may_go_on=not missing)

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        # As it was suggested, it is the patient's own language, or says that it is not.
        is_theirs = said["language"] == making.spoken(record.language)
        report = making.make(
            patient_id=record.pk,
            by=by,
            audience=said["audience"],
            language="" if is_theirs else said["language"],
            today=timezone.localdate(),
        )
        return format_html(_("Made: {}."), record_link(report))


SHOW_OPTIONS, MAKE_REPORT = ShowOptions(), MakeReport()


# --- the reports there are ------------------------------------------------------------------------


def html_link(report: OptionsReport) -> str:
    """The way to the HTML of a report."""
    url = reverse("admin:referrals_optionsreport_html", args=[report.pk])
    return format_html('<a class="portal-link" href="{}" download>HTML</a>', url)


def _files(report: OptionsReport) -> str:
    return format_html("{} · {}", download_link(report.document), html_link(report))


@admin.register(OptionsReport)
class OptionsReportAdmin(OfPatient, ReadOnlyAdmin):
    """What patients and physicians were told about the options."""

    list_display = ("created_at", "patient", "title", "language", "made_by")
    list_filter = (("audience", ChoicesFilter), ("patient", AutocompleteFilter))
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("As it was made on that day, whatever changed later."),
                "fields": (
                    ("patient", "number"),
                    ("audience", "language"),
                    ("pdf", "html_file"),
                    ("created_at", "made_by"),
                    "html_sha256",
                ),
            },
        ),
    )
    readonly_fields = ("pdf", "html_file", "created_at")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return (
            super()
            .rows(request, page)
            .select_related("made_by", "document")
            .defer("content", "html")
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("document")

    @admin.display(description=gettext_lazy("report"))
    def title(self, report: OptionsReport) -> str:
        return report.title

    @admin.display(description=gettext_lazy("PDF"))
    def pdf(self, report: OptionsReport) -> str:
        return download_link(report.document)

    @admin.display(description=gettext_lazy("HTML"))
    def html_file(self, report: OptionsReport) -> str:
        return html_link(report)

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(require_safe(self.html_view))
        name = "referrals_optionsreport_html"
        return [path("<uuid:report_id>/html/", view, name=name), *super().get_urls()]

    def html_view(self, request: HttpRequest, report_id: UUID) -> HttpResponseBase:
        """The HTML as an attachment; back to the page, with what is wrong, when it is damaged."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        report = get_object_or_404(OptionsReport, pk=report_id)
        try:
            content = making.html_of(report)
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect(report)
        self.log_opened(request, report)
        access.opened(
            OptionsReport,
            [report.pk],
            by=request.user,
            route=AccessEvent.Route.ADMIN,
            request_id=getattr(request, "request_id", None),
        )
        name = safe_name(report.title, "html")
        return attachment(ContentFile(content), name=name, content_type="text/html; charset=utf-8")


join(
    verbs=(SHOW_OPTIONS, MAKE_REPORT),
    tables=(
        Table(
            position=35,
            table=RelatedTable(
                relation="options_reports",
                columns=(
                    (gettext_lazy("Made"), lambda row: moment(row.created_at)),
                    (gettext_lazy("Number"), lambda row: row.number),
                    (gettext_lazy("For"), lambda row: row.get_audience_display()),
                    (gettext_lazy("Files"), _files),
                    (gettext_lazy("By"), lambda row: row.made_by),
                ),
                select_related=("made_by", "document"),
                defer=("content", "html"),
                can_add=False,
                is_rare=True,
                empty=gettext_lazy("No report yet. The page Options makes one."),
            ),
        ),
    ),
)
