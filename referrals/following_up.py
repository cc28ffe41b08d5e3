"""Looking after somebody who is treated: what was agreed, what was done, and what comes next.

`schedule` puts a follow-up down and `take` does one of `MOVES`. One that comes again puts the next
one down when it is done, as long as the dossier is open. Reports to the sponsor and the authority
are owed after a treatment as well, so they may be put down for a dossier that is closed.
"""

from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.errors import Missing
from portal.core.history import acting
from portal.core.models import User
from referrals import moves
from referrals.happening import day_of
from referrals.models import FollowUp
from referrals.moves import Move
from referrals.running_out import next_due

Status = FollowUp.Status

MOVES = (
    Move("finish", gettext_lazy("Done"), (Status.OPEN,), Status.DONE, asks=("outcome_text",)),
    Move(
        "cancel",
        gettext_lazy("Cancel the follow-up"),
        (Status.OPEN,),
        Status.CANCELLED,
        asks=("outcome_text",),
    ),
)


def may_begin(follow_up: FollowUp) -> Missing | None:
    """Nothing more is agreed with somebody who has died or whose dossier is closed."""
    return None if follow_up.kind in FollowUp.REPORTS else moves.dossier_is_open(follow_up)


def schedule(follow_up: FollowUp, *, by: User) -> None:
    """Save the new, validated `follow_up`, which is open.

    Raises Refused (`closed`, `dossier_closed`, `deceased`, `restricted`, `merged`).
    """
    with transaction.atomic(), acting(by=by, reason="follow-up: schedule"):
        moves.begin_part(follow_up, guard=may_begin)


def take(
    move: Move, *, follow_up_id: UUID, by: User, on: date | None = None, outcome_text: str = ""
) -> FollowUp:
    """Do `move` and return the follow-up; one that has the target's status already stays so.

    `on` is the day it was done, today without it. What is cancelled says why in `outcome_text`.

    Raises Refused for another status and for what is missing, ValidationError for a day to come
    and a cancellation without a word.
    """
    said = outcome_text.strip()
    with transaction.atomic(), acting(by=by, reason=f"follow-up: {move.name}"):
        follow_up: FollowUp = moves.locked_part(FollowUp, follow_up_id)
        if move.is_done(follow_up):
            return follow_up
        moves.refuse_unless_possible(follow_up, move, by=by)
        if move.target == Status.DONE:
            follow_up.done_on = day_of(on, since=None)
        elif not said:
            message = _("Say why it is not done.")
            raise ValidationError({"outcome_text": ValidationError(message, code="required")})
        follow_up.status = move.target
        follow_up.outcome_text = said or follow_up.outcome_text
        follow_up.save()
        _put_down_next(follow_up)
        return follow_up


def _put_down_next(done: FollowUp) -> None:
    if done.repeats_days is None or done.done_on is None or moves.dossier_is_open(done):
        return
    FollowUp.objects.create(
        dossier=done.dossier,
        kind=done.kind,
        responsible=done.responsible,
        instructions=done.instructions,
        due_on=next_due(due_on=done.due_on, done_on=done.done_on, every_days=done.repeats_days),
        repeats_days=done.repeats_days,
    )
