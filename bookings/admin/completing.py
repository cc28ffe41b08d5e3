"""Completing a call on one page: what came of it, what is next, what was told and consented to.

The same page serves a planned call and one that was not. All of it is kept by one verb
(`bookings.calling.complete`), or nothing is.
"""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.enums import ActionVariant
from unfold.widgets import (
    DATETIME_CLASSES,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from bookings import attempts, calling
from bookings.admin.heeding import reason_field
from bookings.models import Booking, Call
from patients import closing, contacting, conversion
from patients.admin.consents import in_force, in_other_words, text_to_read
from patients.admin.facts import FactRows
from patients.models import Consent, ContactPoint, FieldProposal, Observation, Patient
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.display import choice_badge, clock_in, moment, phone_link, short_day
from portal.core.admin.verbs import counted
from portal.core.days import refuse_far
from portal.core.permissions import may

Outcome = Call.Outcome
Decision = Consent.Decision
Voicemail = Patient.Voicemail

# A call is rarely made much earlier than planned.
AHEAD = timedelta(hours=24)
PLANNED_SHOWN = 5
LAST_CALLS = 3

ON_VOICEMAIL: Mapping[str, Any] = {
    Voicemail.FULL: gettext_lazy(
        "Voicemail: leave your name, the company and when you call again."
    ),
    Voicemail.NO_NAME: gettext_lazy(
        "Voicemail: say only your own name and number, never the company's."
    ),
    Voicemail.NONE: gettext_lazy("No voicemail: hang up when a machine answers."),
}


class ConsentPart(forms.Form):
    """What was said about one purpose, if anything; `text` is the one that the page showed."""

    decision = forms.ChoiceField(
        label=gettext_lazy("What they said"), required=False, widget=UnfoldAdminRadioSelectWidget
    )
    read_out = forms.BooleanField(
        label=gettext_lazy("I read this text out, word for word"),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    text = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Any, *, patient: Patient, purpose: Consent.Purpose, standing: Consent | None
    ) -> None:
        self.shown_text = text_to_read(patient, purpose)
        self.in_other_words = in_other_words(patient, self.shown_text)
        text = str(self.shown_text.pk) if self.shown_text is not None else ""
        super().__init__(data, prefix=f"consent-{purpose}", initial={"text": text})
        self.purpose = purpose
        self.standing = standing
        self.title = capfirst(purpose.label)
        is_given = standing is not None and standing.decision == Decision.GIVEN
        self.no = Decision.WITHDRAWN if is_given else Decision.REFUSED
        self.fields["decision"].choices = [  # type: ignore[attr-defined]
            ("", _("Nothing")),
            *((one.value, one.label) for one in (Decision.GIVEN, self.no)),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        decision = cleaned.get("decision")
        if not decision or decision == Decision.WITHDRAWN:
            return cleaned  # nothing has to be read out for taking it back
        if self.shown_text is None or cleaned["text"] != str(self.shown_text.pk):
            self.add_error("read_out", _("The text has changed. Read out the one above."))
        elif not cleaned.get("read_out"):
            self.add_error("read_out", _("Read the text out first, then tick this."))
        return cleaned

    def consent(self, patient: Patient, by: Any) -> Consent | None:
        """The decision, not saved yet; None when nothing was said."""
        if not self.cleaned_data["decision"] or self.shown_text is None:
            return None
        return Consent(
            patient=patient,
            purpose=self.purpose,
            decision=self.cleaned_data["decision"],
            text_version=self.shown_text.text_version,
            language=self.shown_text.language,
            method=Consent.Method.PHONE,
            obtained_by=by,
        )


class CallPageForm(VerbForm):
    """What came of a call."""

    booking = forms.TypedChoiceField(
        label=gettext_lazy("Which call"),
        required=False,
        coerce=UUID,
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Choose what came of the call.")},
    )
    started_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        widget=forms.DateTimeInput(
            {"type": "datetime-local", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%dT%H:%M"
        ),
    )
    navigator = forms.ChoiceField(label=gettext_lazy("Who called"), widget=UnfoldAdminSelectWidget)
    although = reason_field(gettext_lazy("Why there was a call"))
    summary = forms.CharField(
        label=gettext_lazy("Summary"),
        required=False,
        max_length=20000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
    )
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        required=False,
        choices=[("", gettext_lazy("None yet")), *Call.Decision.choices],
        widget=UnfoldAdminSelectWidget,
    )
    convert = forms.BooleanField(
        label=gettext_lazy("Convert to patient"), required=False, widget=UnfoldBooleanWidget
    )
    next_action = forms.CharField(
        label=gettext_lazy("Next step"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(),
    )
    next_action_due = forms.DateField(
        label=gettext_lazy("Due"),
        required=False,
        validators=(refuse_far,),
        widget=forms.DateInput({"type": "date", "class": " ".join(DATETIME_CLASSES)}, "%Y-%m-%d"),
    )

    def __init__(
        self, data: Any, *, record: Any, user: Any, patient: Patient, booking: Booking | None
    ) -> None:
        now = timezone.now().replace(second=0, microsecond=0)
        planned = [booking] if booking is not None else _planned(patient, now)
        due = booking or next((one for one in planned if one.starts_at <= now), None)
        navigator = due.navigator if due is not None and due.navigator is not None else user
        initial = {
            "booking": str(due.pk) if due is not None else "",
            "started_at": min(due.starts_at, now) if due is not None else now,
            "navigator": str(navigator.pk),
        }
        super().__init__(data, record=record, user=user, initial=initial)
        self.patient = patient
        self.is_planned = booking is not None
        self.may_convert = may(user, "change", Patient)
        self._offer(planned, {str(one.pk): str(one) for one in (navigator, user)})
        standing = in_force(patient)
        self.parts = (
            [
                ConsentPart(data, patient=patient, purpose=purpose, standing=standing.get(purpose))
                for purpose in Consent.Purpose
            ]
            if may(user, "add", Consent)
            else []
        )
        self.rows = FactRows(data, patient=patient) if may(user, "add", Observation) else None

    def _offer(self, planned: list[Booking], navigators: Mapping[str, str]) -> None:
        """Leave out what does not apply to this call."""
        fields: Any = self.fields
        fields["outcome"].choices = [
            choice
            for choice in Outcome.choices
            if choice[0] != Outcome.VOICEMAIL or self.patient.voicemail != Voicemail.NONE
        ]
        fields["navigator"].choices = list(navigators.items())
        if len(navigators) == 1:
            del fields["navigator"]
        fields["booking"].choices = [
            *(
                (str(one.pk), _("planned for %(at)s") % {"at": moment(one.starts_at)})
                for one in planned
            ),
            ("", _("not planned")),
        ]
        if self.is_planned or not planned:
            del fields["booking"]
        if self.is_planned or not contacting.missing(self.patient):
            del fields["although"]
        if self.patient.stage != Patient.Stage.LEAD or not self.may_convert:
            del fields["convert"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # Each is asked, so that all of them show what is wrong.
        incomplete = [part for part in self.parts if not part.is_valid()]
        if incomplete:
            raise forms.ValidationError(_("What they said about consent is not complete."))
        said = (part.consent(self.patient, self.user) for part in self.parts)
        cleaned["consents"] = [consent for consent in said if consent is not None]
        if self.rows is not None and not self.rows.is_valid():
            raise forms.ValidationError(_("What they told is not complete. The rows say what."))
        cleaned["facts"] = self.rows.said if self.rows is not None else []
        return cleaned


def _planned(patient: Patient, now: Any) -> list[Booking]:
    """The booked calls that this one may be, earliest first."""
    booked = Booking.objects.filter(
        patient=patient, status=Booking.Status.BOOKED, starts_at__lt=now + AHEAD
    )
    return list(booked.select_related("navigator").order_by("starts_at")[:PLANNED_SHOWN])


def _phones(patient: Patient) -> list[tuple[str, str]]:
    """The numbers of a person as links that dial, each with what is remarked about it.

    Also those that they gave later and that nobody has decided on: the newest may be the only one
    that is answered.
    """
    own = [(phone_link(patient.phone), "")] if patient.phone else []
    further = patient.contact_points.filter(kind=ContactPoint.Kind.PHONE).order_by("id")[:5]
    given = patient.proposals.open().filter(field=FieldProposal.Field.PHONE)
    given = given.exclude(proposed_value="").order_by("-created_at", "-id")[:5]
    return [
        *own,
        *((phone_link(point.value), point.remark) for point in further),
        *((phone_link(each.proposed_value), _given_on(each)) for each in given),
    ]


def _given_on(proposal: FieldProposal) -> str:
    day = short_day(timezone.localdate(proposal.created_at), now=timezone.now())
    return _("given on %(day)s, not decided yet") % {"day": day}


class CallPage(Verb):
    """The page on which a call is completed."""

    submit = gettext_lazy("Save the call")
    variant = ActionVariant.PRIMARY
    permissions = ("bookings.add_call",)
    template = "bookings/call.html"
    # A call is a row of its own, and the same call said twice is one.
    is_versioned = False

    @abstractmethod
    def patient_of(self, record: Any) -> Patient:
        """Whom the call is with."""

    @abstractmethod
    def booking_of(self, record: Any) -> Booking | None:
        """The planned call that the page is about; None when that is chosen on the page."""

    def form(self, data: Any, *, record: Any, user: Any) -> VerbForm:
        return CallPageForm(
            data,
            record=record,
            user=user,
            patient=self.patient_of(record),
            booking=self.booking_of(record),
        )

    def briefing(self, record: Any, user: Any) -> Briefing:
        return Briefing()

    def back_to(self, record: Any) -> Patient:
        return self.patient_of(record)

    def context(self, record: Any, user: Any) -> dict[str, Any]:
        patient, now = self.patient_of(record), timezone.now()
        calls = Call.objects.current().filter(patient=patient).order_by("-started_at", "-id")
        guards = [one for one in conversion.missing(patient) if one.code != "not_reached"]
        in_vain = attempts.since_reached(patient)
        return {
            "patient": patient,
            "planned": self.booking_of(record),
            "phones": _phones(patient),
            "clock": clock_in(patient.time_zone),
            "in_vain": in_vain,
            "is_unreachable": in_vain >= closing.ATTEMPTS_NEEDED,
            "last_calls": [
                (short_day(timezone.localdate(c.started_at), now=now), choice_badge(c, "outcome"))
                for c in calls[:LAST_CALLS]
            ],
            "proposals": patient.proposals.open().count(),
            "on_voicemail": ON_VOICEMAIL[Voicemail(patient.voicemail)],
            "is_silent": patient.voicemail != Voicemail.FULL,
            "said_no": contacting.missing(patient),
            "guards": guards,
            "needs_reaching": patient.initial_consult_at is None,
        }

    def run(self, record: Any, *, by: Any, said: Mapping[str, Any]) -> str:
        booking = self.booking_of(record)
        planned = booking.pk if booking is not None else said.get("booking")
        completed = calling.complete(
            patient_id=self.patient_of(record).pk,
            navigator_id=said.get("navigator") or by.pk,
            started_at=said["started_at"],
            outcome=said["outcome"],
            booking_id=planned,
            summary=said["summary"],
            decision=said["decision"],
            next_action=said["next_action"],
            next_action_due=said["next_action_due"],
            although=said.get("although", ""),
            consents=said["consents"],
            facts=said["facts"],
            convert=said.get("convert", False),
            by=by,
        )
        return what_was_done(completed, converted=bool(said.get("convert")))


def what_was_done(completed: calling.Completed, *, converted: bool) -> str:
    """What completing the call did, in sentences."""
    if not completed.is_new:
        return _("This call was recorded before. Nothing was changed.")
    done = [
        _("Call recorded: %(outcome)s.") % {"outcome": completed.call.get_outcome_display().lower()}
    ]
    for recorded in completed.consents:
        consent = recorded.consent
        done.append(
            f"{capfirst(consent.get_purpose_display())}: {consent.get_decision_display().lower()}."
        )
        if stopped := counted(recorded.stopped):
            done.append(_("Stopped: %(stopped)s.") % {"stopped": stopped})
    if told := len(completed.facts):
        message = ngettext("%(count)d fact was added.", "%(count)d facts were added.", told)
        done.append(message % {"count": told})
    if converted:
        done.append(_("This lead is a patient now."))
    return " ".join(done)


class CompleteCall(CallPage):
    """On a planned call."""

    name = "complete"
    label = gettext_lazy("Complete the call")
    icon = "call"
    done_already = gettext_lazy("Nothing to do: what came of this call has been said.")

    def is_offered(self, record: Booking, user: Any) -> bool:
        return record.status == Booking.Status.BOOKED

    def patient_of(self, record: Booking) -> Patient:
        patient: Patient = record.patient
        return patient

    def booking_of(self, record: Booking) -> Booking:
        return record


def may_be_called(patient: Patient) -> bool:
    """Whether a call with this person can be planned or recorded; a no of theirs is asked later."""
    is_open = patient.stage != Patient.Stage.CLOSED and not patient.is_deceased
    return is_open and not patient.processing_restricted


class RecordCall(CallPage):
    """On a person, with or without a planned call."""

    name = "call"
    label = gettext_lazy("Record a call")
    icon = "call"
    variant = ActionVariant.DEFAULT

    def look(self, record: Patient) -> ActionVariant:
        """The next thing to do with a lead whom no call has reached."""
        is_next = record.stage == Patient.Stage.LEAD and record.initial_consult_at is None
        return ActionVariant.PRIMARY if is_next else self.variant

    def is_offered(self, record: Patient, user: Any) -> bool:
        return may_be_called(record)

    def patient_of(self, record: Patient) -> Patient:
        return record

    def booking_of(self, record: Patient) -> None:
        return None
