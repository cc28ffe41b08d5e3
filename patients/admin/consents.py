"""Consent on the phone: the navigator reads the text out from the page and ticks that they did.

One page lists the purposes and how each stands; each purpose has a page of its own, so that the
text belongs to it whatever a browser can do.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from patients import consenting
from patients.models import Consent, ConsentText, Patient
from portal.core.admin import Briefing, Verb, VerbForm
from portal.core.admin.verbs import counted
from portal.core.errors import Missing, Refused
from portal.core.ids import uuid7

Purpose = Consent.Purpose
Decision = Consent.Decision

ADD = ("patients.add_consent",)


def in_force(patient: Patient) -> dict[str, Consent]:
    """The last decision for each purpose, of those that hold for all trials and programs."""
    last = Consent.objects.current().filter(patient=patient, scope="")
    return {consent.purpose: consent for consent in last.select_related("obtained_by")}


def text_to_read(patient: Patient, purpose: str) -> ConsentText | None:
    """The current words in the patient's language, else in English; None when there are none."""
    try:
        return ConsentText.objects.current(
            purpose=purpose, language=patient.language or "en", now=timezone.now()
        )
    except ConsentText.DoesNotExist:
        return None


def in_other_words(patient: Patient, text: ConsentText | None) -> str:
    """That the text is not in the patient's language; blank when it is, or none is known."""
    spoken = patient.language
    if text is None or not spoken or spoken.split("-")[0] == text.language.split("-")[0]:
        return ""
    languages = {"text": text.get_language_display(), "theirs": patient.get_language_display()}
    return (
        _(
            "This text is in %(text)s: there is none in %(theirs)s. Make sure that they understand "
            "it, with an interpreter if need be."
        )
        % languages
    )


class ConsentForm(VerbForm):
    """What the patient said about one text. `text` is the one that the page showed."""

    decision = forms.ChoiceField(
        label=gettext_lazy("What they said"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": gettext_lazy("Choose what they said.")},
    )
    read_out = forms.BooleanField(
        label=gettext_lazy("I read this text out, word for word"),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy("Where the proof is, for example a recording. May be blank."),
        required=False,
        max_length=5000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    text = forms.UUIDField(widget=forms.HiddenInput)
    # The id that the decision will have: a second click is the same decision.
    consent_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, record: Patient, user: Any, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, record=record, user=user, **kwargs)
        self.shown_text = text_to_read(record, purpose)
        can_withdraw = consenting.is_given(record, purpose)
        no = Decision.WITHDRAWN if can_withdraw else Decision.REFUSED
        offered = (Decision.GIVEN, no) if self._first_click() is None else tuple(Decision)
        self.fields["decision"].choices = [  # type: ignore[attr-defined]
            (decision.value, decision.label) for decision in offered
        ]

    def _first_click(self) -> Consent | None:
        """The decision, when this is the second click; what can be chosen then has changed."""
        try:
            posted = UUID(self.data.get("consent_id", ""))
        except ValueError:
            return None
        first: Consent | None = Consent.objects.filter(pk=posted, patient=self.record).first()
        return first

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first = self._first_click()
        agreed_to = None if first is None else ConsentText.objects.agreed_to(first)
        if agreed_to is not None:
            # It is recorded, about the words of then, whatever the words of today are.
            cleaned["text"] = agreed_to.pk
            return cleaned
        if cleaned.get("decision") == Decision.WITHDRAWN and self.shown_text is not None:
            # Nothing has to be read out for that: the words of today are the ones it is about.
            cleaned["text"] = self.shown_text.pk
            return cleaned
        if self.shown_text is None or cleaned.get("text") != self.shown_text.pk:
            self.data = {name: self.data[name] for name in self.data if name != "read_out"}
            self.add_error("read_out", _("The text has changed. Read out the one above."))
        elif not cleaned.get("read_out"):
            self.add_error("read_out", _("Read the text out first, then tick this."))
        return cleaned


class RecordConsent(Verb):
    """What a patient says on the phone about one purpose."""

    is_button = False
    submit = gettext_lazy("Record")
    variant = ActionVariant.PRIMARY
    permissions = ADD
    template = "patients/consent.html"
    # A decision is a row of its own; nothing is overwritten.
    is_versioned = False

    def __init__(self, purpose: Purpose) -> None:
        self.purpose = purpose
        self.name = f"consent-{purpose}"
        self.label = format_lazy("{}: {}", gettext_lazy("Consent"), purpose.label)

    def is_offered(self, record: Patient, user: Any) -> bool:
        return True

    def form(self, data: Any, *, record: Patient, user: Any) -> ConsentForm:
        return ConsentForm(
            data, record=record, user=user, purpose=self.purpose, initial={"consent_id": uuid7()}
        )

    def briefing(self, record: Patient, user: Any) -> Briefing:
        missing = []
        if text_to_read(record, self.purpose) is None:
            missing.append(Missing("no_text", _("There is no text for this purpose yet.")))
        return Briefing(will=self._stops(record), missing=missing, may_go_on=not missing)

    def _stops(self, record: Patient) -> list[str]:
        if not consenting.is_given(record, self.purpose):
            return []
        stops = counted(consenting.would_stop(record, self.purpose, now=timezone.now()))
        will = _("Withdrawing stops at once: %(stops)s.") % {"stops": stops}
        found = [will if stops else _("Withdrawing stops nothing: nothing is waiting to be sent.")]
        if self.purpose == Purpose.NAVIGATION:
            found.append(_("If they do not want to go on at all, close the record as well."))
        return found

    def context(self, record: Patient, user: Any) -> dict[str, Any]:
        return {
            "standing": in_force(record).get(self.purpose),
            "text": (text := text_to_read(record, self.purpose)),
            "in_other_words": in_other_words(record, text),
        }

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        text = ConsentText.objects.get(pk=said["text"])
        recorded = consenting.record(
            consent=Consent(
                id=said["consent_id"],
                patient=record,
                purpose=self.purpose,
                decision=said["decision"],
                text_version=text.text_version,
                language=text.language,
                method=Consent.Method.PHONE,
                obtained_by=by,
                evidence=said["evidence"],
            ),
            by=by,
        )
        what = {
            "purpose": capfirst(self.purpose.label),
            "decision": recorded.consent.get_decision_display().lower(),
            "stopped": counted(recorded.stopped),
        }
        message = _("%(purpose)s: %(decision)s.") % what
        return f"{message} {_('Stopped: %(stopped)s.') % what}" if what["stopped"] else message


PURPOSES = tuple(RecordConsent(purpose) for purpose in Purpose)


class ChoosePurpose(Verb):
    """The purposes and how each stands; each leads to its page."""

    name = "consent"
    label = gettext_lazy("Record consent")
    icon = "verified_user"
    permissions = ADD
    template = "patients/consents.html"
    is_versioned = False

    def is_offered(self, record: Patient, user: Any) -> bool:
        return not record.is_deceased

    def briefing(self, record: Patient, user: Any) -> Briefing:
        return Briefing(may_go_on=False)

    def context(self, record: Patient, user: Any) -> dict[str, Any]:
        standing = in_force(record)
        return {
            "purposes": [
                (capfirst(page.purpose.label), standing.get(page.purpose), f"../{page.name}/")
                for page in PURPOSES
            ]
        }

    def run(self, record: Patient, *, by: Any, said: Mapping[str, Any]) -> str:
        raise Refused(_("Choose what the consent is for."), code="no_purpose")


VERBS = (ChoosePurpose(), *PURPOSES)
