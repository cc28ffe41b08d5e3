"""The sidebar: grouped as a navigator thinks, and only what the viewer may open."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

LIST = "changelist"


@dataclass(frozen=True, slots=True)
class Entry:
    """A list to open: the model's label, an icon, and a title or filter of its own.

    `page` is another page of the model's admin, by the last part of its URL's name.
    """

    label: str
    icon: str
    title: Any = ""
    query: str = ""
    page: str = LIST


GROUPS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        _("People"),
        (
            Entry("patients.patient", "groups", _("Patients and leads")),
            Entry("patients.patient", "person_add", _("Leads"), "stage__exact=lead"),
            Entry("patients.specialist", "stethoscope"),
            Entry("patients.possibleduplicate", "difference"),
            Entry("patients.submission", "inbox"),
            Entry("patients.consent", "verified_user"),
            Entry("patients.note", "sticky_note_2"),
            Entry("patients.contactpoint", "contact_mail"),
            Entry("patients.document", "description"),
            Entry("patients.observation", "monitor_heart"),
            Entry("patients.fieldproposal", "rule"),
            Entry("patients.stagechange", "timeline"),
            Entry("patients.ruleoverride", "gavel"),
            Entry("patients.patientmerge", "call_merge"),
            Entry("patients.mergedpatient", "merge"),
            Entry("patients.consenttext", "article"),
            Entry("patients.erasurerequest", "person_remove"),
            Entry("patients.erasedpatient", "person_off"),
        ),
    ),
    (
        _("Calls"),
        (
            Entry("bookings.booking", "calendar_view_week", _("Week"), page="week"),
            Entry("bookings.booking", "calendar_month"),
            Entry("bookings.call", "call"),
            Entry("bookings.workinghours", "schedule"),
            Entry("bookings.timeoff", "event_busy"),
            Entry("bookings.calendarfeed", "rss_feed"),
            Entry("bookings.slotrules", "tune"),
            Entry("patients.message", "mail"),
        ),
    ),
    (
        _("Referrals"),
        (
            Entry("referrals.ctreferral", "outbound", _("Trial referrals")),
            Entry(
                "referrals.ctreferral",
                "event_busy",
                _("No longer recruiting"),
                "recruiting=no_longer",
            ),
            Entry("referrals.eapdossier", "assignment"),
            Entry("referrals.dossierstep", "checklist"),
            Entry("referrals.shipment", "local_shipping"),
            Entry("referrals.followup", "event_repeat"),
            Entry("referrals.safetyreport", "health_and_safety"),
            Entry("referrals.referralchange", "timeline"),
            Entry("referrals.optionsreport", "summarize"),
            Entry("referrals.dossierchange", "history"),
        ),
    ),
    (
        _("Catalogue"),
        (
            Entry("referrals.clinicaltrial", "science"),
            Entry("referrals.expandedaccessprogram", "medication", _("Access programs")),
            Entry("referrals.product", "pill"),
            Entry("referrals.unplacedcondition", "help_center"),
            Entry("patients.measure", "straighten"),
            Entry("patients.medicalcondition", "diagnosis"),
            Entry("patients.conditionname", "translate"),
            Entry("patients.hospital", "local_hospital"),
            Entry("patients.specialization", "category"),
            Entry("referrals.trialsite", "location_on"),
            Entry("referrals.routetemplate", "route"),
            Entry("referrals.setasiderecord", "report"),
        ),
    ),
    (
        _("Administration"),
        (
            Entry("core.user", "badge"),
            Entry("auth.group", "shield_person", _("Roles")),
            Entry("oauth2_provider.application", "api", _("API clients")),
            Entry("core.accessevent", "visibility", _("Access log")),
            Entry("portal.ratewindow", "speed"),
        ),
    ),
)

# Parts of other records: reached from those, and not worth a place in the sidebar.
WITHIN_OTHERS = frozenset(
    {
        "patients.measureunit",
        "patients.soughtvalue",
        "referrals.trialcondition",
        "referrals.programcondition",
        "referrals.registryrecord",
        "referrals.criterion",
        "referrals.criterionanswer",
        "referrals.assessed",
        "referrals.dossierstepdependency",
        "referrals.safetyreportchange",
        "referrals.stepdocument",
        "referrals.routestep",
        "referrals.routestepdependency",
        "crm_import.legacycontact",
        "crm_import.legacypatient",
        "crm_import.legacydossier",
        "crm_import.legacycondition",
        "crm_import.legacyhospital",
        "crm_import.legacyspecialization",
        "crm_import.legacyoption",
        "crm_import.takenback",
        "crm_import.verificationsignature",
    }
)
MIGRATION = "crm_import"
# What is worked with during the migration, in the order of the work; the rest is behind it.
MIGRATION_WORK = (
    Entry("crm_import.importplan", "checklist"),
    Entry("crm_import.importrun", "sync"),
    Entry("crm_import.verification", "fact_check"),
    Entry("crm_import.heldrow", "rule_folder", _("Quarantine")),
    Entry("crm_import.optionvalue", "translate"),
    Entry("crm_import.fieldconflict", "compare_arrows"),
    Entry("crm_import.problem", "warning"),
    Entry("crm_import.pendinglink", "link_off"),
    Entry("crm_import.rowoutcome", "table_rows"),
    Entry("crm_import.crosswalk", "key"),
    Entry("crm_import.correction", "build"),
    Entry("crm_import.pairdecision", "join_inner"),
    Entry("crm_import.sourcefile", "draft"),
    Entry("crm_import.unreadablerecord", "broken_image"),
    Entry("crm_import.forgottenrow", "person_off"),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups that have something in them for this viewer."""
    groups = [{"title": _("Today"), "items": [_home(request)]}]
    *first, administration = GROUPS
    for title, entries in (*first, (_("Migration"), tuple(_migration())), administration):
        items = [item for entry in entries if (item := _item(request, entry)) is not None]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _home(request: HttpRequest) -> dict[str, Any]:
    home = reverse("admin:index")
    return {"title": _("Home"), "icon": "today", "link": home, "active": request.path == home}


