"""Shipments, follow-ups and safety reports when a patient is closed, or merged into another."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from patients import closing
from patients.merging import merge
from patients.models import Patient, StageChange
from patients.tests.factories import PatientFactory
from patients.unmerging import undo
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import dossier_closing
from referrals.models import FollowUp, SafetyReport, Shipment
from referrals.tests.factories import (
    SHIPPED_SO_FAR,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    FollowUpFactory,
    SafetyReportFactory,
    ShipmentFactory,
)

pytestmark = pytest.mark.django_db

Reason = StageChange.Reason


def treated(**fields: Any) -> Patient:
    """A patient with a shipment in every status, each kind of follow-up, and a safety report."""
    dossier = EAPDossierFactory(**{"patient": PatientFactory(converted=True), **fields})
    for status in SHIPPED_SO_FAR:
        ShipmentFactory(dossier=dossier, status=status)
    for kind in FollowUp.Kind.values:
        FollowUpFactory(dossier=dossier, kind=kind)
    SafetyReportFactory(dossier=dossier)
    found: Patient = dossier.patient
    return found


def shipments(patient: Patient) -> list[tuple[str, str]]:
    rows = Shipment.objects.filter(dossier__patient=patient).order_by("created_at", "id")
    return list(rows.values_list("status", "reason"))


def open_follow_ups(patient: Patient) -> set[str]:
    rows = FollowUp.objects.open().filter(dossier__patient=patient)
    return set(rows.values_list("kind", flat=True))


@pytest.mark.parametrize(
    "close",
    [
        closing.deceased,
        lambda **known: closing.withdraw(reason=Reason.NOT_INTERESTED, **known),
        lambda **known: closing.complete(reason=Reason.HELPED, **known),
    ],
    ids=["deceased", "withdrawn", "completed"],
)
def test_closing_calls_off_what_was_not_sent_and_what_was_agreed_with_the_patient(
    close: Callable[..., closing.Closed], navigator: User
) -> None:
    patient = treated()
    foreseen = closing.would_end(patient, now=timezone.now())

    closed = close(patient_id=patient.pk, by=navigator)

    assert shipments(patient) == [
        ("cancelled", "patient_closed"),
        ("cancelled", "patient_closed"),
        ("shipped", ""),
        ("delivered", ""),
        ("lost", "carrier"),
        ("returned", "cold_chain"),
        ("cancelled", "not_needed"),
    ]
    assert open_follow_ups(patient) == {"sponsor_report", "authority_report"}
    assert SafetyReport.objects.waiting().count() == 1
    counts = {Shipment: 2, FollowUp: 3}
    assert {kind: closed.counts[kind] for kind in counts} == counts
    assert {kind: foreseen[kind] for kind in counts} == counts


def test_closing_a_dossier_calls_off_the_same_for_this_dossier_only(navigator: User) -> None:
    patient = treated()
    other = treated(patient=patient)
    dossier = patient.eap_dossiers.order_by("created_at").first()
    assert dossier is not None

    dossier_closing.close(dossier_id=dossier.pk, reason="treated", by=navigator)

    assert shipments(other).count(("cancelled", "dossier_closed")) == 2
    assert Shipment.objects.under_way().filter(dossier=dossier).get().status == "shipped"
    assert Shipment.objects.under_way().exclude(dossier=dossier).count() == 3
    assert FollowUp.objects.open().filter(dossier=dossier).count() == 2
    assert SafetyReport.objects.waiting().count() == 2


def test_merge_moves_them_along_and_calls_off_those_of_the_dossier_that_gives_way() -> None:
    program = ExpandedAccessProgramFactory()
    survivor = treated(program=program)
    loser = treated(program=program)
    before = shipments(loser)

    merged = merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())

    ended = [status for status, _reason in shipments(survivor)]
    assert ended.count("planned") == ended.count("released") == 1
    assert shipments(survivor).count(("cancelled", "dossier_closed")) == 2
    assert FollowUp.objects.open().count() == 5 + 2
    assert SafetyReport.objects.filter(dossier__patient=survivor).count() == 2

    undo(merge_id=merged.pk, by=UserFactory(), reason="They are two.")

    assert shipments(loser) == before
    assert FollowUp.objects.open().count() == 10
