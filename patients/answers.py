"""What a form says, read and checked before anything is kept.

Every problem is reported at once, beside the field it belongs to, so that a person corrects all
of them in one go. Fields that nobody knows are let through: they stay in the submission.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from patients.matching import Person
from patients.models import Consent, MedicalCondition, Patient
from portal.core.choices import country_choices, language_choices, validate_time_zone
from portal.core.phones import to_e164

# Longest texts, in characters; the name and e-mail lengths are those of the columns.
LENGTHS = {
    "first_name": 200,
    "last_name": 200,
    "filled_in_by": 200,
    "email": 254,
    "phone": 60,
    "country": 2,
    "language": 10,
    "time_zone": 64,
    "condition_text": 300,
    "hope": 10_000,
    "voicemail": 10,
    "on_behalf_of": 20,
    "condition_id": 36,
    "date_of_birth": 10,
}
# One submission as JSON, in bytes.
LARGEST = 64_000
SELF = "self"
# Control characters, zero-width blanks, and marks that turn the direction of writing.
_UNSEEN = re.compile(
    "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\u200b\\u200e\\u200f"
    "\\u202a-\\u202e\\u2060-\\u2069\\ufeff]"
)
# The escape itself, not a backslash that somebody typed before "u0000".
_NULL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class ConsentAnswer:
    """One decision about one use of the data, and the text it was about."""

    purpose: str
    decision: str
    text_version: str
    language: str


@dataclass(frozen=True, slots=True)
class Answers:
    """The form's answers in the form in which they are stored. Blank: not said."""

    first_name: str
    last_name: str
    email: str
    phone: str
    country: str
    language: str
    time_zone: str
    condition: MedicalCondition | None
    condition_text: str
    date_of_birth: date | None
    voicemail: str
    relation: str
    filled_in_by: str
    consents: tuple[ConsentAnswer, ...]

    @property
    def person(self) -> Person:
        return Person(
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            phone=self.phone,
            condition_id=self.condition.pk if self.condition else None,
            date_of_birth=self.date_of_birth,
        )


class _Reader:
    """Reads one field after the other and collects what is wrong."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.payload = payload
        self.errors: dict[str, list[Any]] = {}

    def wrong(self, name: str, error: Any) -> None:
        self.errors.setdefault(name, []).append(error)

    def text(self, name: str) -> str:
        """The field as one trimmed line (`hope` keeps its lines); "" when absent or wrong."""
        value = self.payload.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(name, ValidationError(_("This must be a text."), code="not_text"))
            return ""
        value = _UNSEEN.sub("", unicodedata.normalize("NFC", value))
        value = value.strip() if name == "hope" else " ".join(value.split())
        if len(value) > LENGTHS[name]:
            message = _("This is too long: at most %(limit)d characters.")
            limit = {"limit": LENGTHS[name]}
            self.wrong(name, ValidationError(message, code="too_long", params=limit))
            return ""
        return value

    def one_of(self, name: str, values: Any, *, default: str = "") -> str:
        value = self.text(name)
        if not value:
            return default
        if value not in values:
            self.wrong(name, ValidationError(_("This is no known choice."), code="invalid_choice"))
            return default
        return value

    def checked(self, name: str, check: Any) -> Any:
        """The field after `check`, which may raise; "" when it did."""
        value = self.text(name)
        if not value:
            return ""
        try:
            return check(value)
        except ValidationError as error:
            self.wrong(name, error)
            return ""


def read(payload: Mapping[str, Any], *, today: date) -> Answers:
    """The answers in `payload`. Raises ValidationError with all problems, by field."""
    reader = _Reader(storable(payload))
    country = reader.one_of("country", _countries())
    relation = reader.one_of("on_behalf_of", (SELF, *Patient.Relation.values), default=SELF)
    language = reader.one_of("language", dict(language_choices()))
    answers = Answers(
        first_name=reader.text("first_name"),
        last_name=reader.text("last_name"),
        email=reader.checked("email", _email),
        phone=_phone(reader, country),
        country=country,
        language=language,
        time_zone=_time_zone(reader.text("time_zone")),
        condition=_condition(reader),
        condition_text=reader.text("condition_text"),
        date_of_birth=reader.checked("date_of_birth", lambda raw: _birth(raw, today)) or None,
        voicemail=reader.one_of("voicemail", Patient.Voicemail.values),
        relation="" if relation == SELF else relation,
        filled_in_by=reader.text("filled_in_by") if relation != SELF else "",
        consents=_consents(reader, language),
    )
    reader.text("hope")
    _demand_a_person(reader, answers)
    if reader.errors:
        raise ValidationError(reader.errors)
    return answers


def storable(payload: Any) -> dict[str, Any]:
    """`payload` as plain JSON. Raises ValidationError for what no database can keep."""
    if not isinstance(payload, Mapping):
        raise ValidationError(_("A submission is an object of fields."), code="not_an_object")
    try:
        written = orjson.dumps(payload)
    except TypeError as error:
        raise ValidationError(
            _("The submission holds something that is no text, number, list or object."),
            code="not_json",
        ) from error
    if _NULL.search(written):
        raise ValidationError(
            _("The submission holds a null character, which cannot be stored."),
            code="null_character",
        )
    if len(written) > LARGEST:
        raise ValidationError(
            _("The submission is too large: at most %(limit)d bytes."),
            code="too_large",
            params={"limit": LARGEST},
        )
    plain: dict[str, Any] = orjson.loads(written)
    return plain


def _countries() -> dict[str, str]:
    return dict(country_choices())


def _email(raw: str) -> str:
    validate_email(raw)
    return raw


def _phone(reader: _Reader, country: str) -> str:
    """The phone as E.164; without a country code it cannot be read before the country is right."""
    if "country" in reader.errors and not reader.text("phone").startswith("+"):
        return ""
    return str(reader.checked("phone", lambda raw: to_e164(raw, country=country)))


def _time_zone(raw: str) -> str:
    """Only a zone that is known: a browser's odd one is no reason to send anybody away."""
    try:
        validate_time_zone(raw)
    except ValidationError:
        return ""
    return raw


