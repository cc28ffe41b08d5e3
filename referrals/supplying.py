"""Medicine for one patient: planned, released by the sponsor, shipped, delivered; or it was not.

`plan` begins a shipment and `take` does one of `MOVES`. Each of them works out anew how long the
delivered stock lasts and when to order again (`recount`). Nothing is released or shipped for a
dossier that is closed, for somebody who has died, whom no physician treats in a hospital, or who
has not allowed it; what has left already is delivered, lost or sent back whatever became of them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Consent, Hospital
from portal.core.errors import Missing
from portal.core.history import acting
from portal.core.models import User
from referrals import conditions, moves, running_out
from referrals.happening import day_of
from referrals.models import EAPDossier, Responsible, Shipment
from referrals.moves import Move

Status = Shipment.Status
Reason = Shipment.Reason


def _is_treated(shipment: Shipment) -> Missing | None:
    """Medicine goes to the pharmacy of a hospital, never to somebody's home."""
    return conditions.treated(shipment.dossier.patient)


def _may_be_shared(shipment: Shipment) -> Missing | None:
    """The company learns of it, and so do the hospital and its pharmacy, where it goes."""
    purpose, pharmacy = Consent.Purpose.EAP_SPONSOR, Responsible.PHARMACY
    return conditions.shared(shipment.dossier, purpose, to=pharmacy)


def hospital_of(dossier: EAPDossier) -> Hospital | None:
    """Where the patient is treated: by their physician, else where they were when sent last."""
    physician = dossier.patient.physician
    if physician is not None and physician.hospital is not None:
        return physician.hospital
    return dossier.hospital


_LEAVES = (moves.dossier_is_open, _is_treated, _may_be_shared)

MOVES = (
    Move(
        "release",
        gettext_lazy("Released by the sponsor"),
        (Status.PLANNED,),
        Status.RELEASED,
        asks=("batch", "expires_on"),
        guards=_LEAVES,
    ),
    Move(
        "ship",
        gettext_lazy("Shipped"),
        (Status.RELEASED,),
        Status.SHIPPED,
        asks=("carrier", "tracking_reference", "batch", "expires_on"),
        guards=_LEAVES,
    ),
    Move(
        "deliver",
        gettext_lazy("Delivered"),
        (Status.SHIPPED,),
        Status.DELIVERED,
        asks=("received_by", "lasts_days", "batch", "expires_on"),
    ),
    Move(
        "lose",
        gettext_lazy("Lost on the way"),
        (Status.SHIPPED,),
        Status.LOST,
        reasons=(Reason.CARRIER, Reason.CUSTOMS, Reason.OTHER),
    ),
    Move(
        "send-back",
        gettext_lazy("Returned"),
        (Status.SHIPPED, Status.DELIVERED),
        Status.RETURNED,
        reasons=(
            Reason.COLD_CHAIN,
            Reason.DAMAGED,
            Reason.EXPIRED,
            Reason.WRONG_GOODS,
            Reason.CUSTOMS,
            Reason.NOT_NEEDED,
            Reason.OTHER,
        ),
    ),
    Move(
        "cancel",
        gettext_lazy("Cancel the shipment"),
        (Status.PLANNED, Status.RELEASED),
        Status.CANCELLED,
        reasons=(Reason.NOT_NEEDED, Reason.WRONG_GOODS, Reason.OTHER),
    ),
)
# Where the day of a move is kept; of those that end a shipment, in `ended_on`.
_MARKED = {
    Status.RELEASED: "released_on",
    Status.SHIPPED: "shipped_on",
    Status.DELIVERED: "delivered_on",
}


def plan(shipment: Shipment, *, by: User) -> None:
    """Save the new, validated `shipment`, which is planned.

    Raises Refused (`closed`, `dossier_closed`, `deceased`, `restricted`, `merged`).
    """
    with transaction.atomic(), acting(by=by, reason="shipment: plan"):
        moves.begin_part(shipment, guard=moves.dossier_is_open)


def take(
    move: Move,
    *,
    shipment_id: UUID,
    by: User,
    on: date | None = None,
    reason: str = "",
    remark: str = "",
    details: Mapping[str, Any] | None = None,
) -> Shipment:
    """Do `move` and return the shipment; one that has the target's status already stays so.

    `on` is the day it happened, today without it. `details` fill in the columns that the move
    asks for; what is blank in them changes nothing.

    Raises Refused for another status and for what is missing, ValidationError for a reason, a day
    or a detail that makes no sense.
    """
    with transaction.atomic(), acting(by=by, reason=remark or f"shipment: {move.name}"):
        shipment: Shipment = moves.locked_part(Shipment, shipment_id)
        if move.is_done(shipment):
            return shipment
        moves.refuse_unless_possible(shipment, move, by=by)
        day = day_of(on, since=shipment.since)
        shipment.reason = moves.coded_reason(move, reason, remark)
        if remark.strip():
            shipment.remark = remark.strip()
        _fill_in(shipment, move, details or {})
        shipment.status = move.target
        setattr(shipment, _MARKED.get(move.target, "ended_on"), day)
        if move.target != Status.DELIVERED:
            shipment.runs_out_on = shipment.resupply_by = None
        shipment.validate_constraints()
        shipment.save()
        _recount(shipment.dossier)
        shipment.refresh_from_db()
        return shipment


def recount(*, dossier_id: UUID) -> None:
    """Work out anew how long what was delivered lasts, after a delivery was corrected."""
    with transaction.atomic():
        dossier = EAPDossier.objects.select_related("program", "hospital", "patient")
        _recount(dossier.get(pk=dossier_id))


def _recount(dossier: EAPDossier) -> None:
    rows = Shipment.objects.filter(dossier=dossier, status=Status.DELIVERED)
    delivered: list[Any] = list(rows.select_for_update(of=("self",)).order_by("delivered_on", "id"))
    ends = running_out.runs_out(
        running_out.Stock(each.delivered_on, each.lasts_days, each.expires_on) for each in delivered
    )
    lead_days, country = dossier.program.days_to_resupply, country_of(dossier)
    for shipment, end in zip(delivered, ends, strict=True):
        by = end and running_out.resupply_by(end, lead_days=lead_days, country=country)
        if (shipment.runs_out_on, shipment.resupply_by) != (end, by):
            shipment.runs_out_on, shipment.resupply_by = end, by
            shipment.save(update_fields=("runs_out_on", "resupply_by"))


def country_of(dossier: EAPDossier) -> str:
    """Whose working days count: the hospital's, else the patient's; blank for neither."""
    hospital = hospital_of(dossier)
    return (hospital.country if hospital is not None else "") or dossier.patient.country


def _fill_in(shipment: Shipment, move: Move, details: Mapping[str, Any]) -> None:
    for name, value in details.items():
        if name not in move.asks:
            message = _("This is not said here.")
            raise ValidationError({name: ValidationError(message, code="not_for_this")})
        if value not in (None, ""):
            setattr(shipment, name, value)
