"""What somebody is shown of the form they sent: all of it at first, later only what to expect.

The page is reached with the draft key alone, from this browser or through a link that may lie in
a mailbox for weeks. So an hour after sending, addresses are masked and the illness is left out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError

from bookings.clocks import clock
from patients.consenting import is_given
from patients.models import Consent, Submission
from portal.core.choices import country_choices
from portal.core.phones import for_people, to_e164
from portal.public import zones
from portal.public.forms import ON_BEHALF_OF, VOICEMAIL

SHOWN_IN_FULL = timedelta(hours=1)
DOT = "•"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The sent form as its sender sees it again."""

    received_at: datetime
    clock: str
    in_full: bool
    on_behalf_of: Any
    for_somebody_else: bool
    filled_in_by: str
    name: str
    email: str
    phone: str
    language: str
    country: Any
    condition: str
    hope: str
    voicemail: Any
    may_contact: bool

    @classmethod
    def of(cls, submission: Submission, *, now: datetime) -> Self:
        """What to show at `now` of a submission of the landing page."""
        said: dict[str, Any] = submission.payload
        zone = zones.zone_of(said)
        in_full = now - submission.received_at < SHOWN_IN_FULL
        email, phone = said.get("email", ""), _readable(said)
        language = said.get("language", "")
        return cls(
            received_at=submission.received_at.astimezone(zone),
            clock=clock(zone.key),
            in_full=in_full,
            on_behalf_of=dict(ON_BEHALF_OF).get(said.get("on_behalf_of", ""), ""),
            for_somebody_else=said.get("on_behalf_of", "self") != "self",
            filled_in_by=said.get("filled_in_by", "") if in_full else "",
            name=f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
            if in_full
            else "",
            email=email if in_full else masked_email(email),
            phone=phone if in_full else masked_phone(phone),
            language=str(LANG_INFO.get(language, {}).get("name_local", language)),
            country=dict(country_choices()).get(said.get("country", ""), ""),
            condition=said.get("condition_text", "") if in_full else "",
            hope=said.get("hope", "") if in_full else "",
            voicemail=dict(VOICEMAIL).get(said.get("voicemail", ""), ""),
            may_contact=_may_contact(submission),
        )

    @property
    def is_written_to(self) -> bool:
        """Whether they left no phone number to be called on."""
        return not self.phone


def _may_contact(submission: Submission) -> bool:
    """Whether they said yes to being called and written to, and have not taken that back."""
    said_yes = any(
        consent.get("purpose") == "contact" and consent.get("decision") == "given"
        for consent in submission.payload.get("consents", ())
    )
    return said_yes and is_given(submission.patient, Consent.Purpose.CONTACT)


def _readable(said: dict[str, Any]) -> str:
    """The phone number the way people write it, with its country code."""
    typed = str(said.get("phone", ""))
    try:
        return for_people(to_e164(typed, country=said.get("country", "")))
    except ValidationError:
        return typed


def masked_email(email: str) -> str:
    """`ada@example.org` as `a•••@example.org`; "" stays empty."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}{DOT * 3}{at}{domain}" if email else ""


def masked_phone(phone: str) -> str:
    """A number with all but its last two digits hidden; "" stays empty."""
    digits = [character for character in phone if character.isdigit()]
    return f"{DOT * 4} {''.join(digits[-2:])}" if digits else ""
