"""What a verb did, in words."""

from collections.abc import Mapping
from typing import Any

import pytest

from portal.core.admin.verbs import counted
from portal.core.models import AccessEvent, User


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, ""),
        ({User: 0}, ""),
        ({User: 1}, "1 user"),
        ({User: 2, AccessEvent: 0}, "2 users"),
        ({User: 2, AccessEvent: 1}, "2 users and 1 access event"),
    ],
)
def test_counts_are_said_in_words(counts: Mapping[Any, int], words: str) -> None:
    assert counted(counts) == words
