"""Converting moves nothing, closing ends what is open: with the tables of every app."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.utils import timezone

from bookings import attempts
from bookings.models import Booking
from bookings.tests.factories import BookingFactory, CallFactory
from bookings.tests.test_scheduling import race
from patients import closing, conversion, relations
from patients.closing import complete, deceased, disqualify, reopen, unreachable, withdraw
from patients.models import Patient, StageChange
from patients.tests.factories import (
    ConsentFactory,
    ContactPointFactory,
    DocumentFactory,
    NoteFactory,
    PatientFactory,
    SubmissionFactory,
)
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.roles import Role
from referrals.models import CTReferral, DossierStep, EAPDossier
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
)

pytestmark = pytest.mark.django_db

Reason = StageChange.Reason
SPOKEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
CHILDREN: tuple[Callable[..., Any], ...] = (
    BookingFactory,
    CallFactory,
    NoteFactory,
    SubmissionFactory,
    ConsentFactory,
    DocumentFactory,
    ContactPointFactory,
)


def test_what_closing_ends_in_which_order() -> None:
    assert [step.name for step in closing.steps()] == [
        "cancel upcoming calls",
        "end active referrals",
        "close open dossiers",
        "call off shipments and follow-ups",
    ]


def test_what_depends_on_a_conversion() -> None:
    assert [one.name for one in conversion.dependents()] == ["referrals", "dossiers"]


def children() -> dict[str, list[tuple[Any, ...]]]:
    """Every row that hangs on a patient, whole, without the stage changes themselves."""
    found = {}
    for relation in sorted(relations.declared() - {"patients.StageChange.patient"}):
        model, _column = relations.resolved(relation)
        columns = [f.attname for f in model._meta.concrete_fields if not f.generated]
        found[relation] = sorted(model._base_manager.values_list(*columns), key=lambda r: str(r))
    return found


def test_convert_and_undo_of_200_random_leads_leaves_every_child_row_as_it_was(
    navigator: User,
) -> None:
    chance = random.Random(20261121)  # noqa: S311 - repeatable, nothing secret
    leads = [PatientFactory(initial_consult_at=SPOKEN) for _number in range(200)]
    staff = {"navigator": navigator}
    for lead in leads:
        for make in chance.choices(CHILDREN, k=chance.randrange(5)):
            known = staff if make in (BookingFactory, CallFactory) else {}
            make(patient=lead, **known)
    before, people = children(), _people()

    for lead in leads:
        conversion.convert(patient_id=lead.pk, by=navigator)
    converted = children()
    for lead in leads:
        conversion.undo(patient_id=lead.pk, by=navigator)

    assert sum(len(rows) for rows in before.values()) > 200
    assert converted == before
    assert children() == before
    assert _people() == people


def _people() -> list[tuple[Any, ...]]:
    kept = [
        f.attname
        for f in Patient._meta.concrete_fields
        if not f.generated and f.name not in ("version", "updated_at")
    ]
    return list(Patient.objects.order_by("pk").values_list(*kept))


@pytest.mark.parametrize(
    ("make", "code"), [(CTReferralFactory, "has_referrals"), (EAPDossierFactory, "has_dossiers")]
)
def test_undo_after_a_referral_was_begun_is_refused(
    make: Callable[..., Any], code: str, navigator: User
) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)
    conversion.convert(patient_id=lead.pk, by=navigator)
    make(patient=lead)

    with pytest.raises(Refused) as refused:
        conversion.undo(patient_id=lead.pk, by=navigator)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.NAVIGATOR, False), (Role.TEAM_LEAD, True), (Role.DATA_STEWARD, True)],
)
def test_only_team_leads_and_data_stewards_set_a_rule_aside(
    role: Role, allowed: bool, member: Callable[..., User]
) -> None:
    lead, by = PatientFactory(), member(role)

    try:
        stage = conversion.convert(patient_id=lead.pk, by=by, override="Asked by the board.").stage
    except Refused as refused:
        stage = refused.code

    assert stage == ("patient" if allowed else "override_not_allowed")


@pytest.mark.django_db(transaction=True)
def test_convert_by_many_at_once_is_done_once() -> None:
    lead, by = PatientFactory(initial_consult_at=SPOKEN), UserFactory()

    results = race(6, lambda _number: conversion.convert(patient_id=lead.pk, by=by))

    assert {(result.stage, result.version) for result in results} == {("patient", 2)}
    assert StageChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_convert_by_many_at_once_without_the_lock_would_be_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Shows what the lock is for: both read a lead, so both convert it."""
    both_have_read = threading.Barrier(2, timeout=10)

    def unlocked(patient_id: UUID) -> Patient:
        patient = Patient.objects.get(pk=patient_id)
        both_have_read.wait()
        return patient

    monkeypatch.setattr(conversion, "locked", unlocked)
    lead, by = PatientFactory(initial_consult_at=SPOKEN), UserFactory()

    race(2, lambda _number: conversion.convert(patient_id=lead.pk, by=by))

    assert StageChange.objects.count() == 2


OPEN_STEPS = ("not_started", "in_preparation", "submitted", "questions")


