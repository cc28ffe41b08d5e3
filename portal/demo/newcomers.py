"""Forms that came in over the landing page in the last days."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from patients import intake
from patients.models import ConsentText, Patient, Submission
from portal.demo.details import HOMES

REPLY = {True: "given", False: "refused"}


class Form(NamedTuple):
    """What somebody filled in, and how many hours ago."""

    hours: int
    country: str
    says: Mapping[str, Any]
    may_call: bool = True


def _form(hours: int, country: str, *, may_call: bool = True, **says: Any) -> Form:
    return Form(hours, country, says, may_call)


# The oldest first. Nobody of these exists.
NEWCOMERS = (
    _form(
        228,
        "NL",
        first_name="Wietske",
        last_name="Hoogland",
        email="wietske.hoogland@post.example.org",
        phone="06 0000 9001",
        condition_text="ALS",
        hope="De neuroloog zegt dat er niets meer is. Is er ergens nog een studie?",
        voicemail="full",
    ),
    _form(
        205,
        "GB",
        first_name="Callum",
        last_name="Prescott",
        email="ruth.prescott@home.example.com",
        phone="07700 900 902",
        condition_text="Duchenne",
        hope="He is seven and still walks. We were told of gene therapy.",
        on_behalf_of="parent",
        filled_in_by="Ruth Prescott",
        date_of_birth="2019-05-14",
        voicemail="no_name",
    ),
    _form(
        181,
        "ES",
        first_name="Ignacio",
        last_name="Valdeverde Rey",
        email="ignacio.valdeverde@correo.example.org",
        phone="500 009 003",
        condition_text="fibrosis pulmonar",
        hope="Llevo oxígeno por la noche. ¿Hay algún ensayo en Madrid?",
        voicemail="full",
    ),
    _form(
        160,
        "NL",
        first_name="Jorrit",
        last_name="van Eekelen",
        email="jorrit.van.eekelen@mail.example.com",
        phone="06 0000 9004",
        condition_text="Glioblastoma",
        hope="Mijn vrouw is in maart geopereerd. Wij zoeken een tweede mening.",
        on_behalf_of="partner",
        filled_in_by="Annelies van Eekelen",
        voicemail="none",
    ),
    _form(
        133,
        "DE",
        first_name="Traudl",
        last_name="Reisinger",
        email="traudl.reisinger@brief.example.net",
        phone="030 23125 905",
        condition_text="Huntington's disease",
        hope="My brother is in a trial. I would like to know whether I can be.",
        voicemail="no_name",
    ),
    _form(
        97,
        "GB",
        first_name="Imogen",
        last_name="Sallow",
        email="imogen.sallow@inbox.example.net",
        phone="07700 900 906",
        condition_text="long covid",
        hope="I am writing a piece for a student paper about expanded access.",
        voicemail="no_name",
    ),
    _form(
        74,
        "FR",
        first_name="Honorine",
        last_name="Delavigne",
        email="h.delavigne@post.example.org",
        phone="06 39 98 90 07",
        condition_text="Idiopathic Pulmonary Fibrosis",
        hope="I would rather be written to than called.",
        voicemail="none",
        may_call=False,
    ),
    _form(
        51,
        "ES",
        first_name="Leire",
        last_name="Ansorena",
        email="leire.ansorena@correo.example.org",
        phone="500 009 008",
        condition_text="ELA",
        hope="Para mi padre, que ya no puede escribir.",
        on_behalf_of="child",
        filled_in_by="Maite Ansorena",
        voicemail="full",
    ),
    _form(
        29,
        "NL",
        first_name="Bouke",
        last_name="Terpstra",
        email="bouke.terpstra@mail.example.com",
        phone="06 0000 9009",
        condition_text="SMA",
        hope="Ik ben 23 en heb alles geprobeerd wat hier vergoed wordt.",
        date_of_birth="2003-02-08",
        voicemail="no_name",
    ),
    _form(
        9,
        "SE",
        first_name="Torborg",
        last_name="Ekwall",
        email="torborg.ekwall@webmail.example.com",
        phone="070-174 09 10",
        condition_text="Glioblastoma",
        hope="My oncologist will send whatever is needed.",
        voicemail="full",
    ),
    _form(
        3,
        "NL",
        first_name="Sjoukje",
        last_name="Hoekema",
        email="",
        phone="06 0000 9011",
        condition_text="Duchenne",
        hope="Voor mijn zoon van elf.",
        voicemail="full",
    ),
)


def come_in(*, now: datetime) -> list[Patient]:
    """Receive the forms of people nobody knew, and of some who are known. Returns the former."""
    new = [_receive(form, now=now) for form in NEWCOMERS]
    for form in _of_known_people():
        _receive(form, now=now)
    return new


def _of_known_people() -> Iterator[Form]:
    """Somebody with another phone, somebody who was closed, and a relative at one mailbox."""
    known = (
        Patient.objects.filter(country__in=HOMES)
        .exclude(email="")
        .exclude(first_name="")
        .exclude(last_name="")
        .order_by("last_name", "first_name", "email")
    )
    for place, person in enumerate(known.filter(stage=Patient.Stage.LEAD)[:2]):
        says = {**_same(person), "phone": f"+3160000902{place}"}
        yield Form(44 - place, person.country, says)
    for person in known.filter(stage=Patient.Stage.CLOSED)[:1]:
        says = {**_same(person), "hope": "I would like to try again."}
        yield Form(20, person.country, says)
    for person in known.filter(stage=Patient.Stage.PATIENT)[:1]:
        says = {**_same(person), "first_name": "Maximiliaan", "hope": "My brother wrote as well."}
        yield Form(12, person.country, says)


def _same(person: Patient) -> dict[str, str]:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "condition_text": str(person.medical_condition or ""),
    }


def _receive(form: Form, *, now: datetime) -> Patient:
    home = HOMES[form.country]
    language = home.language if home.language in {"en", "nl", "es"} else "en"
    receipt = intake.receive(
        payload={
            "on_behalf_of": "self",
            "country": form.country,
            "language": home.language,
            "time_zone": home.time_zone,
            "consents": [
                _consent("navigation", "given", language),
                _consent("contact", REPLY[form.may_call], language),
            ],
            **form.says,
        },
        source=Submission.Source.LANDING_PAGE,
        received_at=now - timedelta(hours=form.hours),
    )
    return Submission.objects.select_related("patient").get(pk=receipt.submission_id).patient


def _consent(purpose: str, decision: str, language: str) -> dict[str, str]:
    text = ConsentText.objects.filter(purpose=purpose, language=language).latest("valid_from")
    return {
        "purpose": purpose,
        "decision": decision,
        "text_version": text.text_version,
        "language": language,
    }
