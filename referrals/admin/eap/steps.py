"""Steps of dossiers: what is due, and with whom it lies."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from patients.overriding import demand
from portal.core.admin import (
    AutocompleteFilter,
    DateRangeFilter,
    Fact,
    PartInline,
    ReadOnlyAdmin,
    RecordAdmin,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, badge, choice_badge, day, record_link, two_lines
from referrals import dossiers
from referrals.admin.due import step_badge
from referrals.admin.eap.changes import way
from referrals.admin.eap.step_verbs import VERBS
from referrals.discarding import NotDiscardable, may_be_loosened, refuse_what_stays
from referrals.dossier_lifecycle import missing_documents
from referrals.forecasting import held_since
from referrals.models import (
    DossierStep,
    DossierStepDependency,
    Responsible,
    StepDocument,
)


class StepQueue(DropdownFilter):  # type: ignore[misc]
    """The steps about which somebody has to do something."""

    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("silent", _("Keeps silent")),
            ("overdue", _("Overdue")),
            ("running_out", _("Validity runs out")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        narrow = dossiers.QUEUES.get(self.value() or "")
        return narrow(queryset, timezone.localdate()) if narrow else queryset


class HolderFilter(DropdownFilter):  # type: ignore[misc]
    """Who has to act."""

    title = gettext_lazy("who holds it")
    parameter_name = "holder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Responsible.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.held_by(self.value()) if self.value() else queryset


class StatusFilter(DropdownFilter):  # type: ignore[misc]
    """Where steps stand. What goes to nobody is done; its status is that of what is approved."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        both = {DossierStep.Status.APPROVED: _("Approved or done")}
        return [(status, both.get(status, status.label)) for status in DossierStep.Status]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(status=self.value()) if self.value() else queryset


def acts(step: DossierStep) -> str:
    """Who has to act now, and who receives what is sent."""
    holder = step.holder
    if holder is None:
        return NOTHING
    goes_to = step.get_goes_to_display() if step.goes_to and step.goes_to != holder else ""
    return two_lines(holder.label, _("goes to: %(who)s") % {"who": goes_to} if goes_to else "")


def status_of(step: DossierStep) -> Any:
    """The status, and that an approval has run out or soon will."""
    if step.has_run_out(today=timezone.localdate()):
        return badge("expired", _("ran out %(day)s") % {"day": day(step.valid_until)}, "red")
    return choice_badge(step, "status")


def papers(step: DossierStep) -> str:
    """How many of the documents that are asked for are there, and which are not."""
    if not step.documents:
        return NOTHING
    lacking = missing_documents(step)
    counts = {"there": len(step.documents) - len(lacking), "all": len(step.documents)}
    return two_lines(_("%(there)d of %(all)d") % counts, ", ".join(lacking))


def decision(step: DossierStep) -> str:
    """The reference number, and until when it is valid."""
    until = _("until %(day)s") % {"day": day(step.valid_until)} if step.valid_until else ""
    return two_lines(step.reference or NOTHING, until)


class StepNeedInline(PartInline):
    """What must be done before a step that is added; afterwards each is a page of its own."""

    model = DossierStepDependency
    fk_name = "step"
    fields = ("needed",)
    autocomplete_fields = ("needed",)
    verbose_name_plural = gettext_lazy("Waits for")


