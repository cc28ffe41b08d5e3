"""What a form said and how it was matched, in words: the names and codes that the payload has.

Nothing is left out: what has no word here is shown as it came in.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
# Of a Contact row of the legacy CRM. Codes are the CRM's own; the import has translated them.
LEGACY = {
    "contactid": gettext_lazy("Row in the CRM"),
    "firstname": gettext_lazy("First name"),
    "lastname": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "contact_type": gettext_lazy("Type (code in the CRM)"),
    "medical_condition": gettext_lazy("Condition (code in the CRM)"),
    "booking_date": gettext_lazy("Booked for"),
    "reminder_date": gettext_lazy("Reminder on"),
    "no_show": gettext_lazy("Did not show up"),
    "job_title": gettext_lazy("Job title"),
    "specialization": gettext_lazy("Specialization (row in the CRM)"),
    "medical_license_number": gettext_lazy("Medical license number"),
    "hospital": gettext_lazy("Hospital (row in the CRM)"),
    "createdon": gettext_lazy("Made in the CRM"),
    "modifiedon": gettext_lazy("Last changed in the CRM"),
    "statecode": gettext_lazy("State in the CRM"),
    "versionnumber": gettext_lazy("Version in the CRM"),
}
_STATES = {"0": gettext_lazy("active"), "1": gettext_lazy("inactive")}
MATCH = {
    "table": gettext_lazy("Table of the CRM"),
    "legacy_id": gettext_lazy("Row in the CRM"),
    "version": gettext_lazy("Version in the CRM"),
    "certain": gettext_lazy("Certainly the same"),
    "review": gettext_lazy("May be the same"),
    "specialists": gettext_lazy("Physicians and pharmacists alike"),
    "shared_mailbox": gettext_lazy("Mailbox of many"),
    "settled_by": gettext_lazy("Settled by"),
    "corrects": gettext_lazy("Corrects the form"),
}


def said(submission: Submission) -> str:
    """What the form said."""
    payload = dict(submission.payload)
    if submission.source == Submission.Source.LEGACY_CRM:
        return key_values(_worded(payload, {"statecode": _STATES}), names=LEGACY)
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
    return key_values(submission.match_evidence, names=MATCH)


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
