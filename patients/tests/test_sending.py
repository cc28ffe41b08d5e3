"""Sending: each message once, whatever happens in between."""

import smtplib
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from patients import outgoing, sending
from patients.models import Message, Patient
from patients.outgoing import Drop, Invitation, Kind, Later, Mail
from patients.sending import ATTEMPTS, deliver, sweep, try_again
from patients.tests.factories import ConsentFactory, MessageFactory, PatientFactory
from portal.core.mailbox import Folder
from portal.core.models import User

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
HELLO = Mail(subject="Hello", text="Hi", html="<p>Hi</p>", zone=ZoneInfo("Europe/Amsterdam"))


@pytest.fixture
def composing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Have the kind of `MessageFactory` do this: an outcome, or an error to raise."""

    def compose_as(outcome: Any) -> None:
        def compose(_message: Message, _now: datetime) -> Any:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(outgoing, "_kinds", {"greeting": Kind("greeting", "Hi", compose)})

    compose_as(HELLO)
    return compose_as


def waiting(**fields: Any) -> Message:
    """A message that is due at noon, to a patient who agreed to be written to."""
    patient = PatientFactory(email="ada@example.org", language="nl")
    ConsentFactory(patient=patient, purpose="contact")
    return MessageFactory(**{"patient": patient, "due_at": NOON} | fields)


def read(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def jobs() -> list[tuple[Any, datetime]]:
    found = ProcrastinateJob.objects.filter(status="todo").order_by("id")
    return [(job.args["message_id"], job.scheduled_at) for job in found]


def test_message_is_sent_once_and_says_to_whom(composing: Any, settings: Any) -> None:
    settings.ORGANISATION_EMAIL = "care@portal.example"
    settings.DEFAULT_FROM_EMAIL = "Navigation <care@portal.example>"
    message = waiting(key="greeting.1")

    deliver(message.pk, now=NOON)
    deliver(message.pk, now=NOON + timedelta(days=1))

    sent = read(message)
    assert (sent.status, sent.sent_at, sent.attempts) == ("sent", NOON, 1)
    assert (sent.sent_to, sent.subject, sent.language) == ("ada@example.org", "Hello", "nl")
    (letter,) = mail.outbox
    assert (letter.to, letter.reply_to) == (["ada@example.org"], ["care@portal.example"])
    assert letter.message()["Message-ID"] == "<greeting.1@portal.example>"
    assert [part.content for part in letter.alternatives] == ["<p>Hi</p>"]


def test_invitation_is_both_read_by_the_program_and_saved_by_the_person(composing: Any) -> None:
    composing(
        Mail(
            subject="Call",
            text="Hi",
            html="<p>Hi</p>",
            zone=ZoneInfo("UTC"),
            invitation=Invitation(b"BEGIN:VCALENDAR\r\n", "REQUEST"),
        )
    )

    deliver(waiting().pk, now=NOON)

    parts = {part.get_content_type(): part for part in mail.outbox[0].message().walk()}
    assert parts["text/calendar"].get_param("method") == "REQUEST"
    assert parts["application/ics"].get_filename() == "call.ics"


def test_message_that_is_not_due_is_left_alone(composing: Any) -> None:
    message = waiting(due_at=NOON + timedelta(seconds=1))

    deliver(message.pk, now=NOON)

    assert (read(message).status, read(message).attempts) == ("waiting", 0)


def test_message_that_was_erased_meanwhile_is_nothing(composing: Any) -> None:
    message = waiting()
    Message.objects.all().delete()

    deliver(message.pk, now=NOON)

    assert mail.outbox == []


def test_message_that_is_erased_after_it_was_claimed_is_nothing(
    composing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = waiting()

    def claim(_message_id: Any, *, now: datetime) -> bool:
        Message.objects.all().delete()
        return True

    monkeypatch.setattr(sending, "_claim", claim)

    deliver(message.pk, now=NOON)

    assert mail.outbox == []


@pytest.mark.parametrize("becomes_of_it", ["moves to another record", "is erased"])
def test_message_that_goes_while_it_is_looked_at_is_left_to_the_next_look(
    becomes_of_it: str, composing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = waiting(status="sending", attempts=1)
    survivor = PatientFactory()
    find = Patient.objects.select_for_update

    def lock(**options: Any) -> Any:
        # Between reading whose message it is and holding that person.
        if becomes_of_it == "is erased":
            Message.objects.all().delete()
        else:
            Message.objects.update(patient=survivor)
        return find(**options)

    monkeypatch.setattr(Patient.objects, "select_for_update", lock)

    deliver(message.pk, now=NOON)

    assert mail.outbox == []
    assert not Message.objects.exclude(status="sending").exists()


def test_failure_of_a_message_that_is_gone_is_nobodys(composing: Any) -> None:
    message = waiting(status="sending", attempts=1)
    Message.objects.all().delete()

    sending._failed(message.pk, ZeroDivisionError(), now=NOON)

    assert not Message.objects.exists()


def test_dropped_message_says_why(composing: Any) -> None:
    composing(Drop(Message.Dropped.OVERTAKEN))
    message = waiting()

    deliver(message.pk, now=NOON)

    assert (read(message).status, read(message).dropped_because) == ("dropped", "overtaken")


def test_message_for_later_is_queued_for_then(composing: Any) -> None:
    later = NOON + timedelta(hours=3)
    composing(Later(later))
    message = waiting(attempts=2)

    deliver(message.pk, now=NOON)

    assert (read(message).status, read(message).due_at) == ("waiting", later)
    assert read(message).attempts == 0
    assert jobs() == [(str(message.pk), later)]


# --- poison


def test_message_that_fails_is_tried_less_and_less_often_and_then_set_aside(
    composing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    composing(smtplib.SMTPResponseException(550, b"ada@example.org is unknown"))
    message = waiting()
    now, pauses = NOON, []

    for _attempt in range(ATTEMPTS + 2):
        deliver(message.pk, now=now)
        pauses.append(round((read(message).due_at - now).total_seconds() / 60))
        now = max(now, read(message).due_at)

    assert pauses[:ATTEMPTS] == [1, 4, 16, 64, 256, 0]
    poisoned = read(message)
    assert (poisoned.status, poisoned.attempts) == ("set_aside", ATTEMPTS)
    assert poisoned.last_error == "SMTPResponseException 550"
    assert "ada" not in caplog.text


def test_message_that_fails_does_not_keep_the_others_back(composing: Any) -> None:
    poison, good = waiting(kind="unknown"), None
    good = MessageFactory(patient=poison.patient, due_at=NOON)

    for message in (poison, good):
        deliver(message.pk, now=NOON)

    assert (read(poison).status, read(good).status) == ("waiting", "sent")


def test_message_that_kills_its_worker_every_time_is_set_aside(composing: Any) -> None:
    message = waiting(status="sending", attempts=ATTEMPTS)

    deliver(message.pk, now=NOON)

    assert read(message).status == "set_aside"
    assert mail.outbox == []


def test_message_that_was_set_aside_is_sent_when_somebody_says_so(
    composing: Any, navigator: User
) -> None:
    message = waiting(status="set_aside", attempts=ATTEMPTS, last_error="SMTPException")

    try_again(message_id=message.pk, by=navigator)
    try_again(message_id=message.pk, by=navigator)
    # At noon, as nothing is sent at night, whenever this runs.
    deliver(message.pk, now=timezone.now().replace(hour=11) + timedelta(days=1))

    assert (read(message).status, read(message).attempts) == ("sent", 1)
    assert len(jobs()) == 1


# --- workers that die, and several of them


def test_sweep_queues_what_is_due_and_in_no_queue(composing: Any) -> None:
    lost = waiting(status="sending", attempts=1)
    MessageFactory(patient=lost.patient, due_at=NOON + timedelta(days=1))
    MessageFactory(patient=lost.patient, status="sent", sent_at=NOON)

    assert sweep(now=NOON) == 1
    assert sweep(now=NOON) == 0
    assert jobs() == [(str(lost.pk), NOON)]


def test_sweep_forgets_the_job_of_a_worker_that_died(composing: Any) -> None:
    message = waiting()
    outgoing.enqueue([message.pk], at=NOON)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")

    assert sweep(now=NOON) == 1
    assert [job.status for job in ProcrastinateJob.objects.all()] == ["todo"]


def test_mail_handed_over_again_after_a_death_is_in_the_folder_once(
    composing: Any, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "portal.core.mailbox.Folder"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    message = waiting(key="greeting.1")

    deliver(message.pk, now=NOON)
    # As if the worker had died before the commit.
    Message.objects.update(status="sending", sent_at=None)
    deliver(message.pk, now=NOON)

    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "greeting.1.eml"
    assert b"Subject: Hello" in file.read_bytes()
    assert (read(message).status, read(message).attempts) == ("sent", 2)


class WhileHandedOver(EmailBackend):
    """Does something from outside while a mail is being handed over."""

    then: Callable[[], None]

    def send_messages(self, messages: list[EmailMessage]) -> int:
        type(self).then()
        return super().send_messages(messages)


@pytest.fixture
def meanwhile(settings: Any) -> Iterator[Callable[[Callable[[], None]], None]]:
    settings.EMAIL_BACKEND = f"{__name__}.WhileHandedOver"

    def do(then: Callable[[], None]) -> None:
        WhileHandedOver.then = staticmethod(then)

    return do


def elsewhere(work: Callable[[], None]) -> None:
    """Do this on another connection, and wait for it."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_nobody_changes_the_patient_between_the_decision_and_the_mail(
    composing: Any, meanwhile: Any
) -> None:
    message = waiting()
    refused = []

    def change() -> None:
        try:
            with transaction.atomic():
                Patient.objects.select_for_update(nowait=True).get(pk=message.patient_id)
        except OperationalError as error:
            refused.append(error)

    meanwhile(lambda: elsewhere(change))

    deliver(message.pk, now=NOON)

    assert len(refused) == 1
    assert read(message).status == "sent"


