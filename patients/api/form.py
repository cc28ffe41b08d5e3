"""The form of the landing page as REST describes it.

What is right and wrong is decided by `patients.answers`, for every sender alike. These
serializers say it in the schema and check nothing; a test compares the two.
"""

from typing import Any

from rest_framework import serializers

from patients.answers import LENGTHS, SELF
from patients.models import Consent, Patient
from portal.core.api.fields import Choice, Text

_RELATIONS = [(SELF, "The patient"), *Patient.Relation.choices]


def _text(name: str, help_text: str = "") -> Text:
    return Text(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=LENGTHS[name],
        help_text=help_text,
    )


def _choice(choices: Any, help_text: str) -> Choice:
    return Choice(
        choices=choices, required=False, allow_blank=True, allow_null=True, help_text=help_text
    )


class ConsentAnswerSerializer(serializers.Serializer[Any]):
    """One decision about one use of the data, and the text it was about."""

    takes_more = True

    purpose = Choice(choices=Consent.Purpose.choices)
    decision = Choice(choices=Consent.Decision.choices)
    text_version = Text(
        max_length=50, help_text="The version of the text that was shown, like 2026-11."
    )
    language = Text(
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="The language of that text; without it, that of the form.",
    )


class FormSerializer(serializers.Serializer[Any]):
    """What somebody filled in. Further members are kept as they come, and not read."""

    takes_more = True

    on_behalf_of = _choice(_RELATIONS, "Who filled the form in; `self` when it is not said.")
    filled_in_by = _text("filled_in_by", "That person's name, when it is not the patient.")
    first_name = _text("first_name", "The patient's. One of the two names is needed.")
    last_name = _text("last_name")
    email = _text("email", "One of e-mail and phone is needed.")
    phone = _text("phone", "Without a country code it is read with `country`.")
    country = _text("country", "ISO 3166-1 alpha-2.")
    language = _text("language", "BCP 47: to talk in.")
    time_zone = _text("time_zone", "IANA, like Europe/Amsterdam.")
    condition_id = _text("condition_id", "Of a medical condition.")
    condition_text = _text("condition_text", "In the person's own words.")
    hope = _text("hope", "What they hope for.")
    voicemail = _choice(Patient.Voicemail.choices, "What may be left on it.")
    date_of_birth = _text("date_of_birth", "Like 1980-12-31.")
    consents = ConsentAnswerSerializer(many=True, required=False, allow_null=True)


class ReceiptSerializer(serializers.Serializer[Any]):
    """That a form has arrived. It says nothing about whether the person was known."""

    id = serializers.UUIDField()
    received_at = serializers.DateTimeField()
