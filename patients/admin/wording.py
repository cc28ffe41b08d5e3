"""What a form said and how it was matched, in words: the names and codes that the payload has.

Nothing is left out: what has no word here is shown as it came in. Where forms of another source
come from, an app above may know their words (`patients.admin.joined.describe`).
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.admin.joined import in_words
from patients.answers import SELF
from patients.models import Consent, Patient, Submission
from portal.core.admin.display import key_values
from portal.core.choices import country_choices, language_choices

# Of the forms of our own landing page and of other systems (see `patients.intake`).
FORM = {
    "on_behalf_of": gettext_lazy("Filled in for"),
    "filled_in_by": gettext_lazy("Filled in by"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "country": gettext_lazy("Country"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "condition_id": gettext_lazy("Condition chosen (id)"),
    "condition_text": gettext_lazy("Condition"),
    "hope": gettext_lazy("What they hope for"),
    "voicemail": gettext_lazy("Voicemail"),
    "date_of_birth": gettext_lazy("Date of birth"),
    "consents": gettext_lazy("Consents"),
}
MATCH = {
    "certain": gettext_lazy("Certainly the same"),
    "review": gettext_lazy("May be the same"),
    "specialists": gettext_lazy("Physicians and pharmacists alike"),
    "shared_mailbox": gettext_lazy("Mailbox of many"),
    "settled_by": gettext_lazy("Settled by"),
    "corrects": gettext_lazy("Corrects the form"),
}


def said(submission: Submission) -> str:
    """What the form said."""
    payload = dict(in_words(submission.source, submission.payload))
    choices: dict[str, Mapping[str, Any]] = {
        "on_behalf_of": {SELF: _("themselves"), **dict(Patient.Relation.choices)},
        "voicemail": dict(Patient.Voicemail.choices),
        "country": dict(country_choices()),
        "language": dict(language_choices()),
    }
    if consents := payload.get("consents"):
        payload["consents"] = "; ".join(map(_consent, consents))
    return key_values(_worded(payload, choices), names=FORM)


def matched(submission: Submission) -> str:
    """How it was found out whom the form is about."""
    return key_values(in_words(submission.source, submission.match_evidence), names=MATCH)


def _worded(values: Mapping[str, Any], choices: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`values` with the word for each code that is known; anything else as it came in."""
    return {
        name: choices[name].get(value, value)
        if name in choices and isinstance(value, str)
        else value
        for name, value in values.items()
    }


def _consent(answer: Mapping[str, str]) -> str:
    """One decision, which `patients.answers` has read before it was kept."""
    words = {**dict(Consent.Purpose.choices), **dict(Consent.Decision.choices)}
    return ", ".join(str(words.get(said, said)) for said in answer.values())
