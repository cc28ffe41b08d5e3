"""What can be done about facts: adding several to a patient, and saying that one was wrong."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from patients import asking, observing
from patients.admin.facts import FactRows, documents_of
from patients.converting import units_of
from patients.models import Document, Observation, Patient
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.display import day
from portal.core.permissions import may

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
    submit = gettext_lazy("Mark as entered in error")
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
