"""What is called off when a patient or a dossier is closed: what was not sent, and was agreed.

A shipment that has left is on the road whatever happens here: it is delivered, lost or sent back.
Reports to the sponsor and the authority are owed after the end as well (21 CFR 312.310(c)(2)), and
so is every open safety report: they stay.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

from patients.closing import Ending, Step
from patients.models import Patient
from referrals.models import EAPDossier, FollowUp, Shipment

UNSENT = (Shipment.Status.PLANNED, Shipment.Status.RELEASED)


def unsent(dossiers: QuerySet[Any]) -> QuerySet[Shipment]:
    """Shipments of these dossiers that nobody has sent yet."""
    return Shipment.objects.filter(dossier__in=dossiers, status__in=UNSENT)


def agreed(dossiers: QuerySet[Any]) -> QuerySet[FollowUp]:
    """Open follow-ups of these dossiers that are done with the patient."""
    return FollowUp.objects.open().filter(dossier__in=dossiers).exclude(kind__in=FollowUp.REPORTS)


def call_off(dossiers: QuerySet[Any], *, reason: Shipment.Reason, on: date) -> Sequence[Model]:
    """Cancel what is `unsent` and what was `agreed` for these dossiers; returns those rows."""
    shipments = cancel_shipments(dossiers, reason=reason, on=on)
    follow_ups = list(agreed(dossiers).select_for_update(of=("self",)).order_by("pk"))
    for follow_up in follow_ups:
        follow_up.status = FollowUp.Status.CANCELLED
        follow_up.save(update_fields=("status",))
    return [*shipments, *follow_ups]


def cancel_shipments(
    dossiers: QuerySet[Any], *, reason: Shipment.Reason, on: date
) -> Sequence[Model]:
    """Cancel what is `unsent` for these dossiers; returns those rows."""
    shipments = list(unsent(dossiers).select_for_update(of=("self",)).order_by("pk"))
    for shipment in shipments:
        shipment.status, shipment.ended_on = Shipment.Status.CANCELLED, on
        shipment.reason = reason
        shipment.save(update_fields=("status", "ended_on", "reason"))
    return shipments


def open_supply(patient: Patient, now: datetime) -> Sequence[QuerySet[Any]]:
    """What closing this patient calls off."""
    dossiers = EAPDossier.objects.filter(patient=patient)
    return unsent(dossiers), agreed(dossiers)


def end_supply(ending: Ending) -> Sequence[Model]:
    """Call off what belongs to any dossier of a patient who is closed."""
    dossiers = EAPDossier.objects.filter(patient=ending.patient)
    return call_off(
        dossiers, reason=Shipment.Reason.PATIENT_CLOSED, on=timezone.localdate(ending.now)
    )


STEPS = (Step("call off shipments and follow-ups", end_supply, open_supply),)
