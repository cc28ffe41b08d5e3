"""Deciding about a pair of records that may be one person."""

from datetime import UTC, datetime

import pytest

from patients.merging import merge
from patients.models import PossibleDuplicate
from patients.reviewing import decide, missing
from patients.tests.factories import (
    PatientFactory,
    PossibleDuplicateFactory,
    SpecialistFactory,
)
from portal.core.errors import Refused, StaleVersion
from portal.core.models import User

pytestmark = pytest.mark.django_db

State = PossibleDuplicate.State


@pytest.mark.parametrize("decision", [State.SAME, State.DIFFERENT])
def test_decide_keeps_who_and_when(decision: State, navigator: User) -> None:
    pair = PossibleDuplicateFactory()

    decided = decide(duplicate_id=pair.pk, decision=decision, by=navigator)

    assert (decided.state, decided.decided_by) == (decision, navigator)
    assert decided.decided_at is not None


def test_history_says_the_decision_in_words(navigator: User) -> None:
    pair = PossibleDuplicateFactory()

    decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=navigator)

    context = pair.events.order_by("-pgh_id")[0].pgh_context.metadata
    assert context["reason"] == "decided: not the same person"


def test_decide_later_is_no_decision_and_stays_in_the_queue(navigator: User) -> None:
    pair = PossibleDuplicateFactory(state="different", decided_at=datetime(2026, 1, 1, tzinfo=UTC))

    decided = decide(duplicate_id=pair.pk, decision=State.LATER, by=navigator)

    assert (decided.state, decided.decided_at, decided.decided_by) == ("later", None, None)
    assert PossibleDuplicate.objects.open().get() == pair


def test_decide_the_same_again_changes_nothing(navigator: User) -> None:
    pair = PossibleDuplicateFactory()
    first = decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=navigator)

    again = decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=navigator)

    assert again.version == first.version == 2


def test_decide_that_patient_and_specialist_are_one_is_refused(navigator: User) -> None:
    pair = PossibleDuplicateFactory(
        second_patient=None, first_specialist=SpecialistFactory(), tier="R5"
    )

    with pytest.raises(Refused) as refused:
        decide(duplicate_id=pair.pk, decision=State.SAME, by=navigator)

    assert refused.value.code == "not_a_patient"
    assert missing(pair, State.DIFFERENT) == ()
    assert decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=navigator).decided_at


def test_decide_what_somebody_decided_otherwise_meanwhile_is_refused(navigator: User) -> None:
    pair = PossibleDuplicateFactory()
    decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=navigator, version=1)

    with pytest.raises(StaleVersion):
        decide(duplicate_id=pair.pk, decision=State.SAME, by=navigator, version=1)

    again = decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=navigator, version=1)
    assert again.version == 2


def test_queue_is_ordered_by_what_has_to_be_done_then_by_evidence(navigator: User) -> None:
    made = [
        PossibleDuplicateFactory(tier=tier, state=state)
        for state in (State.LATER, State.OPEN)
        for tier in ("R5", "R2", "R1", "R3", "R4", "R9")
    ]
    to_merge, different = PossibleDuplicateFactory(), PossibleDuplicateFactory()
    decide(duplicate_id=to_merge.pk, decision=State.SAME, by=navigator)
    decide(duplicate_id=different.pk, decision=State.DIFFERENT, by=navigator)

    waiting = list(PossibleDuplicate.objects.waiting().in_queue())

    later, reviewed = made[:6], made[6:]
    strongest_first = [4, 3, 2, 1, 0, 5]
    assert waiting == [
        to_merge,
        *(reviewed[number] for number in strongest_first),
        *(later[number] for number in strongest_first),
    ]
    queue = PossibleDuplicate.objects.all()
    assert [queue.following(pair) for pair in waiting] == [*waiting[1:], different]
    assert queue.following(PossibleDuplicate.objects.get(pk=different.pk)) is None


def test_following_pair_of_the_same_moment_is_the_older_id() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    first, second = (PossibleDuplicateFactory(created_at=now) for _number in range(2))
    older, younger = sorted((first, second), key=lambda pair: pair.pk)

    assert PossibleDuplicate.objects.all().following(younger) == older
    assert PossibleDuplicate.objects.all().following(older) is None


def test_decide_nothing_is_refused(navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        decide(duplicate_id=PossibleDuplicateFactory().pk, decision=State.OPEN, by=navigator)

    assert refused.value.code == "no_decision"


def test_pair_that_was_merged_meanwhile_is_gone(navigator: User) -> None:
    first, second = PatientFactory(), PatientFactory()
    pair = PossibleDuplicateFactory(first_patient=first, second_patient=second)
    merge(survivor_id=second.pk, loser_id=first.pk, by=navigator)

    with pytest.raises(PossibleDuplicate.DoesNotExist):
        decide(duplicate_id=pair.pk, decision=State.SAME, by=navigator)