def everything_open(navigator: User) -> Patient:
    """A patient with something open, and something over, in every table."""
    patient: Patient = PatientFactory(converted=True)
    soon = timezone.now() + timedelta(days=2)
    common = {"patient": patient, "navigator": navigator}
    BookingFactory(**common, starts_at=soon)
    BookingFactory(**common, starts_at=soon + timedelta(hours=1), status="held", held_until=soon)
    BookingFactory(**common, starts_at=timezone.now() - timedelta(days=2))
    for status in CTReferral.ACTIVE:
        CTReferralFactory(patient=patient, status=status)
    CTReferralFactory(patient=patient, status="screen_failed", outcome="screen_failed")
    dossier = EAPDossierFactory(patient=patient)
    for status in (*OPEN_STEPS, "approved"):
        DossierStepFactory(dossier=dossier, status=status)
    EAPDossierFactory(patient=patient, state="closed", closed_reason="rejected")
    return patient


@pytest.mark.parametrize(
    ("close", "referral", "outcome", "enrolled", "dossier", "canceller"),
    [
        (
            lambda **k: withdraw(reason=Reason.NOT_INTERESTED, **k),
            *("withdrawn", "withdrawn", "withdrawn", "withdrawn", "patient"),
        ),
        (deceased, "deceased", "other", "deceased", "deceased", "navigator"),
        (
            lambda **k: disqualify(reason=Reason.TOO_ILL, **k),
            *("withdrawn", "other", "withdrawn", "withdrawn", "navigator"),
        ),
        (
            lambda **k: complete(reason=Reason.HELPED, **k),
            *("withdrawn", "other", "completed", "treated", "navigator"),
        ),
    ],
    ids=["withdrawn", "deceased", "disqualified", "completed"],
)
def test_closing_ends_what_is_open_and_leaves_what_is_over(
    close: Callable[..., closing.Closed],
    referral: str,
    outcome: str,
    enrolled: str,
    dossier: str,
    canceller: str,
    navigator: User,
) -> None:
    patient = everything_open(navigator)

    closed = close(patient_id=patient.pk, by=navigator)

    bookings = patient.bookings.order_by("starts_at").values_list("status", "cancelled_by")
    assert list(bookings) == [("booked", ""), ("cancelled", canceller), ("cancelled", canceller)]
    ended = patient.ct_referrals.order_by("created_at").values_list("status", "outcome")
    last = ("completed", "enrolled") if enrolled == "completed" else (referral, outcome)
    assert list(ended) == [*[(referral, outcome)] * 5, last, ("screen_failed", "screen_failed")]
    dossiers = patient.eap_dossiers.order_by("created_at").values_list("state", "closed_reason")
    assert list(dossiers) == [("closed", dossier), ("closed", "rejected")]
    steps = DossierStep.objects.order_by("created_at").values_list("status", flat=True)
    assert list(steps) == [*["cancelled"] * 4, "approved"]
    said = {(kind.step, kind.model, len(kind.ids)) for kind in closed.ended}
    assert said == {
        ("cancel upcoming calls", Booking, 2),
        ("end active referrals", CTReferral, 6),
        ("close open dossiers", EAPDossier, 1),
        ("close open dossiers", DossierStep, 4),
    }
    kept = StageChange.objects.get().ended
    assert {apps.get_model(kind["model"]): len(kind["ids"]) for kind in kept} == {
        Booking: 2,
        CTReferral: 6,
        EAPDossier: 1,
        DossierStep: 4,
    }


def test_reopen_brings_the_person_back_and_not_what_was_ended(navigator: User) -> None:
    patient = everything_open(navigator)
    disqualify(patient_id=patient.pk, by=navigator, reason=Reason.SPAM)

    reopen(patient_id=patient.pk, by=navigator, reason=Reason.MISTAKE)

    assert not patient.ct_referrals.active().exists()
    assert not patient.eap_dossiers.open().exists()


def test_referral_can_be_begun_again_after_one_was_ended(navigator: User) -> None:
    patient, trial = PatientFactory(converted=True), ClinicalTrialFactory()
    CTReferralFactory(patient=patient, trial=trial, status="referred")
    withdraw(patient_id=patient.pk, by=navigator, reason=Reason.NOT_INTERESTED)
    reopen(patient_id=patient.pk, by=navigator, reason=Reason.RETURNED)

    CTReferralFactory(patient=patient, trial=trial)

    assert patient.ct_referrals.count() == 2


@pytest.mark.parametrize(
    ("outcomes", "count"),
    [
        ([], 0),
        (["no_answer", "voicemail", "third_party", "wrong_number"], 4),
        (["no_answer", "reached", "voicemail"], 1),
        (["no_answer", "no_answer", "refused"], 0),
    ],
    ids=["never called", "four in vain", "one since reached", "spoken to last"],
)
def test_attempts_count_the_calls_in_vain_since_the_last_talk(
    outcomes: list[str], count: int
) -> None:
    patient = PatientFactory()
    for day, outcome in enumerate(outcomes):
        CallFactory(patient=patient, outcome=outcome, started_at=SPOKEN + timedelta(days=day))

    assert attempts.since_reached(patient) == closing.attempts(patient) == count


def test_unreachable_after_three_calls_in_vain(navigator: User) -> None:
    patient = PatientFactory()
    CallFactory.create_batch(3, patient=patient, outcome="no_answer")

    closed = unreachable(patient_id=patient.pk, by=navigator)

    assert closed.patient.closed_reason == "unreachable"
