"""Sending what is in the outbox: each message once, whichever process dies at whichever moment.

A message is claimed first (`sending`, one more attempt; committed), so that one that kills its
worker every time is set aside like one that is refused every time. Then, in one transaction that
holds the patient and what the message is about, the gate decides, the mail is handed over and the
message is written down as sent: nobody cancels a call between the decision and the mail.

What a worker leaves behind when it dies is due still, and the sweep queues it again. Nobody can
see a death between the hand-over and the commit: the mail is then handed over again, under the
same Message-ID, which is made of the message's key.
"""

import logging
from datetime import datetime, timedelta
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status as JobStatus

from patients import outgoing
from patients.models import Message, Patient
from patients.outgoing import Drop, Later, Mail
from portal.core.history import acting
from portal.core.models import User

Status = Message.Status
log = logging.getLogger(__name__)

# After the last one somebody has to look. The pauses are 1, 4, 16, 64 and 256 minutes.
ATTEMPTS = 6
# How many messages one sweep queues at most; the next one takes the others.
SWEPT_AT_ONCE = 1000
# A worker says every 10 seconds that it lives.
DEAD_AFTER = timedelta(minutes=1)


@app.task(name=outgoing.DELIVER, queue=outgoing.QUEUE)
def _deliver_job(message_id: str) -> None:
    deliver(UUID(message_id), now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="patients.sweep", queue=outgoing.QUEUE, queueing_lock="patients.sweep")
def _sweep_job(timestamp: int) -> None:
    sweep(now=timezone.now())


def deliver(message_id: UUID, *, now: datetime) -> None:
    """Send one message that is due, drop it, or put it off. Whatever goes wrong is written down.

    Nothing happens to a message that is not due, is finished, or is being sent by somebody else.
    """
    if not _claim(message_id, now=now):
        return
    try:
        _decide_and_send(message_id, now=now)
    except Exception as error:  # noqa: BLE001 - one message must not keep the others back
        _failed(message_id, error, now=now)


def sweep(*, now: datetime) -> int:
    """Queue what is due and in no queue, and forget the jobs of workers that died.

    Returns how many messages were queued.
    """
    of_the_dead = Q(worker=None) | Q(worker__last_heartbeat__lt=now - DEAD_AFTER)
    taken = ProcrastinateJob.objects.filter(queue_name=outgoing.QUEUE, status=JobStatus.DOING.value)
    taken.filter(of_the_dead).delete()
    with transaction.atomic():
        # What another worker is sending now is locked.
        due = Message.objects.due(now=now).select_for_update(skip_locked=True)
        ids = list(due.order_by("due_at", "id").values_list("pk", flat=True)[:SWEPT_AT_ONCE])
        queued = set(
            ProcrastinateJob.objects.filter(
                task_name=outgoing.DELIVER,
                status=JobStatus.TODO.value,
                scheduled_at__lte=now,
                args__message_id__in=[str(pk) for pk in ids],
            ).values_list("args__message_id", flat=True)
        )
        lost = [pk for pk in ids if str(pk) not in queued]
        if lost:
            outgoing.enqueue(lost, at=now)
    return len(lost)


def try_again(*, message_id: UUID, by: User) -> Message:
    """Have a message that was set aside sent after all, and return it.

    One that was not set aside, or no longer is, stays as it is.
    """
    with transaction.atomic(), acting(by=by):
        message: Message = Message.objects.select_for_update().get(pk=message_id)
        if message.status == Status.SET_ASIDE:
            message.status = Status.WAITING
            message.attempts = 0
            message.due_at = timezone.now()
            message.save(update_fields=("status", "attempts", "due_at"))
            outgoing.enqueue([message.pk], at=message.due_at)
        return message


