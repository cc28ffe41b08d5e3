"""Follow-ups: done, cancelled, coming again, and after the end."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import following_up, moves
from referrals.following_up import MOVES
from referrals.models import FollowUp
from referrals.tests.factories import FollowUpFactory
from referrals.tests.parts import dossier

pytestmark = pytest.mark.django_db

FINISH, CANCEL = MOVES


def statuses(made: FollowUp) -> list[tuple[str, date]]:
    rows = FollowUp.objects.filter(dossier=made.dossier).order_by("due_on")
    return list(rows.values_list("status", "due_on"))


@pytest.mark.parametrize(
    ("status", "expected"), [("open", {"finish", "cancel"}), ("done", set()), ("cancelled", set())]
)
def test_what_can_be_done_with_a_follow_up(status: str, expected: set[str]) -> None:
    done = {"done_on": date(2026, 6, 15)} if status == "done" else {}
    follow_up = FollowUpFactory(status=status, **done)

    assert {each.action.name for each in moves.possible(follow_up, MOVES)} == expected
    for move in MOVES:
        if move.name not in expected and move.target != status:
            with pytest.raises(Refused) as refused:
                following_up.take(move, follow_up_id=follow_up.pk, by=UserFactory())
            assert refused.value.code == "wrong_status"


def test_finish_keeps_what_came_of_it_and_puts_down_the_next_one() -> None:
    follow_up = FollowUpFactory(
        dossier=dossier(), repeats_days=28, instructions="ALT, AST", responsible="physician"
    )

    for _click in range(2):
        done = following_up.take(
            FINISH,
            follow_up_id=follow_up.pk,
            by=UserFactory(),
            on=date(2026, 6, 17),
            outcome_text="Normal.",
        )

    assert (done.status, done.done_on, done.outcome_text) == ("done", date(2026, 6, 17), "Normal.")
    assert statuses(done) == [("done", date(2026, 6, 15)), ("open", date(2026, 7, 13))]
    following = FollowUp.objects.open().get()
    assert (following.kind, following.instructions) == ("lab", "ALT, AST")
    assert (following.responsible, following.repeats_days) == ("physician", 28)


@pytest.mark.parametrize("ending", ["closed", "deceased", "dossier_closed"])
def test_what_was_done_is_kept_after_the_end_and_does_not_come_again(ending: str) -> None:
    follow_up = FollowUpFactory(dossier=dossier(ending), repeats_days=28)

    following_up.take(FINISH, follow_up_id=follow_up.pk, by=UserFactory())

    assert statuses(follow_up) == [("done", date(2026, 6, 15))]


def test_cancel_says_why() -> None:
    follow_up = FollowUpFactory(dossier=dossier(), repeats_days=28)
    with pytest.raises(ValidationError, match="Say why"):
        following_up.take(CANCEL, follow_up_id=follow_up.pk, by=UserFactory())

    following_up.take(
        CANCEL, follow_up_id=follow_up.pk, by=UserFactory(), outcome_text="Moved abroad."
    )

    assert statuses(follow_up) == [("cancelled", date(2026, 6, 15))]


@pytest.mark.parametrize("ending", ["closed", "deceased", "dossier_closed"])
@pytest.mark.parametrize("kind", FollowUp.Kind.values)
def test_after_the_end_only_reports_are_put_down(kind: str, ending: str) -> None:
    follow_up = FollowUp(dossier=dossier(ending), kind=kind, due_on=date(2026, 7, 1))

    try:
        following_up.schedule(follow_up, by=UserFactory())
        answer = "kept"
    except Refused as refused:
        answer = refused.code

    assert answer == ("kept" if kind in FollowUp.REPORTS else ending)


def test_nothing_is_put_down_for_somebody_who_is_restricted() -> None:
    follow_up = FollowUp(
        dossier=dossier("restricted"), kind="sponsor_report", due_on=date(2026, 7, 1)
    )

    with pytest.raises(Refused) as refused:
        following_up.schedule(follow_up, by=UserFactory())

    assert refused.value.code == "restricted"


def test_day_to_come_is_no_day_on_which_it_was_done() -> None:
    follow_up = FollowUpFactory(dossier=dossier())

    with pytest.raises(ValidationError, match="still to come"):
        following_up.take(
            FINISH,
            follow_up_id=follow_up.pk,
            by=UserFactory(),
            on=timezone.localdate() + timedelta(days=1),
        )


def test_due_are_the_open_ones_up_to_today() -> None:
    due = FollowUpFactory()
    FollowUpFactory(due_on=date(2026, 6, 16))
    FollowUpFactory(status="done", done_on=date(2026, 6, 15))

    assert list(FollowUp.objects.due(today=date(2026, 6, 15))) == [due]


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"status": "done"}, "done_says_when"),
        ({"status": "open", "done_on": date(2026, 6, 15)}, "done_says_when"),
        ({"repeats_days": 0}, "repeats"),
    ],
)
def test_database_refuses_a_follow_up_that_cannot_be(
    fields: dict[str, object], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=f"referrals_followup_{constraint}"):
        FollowUpFactory(**fields)


def test_far_day_is_refused_on_the_page(client: Client, navigator: User) -> None:
    client.force_login(navigator)
    said = {"dossier": dossier().pk, "kind": "lab", "due_on": "9999-12-31"}

    shown = client.post(reverse("admin:referrals_followup_add"), said).content.decode()

    assert "more than 50 years ahead" in shown
    assert not FollowUp.objects.exists()
