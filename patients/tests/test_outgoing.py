"""The gate: to whom, when and in which language something may be said."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import translation
from procrastinate.contrib.django.models import ProcrastinateJob

from patients import outgoing
from patients.models import Message, Patient
from patients.outgoing import Drop, Kind, Later, Mail, decide, quiet_until, say
from patients.tests.factories import ConsentFactory, MessageFactory, PatientFactory

pytestmark = pytest.mark.django_db

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)  # 12:00 in Amsterdam
Dropped = Message.Dropped


def words(**fields: Any) -> Mail:
    return Mail(
        **{"subject": "Hello", "text": "Hi", "html": "<p>Hi</p>", "zone": AMSTERDAM} | fields
    )


def kind(outcome: Any, name: str = "greeting") -> Kind:
    return Kind(name, "Greeting", lambda _message, _now: outcome)


@pytest.fixture(autouse=True)
def no_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(outgoing, "_kinds", {})
    return


def reachable(**fields: Any) -> Patient:
    """A patient who agreed to be written to."""
    patient = PatientFactory(**fields)
    ConsentFactory(patient=patient, purpose="contact")
    return patient


def test_message_to_somebody_who_agreed_is_composed() -> None:
    mail = words()
    outgoing.join(kind(mail))

    assert decide(MessageFactory(patient=reachable()), now=NOON) is mail


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"deceased_on": date(2026, 11, 1)}, Dropped.DECEASED),
        ({"stage": "closed", "closed_reason": "deceased"}, Dropped.DECEASED),
        ({"stage": "closed", "closed_reason": "withdrawn"}, Dropped.CLOSED),
        ({"do_not_contact": True}, Dropped.DO_NOT_CONTACT),
        ({"processing_restricted": True}, Dropped.RESTRICTED),
        ({"email": ""}, Dropped.NO_ADDRESS),
    ],
    ids=lambda value: str(value),
)
def test_message_is_dropped_without_being_composed(fields: dict[str, Any], why: Dropped) -> None:
    outgoing.join(Kind("greeting", "Greeting", lambda *_: pytest.fail("composed")))

    assert decide(MessageFactory(patient=reachable(**fields)), now=NOON) == Drop(why)


@pytest.mark.parametrize("decisions", [(), ("given", "withdrawn"), ("refused",)])
def test_message_without_consent_in_force_is_dropped(decisions: tuple[str, ...]) -> None:
    patient = PatientFactory()
    for day, decision in enumerate(decisions, 1):
        ConsentFactory(
            patient=patient,
            purpose="contact",
            decision=decision,
            decided_at=datetime(2026, 1, day, tzinfo=UTC),
        )
    outgoing.join(kind(words()))

    assert decide(MessageFactory(patient=patient), now=NOON) == Drop(Dropped.NO_CONSENT)


def test_portal_without_mail_drops_every_message(settings: Any) -> None:
    settings.MAIL_IS_ON = False
    outgoing.join(kind(words()))

    assert decide(MessageFactory(patient=reachable()), now=NOON) == Drop(Dropped.MAIL_OFF)


@pytest.mark.parametrize(
    ("language", "spoken"),
    [("nl", "nl"), ("es-mx", "es"), ("en", "en"), ("fr", "en"), ("", "en"), ("zz", "en")],
)
def test_message_is_composed_in_the_patients_language_or_english(
    language: str, spoken: str
) -> None:
    heard = []

    def compose(_message: Message, _now: datetime) -> Mail:
        heard.append(translation.get_language())
        return words()

    outgoing.join(Kind("greeting", "Greeting", compose))

    decide(MessageFactory(patient=reachable(language=language)), now=NOON)

    assert heard == [spoken]


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-11-23 07:59", "2026-11-23 08:00"),
        ("2026-11-23 08:00", ""),
        ("2026-11-23 19:59", ""),
        ("2026-11-23 20:00", "2026-11-24 08:00"),
        ("2026-11-24 00:00", "2026-11-24 08:00"),
        # The night in which the clocks go back.
        ("2026-10-24 23:00", "2026-10-25 08:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/New_York", "Asia/Kathmandu"])
def test_quiet_hours_are_those_of_the_patients_clock(zone: str, local: str, until: str) -> None:
    place = ZoneInfo(zone)
    now = datetime.fromisoformat(local).replace(tzinfo=place).astimezone(UTC)

    found = quiet_until(now, zone=place)

    assert (f"{found:%Y-%m-%d %H:%M}" if found else "") == until


NIGHT = datetime(2026, 11, 23, 22, tzinfo=AMSTERDAM)
MORNING = datetime(2026, 11, 24, 8, tzinfo=AMSTERDAM)


def test_message_in_the_quiet_hours_waits_for_the_morning() -> None:
    outgoing.join(kind(words(until=MORNING + timedelta(hours=1))))

    assert decide(MessageFactory(patient=reachable()), now=NIGHT) == Later(MORNING)


def test_message_that_would_come_too_late_in_the_morning_is_sent_in_the_quiet_hours() -> None:
    mail = words(until=MORNING)
    outgoing.join(kind(mail))

    assert decide(MessageFactory(patient=reachable()), now=NIGHT) is mail


def test_message_that_should_be_read_before_the_morning_is_sent_in_the_quiet_hours() -> None:
    mail = words(before=MORNING, until=MORNING + timedelta(days=3))
    outgoing.join(kind(mail))

    assert decide(MessageFactory(patient=reachable()), now=NIGHT) is mail


def test_message_that_the_patient_waits_for_is_sent_at_any_hour() -> None:
    mail = words()
    outgoing.join(kind(mail))

    assert decide(MessageFactory(patient=reachable(), answers=True), now=NIGHT) is mail


@pytest.mark.parametrize("answers", [False, True])
def test_message_after_it_can_be_of_use_is_dropped(answers: bool) -> None:
    outgoing.join(kind(words(until=NOON)))
    message = MessageFactory(patient=reachable(), answers=answers)

    assert decide(message, now=NOON) == Drop(Dropped.TOO_LATE)


# --- the outbox


def test_said_again_is_the_message_that_is_there() -> None:
    patient, greeting = PatientFactory(), kind(words())

    first = say(greeting, patient_id=patient.pk, due_at=NOON, about=patient)
    again = say(greeting, patient_id=patient.pk, due_at=NOON + timedelta(days=1), about=patient)

    assert again.pk == first.pk
    assert first.key == f"greeting.{patient.pk}"
    assert Message.objects.get().due_at == NOON
    job = ProcrastinateJob.objects.get()
    assert job.args == {"message_id": str(first.pk)}
    assert job.scheduled_at == NOON


def test_said_again_for_an_earlier_time_is_looked_at_then() -> None:
    patient, greeting, earlier = PatientFactory(), kind(words()), NOON - timedelta(days=1)
    say(greeting, patient_id=patient.pk, due_at=NOON)

    say(greeting, patient_id=patient.pk, due_at=earlier)

    assert Message.objects.get().due_at == earlier
    assert ProcrastinateJob.objects.filter(scheduled_at=earlier).exists()


def test_said_again_after_it_was_sent_stays_sent() -> None:
    patient, greeting = PatientFactory(), kind(words())
    message = say(greeting, patient_id=patient.pk, due_at=NOON)
    Message.objects.filter(pk=message.pk).update(status="sent", sent_at=NOON)

    again = say(greeting, patient_id=patient.pk, due_at=NOON - timedelta(days=1))

    assert (again.status, again.due_at) == ("sent", NOON)
    assert ProcrastinateJob.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_is_said_to_nobody() -> None:
    patient = PatientFactory()

    with transaction.atomic():
        say(kind(words()), patient_id=patient.pk, due_at=NOON)
        transaction.set_rollback(True)

    assert not Message.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_two_kinds_of_one_name_are_refused() -> None:
    outgoing.join(kind(words()))

    with pytest.raises(LookupError, match="declared twice"):
        outgoing.join(kind(words()))


def test_kinds_are_named_also_when_their_app_is_gone() -> None:
    greeting = kind(words())
    outgoing.join(greeting)
    outgoing.join(greeting)

    assert outgoing.kinds() == (greeting,)
    assert (outgoing.label("greeting"), outgoing.label("gone")) == ("Greeting", "gone")
