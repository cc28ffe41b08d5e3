"""Shipments to patients and follow-ups of dossiers over REST."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers

from portal.core.api.fields import Choice, Day, Text, Whole
from portal.core.api.filters import AnyOfFilter, DayFilter, TrueOrFalseFilter
from portal.core.api.serializers import RECORD_FIELDS
from portal.core.models import User
from referrals import following_up, supplying
from referrals.api.parts import (
    MoveSerializer,
    OfDossierFilters,
    OfDossierSerializer,
    OfDossierViewSet,
    add_operations,
    method,
)
from referrals.api.summaries import DossierSummary
from referrals.models import FollowUp, Shipment
from referrals.moves import Move


class ShipmentSerializer(OfDossierSerializer):
    """Medicine on its way to one patient's hospital.

    `runs_out_on` is the first day without it, after what was delivered before; `resupply_by` the
    last day to order, the program's `days_to_resupply` working days earlier.
    """

    class Meta:
        model = Shipment
        fields = (
            *RECORD_FIELDS,
            "dossier",
            "product",
            "quantity",
            "unit",
            "lasts_days",
            "batch",
            "expires_on",
            "status",
            "planned_for",
            "released_on",
            "shipped_on",
            "delivered_on",
            "ended_on",
            "reason",
            "carrier",
            "tracking_reference",
            "received_by",
            "remark",
            "runs_out_on",
            "resupply_by",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            "status",
            "released_on",
            "shipped_on",
            "delivered_on",
            "ended_on",
            "reason",
            "runs_out_on",
            "resupply_by",
        )
        fixed_fields = ("dossier",)
        related = {"dossier": DossierSummary}

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """Save the correction, and count the stock anew."""
        row = super().update(instance, validated_data)
        supplying.recount(dossier_id=row.dossier_id)
        return row


class ShipmentFilters(OfDossierFilters):
    """What the list of shipments can be narrowed by."""

    status = AnyOfFilter(choices=Shipment.Status.choices)
    due_before = DayFilter("resupply_by", "lt", help_text="To be ordered again before that day.")
    resupply_due = TrueOrFalseFilter(
        method="that_are_due",
        help_text="True: the last delivery of a dossier that has to be resupplied now.",
    )

    def that_are_due(self, queryset: Any, name: str, value: bool) -> Any:
        due = Shipment.objects.resupply_due(today=timezone.localdate()).values("pk")
        return queryset.filter(pk__in=due) if value else queryset.exclude(pk__in=due)


_DETAILS: dict[str, type[serializers.Field]] = {"lasts_days": Whole, "expires_on": Day}


def _body(move: Move) -> type[MoveSerializer]:
    """What a move of a shipment is told: a reason where it has some, and what it fills in."""
    members: dict[str, Any] = {"__doc__": f"{move.label}."}
    if move.reasons:
        members["reason"] = Choice(
            choices=[(each.value, each.label) for each in move.reasons],
            help_text="`other` needs a remark.",
        )
    for name in move.asks:
        kind = _DETAILS.get(name)
        if kind is None:
            column: Any = Shipment._meta.get_field(name)
            length = column.max_length
            members[name] = Text(required=False, allow_blank=True, max_length=length)
        elif kind is Whole:
            members[name] = Whole(required=False, min_value=1, max_value=3650)
        else:
            members[name] = kind(required=False)
    words = "".join(part.title() for part in move.name.split("-"))
    return type(f"{words}ShipmentSerializer", (MoveSerializer,), members)


def _take(
    move: Move,
    shipment_id: UUID,
    *,
    by: User,
    on: Any = None,
    reason: str = "",
    remark: str = "",
    **details: Any,
) -> Shipment:
    return supplying.take(
        move,
        shipment_id=shipment_id,
        by=by,
        on=on,
        reason=reason,
        remark=remark,
        details=details,
    )


class ShipmentViewSet(OfDossierViewSet):
    """Shipments of medicine to patients in expanded access.

    The status is changed by operations of its own. None is planned, released or shipped for
    somebody who has died or whose dossier is closed; what has left is delivered, lost or sent
    back all the same.
    """

    queryset = Shipment.objects.all()
    serializer_class = ShipmentSerializer
    filterset_class = ShipmentFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}
    bodies = {method(move): _body(move) for move in supplying.MOVES}
    moves = supplying.MOVES
    begin = supplying.plan


add_operations(ShipmentViewSet, _take)


# --- follow-ups -----------------------------------------------------------------------------------


class FollowUpSerializer(OfDossierSerializer):
    """One thing to be done for a dossier: look after the patient, or report."""

    class Meta:
        model = FollowUp
        fields = (
            *RECORD_FIELDS,
            "dossier",
            "kind",
            "responsible",
            "instructions",
            "due_on",
            "repeats_days",
            "status",
            "done_on",
            "outcome_text",
        )
        read_only_fields = (*RECORD_FIELDS, "status", "done_on")
        fixed_fields = ("dossier",)
        related = {"dossier": DossierSummary}


class FollowUpFilters(OfDossierFilters):
    """What the list of follow-ups can be narrowed by."""

    status = AnyOfFilter(choices=FollowUp.Status.choices)
    kind = AnyOfFilter(choices=FollowUp.Kind.choices)
    due_before = DayFilter("due_on", "lt", help_text="Due before that day, done or not.")


class FinishFollowUpSerializer(MoveSerializer):
    """What came of a follow-up."""

    remark = None  # type: ignore[assignment]
    outcome_text = Text(required=False, allow_blank=True, max_length=20000)


class CancelFollowUpSerializer(MoveSerializer):
    """Why a follow-up is not done."""

    on = None  # type: ignore[assignment]
    remark = None  # type: ignore[assignment]
    outcome_text = Text(max_length=20000)


def _take_follow_up(move: Move, follow_up_id: UUID, **said: Any) -> FollowUp:
    return following_up.take(move, follow_up_id=follow_up_id, **said)


class FollowUpViewSet(OfDossierViewSet):
    """Follow-ups of dossiers. `finish` puts the next one down when it comes again.

    For somebody who has died, or whose dossier is closed, only reports are put down.
    """

    queryset = FollowUp.objects.all()
    serializer_class = FollowUpSerializer
    filterset_class = FollowUpFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}
    bodies = {"finish": FinishFollowUpSerializer, "cancel": CancelFollowUpSerializer}
    moves = following_up.MOVES
    begin = following_up.schedule


add_operations(FollowUpViewSet, _take_follow_up)
