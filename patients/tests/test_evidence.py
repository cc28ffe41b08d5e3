"""Why a pair may be one person, in words."""

from typing import Any

import pytest

from patients.admin.evidence import clues, sentence
from patients.models import PossibleDuplicate


@pytest.mark.parametrize(
    ("tier", "evidence", "said"),
    [
        (
            "R3",
            {"name": "same", "agree": ["phone", "condition"], "differ": ["date_of_birth"]},
            "Same name, same phone, same condition; but other date of birth",
        ),
        ("R2", {"name": "other", "agree": ["email"]}, "Same e-mail; but other name"),
        ("R4", {"name": "one_edit", "agree": ["email"]}, "Name one letter apart, same e-mail"),
        (
            "R4",
            {"source": "legacy_crm", "because": "email", "legacy_ids": ["1", "2"]},
            "Same e-mail (CRM), name nearly the same",
        ),
        ("R1", {"because": "contact_record"}, "Linked in the CRM; but other name"),
        ("R3", {"because": "name_and_hospital"}, "Same name and hospital (CRM)"),
        ("R3", {}, "Same name, and condition, phone or date of birth"),
        ("R3", {"name": "same", "agree": ["shoe_size"]}, "Same name, shoe_size"),
        ("R2", {"differ": ["email"]}, "Other e-mail"),
    ],
    ids=str,
)
def test_evidence_is_told_in_words(tier: str, evidence: dict[str, Any], said: str) -> None:
    assert sentence(PossibleDuplicate(tier=tier, evidence=evidence)) == said


def test_clues_say_what_speaks_for_and_against() -> None:
    pair = PossibleDuplicate(
        tier="R4", evidence={"name": "nickname", "agree": ["email"], "differ": ["phone"]}
    )

    assert [(clue.words, clue.speaks) for clue in clues(pair)] == [
        ("short form of the name", "unclear"),
        ("same e-mail", "for"),
        ("other phone", "against"),
    ]
