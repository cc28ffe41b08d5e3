"""The worker as a process: killed at any moment, told to stop, or run once."""

import random
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from bookings import telling
from bookings.models import Booking
from patients import outgoing
from patients.models import Consent, Message, Patient
from portal.core.tests.factories import UserFactory
from portal.tests.counting import handed_over
from portal.tests.workers import nursery

KILLS = 20

pytestmark = pytest.mark.django_db(transaction=True)


def reminders(count: int, *, due_at: datetime) -> set[str]:
    """Calls of as many people, of which each is to be reminded; the keys of the messages."""
    navigator = UserFactory()
    people = Patient.objects.bulk_create(
        Patient(first_name=f"P{n}", email=f"p{n}@example.org", language="nl") for n in range(count)
    )
    Consent.objects.bulk_create(
        Consent(
            patient=patient,
            purpose="contact",
            decision="given",
            text_version="2026-01",
            language="nl",
            method="web_form",
        )
        for patient in people
    )
    # Sent at any hour of the day that this test is run at.
    starts_at = due_at + timedelta(hours=1)
    calls = Booking.objects.bulk_create(
        Booking(
            patient=patient,
            navigator=navigator,
            starts_at=starts_at + timedelta(minutes=n),
            ends_at=starts_at + timedelta(minutes=n + 1),
            reminder_at=due_at,
        )
        for n, patient in enumerate(people)
    )
    messages = Message.objects.bulk_create(
        Message(
            patient_id=call.patient_id,
            kind=telling.REMINDER.name,
            key=f"{telling.REMINDER.name}.{call.pk}",
            about_model="bookings.Booking",
            about_id=call.pk,
            answers=True,
            due_at=due_at,
        )
        for call in calls
    )
    outgoing.enqueue([message.pk for message in messages], at=due_at)
    return {message.key for message in messages}


def sent(folder: Path) -> int:
    """How many mails were handed over."""
    return len(list(folder.glob("*.eml")))


def is_done() -> bool:
    return not Message.objects.unfinished().exists()


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_reminders_are_sent_once_by_key_whenever_the_worker_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    keys = reminders(500, due_at=timezone.now())
    when = random.Random(13)  # noqa: S311 - moments to kill at

    with nursery(folder) as workers:
        for kill in range(KILLS):
            worker = workers.worker()
            # Some are killed while they start, most in the middle of their work.
            wanted = sent(folder) + when.randrange(1, 20)
            if kill % 5:
                wait_until(lambda: sent(folder) >= wanted)  # noqa: B023
            time.sleep(when.random() / 50)
            assert worker.end(signal.SIGKILL) == -signal.SIGKILL
        assert sent(folder) < len(keys), "killed too late to prove anything"
        worker = workers.worker()
        assert wait_until(is_done)
        assert worker.end(signal.SIGTERM) == 0

    assert {path.stem for path in folder.glob("*.eml")} == keys
    # Handed over once each, but for the one that each kill may have come in the middle of.
    handed = handed_over(folder)
    assert set(handed) == keys
    assert len(handed) - len(keys) <= KILLS
    assert set(Message.objects.filter(status="sent").values_list("key", flat=True)) == keys
    # And nobody marked one as sent twice.
    events = Message.objects.model.pgh_event_model.objects
    assert events.filter(status="sent").count() == len(keys)


def test_two_workers_at_once_send_each_once(tmp_path: Path) -> None:
    keys = reminders(40, due_at=timezone.now())

    with nursery(tmp_path) as one, nursery(tmp_path) as two:
        pair = [one.worker(), two.worker()]
        assert wait_until(is_done)
        assert [worker.end(signal.SIGTERM) for worker in pair] == [0, 0]

    assert sorted(handed_over(tmp_path)) == sorted(keys)
    assert not Message.objects.exclude(status="sent").exists()


def test_worker_run_once_sends_what_is_due_and_ends(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "portal.core.mailbox.Folder"
    settings.EMAIL_FILE_PATH = tmp_path
    due = reminders(2, due_at=timezone.now())
    Message.objects.filter(key=min(due)).update(due_at=timezone.now() + timedelta(days=1))

    call_command("worker", "--once")

    assert {path.stem for path in tmp_path.iterdir()} == {max(due)}


def test_worker_that_is_attached_ends_with_its_standard_input(tmp_path: Path) -> None:
    with nursery(tmp_path) as workers:
        worker = workers.worker("--attached")
        workers.orders.close()

        assert worker.exit_code() == 0