def _birth(raw: str, today: date) -> date:
    try:
        born = date.fromisoformat(raw)
    except ValueError as error:
        message = _("Write the date as year-month-day, for example 1980-12-31.")
        raise ValidationError(message, code="invalid_date") from error
    if born.year < 1890 or born > today:
        raise ValidationError(_("Nobody can be born on that day."), code="implausible_date")
    return born


def _condition(reader: _Reader) -> MedicalCondition | None:
    """The condition chosen, or the one that the text names; None when neither is known."""
    chosen = reader.text("condition_id")
    if chosen:
        try:
            condition = MedicalCondition.objects.filter(pk=UUID(chosen)).first()
        except ValueError:
            condition = None
        if condition is None:
            message = _("There is no medical condition with this id.")
            reader.wrong("condition_id", ValidationError(message, code="unknown_condition"))
        return condition
    written = reader.payload.get("condition_text")
    if isinstance(written, str) and written.strip():
        return MedicalCondition.objects.named(written[: LENGTHS["condition_text"]]).first()
    return None


def _consents(reader: _Reader, language: str) -> tuple[ConsentAnswer, ...]:
    given = reader.payload.get("consents")
    if given is None:
        return ()
    if not isinstance(given, list | tuple) or not all(isinstance(one, Mapping) for one in given):
        message = _("Consents are a list of objects.")
        reader.wrong("consents", ValidationError(message, code="not_a_list"))
        return ()
    found: dict[str, ConsentAnswer] = {}
    for one in given:
        if not all(isinstance(one.get(name), str | None) for name in ConsentAnswer.__slots__):
            message = _("What a consent says are texts.")
            reader.wrong("consents", ValidationError(message, code="not_text"))
            continue
        answer = ConsentAnswer(
            purpose=one.get("purpose") or "",
            decision=one.get("decision") or "",
            text_version=(one.get("text_version") or "").strip(),
            language=one.get("language") or language,
        )
        spoken = bool(one.get("language")) or "language" not in reader.errors
        problem = _consent_problem(answer, spoken=spoken)
        if problem is None and answer.purpose in found:
            problem = _("The same purpose is answered twice.")
        if problem is not None:
            reader.wrong("consents", ValidationError(problem, code="invalid_consent"))
        found[answer.purpose] = answer
    return tuple(found.values())


def _consent_problem(answer: ConsentAnswer, *, spoken: bool) -> Any:
    """What is wrong with the answer, as a sentence; None when nothing is.

    Not `spoken`: the language is that of the form, which was refused already.
    """
    if answer.purpose not in Consent.Purpose.values:
        return _("A consent names one of the known purposes.")
    if answer.decision not in Consent.Decision.values:
        return _("A consent is given, refused or withdrawn.")
    if not answer.text_version or len(answer.text_version) > 50:
        return _("A consent names the version of its text, in at most 50 characters.")
    if spoken and answer.language not in dict(language_choices()):
        return _("A consent names the language of its text.")
    return None


def _demand_a_person(reader: _Reader, answers: Answers) -> None:
    """Refuse a form that names nobody, or nobody who can be reached."""

    def said(*names: str) -> bool:
        return any(reader.payload.get(name) for name in names if name in reader.errors)

    if not (answers.first_name or answers.last_name or said("first_name", "last_name")):
        message = _("Fill in a first name or a last name.")
        reader.wrong("first_name", ValidationError(message, code="no_name"))
    if not (answers.email or reader.text("phone") or said("email", "phone")):
        message = _("Fill in an e-mail address or a phone number.")
        reader.wrong("email", ValidationError(message, code="unreachable"))
