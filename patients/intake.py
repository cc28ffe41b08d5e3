"""Receiving a form: nothing said is lost or overwritten, and no person becomes two.

`receive` keeps the form word for word, finds out who it is about (`patients.matching`), and makes
the patient or joins the known one. A joined person keeps stage, navigator and every value; what
the form says differently is proposed to a navigator (`patients.proposals`), and a closed patient
is offered for reopening. Decisions about consent become consents.

The fields of the payload, all optional texts unless said otherwise:

- `on_behalf_of`: who filled the form in: `self` (default), `parent`, `partner`, `child` (the
  patient's son or daughter), `physician`, `other`; `filled_in_by`: that person's name.
- `first_name`, `last_name`: the patient's; one of them is needed.
- `email`, `phone`: one of them is needed. A phone without country code is read with `country`.
- `country` (ISO 3166-1 alpha-2), `language` (BCP 47), `time_zone` (IANA; an unknown one is kept
  in the submission only).
- `condition_id` (of a MedicalCondition), `condition_text` (free; resolved when it names one).
- `hope`: what they hope for. It stays in the submission.
- `voicemail`: `full`, `no_name`, `none`.
- `date_of_birth`: year-month-day.
- `consents`: a list of objects `purpose`, `decision` (`given`, `refused`, `withdrawn`),
  `text_version`, and `language` (default: that of the form).

Further fields are kept in the submission and not read.

A key is for one submission. The same key with the same content gives the same receipt, however
often and in however many threads it is sent; the same key with other content is refused
(KeyReused) rather than lost. A form whose content may be corrected and sent again takes a key
per content, for example the visit's token and a digest of the answers, and says which submission
it `corrects`: then it joins that one's patient, even when the name or the address was corrected.

A receipt never says whether the person was known.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import answers as form
from patients import consenting, matching, proposals
from patients.answers import Answers
from patients.matching import Match, Verdict
from patients.models import Consent, ContactPoint, Patient, Submission
from patients.repeating import KeyReused
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Source = Submission.Source

# A patient is merged, or an address typed in, at the same moment: how often we look again.
ATTEMPTS = 3
# PostgreSQL: deadlock_detected.
_DEADLOCK = "40P01"
_EMAIL_TAKEN = "patients_patient_email_unique"
_MATCHED = {
    Verdict.ONE: Submission.Match.JOINED,
    Verdict.NOBODY: Submission.Match.NEW,
    Verdict.AMBIGUOUS: Submission.Match.AMBIGUOUS,
}
_METHODS = {
    Source.LANDING_PAGE: Consent.Method.WEB_FORM,
    Source.API: Consent.Method.API,
    Source.LEGACY_CRM: Consent.Method.API,
}
_ORIGINS = {
    Source.LANDING_PAGE: ContactPoint.Origin.SUBMISSION,
    Source.API: ContactPoint.Origin.API,
    Source.LEGACY_CRM: ContactPoint.Origin.LEGACY_CRM,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a form has arrived. Nothing in it depends on whether the person was known.

    The patient is `Submission.patient` of this id: for the verbs that follow, not for the sender.
    """

    submission_id: UUID
    received_at: datetime


class _Elsewhere(Exception):
    """The e-mail address was taken, or the patient was merged, between looking and acting."""


def receive(
    *,
    payload: dict[str, Any],
    source: str,
    by: User | None = None,
    idempotency_key: str = "",
    received_at: datetime | None = None,
    corrects: UUID | None = None,
) -> Receipt:
    """Keep one form and say so. `by` is the account that brought it; None for a visitor.

    `corrects` is an earlier submission of the same sender about the same person. Only a caller
    that knows this (a signed draft, an authenticated client) may say so.

    Raises ValidationError with every problem by field, in which case nothing is kept, and
    KeyReused when the key was used for other content.
    """
    when = received_at or timezone.now()
    if source not in Source.values:
        raise ValidationError({"source": _("This is no known source.")})
    if len(idempotency_key) > 200 or not idempotency_key.isprintable():
        message = _("A key has at most 200 characters that can be printed.")
        raise ValidationError({"idempotency_key": message})
    content = form.storable(payload)
    if idempotency_key and (known := _received(source, idempotency_key, content)):
        return known
    said = form.read(payload, today=timezone.localdate(when))
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic(), acting(by=by, reason="submission"):
                return _receive(content, said, source, idempotency_key, when, by, corrects)
        except _Elsewhere:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
                raise
    raise Refused(_("Too many people write this record at once. Try again."), code="busy")


