"""A form as somebody fills it in, forms that were sent, and navigators with time for a call."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from datetime import time as clock
from typing import Any
from unittest import mock

from django.test import Client
from django.utils import timezone

from bookings.availability import free_slots
from bookings.models import SlotRules
from bookings.tests.factories import WorkingHoursFactory
from patients.models import ConsentText, Submission
from patients.tests.factories import ConsentFactory, PatientFactory, SubmissionFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.public.drafts import COOKIE, Draft


def draft_begun(*, seconds_ago: float = 60) -> Draft:
    """A draft that was given out earlier."""
    then = time.time() - seconds_ago
    with mock.patch("django.core.signing.time.time", return_value=then):
        return Draft.new()


def text_shown(purpose: str, *, language: str = "en") -> ConsentText:
    return ConsentText.objects.current(purpose=purpose, language=language, now=timezone.now())


def answers(
    draft: Draft | None = None, *, page_language: str = "en", **changes: Any
) -> dict[str, Any]:
    """What a browser sends for a complete form; `changes` replace answers, None leaves one out."""
    given = {
        "draft": (draft or draft_begun()).token,
        "on_behalf_of": "self",
        "filled_in_by": "",
        "first_name": "Ada",
        "last_name": "Łukasiewicz",
        "country": "NL",
        "condition_text": "Duchenne",
        "hope": "A trial near home.",
        "phone": "06 12345678",
        "email": "ada@example.org",
        "language": "nl",
        "voicemail": "no_name",
        "navigation": "on",
        "contact": "given",
        "navigation_text": str(text_shown("navigation", language=page_language).pk),
        "contact_text": str(text_shown("contact", language=page_language).pk),
        "time_zone": "Europe/Amsterdam",
        "comments_url": "",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def sent_before(draft: Draft, *, ago: timedelta = timedelta(0), **said: Any) -> Submission:
    """A form that became a new lead, with the consents it gives."""
    payload = {
        "on_behalf_of": "self",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.org",
        "phone": "06 12345678",
        "country": "NL",
        "language": "nl",
        "condition_text": "Duchenne",
        "hope": "A trial near home.",
        "voicemail": "none",
        "consents": [{"purpose": "contact", "decision": "given"}],
        **said,
    }
    patient = PatientFactory(
        first_name=payload["first_name"],
        last_name=payload["last_name"],
        country=payload["country"],
        language=payload["language"],
    )
    for consent in payload["consents"]:
        ConsentFactory(patient=patient, **consent)
    submission: Submission = SubmissionFactory(
        patient=patient,
        payload=payload,
        idempotency_key=draft.key,
        received_at=timezone.now() - ago,
    )
    return submission


def visitor(**said: Any) -> tuple[Client, Submission]:
    """The browser of somebody who has sent step 1, and the form they sent."""
    draft, browser = draft_begun(), Client()
    browser.cookies[COOKIE] = draft.token
    return browser, sent_before(draft, **said)


def at_work(
    name: str = "Bart de Boer", *, speaks: Sequence[str] = ("nl",), until: str = "11:00"
) -> User:
    """A navigator with a call of an hour to give at 9 and 10 o'clock UTC, every day."""
    SlotRules.objects.update(minutes=60, buffer_minutes=0, notice_hours=0, per_day=100)
    navigator = UserFactory(name=name, languages_spoken=list(speaks))
    for weekday in range(1, 8):
        WorkingHoursFactory(
            navigator=navigator,
            weekday=weekday,
            starts=clock(9),
            ends=clock.fromisoformat(until),
            time_zone="UTC",
        )
    return navigator


def free_times(count: int, *, language: str = "nl") -> list[datetime]:
    """The first moments from tomorrow on at which somebody who speaks the language is free."""
    now = timezone.now()
    found = free_slots(
        start=now + timedelta(days=1), end=now + timedelta(days=15), now=now, language=language
    )
    return sorted({slot.starts_at for slot in found})[:count]
