"""What can be done to a person from their page: convert, close, reopen, assign."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant
from unfold.widgets import (
    DATETIME_CLASSES,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
)

from patients import assigning, closing, conversion
from patients.closing import REASONS, REOPENING
from patients.models import Patient, StageChange
from patients.overriding import may_go_on, may_override
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.verbs import counted

Stage = Patient.Stage
ClosedAs = Patient.ClosedReason
Reason = StageChange.Reason

CHANGE = ("patients.change_patient",)
ASK = gettext_lazy("A team lead or a data steward can set this aside, with a reason.")


def words(label: Any, help_text: Any = "") -> forms.CharField:
    """A few sentences, which need not be filled in."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=5000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class RemarkForm(VerbForm):
    """Anything worth saying about it."""

    remark = words(gettext_lazy("Remark"))


# --- conversion -----------------------------------------------------------------------------------


class ConvertForm(VerbForm):
    """Why it goes ahead, for who may say so while no call has reached the person."""

    override = words(
        gettext_lazy("Why it goes ahead anyway"), gettext_lazy("Kept with your name and the rule.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not conversion.missing(self.record):
            del self.fields["override"]


class Convert(Verb):
    name = "convert"
    label = gettext_lazy("Convert to patient")
    icon = "how_to_reg"
    variant = ActionVariant.PRIMARY
    permissions = CHANGE
    form_class = ConvertForm

    def look(self, record: Patient) -> ActionVariant:
        return ActionVariant.DEFAULT if conversion.missing(record) else self.variant

    def is_offered(self, record: Patient, user: Any) -> bool:
        return record.stage == Stage.LEAD

    def briefing(self, record: Patient, user: Any) -> Briefing:
        missing = conversion.missing(record)
        overridable = {condition.code for condition in missing} <= conversion.OVERRIDABLE
        return Briefing(
            will=(
                _("The lead becomes a patient."),
                _("Calls, notes, forms and consents stay as they are."),
            ),
            missing=missing,
            may_go_on=may_go_on(missing, by=user, overridable=conversion.OVERRIDABLE),
            advice=ASK if missing and overridable and not may_override(user) else "",
        )

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        conversion.convert(patient_id=record.pk, by=by, override=said.get("override", ""))
        return _("Converted. This lead is a patient now.")


class TakeBack(Verb):
    name = "take-back"
    label = gettext_lazy("Take the conversion back")
    is_rare = True
    icon = "undo"
    permissions = CHANGE
    form_class = RemarkForm

    def is_offered(self, record: Patient, user: Any) -> bool:
        return record.stage == Stage.PATIENT

    def briefing(self, record: Patient, user: Any) -> Briefing:
        missing = conversion.missing_to_undo(record)
        return Briefing(
            will=(_("The patient becomes a lead again. Nothing else changes."),),
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        conversion.undo(patient_id=record.pk, by=by, remark=said["remark"])
        return _("The conversion is taken back. This patient is a lead again.")


# --- closing --------------------------------------------------------------------------------------


def died_on() -> forms.DateField:
    return forms.DateField(
        label=gettext_lazy("Day of death"),
        help_text=gettext_lazy("If it is known."),
        required=False,
        widget=forms.DateInput({"type": "date", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%d"),
    )


class CloseForm(VerbForm):
    """As what and why in one choice: a reason belongs to one way of closing."""

    how = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    died_on = died_on()
    override = words(
        gettext_lazy("Why it goes ahead anyway"), gettext_lazy("Kept with your name and the rule.")
    )
    remark = words(gettext_lazy("Remark"), gettext_lazy("Needed for another reason."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.missing = {kind: closing.missing(self.record, kind) for kind in REASONS}
        self.fields["how"].choices = [  # type: ignore[attr-defined]
            (f"{kind}:{reason}", reason.label)
            for kind, reasons in REASONS.items()
            for reason in reasons
        ]
        too_few = {condition.code for condition in self.missing[ClosedAs.UNREACHABLE]}
        if not (too_few and too_few <= closing.OVERRIDABLE and may_override(self.user)):
            del self.fields["override"]

    def clean_how(self) -> tuple[ClosedAs, Reason]:
        kind, _colon, reason = self.cleaned_data["how"].partition(":")
        return ClosedAs(kind), Reason(reason)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "how" not in cleaned:
            return cleaned
        kind, reason = cleaned["how"]
        if reason == Reason.OTHER and not cleaned["remark"].strip():
            self.add_error("remark", _("Say in words what the other reason is."))
        if kind != ClosedAs.DECEASED and cleaned.get("died_on"):
            self.add_error("died_on", _("Only for somebody who has died."))
        return cleaned

    def kinds(self) -> list[dict[str, Any]]:
        """The ways of closing for the template, each with what is missing and its reasons."""
        chosen = self["how"].value()
        found = []
        for kind, reasons in REASONS.items():
            missing = self.missing[kind]
            found.append(
                {
                    "key": kind.value,
                    "label": kind.label,
                    "missing": missing,
                    "is_open": may_go_on(missing, by=self.user, overridable=closing.OVERRIDABLE),
                    "reasons": [
                        (value, reason.label, value == chosen)
                        for reason in reasons
                        for value in (f"{kind}:{reason}",)
                    ],
                }
            )
        return found


def what_ends(patient: Patient) -> list[str]:
    """What closing ends, said beforehand."""
    ends = counted(closing.would_end(patient, now=timezone.now()))
    return [
        _("This ends: %(ends)s.") % {"ends": ends}
        if ends
        else _("Nothing is open that would end."),
        _("The record can be reopened. What was ended stays ended."),
    ]


def closed(result: closing.Closed) -> str:
    """What closing did."""
    as_what = result.patient.get_closed_reason_display()
    said = _("Closed: %(as_what)s.") % {"as_what": as_what}
    ended = counted(result.counts)
    return f"{said} {_('Ended: %(ended)s.') % {'ended': ended}}" if ended else said


class Close(Verb):
    name = "close"
    label = gettext_lazy("Close record")
    icon = "archive"
    permissions = CHANGE
    form_class = CloseForm
    template = "patients/close.html"

    def is_offered(self, record: Patient, user: Any) -> bool:
        return record.stage != Stage.CLOSED

    def briefing(self, record: Patient, user: Any) -> Briefing:
        always = [
            condition
            for condition in closing.missing(record, ClosedAs.DISQUALIFIED)
            if condition.code == "restricted"
        ]
        return Briefing(will=what_ends(record), missing=always, may_go_on=not always)

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        kind, reason = said["how"]
        common: dict[str, Any] = {"patient_id": record.pk, "by": by, "remark": said["remark"]}
        if kind == ClosedAs.DECEASED:
            return closed(closing.deceased(on=said["died_on"], **common))
        if kind == ClosedAs.UNREACHABLE:
            override = said.get("override", "")
            return closed(closing.unreachable(reason=reason, override=override, **common))
        plain = {
            ClosedAs.DISQUALIFIED: closing.disqualify,
            ClosedAs.WITHDRAWN: closing.withdraw,
            ClosedAs.COMPLETED: closing.complete,
        }
        return closed(plain[kind](reason=reason, **common))


class DeathForm(VerbForm):
    """When somebody died whose record is closed already."""

    died_on = died_on()
    remark = words(gettext_lazy("Remark"))


class RecordDeath(Verb):
    name = "deceased"
    label = gettext_lazy("Record death")
    is_rare = True
    icon = "event_busy"
    permissions = CHANGE
    form_class = DeathForm

    def is_offered(self, record: Patient, user: Any) -> bool:
        return record.stage == Stage.CLOSED and record.deceased_on is None

    def briefing(self, record: Patient, user: Any) -> Briefing:
        missing = closing.missing(record, ClosedAs.DECEASED)
        return Briefing(
            will=(_("The record is closed as deceased, whatever it was closed as before."),),
            missing=missing,
            may_go_on=not missing,
        )

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        common: dict[str, Any] = {"patient_id": record.pk, "by": by, "remark": said["remark"]}
        return closed(closing.deceased(on=said["died_on"], **common))


# --- reopening ------------------------------------------------------------------------------------


class ReopenForm(VerbForm):
    """Why somebody comes back."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=[(reason.value, reason.label) for reason in REOPENING],
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    remark = words(gettext_lazy("Remark"), gettext_lazy("Needed for another reason."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        possible = [r for r in REOPENING if not closing.missing_to_reopen(self.record, r)]
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (reason.value, reason.label) for reason in possible
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reason") == Reason.OTHER and not cleaned["remark"].strip():
            self.add_error("remark", _("Say in words what the other reason is."))
        return cleaned


class Reopen(Verb):
    name = "reopen"
    label = gettext_lazy("Reopen")
    icon = "unarchive"
    variant = ActionVariant.PRIMARY
    permissions = CHANGE
    form_class = ReopenForm

    def is_offered(self, record: Patient, user: Any) -> bool:
        return record.stage == Stage.CLOSED

    def briefing(self, record: Patient, user: Any) -> Briefing:
        stage = Stage.PATIENT if record.converted_at else Stage.LEAD
        will = [
            _("The record is open again, as a %(stage)s.") % {"stage": stage.label.lower()},
            _("Calls, referrals and dossiers that were ended stay ended."),
        ]
        if record.is_deceased:
            will.append(_("This person is recorded as deceased: only a mistake brings them back."))
        missing = closing.missing_to_reopen(record, Reason.MISTAKE)
        return Briefing(will=will, missing=missing, may_go_on=not missing)

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        reason, remark = Reason(said["reason"]), said["remark"]
        patient = closing.reopen(patient_id=record.pk, by=by, reason=reason, remark=remark)
        return _("Reopened, as a %(stage)s.") % {"stage": patient.get_stage_display().lower()}


# --- assigning ------------------------------------------------------------------------------------


class AssignToMe(Verb):
    name = "assign-to-me"
    label = gettext_lazy("Assign to me")
    icon = "person_add"
    permissions = CHANGE
    # Said twice, or while somebody edits the record: it comes to the same.
    is_versioned = False

    def is_offered(self, record: Patient, user: Any) -> bool:
        return record.stage != Stage.CLOSED and record.owner_id != user.pk

    def briefing(self, record: Patient, user: Any) -> Briefing:
        if record.owner is None:
            will = _("You become their navigator. Until now they have none.")
        else:
            will = _("You become their navigator instead of %(owner)s.") % {"owner": record.owner}
        return Briefing(will=(will,))

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        assigning.assign(patient_id=record.pk, navigator=by, by=by)
        return _("You are their navigator now.")


VERBS = (Convert(), AssignToMe(), Close(), TakeBack(), Reopen(), RecordDeath())