@pytest.mark.django_db(transaction=True)
def test_second_worker_leaves_alone_what_the_first_one_is_sending(
    composing: Any, meanwhile: Any
) -> None:
    message = waiting()
    meanwhile(lambda: elsewhere(lambda: deliver(message.pk, now=NOON)))

    deliver(message.pk, now=NOON)

    assert len(mail.outbox) == 1
    assert (read(message).status, read(message).attempts) == ("sent", 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("locks", "sent"), [(True, 1), (False, 2)], ids=["locked", "without"])
def test_message_that_two_workers_claimed_is_sent_by_one_because_of_the_locks(
    locks: bool, sent: int, composing: Any, meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = waiting()
    claimed = threading.Barrier(2, timeout=20)
    handing_over = threading.Barrier(2, timeout=0.5)

    def claim(message_id: Any, *, now: datetime) -> bool:
        Message.objects.filter(pk=message_id).update(status="sending")
        claimed.wait()
        return True

    def wait_for_the_other() -> None:
        with suppress(threading.BrokenBarrierError):
            handing_over.wait()

    monkeypatch.setattr(sending, "_claim", claim)
    if not locks:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)
    meanwhile(wait_for_the_other)
    workers = [
        threading.Thread(target=lambda: elsewhere(lambda: deliver(message.pk, now=NOON)))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(mail.outbox) == sent


def test_folder_takes_mail_that_names_no_message(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = tmp_path

    Folder().send_messages([EmailMessage("Subject", "Text", to=["ada@example.org"])])

    assert len(list(tmp_path.iterdir())) == 1
