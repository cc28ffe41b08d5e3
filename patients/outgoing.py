"""The one gate for everything that is said to patients by mail.

`say` puts a message into the outbox, in the transaction of what it is about. It says nothing yet:
whether, when and in which words is decided by `decide` when the message is sent, from the rows as
they are then, so that nobody is reminded of a call that was moved or of one they can no longer
make. `patients.sending` calls it and hands the mail over.

Each kind of message is joined by the app that knows what it is about, in `AppConfig.ready`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils import translation
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from procrastinate.types import JSONDict

from patients.models import Consent, Message, Patient

Dropped = Message.Dropped
Status = Message.Status

# The job that sends a message (`patients.sending`), and its queue. A job names the message's id.
DELIVER = "patients.deliver"
QUEUE = "messages"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A `text/calendar` file that puts something into the reader's calendar, or takes it away."""

    content: bytes
    method: Literal["REQUEST", "CANCEL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message in words, in the patient's language.

    `zone` is where the reader is, for the quiet hours. After `until` the mail is of no use. One
    that should be read before that says `before`. It is sent in the quiet hours if it would come
    too late after them.
    """

    subject: str
    text: str
    html: str
    zone: ZoneInfo
    invitation: Invitation | None = None
    until: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """It is not sent, and never will be."""

    why: Dropped


@dataclass(frozen=True, slots=True)
class Later:
    """It is not yet time: look again then."""

    at: datetime


Outcome = Mail | Drop | Later


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message.

    `compose` re-reads what the message is about, under lock, and says what to do at that moment.
    The patient (`message.patient`) is locked already and may be written to; the active language is
    theirs. `although_closed` is for what somebody has to hear although we closed their record, such
    as that nobody will call; who withdrew or died is left alone.
    """

    name: str
    label: Any
    compose: Callable[[Message, datetime], Outcome]
    although_closed: bool = False


_kinds: dict[str, Kind] = {}


def join(*kinds: Kind) -> None:
    """Declare kinds, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second kind of one name.
    """
    for kind in kinds:
        if _kinds.get(kind.name, kind) != kind:
            raise LookupError(f"the kind of message “{kind.name}” is declared twice")
        _kinds[kind.name] = kind


def kinds() -> tuple[Kind, ...]:
    """Every kind of message, in the order of joining."""
    return tuple(_kinds.values())


def label(name: str) -> str:
    """What a kind is called; its name, for one whose app is no longer installed."""
    kind = _kinds.get(name)
    return str(kind.label) if kind else name


def say(
    kind: Kind,
    *,
    patient_id: UUID,
    due_at: datetime,
    about: models.Model | None = None,
    answers: bool = False,
) -> Message:
    """Put a message of this kind about a record (or the patient) into the outbox, and return it.

    `answers` is for what the patient waits for: it answers what they did just now, and is sent at
    any hour. Called in the transaction of the verb that gives rise to it, which says who acts. One
    record has one message of a kind: said again, the message there is stays, and is looked at
    earlier when `due_at` is earlier.
    """
    told_about = patient_id if about is None else about.pk
    message = Message(
        patient_id=patient_id,
        kind=kind.name,
        key=f"{kind.name}.{told_about}",
        about_model="" if about is None else about._meta.label,
        about_id=None if about is None else about.pk,
        answers=answers,
        due_at=due_at,
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    kept: Message = Message.objects.get(key=message.key)
    if kept.pk == message.pk or _bring_forward(kept, due_at):
        enqueue([kept.pk], at=due_at)
    return kept


def _bring_forward(message: Message, due_at: datetime) -> bool:
    """Look at a waiting message earlier; whether that changed anything.

    One that is being sent is locked, and asks anew what it is about: nobody waits for it here.
    """
    later = Message.objects.filter(pk=message.pk, status=Status.WAITING, due_at__gt=due_at)
    waiting = later.select_for_update(skip_locked=True).first()
    if waiting is None:
        return False
    message.due_at = waiting.due_at = due_at
    waiting.save(update_fields=("due_at",))
    return True


def drop(*, patient_id: UUID, about: models.Model) -> int:
    """Drop what still waits to be said about a record, as that has changed; return how many.

    Called in the transaction of the change, before anything is said about what became of it. What
    is being sent at this moment is left to the gate, which asks anew when the change is done.
    """
    rows = Message.objects.filter(
        patient=patient_id,
        status=Status.WAITING,
        about_model=about._meta.label,
        about_id=about.pk,
    )
    waiting = list(rows.select_for_update(skip_locked=True).order_by("pk"))
    for message in waiting:
        message.status, message.dropped_because = Status.DROPPED, Dropped.OVERTAKEN
        message.save(update_fields=("status", "dropped_because"))
    return len(waiting)


def enqueue(message_ids: Iterable[UUID], *, at: datetime) -> None:
    """Have a worker look at these messages at that time, if this transaction commits."""
    # The connector of a worker is another one; this is always Django's own connection.
    manager = JobManager(DjangoConnector())
    deferrer = configure_task(name=DELIVER, job_manager=manager, queue=QUEUE, schedule_at=at)
    jobs: list[JSONDict] = [{"message_id": str(pk)} for pk in message_ids]
    deferrer.batch_defer(*jobs)


# --- the gate


def decide(message: Message, *, now: datetime) -> Outcome:
    """What is to be done with a message now. The message and its patient are locked."""
    kind = _kinds[message.kind]
    why = barred(message.patient, although_closed=kind.although_closed)
    if why is not None:
        return Drop(why)
    with translation.override(language_of(message.patient)):
        outcome = kind.compose(message, now)
    if not isinstance(outcome, Mail):
        return outcome
    if outcome.until is not None and outcome.until <= now:
        return Drop(Dropped.TOO_LATE)
    if message.answers:
        return outcome
    waking = quiet_until(now, zone=outcome.zone)
    deadline = outcome.before or outcome.until
    if waking is None or (deadline is not None and waking >= deadline):
        return outcome
    return Later(waking)


def barred(patient: Patient, *, although_closed: bool = False) -> Dropped | None:
    """Why nothing may be sent to this person now; None when it may."""
    withdrew = patient.closed_reason == Patient.ClosedReason.WITHDRAWN
    is_closed = patient.stage == Patient.Stage.CLOSED and (withdrew or not although_closed)
    reasons = (
        (not settings.MAIL_IS_ON, Dropped.MAIL_OFF),
        (patient.is_deceased, Dropped.DECEASED),
        (patient.processing_restricted, Dropped.RESTRICTED),
        (patient.do_not_contact, Dropped.DO_NOT_CONTACT),
        (is_closed, Dropped.CLOSED),
        (not patient.email, Dropped.NO_ADDRESS),
    )
    found = next((why for holds, why in reasons if holds), None)
    if found is None and not _agreed(patient):
        return Dropped.NO_CONSENT
    return found


def _agreed(patient: Patient) -> bool:
    """Whether the last decision about being written to is a yes."""
    in_force = Consent.objects.active(Consent.Purpose.CONTACT)
    return bool(in_force.filter(patient=patient).exists())


def language_of(patient: Patient) -> str:
    """The patient's language as far as the portal speaks it, or English."""
    try:
        return translation.get_supported_language_variant(patient.language)
    except LookupError:
        return settings.LANGUAGE_CODE


def quiet_until(now: datetime, *, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end that it is now in this zone; None when it is a time to write."""
    local = now.astimezone(zone)
    if settings.MAIL_FROM_HOUR <= local.hour < settings.MAIL_UNTIL_HOUR:
        return None
    day = local.date()
    if local.hour >= settings.MAIL_UNTIL_HOUR:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, settings.MAIL_FROM_HOUR, tzinfo=zone)
