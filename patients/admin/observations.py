"""Facts about patients: all of them, those on a patient's page, and marking one wrong."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from patients import asking, observing
from patients.admin.facts import FactRows, documents_of
from patients.admin.joined import Table, join
from patients.admin.said import OfPatient
from patients.converting import NotPlausible, units_of
from patients.models import Document, Measure, Observation, Patient
from portal.core.admin import (
    AppendOnlyAdmin,
    AutocompleteFilter,
    Briefing,
    ChoicesFilter,
    DateRangeFilter,
    Fact,
    RelatedTable,
    Verb,
    VerbForm,
)
from portal.core.admin.display import NOTHING, badge, day, record_link, two_lines
from portal.core.admin.forms import RecordForm
from portal.core.models import User
from portal.core.permissions import may


def value_shown(fact: Observation) -> str:
    """The value with what was entered below it; struck out when it was entered in error."""
    shown = two_lines(fact.shown, fact.shown_as_entered)
    return shown if fact.is_standing else two_lines(badge("error", _("error"), "red"), fact.shown)


# --- writing down ---------------------------------------------------------------------------------


class FactsForm(VerbForm):
    """Several facts at once, and the document in which they were read."""

    document = forms.ModelChoiceField(
        label=gettext_lazy("Read in"),
        help_text=gettext_lazy("For what a document says."),
        queryset=Document.objects.none(),
        required=False,
        empty_label=gettext_lazy("no document of ours"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: Any, *, record: Patient, user: Any) -> None:
        super().__init__(data, record=record, user=user)
        self.rows = FactRows(data, patient=record)
        document = cast(forms.ModelChoiceField, self.fields["document"])
        document.queryset = documents_of(record)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.rows.is_valid():
            raise forms.ValidationError(_("Something is not complete. The rows say what."))
        said = self.rows.said
        if not said:
            raise forms.ValidationError(_("Fill in a value."))
        document = cleaned.get("document")
        cleaned["said"] = [
            replace(one, document=document) if one.source == "document" else one for one in said
        ]
        return cleaned


class AddFacts(Verb):
    """On a patient: what they, a document or their physician say."""

    name = "facts"
    label = gettext_lazy("Add facts")
    submit = gettext_lazy("Save the facts")
    icon = "monitor_heart"
    permissions = ("patients.add_observation",)
    form_class = FactsForm
    template = "patients/facts.html"
    # Facts are rows of their own, and the same fact said twice is one.
    is_versioned = False

    def is_offered(self, record: Patient, user: Any) -> bool:
        return not record.processing_restricted

    def briefing(self, record: Patient, user: Any) -> Briefing:
        return Briefing()

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        new = observing.observe_all(patient=record, said=said["said"], by=by)
        if not new:
            return _("The record says so already. Nothing was changed.")
        message = ngettext("%(count)d fact was added.", "%(count)d facts were added.", len(new))
        return message % {"count": len(new)}


ADD_FACTS = AddFacts()


def to_ask(patient: Patient, user: Any) -> dict[str, Any]:
    """What the page of a patient shows of the questions; nothing to who may not see facts."""
    if patient.processing_restricted or not may(user, "view", Observation):
        return {}
    may_add = ADD_FACTS.is_allowed(user)
    return {
        "to_ask": asking.questions(patient),
        "to_ask_url": reverse("admin:patients_patient_facts", args=[patient.pk]) if may_add else "",
    }


# --- what was wrong -------------------------------------------------------------------------------


class WrongForm(VerbForm):
    """What was wrong, and what it should have been when that is known."""

    reason = forms.CharField(
        label=gettext_lazy("What was wrong"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        error_messages={"required": gettext_lazy("Say what was wrong.")},
    )
    value = forms.CharField(
        label=gettext_lazy("The right value"),
        help_text=gettext_lazy("Left empty: it only counts no more."),
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"), required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, data: Any, *, record: Observation, user: Any) -> None:
        super().__init__(data, record=record, user=user, initial={"unit": record.unit})
        fields: Any = self.fields
        if record.measure.answers:
            fields["value"].widget = UnfoldAdminSelectWidget(
                choices=[("", _("not known")), *record.measure.answers]
            )
            del fields["unit"]
        else:
            fields["unit"].choices = units_of(record.measure)


class MarkWrong(Verb):
    """On a fact: it was entered in error."""

    name = "wrong"
    label = gettext_lazy("Entered in error")
    icon = "report"
    variant = ActionVariant.DANGER
    permissions = ("patients.change_observation",)
    form_class = WrongForm

    def is_offered(self, record: Observation, user: Any) -> bool:
        return record.is_standing and not record.patient.processing_restricted

    def briefing(self, record: Observation, user: Any) -> Briefing:
        return Briefing(
            will=(
                _("%(fact)s of %(day)s counts no more. It stays on the record, with the reason.")
                % {"fact": record, "day": day(record.observed_on)},
            )
        )

    def run(self, record: Observation, *, by: Any, said: Mapping[str, Any]) -> str:
        if not said["value"]:
            observing.mark_wrong(observation=record, reason=said["reason"], by=by)
            return _("Marked as entered in error.")
        right = observing.observe(
            patient=record.patient,
            measure=record.measure,
            value=said["value"],
            unit=said.get("unit", ""),
            observed_on=record.observed_on,
            source=record.source,
            document=record.document,
            corrects=record,
            reason=said["reason"],
            by=by,
        )
        return _("Corrected: %(fact)s.") % {"fact": right}

    def back_to(self, record: Observation) -> Patient:
        patient: Patient = record.patient
        return patient


# --- pages ----------------------------------------------------------------------------------------


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
