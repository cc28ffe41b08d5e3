"""A form on the page: names and codes in words, nothing left out."""

import re
from html import unescape
from typing import Any

import pytest

from patients.admin import wording
from patients.models import Submission


def shown(**fields: Any) -> dict[str, str]:
    page = wording.said(Submission(**fields))
    return dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", unescape(page)))


def test_form_is_shown_in_words() -> None:
    payload = {
        "on_behalf_of": "parent",
        "country": "NL",
        "language": "nl",
        "voicemail": "none",
        "hope": "a trial",
        "consents": [
            {"purpose": "contact", "decision": "refused", "text_version": "2026-11"},
        ],
        "campaign": "spring",
    }

    assert shown(source="landing_page", payload=payload) == {
        "Filled in for": "Parent",
        "Country": "Netherlands",
        "Language": "Dutch",
        "Voicemail": "No voicemail",
        "What they hope for": "a trial",
        "Consents": "being called and written to, Refused, 2026-11",
        "campaign": "spring",
    }


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"certain": ["E1"]}, "Certainly the same"),
        ({"settled_by": "date of birth"}, "Settled by"),
        ({}, "–"),
    ],
    ids=["certain", "settled", "none"],
)
def test_how_it_was_matched_is_said_in_words(evidence: dict[str, Any], words: str) -> None:
    assert words in wording.matched(Submission(match_evidence=evidence))