def _claim(message_id: UUID, *, now: datetime) -> bool:
    """Write down that somebody begins; whether it is up to us."""
    with transaction.atomic(), acting(by=None):
        due = Message.objects.due(now=now).filter(pk=message_id)
        message = due.select_for_update(skip_locked=True).first()
        if message is None:
            return False
        if message.attempts >= ATTEMPTS:
            _set_aside(message, "the worker ended while sending it")
            return False
        message.status = Status.SENDING
        message.attempts += 1
        message.save(update_fields=("status", "attempts"))
        return True


def _decide_and_send(message_id: UUID, *, now: datetime) -> None:
    with transaction.atomic(), acting(by=None):
        message = _held(message_id)
        if message is None or message.status != Status.SENDING:
            return
        outcome = outgoing.decide(message, now=now)
        if isinstance(outcome, Drop):
            message.status = Status.DROPPED
            message.dropped_because = outcome.why
            message.save(update_fields=("status", "dropped_because"))
        elif isinstance(outcome, Later):
            # Nothing has failed: what was tried in vain before does not count any more.
            _wait(message, until=outcome.at, attempts=0)
        else:
            _hand_over(message, outcome)
            message.status = Status.SENT
            message.sent_at = now
            message.sent_to = message.patient.email
            message.language = outgoing.language_of(message.patient)
            message.subject = outcome.subject
            message.last_error = ""
            message.save()


def _held(message_id: UUID) -> Message | None:
    """The message and its patient, locked in the order of the house: people first.

    None when it is gone, or went to another patient's record at this very moment.
    """
    ids = Message.objects.filter(pk=message_id).values_list("patient_id", flat=True)
    patient_id = ids.first()
    if patient_id is None:
        return None
    people = Patient.objects.select_for_update(no_key=True).filter(pk=patient_id)
    patient = people.defer("search").first()
    rows = Message.objects.select_for_update().filter(pk=message_id, patient_id=patient_id)
    message: Message | None = rows.first()
    if patient is None or message is None:
        return None
    message.patient = patient
    return message


def _hand_over(message: Message, words: Mail) -> None:
    """Give the mail to the backend. Raises whatever the backend raises."""
    reply_to = [settings.ORGANISATION_EMAIL] if settings.ORGANISATION_EMAIL else None
    mail = EmailMultiAlternatives(
        subject=words.subject,
        body=words.text,
        to=[message.patient.email],
        reply_to=reply_to,
        headers={"Message-ID": message_id_of(message), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(words.html, "text/html")
    if words.invitation is not None:
        # The alternative is what mail programs act on, the attachment what people can save.
        content, method = words.invitation.content, words.invitation.method
        mail.attach_alternative(content.decode(), f"text/calendar; method={method}")
        mail.attach("call.ics", content, "application/ics")
    mail.send()


def message_id_of(message: Message) -> str:
    """The Message-ID under which a message is handed over, however often that happens."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return f"<{message.key}@{address.rpartition('@')[2]}>"


def _failed(message_id: UUID, error: Exception, *, now: datetime) -> None:
    """Put the message off, longer each time; after the last attempt set it aside."""
    with transaction.atomic(), acting(by=None):
        rows = Message.objects.select_for_update().filter(pk=message_id, status=Status.SENDING)
        message = rows.first()
        if message is None:
            return
        said = _without_people(error)
        log.warning("message %s: attempt %d failed: %s", message.pk, message.attempts, said)
        if message.attempts >= ATTEMPTS:
            _set_aside(message, said)
            return
        message.last_error = said
        pause = timedelta(minutes=4 ** (message.attempts - 1))
        _wait(message, until=now + pause, attempts=message.attempts)


def _without_people(error: Exception) -> str:
    """What went wrong, by its kind and code: the words of an error may name an address."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()


def _wait(message: Message, *, until: datetime, attempts: int) -> None:
    message.status = Status.WAITING
    message.attempts = attempts
    message.due_at = until
    message.save(update_fields=("status", "attempts", "due_at", "last_error"))
    outgoing.enqueue([message.pk], at=until)


def _set_aside(message: Message, why: str) -> None:
    message.status = Status.SET_ASIDE
    message.last_error = why
    message.save(update_fields=("status", "last_error"))