@admin.register(DossierStep)
class DossierStepAdmin(RecordAdmin):
    """Steps of all dossiers: what is due, and with whom it lies."""

    list_display = ("title", "dossier", "patient_shown", "status_shown", "holder_shown", "due")
    list_filter = (
        StepQueue,
        HolderFilter,
        StatusFilter,
        ("due_on", DateRangeFilter),
        ("dossier", AutocompleteFilter),
    )
    search_fields = ("dossier__patient__search",)
    search_help_text = gettext_lazy(
        "The patient: start of a name, e-mail or its domain, or phone digits"
    )
    ordering = ("-id",)
    autocomplete_fields = ("dossier",)
    autocomplete_related = ("dossier", "dossier__program")
    readonly_fields = (
        "source",
        "status",
        "status_since",
        "responsible",
        "days",
        "due_on",
        "ask_again_on",
        "submitted_on",
        "decided_on",
        "valid_until",
        "reference",
        "route_step",
    )
    verbs = VERBS
    fieldsets = (
        (
            gettext_lazy("The step"),
            {
                "description": gettext_lazy("What the buttons do changes the rest; not typed in."),
                "fields": (
                    ("title", "position"),
                    ("dossier", "route_step"),
                    ("status", "status_since"),
                    ("responsible", "goes_to"),
                    ("documents", "is_optional"),
                    "source",
                ),
            },
        ),
        (
            gettext_lazy("Dates"),
            {
                "description": gettext_lazy("A decision is not dated before the submission."),
                "fields": (
                    ("days", "due_on"),
                    ("submitted_on", "ask_again_on"),
                    ("decided_on", "valid_until"),
                    "reference",
                ),
            },
        ),
    )
    add_fieldsets = (
        (
            gettext_lazy("The step"),
            {
                "description": gettext_lazy("A step that no route names."),
                "fields": (
                    ("dossier", "title"),
                    ("responsible", "goes_to"),
                    ("position", "due_on"),
                    ("days", "day_kind"),
                    ("documents", "is_optional"),
                    ("milestone", "country"),
                ),
            },
        ),
    )
    opens = ("dossier.patient",)
    history_parts = ("needs", "attached")
    related_tables = (
        RelatedTable(
            relation="needs",
            columns=(
                (gettext_lazy("Waits for"), lambda row: row.needed.title),
                (gettext_lazy("Status"), lambda row: status_of(row.needed)),
            ),
            title=gettext_lazy("Waits for"),
            select_related=("needed",),
            ordering=("needed__position", "id"),
            empty=gettext_lazy("It waits for nothing."),
        ),
        RelatedTable(
            relation="attached",
            columns=(
                (gettext_lazy("Asked for"), lambda row: row.name),
                (gettext_lazy("Document"), lambda row: row.document.title),
            ),
            title=gettext_lazy("Documents"),
            select_related=("document",),
            can_add=False,
            empty=gettext_lazy("None attached."),
        ),
        way(of_a_step=True),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        joined = ("dossier__patient", "dossier__program")
        return page.select_related(*joined).defer(*(f"{name}__search" for name in joined))

    @admin.display(description=gettext_lazy("source"))
    def source(self, step: DossierStep) -> str:
        return step.route_step.source if step.route_step else NOTHING

    @admin.display(description=gettext_lazy("patient"))
    def patient_shown(self, step: DossierStep) -> str:
        return str(step.dossier.patient)

    @admin.display(description=gettext_lazy("status"))
    def status_shown(self, step: DossierStep) -> Any:
        return status_of(step)

    @admin.display(description=gettext_lazy("who holds it"))
    def holder_shown(self, step: DossierStep) -> str:
        return acts(step)

    @admin.display(description=gettext_lazy("due"))
    def due(self, step: DossierStep) -> str:
        return step_badge(step)

    @classmethod
    def autocomplete_label(cls, record: DossierStep) -> str:
        return f"{record.title} · {record.dossier}"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        if obj is None:
            return ()
        plan = ("dossier", "goes_to", "documents", "is_optional")
        return (*self.readonly_fields, *plan)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (StepNeedInline,) if obj is None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Title and place are saved as ever; a new step waits for what `save_related` is told."""
        if change:
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A new step is added by the verb, with what it waits for."""
        if change:
            super().save_related(request, form, formsets, change)
            return
        needs = [link.needed for formset in formsets for link in formset.save(commit=False)]
        dossiers.add_step(step=form.instance, needs=needs, by=request.user)  # type: ignore[arg-type]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not super().has_delete_permission(request, obj):
            return False
        try:
            if obj is not None:
                refuse_what_stays(obj)
        except NotDiscardable:
            return False
        return True

    def facts(self, request: HttpRequest, record: DossierStep) -> list[Fact]:
        days = (timezone.localdate() - held_since(record)).days
        return [
            Fact(_("Patient"), record_link(record.dossier.patient)),
            Fact(_("Dossier"), record_link(record.dossier)),
            Fact(_("Status"), status_of(record)),
            Fact(_("Who acts"), acts(record)),
            Fact(_("Since"), _("%(days)d days") % {"days": days} if record.holder else NOTHING),
            Fact(_("Due"), step_badge(record)),
            Fact(_("Documents"), papers(record)),
            Fact(_("Decision"), decision(record)),
        ]


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

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_change: bool = super().has_change_permission(request, obj)
        return may_change and (obj is None or may_be_loosened(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_delete: bool = super().has_delete_permission(request, obj)
        return may_delete and (obj is None or may_be_loosened(obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        dossier = obj.step.dossier
        demand(dossier.patient, dossiers.missing_to_plan(dossier), by=request.user)  # type: ignore[arg-type]
        super().save_model(request, obj, form, change)


@admin.register(StepDocument)
class StepDocumentAdmin(ReadOnlyAdmin):
    """Which documents were put to what the steps ask for: by the button on the step's page."""

    list_display = ("name", "step", "document")
    list_filter = (("step", AutocompleteFilter),)
    ordering = ("-id",)
    fieldsets = ((None, {"fields": ("step", "name", "document")}),)
    opens = ("step.dossier.patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("step", "document")
