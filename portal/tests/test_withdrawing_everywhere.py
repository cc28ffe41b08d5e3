"""What a withdrawn consent stops in the apps above, and what it leaves alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bookings.models import Booking
from bookings.tests.factories import BookingFactory
from patients import consenting
from patients.models import Consent, Patient
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.models import User
from referrals.models import CTReferral, DossierStep, Shipment
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ShipmentFactory,
)

pytestmark = pytest.mark.django_db


def withdrawn(
    patient: Patient, purpose: str, by: User, scope: str = "", **fields: Any
) -> consenting.Recorded:
    consent = Consent(
        patient=patient,
        purpose=purpose,
        scope=scope,
        decision="withdrawn",
        text_version="2026-11",
        language="nl",
        method="phone",
        **fields,
    )
    return consenting.record(consent=consent, by=by)


@pytest.fixture
def patient() -> Any:
    """Somebody with a call to come, and referrals and steps that are sent and not sent."""
    patient = PatientFactory(converted=True)
    soon = timezone.now() + timedelta(days=1)
    BookingFactory(patient=patient, starts_at=soon, ends_at=soon + timedelta(hours=1))
    past = datetime(2026, 1, 5, 10, tzinfo=UTC)
    BookingFactory(patient=patient, starts_at=past, ends_at=past + timedelta(hours=1))
    for status in ("draft", "eligible", "referred", "screening"):
        CTReferralFactory(patient=patient, status=status)
    dossier = EAPDossierFactory(patient=patient)
    for status in ("not_started", "in_preparation", "submitted"):
        DossierStepFactory(dossier=dossier, status=status, goes_to="authority")
    for goes_to in ("", "patient", "physician", "sponsor"):
        DossierStepFactory(dossier=dossier, status="in_preparation", goes_to=goes_to)
    for status in ("planned", "released", "shipped"):
        ShipmentFactory(dossier=dossier, status=status)
    return patient


def test_what_withdrawing_stops_in_which_order() -> None:
    assert [(step.name, tuple(map(str, step.purposes))) for step in consenting.steps()] == [
        ("cancel upcoming calls", ("contact",)),
        ("end unsent referrals", ("trial_site", "navigation")),
        ("cancel steps in preparation", ("eap_sponsor", "navigation")),
        ("cancel steps in preparation for the physician", ("physician", "navigation")),
        ("call off unsent shipments", ("eap_sponsor", "navigation")),
    ]


@pytest.mark.parametrize(
    ("purpose", "stops"),
    [
        ("navigation", {CTReferral: 2, DossierStep: 3, Shipment: 2}),
        ("contact", {Booking: 1}),
        ("physician", {DossierStep: 1}),
        ("trial_site", {CTReferral: 2}),
        ("eap_sponsor", {DossierStep: 2, Shipment: 2}),
        ("ehr", {}),
        ("research", {}),
    ],
)
def test_withdrawal_stops_what_was_about_to_be_sent_and_says_so(
    purpose: str, stops: dict[Any, int], patient: Patient, navigator: User
) -> None:
    other = CTReferralFactory(status="eligible")
    foretold = consenting.would_stop(patient, purpose, now=timezone.now())

    recorded = withdrawn(patient, purpose, navigator)

    assert recorded.stopped == foretold == stops
    other.refresh_from_db()
    assert other.status == "eligible"


def test_what_was_sent_stays_as_it_is(patient: Patient, navigator: User) -> None:
    for purpose in Consent.Purpose:
        withdrawn(patient, purpose, navigator)

    statuses = CTReferral.objects.filter(patient=patient).values_list("status", flat=True)
    assert sorted(statuses) == ["referred", "screening", "withdrawn", "withdrawn"]
    steps = DossierStep.objects.order_by("id").values_list("goes_to", "status")
    assert list(steps) == [
        ("authority", "not_started"),
        ("authority", "cancelled"),
        ("authority", "submitted"),
        ("", "in_preparation"),
        ("patient", "in_preparation"),
        ("physician", "cancelled"),
        ("sponsor", "cancelled"),
    ]
    shipments = Shipment.objects.order_by("id").values_list("status", "reason")
    assert list(shipments) == [
        ("cancelled", "no_consent"),
        ("cancelled", "no_consent"),
        ("shipped", ""),
    ]
    calls = Booking.objects.order_by("starts_at").values_list("status", "cancelled_by")
    assert list(calls) == [("booked", ""), ("cancelled", "patient")]
    assert patient.eap_dossiers.get().state == "open"


def test_withdrawal_for_one_trial_or_program_leaves_the_others(navigator: User) -> None:
    patient = PatientFactory(converted=True)
    soon = timezone.now() + timedelta(days=1)
    BookingFactory(patient=patient, starts_at=soon, ends_at=soon + timedelta(hours=1))
    trial = ClinicalTrialFactory()
    meant = CTReferralFactory(patient=patient, trial=trial)
    left = CTReferralFactory(patient=patient)
    steps = [
        DossierStepFactory(
            dossier=EAPDossierFactory(patient=patient), status="in_preparation", goes_to="sponsor"
        )
        for _number in range(2)
    ]
    program = steps[0].dossier.program

    withdrawn(patient, "trial_site", navigator, scope=trial.registry_id)
    withdrawn(patient, "eap_sponsor", navigator, scope=program.eap_number)
    recorded = withdrawn(patient, "contact", navigator, scope=trial.registry_id)

    for row in (meant, left, *steps):
        row.refresh_from_db()
    assert (meant.status, left.status) == ("withdrawn", "draft")
    assert [step.status for step in steps] == ["cancelled", "in_preparation"]
    assert recorded.stopped == {}


def test_withdrawal_that_is_dated_back_spares_what_was_allowed_since(navigator: User) -> None:
    patient = PatientFactory(converted=True)
    spared, meant = CTReferralFactory(patient=patient), CTReferralFactory(patient=patient)
    steps = [
        DossierStepFactory(
            dossier=EAPDossierFactory(patient=patient), status="in_preparation", goes_to="sponsor"
        )
        for _number in range(2)
    ]
    yesterday = timezone.now() - timedelta(days=1)
    for purpose, scope in (
        ("trial_site", spared.trial.registry_id),
        ("eap_sponsor", steps[0].dossier.program.eap_number),
    ):
        ConsentFactory(patient=patient, purpose=purpose, scope=scope, decided_at=yesterday)

    for purpose in ("trial_site", "eap_sponsor"):
        withdrawn(patient, purpose, navigator, decided_at=yesterday - timedelta(days=1))

    for row in (spared, meant, *steps):
        row.refresh_from_db()
    assert (spared.status, meant.status) == ("draft", "withdrawn")
    assert [step.status for step in steps] == ["in_preparation", "cancelled"]
