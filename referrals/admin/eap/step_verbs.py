"""What can be done with a step from its page."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from patients.locking import restriction
from patients.models import Document
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.display import day
from referrals import clocks, dossier_lifecycle, dossier_steps, step_tending
from referrals.admin.said import (
    HappenedForm,
    briefing_of,
    choice_field,
    day_field,
    words_field,
)
from referrals.dossier_lifecycle import ACTIONS, OVERRIDABLE, Action
from referrals.dossier_steps import Said
from referrals.dossiers import answer_due, missing_to_plan
from referrals.models import DossierStep, EAPDossier, Responsible

CHANGE = ("referrals.change_dossierstep",)
_ICONS = {
    "prepare": "edit_note",
    "submit": "send",
    "finish": "task_alt",
    "reply": "reply",
    "approve": "verified",
}
# What sets a step aside; the route asks for most of them.
_RARE = ("leave-out", "waive", "cancel")


class ActionForm(HappenedForm):
    """What one action asks for: when, a word, what is decided, and what goes along."""

    reference = forms.CharField(
        label=gettext_lazy("Reference number"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
    )
    valid_until = day_field(
        gettext_lazy("Valid until"),
        required=False,
        help_text=gettext_lazy("As the decision says. Empty: it has no end."),
    )
    due_on = day_field(
        gettext_lazy("Answer expected on"),
        required=False,
        help_text=gettext_lazy("Empty when nobody knows: then they are asked again in time."),
    )
    field_order = ("on", "reference", "valid_until", "due_on", "remark", "override")

    def __init__(self, *args: Any, action: Action, record: Any, **kwargs: Any) -> None:
        missing = dossier_lifecycle.missing(record, action)
        super().__init__(*args, record=record, missing=missing, overridable=OVERRIDABLE, **kwargs)
        if not action.decides:
            del self.fields["reference"], self.fields["valid_until"]
        if action.sends:
            self.fields["due_on"].initial = answer_due(record, sent_on=timezone.localdate())
            self.ask_for_documents(record.dossier.patient_id)
        else:
            del self.fields["due_on"]
        self.fields["remark"].required = action.needs_remark

    def said(self) -> Said:
        """What `dossier_steps.take` is told."""
        said = self.cleaned_data
        return Said(
            on=said["on"],
            remark=said["remark"],
            reference=said.get("reference", ""),
            valid_until=said.get("valid_until"),
            due_on=said.get("due_on"),
            document_ids=self.chosen_documents(),
            override=said.get("override", ""),
        )


class StepVerb(Verb):
    """Something that is done with a step; afterwards the page of its dossier is opened."""

    permissions = CHANGE
    is_versioned = False  # the verb locks the patient first, as closing and merging do

    def back_to(self, record: DossierStep) -> EAPDossier:
        return record.dossier


class Take(StepVerb):
    """One action of the lifecycle. Its status guards it: the verb refuses another one."""

    def __init__(self, action: Action) -> None:
        self.action = action
        self.name = action.name
        self.label = action.label
        self.icon = _ICONS.get(action.name, "")
        self.is_rare = action.name in _RARE
        if action.name in _ICONS:
            self.variant = ActionVariant.PRIMARY

    def is_offered(self, record: DossierStep, user: Any) -> bool:
        return self.action.fits(record)

    def briefing(self, record: DossierStep, user: Any) -> Briefing:
        missing = dossier_lifecycle.missing(record, self.action)
        return briefing_of(missing, by=user, overridable=OVERRIDABLE, will=self._will(record))

    def _will(self, record: DossierStep) -> list[Any]:
        status = record.said_of(self.action.target)
        told = [_("The status becomes “%(status)s”.") % {"status": status}]
        if self.action.sends:
            physician = record.dossier.patient.physician
            if physician is not None:
                names = {"name": physician, "hospital": physician.hospital or "?"}
                told.append(
                    _("%(name)s, %(hospital)s, stays on the dossier as the physician.") % names
                )
            told.append(_("What is sent is kept as it is today."))
        return told

    def form(self, data: Any, *, record: Any, user: Any) -> VerbForm:
        return ActionForm(data, record=record, user=user, action=self.action)

    def run(self, record: DossierStep, *, by: Any, said: Mapping[str, Any]) -> str:
        step = dossier_steps.take(self.action, step_id=record.pk, by=by, said=said["said"])
        said_now = {"step": step.title, "status": step.get_status_display()}
        return _("%(step)s: %(status)s.") % said_now


class ChaseForm(VerbForm):
    """What they said, and when they are asked next."""

    next_on = day_field(gettext_lazy("Ask again on"))
    remark = words_field(gettext_lazy("What was said"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today, country = timezone.localdate(), self.record.country
        self.fields["next_on"].initial = clocks.after(today, 3, country=country)


class Chase(StepVerb):
    """Who has it was asked again."""

    name = step_tending.CHASE
    label = gettext_lazy("Asked again")
    icon = "notifications_active"
    form_class = ChaseForm

    def is_offered(self, record: DossierStep, user: Any) -> bool:
        is_open = record.dossier.state == EAPDossier.State.OPEN
        return is_open and record.status == DossierStep.Status.SUBMITTED

    def briefing(self, record: DossierStep, user: Any) -> Briefing:
        missing = restriction(record.dossier.patient)
        return Briefing(
            will=(_("It is kept that they were asked; the status stays."),),
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: DossierStep, *, by: Any, said: Mapping[str, Any]) -> str:
        step = step_tending.chase(step_id=record.pk, by=by, **said)
        return _("Kept. Ask again on %(day)s.") % {"day": day(step.ask_again_on)}


class PlanForm(VerbForm):
    """By when, by whom and in how many days it is done."""

    due_on = day_field(gettext_lazy("Due"), required=False)
    responsible = choice_field(gettext_lazy("Who acts"), Responsible.choices)
    days = forms.IntegerField(
        label=gettext_lazy("Days it takes"),
        required=False,
        min_value=0,
        max_value=3650,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("Empty: as it is."),
    )
    remark = words_field(gettext_lazy("Why"), required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("due_on", "responsible", "days"):
            self.fields[name].initial = getattr(self.record, name)


class Plan(StepVerb):
    """Another date, other hands or another number of days."""

    name = step_tending.PLAN
    label = gettext_lazy("Plan anew")
    icon = "event"
    form_class = PlanForm

    def is_offered(self, record: DossierStep, user: Any) -> bool:
        return record.status in DossierStep.WAITING

    def briefing(self, record: DossierStep, user: Any) -> Briefing:
        missing = missing_to_plan(record.dossier)
        return Briefing(missing=missing, may_go_on=not missing)

    def run(self, record: DossierStep, *, by: Any, said: Mapping[str, Any]) -> str:
        step = step_tending.plan(step_id=record.pk, by=by, **said)
        return _("%(step)s was planned anew.") % {"step": step.title}


class AttachForm(VerbForm):
    """Which of the patient's documents is what the step asks for."""

    name = choice_field(gettext_lazy("What is asked for"), ())
    document = forms.ModelChoiceField(
        label=gettext_lazy("Document of the patient"),
        queryset=Document.objects.none(),
        widget=choice_field("", ()).widget,
        empty_label=None,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        step: DossierStep = self.record
        lacking = dossier_lifecycle.missing_documents(step)
        names = [*lacking, *(name for name in step.documents if name not in lacking)]
        self.fields["name"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        mine = Document.objects.filter(patient=step.dossier.patient_id)
        self.fields["document"].queryset = mine  # type: ignore[attr-defined]


class Attach(StepVerb):
    """A document of the patient is what the step asks for."""

    name = step_tending.ATTACH
    label = gettext_lazy("Attach a document")
    icon = "attach_file"
    form_class = AttachForm

    def is_offered(self, record: DossierStep, user: Any) -> bool:
        return bool(record.documents) and record.status in step_tending.TAKES_DOCUMENTS

    def briefing(self, record: DossierStep, user: Any) -> Briefing:
        missing = missing_to_plan(record.dossier)
        return Briefing(
            will=(_("The document is uploaded on the patient's page first."),),
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: DossierStep, *, by: Any, said: Mapping[str, Any]) -> str:
        step_tending.attach(
            step_id=record.pk, name=said["name"], document_id=said["document"].pk, by=by
        )
        return _("Attached: %(name)s.") % {"name": said["name"]}


_ACTIONS = tuple(Take(action) for action in ACTIONS)
VERBS = (*_ACTIONS[:6], Chase(), Attach(), Plan(), *_ACTIONS[6:])
