"""Dossiers of expanded access, as a navigator leads them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.admin.joined import Table, join
from portal.core.admin import (
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    RecordAdmin,
    RelatedTable,
    Shortcut,
)
from portal.core.admin.display import NOTHING, choice_badge, day, record_link, two_lines
from referrals import dossiers, forecasting
from referrals.admin.due import step_badge
from referrals.admin.eap.ahead import first_dose, held, what_if_url, what_if_view
from referrals.admin.eap.changes import way
from referrals.admin.eap.dossier_verbs import VERBS
from referrals.admin.eap.steps import (
    HolderFilter,
    StepQueue,
    acts,
    decision,
    papers,
    status_of,
)
from referrals.admin.eligibility import Eligibility, verdict_facts
from referrals.admin.parts import PARTS
from referrals.forecasting import Outlook
from referrals.models import DossierStep, EAPDossier


def _with_a_step(queryset: Any, steps: Any) -> Any:
    """The dossiers that have one of these steps."""
    return queryset.filter(Exists(steps.filter(dossier=OuterRef("pk"))))


class DossierQueue(StepQueue):
    """The dossiers with a step about which somebody has to do something."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        return _with_a_step(queryset, super().queryset(request, DossierStep.objects.all()))


class DossierHolder(HolderFilter):
    """The dossiers with a step on which they have to act."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        return _with_a_step(queryset, super().queryset(request, DossierStep.objects.all()))


def ahead_of(dossier: EAPDossier) -> Outlook:
    """What is to be expected of it from today on."""
    return forecasting.outlook(dossier, today=timezone.localdate())


def steps_table(outlook: Outlook, *, can_add: bool) -> RelatedTable:
    """The steps in their order, each with when it should be done."""
    finishes, critical = outlook.forecast.finishes, set(outlook.forecast.critical)

    def expected(step: DossierStep) -> str:
        if step.pk not in finishes:
            return day(step.decided_on)
        when = finishes[step.pk]
        return two_lines(
            day(when) if when else _("unknown"), _("critical") if step.pk in critical else ""
        )

    return RelatedTable(
        relation="steps",
        columns=(
            (gettext_lazy("Step"), lambda row: row.title),
            (gettext_lazy("Status"), status_of),
            (gettext_lazy("Who acts"), acts),
            (gettext_lazy("Due"), step_badge),
            (gettext_lazy("Done by"), expected),
            (gettext_lazy("Documents"), papers),
            (gettext_lazy("Reference"), decision),
        ),
        title=gettext_lazy("Steps"),
        prefetch_related=("attached",),
        ordering=("position", "id"),
        can_add=can_add,
        empty=gettext_lazy("No steps yet. Choose a route, or add one."),
        is_on_top=True,
    )


@admin.register(EAPDossier)
class EAPDossierAdmin(RecordAdmin):
    """Patients' ways into expanded access programs."""

    list_display = (
        "dossier",
        "patient",
        "program",
        "state_shown",
        "waits_for",
        "holder_shown",
        "dose",
        "urgency_shown",
    )
    list_filter = (
        DossierQueue,
        DossierHolder,
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
    autocomplete_fields = ("patient", "program", "route")
    autocomplete_related = ("patient", "program")
    readonly_fields = ("state", "closed_reason", "enrolled_on", "physician", "hospital")
    verbs = (Eligibility(), *VERBS)
    fieldsets = (
        (
            gettext_lazy("The dossier"),
            {
                "description": gettext_lazy("State, day of enrolment and who treats follow."),
                "fields": (
                    ("patient", "program"),
                    ("number", "urgency"),
                    ("state", "closed_reason"),
                    ("enrolled_on", "route"),
                    ("physician", "hospital"),
                ),
            },
        ),
    )
    add_fieldsets = (
        (
            gettext_lazy("The dossier"),
            {
                "description": gettext_lazy("It starts open, with the steps of its route."),
                "fields": (("patient", "program"), ("number", "urgency"), "route"),
            },
        ),
    )
    shortcuts = (
        Shortcut(
            label=gettext_lazy("What if …"),
            icon="query_stats",
            permissions=("referrals.view_eapdossier",),
            is_offered=lambda dossier: dossier.is_open,
            address=what_if_url,
            is_last=True,
        ),
    )
    opens = ("patient",)
    history_parts = ("steps",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        unseen = ("patient__search", "program__search")
        joined = page.select_related("patient", "program").defer(*unseen)
        return forecasting.with_steps(joined)

    @admin.display(description=gettext_lazy("number"))
    def dossier(self, dossier: EAPDossier) -> str:
        return dossier.number or _("no number")

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, dossier: EAPDossier) -> str:
        return choice_badge(dossier, "state")

    @admin.display(description=gettext_lazy("urgency"))
    def urgency_shown(self, dossier: EAPDossier) -> str:
        return choice_badge(dossier, "urgency")

    @admin.display(description=gettext_lazy("critical step"))
    def waits_for(self, dossier: EAPDossier) -> str:
        if not dossier.is_open:
            return NOTHING
        outlook = ahead_of(dossier)
        if outlook.critical_step is not None:
            return outlook.critical_step.title
        return NOTHING if outlook.steps else _("no route chosen")

    @admin.display(description=gettext_lazy("who holds it"))
    def holder_shown(self, dossier: EAPDossier) -> str:
        return two_lines(*held(ahead_of(dossier)))

    @admin.display(description=gettext_lazy("first dose"))
    def dose(self, dossier: EAPDossier) -> Any:
        return _dose(dossier, ahead_of(dossier), in_short=True)

    @classmethod
    def autocomplete_label(cls, record: EAPDossier) -> str:
        return f"{record.number or _('no number')} · {record.patient} · {record.program}"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        kept = (*self.readonly_fields, "patient", "program", "route")
        return kept if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new dossier is opened by the verb; number and urgency are saved as ever."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            dossiers.open_dossier(dossier=obj, by=request.user)  # type: ignore[arg-type]

    def get_custom_urls(self) -> Any:
        page = ("<uuid:object_id>/what-if/", "referrals_eapdossier_what-if", what_if_view(self))
        return (page, *super().get_custom_urls())

    def get_related_tables(self, request: HttpRequest, record: Any) -> Sequence[RelatedTable]:
        steps = steps_table(ahead_of(record), can_add=record.is_open)
        return (steps, *PARTS, way(of_a_step=False))

    def facts(self, request: HttpRequest, record: EAPDossier) -> list[Fact]:
        outlook = ahead_of(record)
        step = outlook.critical_step if record.is_open else None
        state = "closed_reason" if record.closed_reason else "state"
        return [
            Fact(_("Patient"), record_link(record.patient)),
            Fact(_("Program"), record_link(record.program)),
            Fact(_("State"), choice_badge(record, state)),
            Fact(_("Urgency"), choice_badge(record, "urgency")),
            *verdict_facts(record),
            Fact(_("Critical step"), record_link(step)),
            Fact(_("Who holds it"), two_lines(*held(outlook))),
            Fact(_("First dose"), _dose(record, outlook)),
            Fact(_("Physician"), record.physician or record.patient.physician or NOTHING),
        ]


def _dose(dossier: EAPDossier, outlook: Outlook, *, in_short: bool = False) -> Any:
    is_expected = dossier.is_open and outlook.forecast.has_first_dose
    if not is_expected and not outlook.forecast.is_first_dose_given:
        return NOTHING
    return first_dose(outlook, in_short=in_short)


join(
    tables=(
        Table(
            position=40,
            table=RelatedTable(
                relation="eap_dossiers",
                columns=(
                    (gettext_lazy("Program"), lambda row: row.program.eap_number),
                    (gettext_lazy("Number"), lambda row: row.number or NOTHING),
                    (
                        gettext_lazy("State"),
                        lambda row: two_lines(
                            choice_badge(row, "state"), row.get_closed_reason_display()
                        ),
                    ),
                    (gettext_lazy("Urgency"), lambda row: choice_badge(row, "urgency")),
                    (gettext_lazy("Enrolled"), lambda row: day(row.enrolled_on)),
                ),
                select_related=("program",),
                empty=gettext_lazy("No expanded access dossier yet."),
            ),
        ),
    )
)