def _receive(
    content: dict[str, Any],
    said: Answers,
    source: str,
    key: str,
    when: datetime,
    by: User | None,
    corrects: UUID | None,
) -> Receipt:
    person = said.person
    matching.lock(person, *([f"{source}:{key}"] if key else []))
    if key and (known := _received(source, key, content)):
        return known
    match = _corrected(matching.find(person), corrects)
    _hold(match)
    patient = match.patient or _make(said, match, source, when)
    submission = Submission.objects.create(
        patient=patient,
        source=source,
        received_at=when,
        payload=content,
        match=_MATCHED[match.verdict],
        match_evidence=match.evidence,
        idempotency_key=key,
    )
    _keep_consents(said, patient, source, when, by)
    proposals.propose(patient=patient, said=said, submission=submission)
    matching.propose(match, patient)
    return Receipt(submission_id=submission.pk, received_at=submission.received_at)


def _received(source: str, key: str, content: dict[str, Any]) -> Receipt | None:
    """The receipt given for this key before. Raises KeyReused when it was for other content."""
    known = Submission.objects.filter(source=source, idempotency_key=key).first()
    if known is None:
        return None
    if not Submission.objects.filter(pk=known.pk, payload=content).exists():
        raise KeyReused
    return Receipt(submission_id=known.pk, received_at=known.received_at)


def _corrected(match: Match, corrects: UUID | None) -> Match:
    """`match`, settled on the patient of the corrected submission; unchanged when that is gone."""
    if corrects is None:
        return match
    earlier = Submission.objects.filter(pk=corrects).select_related("patient").first()
    if earlier is None:
        return match
    return replace(
        match,
        verdict=Verdict.ONE,
        patient=earlier.patient,
        evidence={**match.evidence, "corrects": str(earlier.pk)},
    )


def _hold(match: Match) -> None:
    """Lock everybody the answer names, in order of id; _Elsewhere when one was merged away."""
    named = {candidate.patient.pk for candidate in (*match.certain, *match.review)}
    if match.patient:
        named.add(match.patient.pk)
    if not named:
        return
    held = Patient.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk")
    if len(held.values_list("pk", flat=True)) < len(named):
        raise _Elsewhere


def _make(said: Answers, match: Match, source: str, when: datetime) -> Patient:
    """A new lead. An address that somebody else has, or shares, is a further contact point."""
    own = said.email and not _is_of_somebody_else(said, match)
    patient = Patient(
        first_name=said.first_name,
        last_name=said.last_name,
        email=said.email if own else "",
        phone=said.phone,
        country=said.country,
        language=said.language,
        time_zone=said.time_zone,
        medical_condition=said.condition,
        date_of_birth=said.date_of_birth,
        voicemail=said.voicemail or Patient.Voicemail.NO_NAME,
        on_behalf_of_name=said.filled_in_by,
        on_behalf_of_relation=said.relation,
        first_contact_at=when,
    )
    patient.clean_fields()
    patient.clean()
    try:
        with transaction.atomic():
            patient.save(force_insert=True)
    except IntegrityError as error:
        # Somebody typed the same address into the workplace just now.
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if constraint != _EMAIL_TAKEN:
            raise
        raise _Elsewhere from error
    if said.email and not own:
        ContactPoint.objects.create(
            patient=patient,
            kind=ContactPoint.Kind.EMAIL,
            value=said.email,
            origin=_ORIGINS[Source(source)],
        )
    return patient


def _is_of_somebody_else(said: Answers, match: Match) -> bool:
    """Whether the address is known as another person's, a physician's or a shared mailbox."""
    if match.shared_mailbox or any(
        matching.EMAIL in specialist.agree for specialist in match.specialists
    ):
        return True
    return bool(Patient.objects.with_email(said.email).exists())


def _keep_consents(
    said: Answers, patient: Patient, source: str, when: datetime, by: User | None
) -> None:
    for answer in said.consents:
        consent = Consent(
            patient=patient,
            purpose=answer.purpose,
            decision=answer.decision,
            decided_at=when,
            text_version=answer.text_version,
            language=answer.language,
            method=_METHODS[Source(source)],
            obtained_by=by,
        )
        consenting.keep(consent)
