"""Dossiers of expanded access, and their steps."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.admin.beginning import BeginsForPatient
from patients.admin.joined import Table, join
from patients.locking import locked_open
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    PartInline,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, badge, choice_badge, day, record_link
from referrals.admin.parts import PARTS
from referrals.models import DossierStep, DossierStepDependency, EAPDossier


class DossierStepInline(PartInline):
    """The steps of a dossier, in their order."""

    model = DossierStep
    fields = ("position", "title", "responsible", "status", "due_on")
    readonly_fields = ("status",)
    verbose_name_plural = gettext_lazy("Steps")
    show_change_link = True
    hide_title = False  # it carries the link


@admin.register(EAPDossier)
class EAPDossierAdmin(BeginsForPatient, RecordAdmin):
    """Patients' ways into expanded access programs."""

    list_display = ("dossier", "patient", "program", "state_shown", "urgency_shown", "physician")
    list_filter = (
        ("state", ChoicesFilter),
        ("urgency", ChoicesFilter),
        ("program", AutocompleteFilter),
        ("created_at", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    search_fields = ("patient__search",)
    search_help_text = gettext_lazy(
        "The patient: start of a name, e-mail or its domain, or phone digits"
    )
    autocomplete_fields = ("patient", "program", "physician", "hospital", "route")
    autocomplete_related = ("patient", "program")
    readonly_fields = ("state", "closed_reason")
    fieldsets = (
        (
            gettext_lazy("The dossier"),
            {
                "description": gettext_lazy("One open dossier for each patient and program."),
                "fields": (
                    ("patient", "program"),
                    ("number", "urgency"),
                    ("state", "closed_reason"),
                    ("enrolled_on", "route"),
                ),
            },
        ),
        (
            gettext_lazy("Who treats"),
            {
                "description": gettext_lazy("Needed before the first step is submitted."),
                "fields": (("physician", "hospital"),),
            },
        ),
    )
    add_fieldsets = (
        (
            gettext_lazy("The dossier"),
            {
                "description": gettext_lazy("It starts open; its steps are added on its page."),
                "fields": (("patient", "program"), ("number", "urgency"), "route"),
            },
        ),
        fieldsets[1],
    )
    inlines = (DossierStepInline,)
    related_tables = PARTS
    opens = ("patient",)
    history_parts = ("steps",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = ("patient__search", "program__search", "physician__search")
        return page.select_related("patient", "program", "physician").defer(*unseen)

    @admin.display(description=gettext_lazy("number"))
    def dossier(self, dossier: EAPDossier) -> str:
        return dossier.number or _("no number")

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, dossier: EAPDossier) -> str:
        return choice_badge(dossier, "state")

    @admin.display(description=gettext_lazy("urgency"))
    def urgency_shown(self, dossier: EAPDossier) -> str:
        return choice_badge(dossier, "urgency")

    @classmethod
    def autocomplete_label(cls, record: EAPDossier) -> str:
        return f"{record.number or _('no number')} · {record.patient} · {record.program}"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return (*self.readonly_fields, "patient", "program") if obj else self.readonly_fields

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Steps are added only while the patient is open."""
        if any(each.has_changed() for each in formset.extra_forms):
            locked_open(form.instance.patient_id)
        super().save_formset(request, form, formset, change)

    def facts(self, request: HttpRequest, record: EAPDossier) -> list[Fact]:
        state = "closed_reason" if record.closed_reason else "state"
        return [
            Fact(_("Patient"), record_link(record.patient)),
            Fact(_("Program"), record_link(record.program)),
            Fact(_("State"), choice_badge(record, state)),
            Fact(_("Urgency"), choice_badge(record, "urgency")),
            Fact(_("Physician"), record.physician or NOTHING),
            Fact(_("Enrolled"), day(record.enrolled_on)),
        ]


class StepNeedInline(PartInline):
    """What must be done before this step."""

    model = DossierStepDependency
    fk_name = "step"
    fields = ("needed",)
    autocomplete_fields = ("needed",)
    verbose_name_plural = gettext_lazy("Waits for")


@admin.register(DossierStep)
class DossierStepAdmin(BeginsForPatient, RecordAdmin):
    """Steps of all dossiers: what is due, and with whom it lies."""

    list_display = ("title", "dossier", "patient_shown", "status_shown", "responsible", "due")
    list_filter = (
        ("status", ChoicesFilter),
        ("responsible", ChoicesFilter),
        ("due_on", DateRangeFilter),
        ("dossier", AutocompleteFilter),
    )
    search_fields = ("dossier__patient__search",)
    search_help_text = gettext_lazy(
        "The patient: start of a name, e-mail or its domain, or phone digits"
    )
    ordering = ("-id",)
    autocomplete_fields = ("dossier", "route_step")
    autocomplete_related = ("dossier", "dossier__program")
    readonly_fields = ("status",)
    fieldsets = (
        (
            gettext_lazy("The step"),
            {
                "description": gettext_lazy("The status follows from what is done; not typed in."),
                "fields": (
                    ("dossier", "route_step"),
                    ("title", "position"),
                    ("status", "responsible"),
                ),
            },
        ),
        (
            gettext_lazy("Dates"),
            {
                "description": gettext_lazy("A decision is not dated before the submission."),
                "fields": (
                    ("due_on", "submitted_on"),
                    ("decided_on", "valid_until"),
                    "reference",
                ),
            },
        ),
    )
    inlines = (StepNeedInline,)
    opens = ("dossier.patient",)
    patient_id_at = "dossier.patient_id"
    history_parts = ("needs",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        joined = ("dossier__patient", "dossier__program")
        return page.select_related(*joined).defer(*(f"{name}__search" for name in joined))

    @admin.display(description=gettext_lazy("patient"))
    def patient_shown(self, step: DossierStep) -> str:
        return str(step.dossier.patient)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, step: DossierStep) -> str:
        return choice_badge(step, "status")

    @admin.display(description=gettext_lazy("due"))
    def due(self, step: DossierStep) -> str:
        if step.is_overdue(today=timezone.localdate()):
            return badge("overdue", day(step.due_on), "red")
        return day(step.due_on)

    @classmethod
    def autocomplete_label(cls, record: DossierStep) -> str:
        return f"{record.title} · {record.dossier}"


@admin.register(DossierStepDependency)
class DossierStepDependencyAdmin(RecordAdmin):
    """Which step of a dossier waits for which."""

    list_display = ("step", "needed")
    list_filter = (("step", AutocompleteFilter),)
    ordering = ("-id",)
    autocomplete_fields = ("step", "needed")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("The first cannot begin before the second is done."),
                "fields": ("step", "needed"),
            },
        ),
    )
    opens = ("step.dossier.patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("step", "needed")


join(
    tables=(
        Table(
            position=40,
            table=RelatedTable(
                relation="eap_dossiers",
                columns=(
                    (gettext_lazy("Program"), lambda row: row.program.eap_number),
                    (gettext_lazy("Number"), lambda row: row.number or NOTHING),
                    (gettext_lazy("State"), lambda row: choice_badge(row, "state")),
                    (gettext_lazy("Urgency"), lambda row: choice_badge(row, "urgency")),
                    (gettext_lazy("Enrolled"), lambda row: day(row.enrolled_on)),
                ),
                select_related=("program",),
                empty=gettext_lazy("No expanded access dossier yet."),
            ),
        ),
    )
)
