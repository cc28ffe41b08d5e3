"""What can be done to a part of a dossier, as tables: shipments, follow-ups, safety reports.

Each has a tuple of `Move`s and a verb that does one of them. The workplace and REST offer what
`possible` returns. Locking is in the same order everywhere: the patient, then the row.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from patients.locking import locked, restriction
from patients.models import Patient
from patients.overriding import demand
from portal.core.errors import Missing, Refused
from portal.core.models import User
from referrals.happening import RowT, locked_row
from referrals.models import EAPDossier
from referrals.possible import Possible

Guard = Callable[[Any], "Missing | None"]


@dataclass(frozen=True, slots=True)
class Move:
    """Something that can be done to a row in one of the statuses `sources`.

    `asks` are the columns that may be filled in while doing it. Rules whose code is in
    `overridable` can be set aside by a team lead or data steward, by saying why.
    """

    name: str
    label: str | Promise
    sources: Collection[Any]
    target: Any
    reasons: Collection[Any] = ()  # one has to be given when there are any
    asks: Sequence[str] = ()
    guards: Collection[Guard] = ()
    overridable: Collection[str] = ()
    # The column that is filled when it is done, where the status alone does not say so.
    marks: str = ""

    def is_done(self, row: Any) -> bool:
        """Whether the row says so already."""
        if self.marks:
            return getattr(row, self.marks) is not None
        return bool(row.status == self.target)


# --- what has to be true --------------------------------------------------------------------------


def dossier_is_open(row: Any) -> Missing | None:
    """For what is only begun, or sent, while somebody is treated."""
    patient = row.dossier.patient
    if patient.is_deceased:
        return Missing("deceased", _("This person has died."))
    if patient.stage == Patient.Stage.CLOSED:
        return Missing("closed", _("The record is closed. Reopen it first."))
    if row.dossier.state != EAPDossier.State.OPEN:
        return Missing("dossier_closed", _("The dossier is closed."))
    return None


def missing(row: Any, move: Move) -> tuple[Missing, ...]:
    """What is in the way of a move that the status allows; empty when nothing is."""
    found = restriction(row.dossier.patient)
    return (*found, *(lack for guard in move.guards if (lack := guard(row))))


def is_offered(row: Any, move: Move) -> bool:
    """Whether the status allows it, and it was not done yet."""
    return row.status in move.sources and not move.is_done(row)


def possible(row: Any, moves: Collection[Move]) -> tuple[Possible[Move], ...]:
    """What can be done to a row as it is, each with what is missing."""
    return tuple(Possible(move, missing(row, move)) for move in moves if is_offered(row, move))


def refuse_unless_possible(row: Any, move: Move, *, by: User, override: str = "") -> None:
    """Raise Refused for another status and for what is missing; see `patients.overriding`."""
    if row.status not in move.sources:
        status = row.get_status_display().lower()
        message = _("Not possible in this status: %(status)s.") % {"status": status}
        raise Refused(message, code="wrong_status")
    demand(
        row.dossier.patient,
        missing(row, move),
        by=by,
        override=override,
        overridable=move.overridable,
    )


# --- rows and days --------------------------------------------------------------------------------


def locked_part(model: type[RowT], row_id: UUID) -> RowT:
    """The row of a dossier with the dossier and patient read; see `happening.locked_row`."""
    joined = ("dossier__program", "dossier__hospital")
    return locked_row(model, row_id, joined=joined, path="dossier__patient")


def begin_part(row: Any, *, guard: Guard | None = None) -> None:
    """Save a new, validated row of a dossier, in a transaction of the caller.

    Raises Refused for a patient who is restricted, merged away or erased, and what `guard` says.
    """
    row.dossier.patient = locked(row.dossier.patient_id, no_key=True)
    row.dossier.refresh_from_db(fields=("state",))
    lack = guard(row) if guard is not None else None
    if lack is not None:
        raise Refused(lack.message, code=lack.code, missing=[lack])
    row.save(force_insert=True)


def coded_reason(move: Move, reason: str, remark: str) -> str:
    """The reason, when it is one of the move's. Raises ValidationError when it is not."""
    if not move.reasons:
        if reason:
            message = _("This takes no reason.")
            raise ValidationError({"reason": ValidationError(message, code="not_for_this")})
        return ""
    if reason not in move.reasons:
        message = _("Say why, with one of the reasons that belong to it.")
        raise ValidationError({"reason": ValidationError(message, code="required")})
    if reason == "other" and not remark.strip():
        message = _("Say in words what the other reason is.")
        raise ValidationError({"remark": ValidationError(message, code="required")})
    return reason
