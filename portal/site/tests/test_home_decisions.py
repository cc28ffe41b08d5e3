"""The home page tells who may decide what the migration left over, and nobody else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm_import.tests.factories import (
    FieldConflictFactory,
    HeldRowFactory,
    OptionValueFactory,
)
from patients.tests.factories import PossibleDuplicateFactory
from portal.core.models import User
from portal.roles import Role
from portal.site import blocks, home_decisions

pytestmark = pytest.mark.django_db


@pytest.fixture
def left_over() -> None:
    """One of each, and two rows in quarantine."""
    OptionValueFactory(option_set="eligible", state="proposed", meaning="", seen=3)
    HeldRowFactory.create_batch(2)
    FieldConflictFactory()
    PossibleDuplicateFactory()


def told(user: User) -> dict[str, str]:
    return {
        str(line.name): line.lead for block in home_decisions.blocks(user) for line in block.lines
    }


def test_who_may_decide_is_told_what_waits(
    client: Client, member: Callable[..., User], left_over: None
) -> None:
    assert told(member(Role.NAVIGATOR)) == {"Possible duplicates": "1"}
    assert list(told(member(Role.TEAM_LEAD))) == [
        "Fields with several values",
        "Possible duplicates",
    ]
    assert told(member(Role.AUDITOR)) == {}
    client.force_login(member(Role.DATA_STEWARD))

    page: Any = client.get(reverse("admin:index"))
    block = next(one for one in page.context_data["home"].blocks if one.key == "decisions")
    behind = {
        str(line.name): str(client.get(line.url).context_data["cl"].result_count)  # type: ignore[attr-defined]
        for line in block.lines
    }

    assert block.count == "5"
    assert behind == {
        "Values without a meaning": "1",
        "Rows in quarantine": "2",
        "Fields with several values": "1",
        "Possible duplicates": "1",
    }
    assert behind == {str(line.name): line.lead for line in block.lines}


def test_home_has_no_list_of_decisions_when_nothing_waits(
    member: Callable[..., User],
) -> None:
    assert list(home_decisions.blocks(member(Role.DATA_STEWARD))) == []


def test_counts_that_stop_are_added_with_a_plus() -> None:
    assert blocks.added(["2", "100+", "0"]) == "102+"
