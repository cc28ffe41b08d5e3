"""A form as somebody fills it in, and drafts that were begun a while ago."""

import time
from typing import Any
from unittest import mock

from django.utils import timezone

from patients.models import ConsentText
from portal.public.drafts import Draft


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
