"""Facts about patients: all of them, and those on a patient's page."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from patients import observing
from patients.admin.fact_verbs import ADD_FACTS, MarkWrong
from patients.admin.joined import Table, join
from patients.admin.said import OfPatient
from patients.converting import NotPlausible
from patients.models import Measure, Observation
from portal.core.admin import (
    AppendOnlyAdmin,
    AutocompleteFilter,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    RelatedTable,
)
from portal.core.admin.display import NOTHING, badge, day, record_link, two_lines
from portal.core.admin.forms import RecordForm
from portal.core.models import User


def value_shown(fact: Observation) -> str:
    """The value with what was entered below it; an error is marked as one."""
    shown = two_lines(fact.shown, fact.shown_as_entered)
    return shown if fact.is_standing else two_lines(badge("error", _("error"), "red"), fact.shown)


class ObservationForm(RecordForm):
    """One fact; the value is judged as the verb does that keeps it."""

    left_to_verb = ("number", "text", "entered")
    value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=100,
        help_text=gettext_lazy("A number, yes or no, or one of the measure's answers."),
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = Observation
        fields = ("patient", "measure", "unit", "observed_on", "source", "document")
        labels = {"unit": gettext_lazy("Unit")}
        help_texts = {"unit": gettext_lazy("Left empty: the measure's own.")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        said = observing.Said(
            cleaned["measure"],
            cleaned["value"],
            cleaned["observed_on"],
            cleaned["source"],
            cleaned["unit"],
        )
        try:
            observing.check(said)
        except NotPlausible as refused:
            self.add_error(refused.members["field"], refused.message)
        return cleaned


@admin.register(Observation)
class ObservationAdmin(OfPatient, AppendOnlyAdmin):
    """What is known about patients' health."""

    form = ObservationForm
    list_display = ("observed_on", "patient", "measure", "shown_value", "source", "recorded_by")
    list_filter = (
        ("measure", AutocompleteFilter),
        ("source", ChoicesFilter),
        ("status", ChoicesFilter),
        ("observed_on", DateRangeFilter),
        ("patient", AutocompleteFilter),
    )
    autocomplete_fields = ("patient", "measure", "document")
    readonly_fields = ("shown_value", "status", "corrected", "recorded_by", "created_at")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("It is not changed. A correction is a further fact."),
                "fields": (
                    ("patient", "measure"),
                    ("shown_value", "observed_on"),
                    ("source", "document"),
                    ("status", "error_reason"),
                    ("corrects", "corrected"),
                    ("recorded_by", "created_at"),
                ),
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("It cannot be changed afterwards, only marked wrong."),
                "fields": (
                    ("patient", "measure"),
                    ("value", "unit"),
                    ("observed_on", "source"),
                    "document",
                ),
            },
        ),
    )
    verbs = (MarkWrong(),)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        joined = page.select_related("patient", "measure", "recorded_by")
        return joined.defer("patient__search", "measure__search")

    @admin.display(description=gettext_lazy("value"))
    def shown_value(self, fact: Observation) -> str:
        return value_shown(fact)

    @admin.display(description=gettext_lazy("corrected by"))
    def corrected(self, fact: Observation) -> str:
        return record_link(Observation.objects.filter(corrects=fact).first())

    def facts(self, request: HttpRequest, record: Observation) -> list[Fact]:
        return [
            Fact(_("Patient"), record_link(record.patient)),
            Fact(_("Value"), value_shown(record)),
            Fact(_("Observed on"), day(record.observed_on)),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "observed_on": timezone.localdate(),
            **super().get_changeform_initial_data(request),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = observing.observe(
            patient=obj.patient,
            measure=cast(Measure, obj.measure),
            value=form.cleaned_data["value"],
            unit=obj.unit,
            observed_on=obj.observed_on,
            source=obj.source,
            document=obj.document,
            by=cast(User, request.user),
        ).pk


join(
    verbs=(ADD_FACTS,),
    tables=(
        Table(
            position=45,
            table=RelatedTable(
                relation="observations",
                columns=(
                    (gettext_lazy("Day"), lambda row: day(row.observed_on)),
                    (gettext_lazy("What"), lambda row: row.measure),
                    (gettext_lazy("Value"), value_shown),
                    (gettext_lazy("Source"), lambda row: row.get_source_display()),
                    (gettext_lazy("By"), lambda row: row.recorded_by or NOTHING),
                ),
                select_related=("measure", "recorded_by"),
                defer=("measure__search",),
                can_add=False,
                empty=gettext_lazy("Nothing is known yet. Ask in the next call."),
            ),
        ),
    ),
)