def _migration() -> Iterable[Entry]:
    """What the legacy import shows, as long as it is installed; it leaves after the cut-over."""
    if not apps.is_installed(MIGRATION):
        return
    yield from MIGRATION_WORK
    listed = {*WITHIN_OTHERS, *(entry.label for entry in MIGRATION_WORK)}
    for model in admin.site._registry:
        label = model._meta.label_lower
        if model._meta.app_label == MIGRATION and label not in listed:
            yield Entry(label, "swap_horiz")


def _item(request: HttpRequest, entry: Entry) -> dict[str, Any] | None:
    """One entry; None when the model has no page or the viewer may not open it."""
    model = apps.get_model(entry.label)
    page = admin.site._registry.get(model)
    if page is None or not page.has_view_or_change_permission(request):
        return None
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{entry.page}")
    return {
        "title": entry.title or capfirst(model._meta.verbose_name_plural),
        "icon": entry.icon,
        "link": f"{url}?{entry.query}" if entry.query else url,
        "active": _is_open(request, url, entry),
    }


def _is_open(request: HttpRequest, url: str, entry: Entry) -> bool:
    """Whether the viewer is in this list, or on a page of one of its records."""
    if not request.path.startswith(url):
        return False
    if any(page != url and request.path == page for page in _pages()):
        return False
    asked = request.META.get("QUERY_STRING", "")
    if entry.query:
        return entry.query in asked
    return not any(one.query in asked for one in _filtered() if one.label == entry.label)


def _filtered() -> Iterable[Entry]:
    return (entry for _title, entries in GROUPS for entry in entries if entry.query)


def _pages() -> Iterable[str]:
    """The entries that lie below a list, but are entries of their own."""
    for _title, entries in GROUPS:
        for entry in entries:
            if entry.page != LIST:
                yield reverse(f"admin:{entry.label.replace('.', '_')}_{entry.page}")
