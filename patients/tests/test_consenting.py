"""Decisions about consent: kept once, and what a withdrawal stops."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from patients import consenting
from patients.consenting import Step, Withdrawal, is_given, keep, record, would_stop
from patients.models import Consent, Note, Patient
from patients.tests.factories import (
    ConsentFactory,
    MergedPatientFactory,
    NoteFactory,
    PatientFactory,
)
from portal.core.errors import Refused
from portal.core.ids import uuid7
from portal.core.models import User

pytestmark = pytest.mark.django_db


def decision(patient: Patient, decided: str = "given", **fields: Any) -> Consent:
    return Consent(
        **{
            "patient": patient,
            "purpose": "contact",
            "decision": decided,
            "text_version": "2026-11",
            "language": "nl",
            "method": "phone",
            **fields,
        }
    )


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[Withdrawal]:
    """The withdrawals that the only step was told of; it stops every note of the patient."""
    told: list[Withdrawal] = []

    def stop(withdrawal: Withdrawal) -> list[Note]:
        told.append(withdrawal)
        return list(withdrawal.patient.notes.all())

    step = Step("stop notes", ("contact",), lambda one: one.patient.notes.all(), stop)
    monkeypatch.setattr(consenting, "_steps", [step])
    return told


def test_decision_is_kept_with_who_recorded_it(navigator: User) -> None:
    patient = PatientFactory()

    recorded = record(consent=decision(patient, obtained_by=navigator), by=navigator)

    assert patient.consents.get() == recorded.consent
    context = Consent.objects.get().events.get().pgh_context.metadata
    assert context == {"user": str(navigator.pk), "reason": "consent given"}


@pytest.mark.parametrize(
    ("purpose", "decided", "count"),
    [
        ("contact", "withdrawn", 1),
        ("contact", "refused", 1),
        ("contact", "given", 0),
        ("research", "withdrawn", 0),
    ],
)
def test_withdrawal_stops_what_depends_on_that_consent(
    purpose: str, decided: str, count: int, navigator: User, stopped: list[Withdrawal]
) -> None:
    patient = PatientFactory()
    NoteFactory(patient=patient)

    recorded = record(consent=decision(patient, decided, purpose=purpose), by=navigator)

    assert len(stopped) == count
    assert recorded.stopped == ({Note: 1} if count else {})


def test_withdrawal_that_was_taken_back_later_stops_nothing(
    navigator: User, stopped: list[Withdrawal]
) -> None:
    given = ConsentFactory(purpose="contact", decided_at=timezone.now())
    before = given.decided_at - timedelta(days=1)

    record(consent=decision(given.patient, "withdrawn", decided_at=before), by=navigator)

    assert stopped == []


def test_no_on_a_form_stops_nothing_by_itself(stopped: list[Withdrawal]) -> None:
    patient = PatientFactory()

    keep(decision(patient, "refused"))

    assert stopped == []
    assert not Consent.objects.active("contact").exists()


def test_withdrawal_for_one_trial_before_a_yes_for_all_stops_nothing(
    navigator: User, stopped: list[Withdrawal]
) -> None:
    given = ConsentFactory(purpose="contact", decided_at=timezone.now())
    before = given.decided_at - timedelta(days=1)
    late = decision(given.patient, "withdrawn", scope="NCT01", decided_at=before)

    record(consent=late, by=navigator)

    assert stopped == []


def test_nothing_is_given_after_a_withdrawal_for_all_trials() -> None:
    day = timezone.now() - timedelta(days=2)
    given = ConsentFactory(purpose="trial_site", scope="NCT01", decided_at=day)
    assert is_given(given.patient, "trial_site")

    ConsentFactory(patient=given.patient, purpose="trial_site", decision="withdrawn")

    assert not is_given(given.patient, "trial_site")


def test_withdrawal_within_a_scope_says_so(navigator: User, stopped: list[Withdrawal]) -> None:
    patient = PatientFactory()

    record(consent=decision(patient, "withdrawn", scope="NCT01"), by=navigator)

    assert [one.scope for one in stopped] == ["NCT01"]


def test_what_would_stop_is_counted(stopped: list[Withdrawal]) -> None:
    patient = PatientFactory()
    NoteFactory(patient=patient)
    now = datetime(2026, 11, 21, tzinfo=UTC)

    assert would_stop(patient, "contact", now=now) == {Note: 1}
    assert would_stop(patient, "research", now=now) == {}
    assert stopped == []


def test_same_decision_again_changes_nothing(navigator: User, stopped: list[Withdrawal]) -> None:
    patient = PatientFactory()
    first = decision(patient, "withdrawn")
    record(consent=first, by=navigator)

    again = record(consent=decision(patient, "withdrawn", id=first.pk), by=navigator)

    assert again.consent == first
    assert (again.stopped, len(stopped), Consent.objects.count()) == ({}, 1, 1)


def test_another_decision_under_a_known_id_is_refused(navigator: User) -> None:
    first = ConsentFactory()

    with pytest.raises(Refused) as refused:
        record(consent=decision(PatientFactory(), id=first.pk), by=navigator)

    assert refused.value.code == "id_taken"


@pytest.mark.parametrize(
    "fields",
    [{"text_version": ""}, {"decided_at": datetime(2999, 1, 1, tzinfo=UTC)}],
    ids=["no version", "in the future"],
)
def test_decision_that_cannot_be_is_refused(fields: dict[str, Any], navigator: User) -> None:
    with pytest.raises(ValidationError):
        record(consent=decision(PatientFactory(), **fields), by=navigator)


def test_decision_of_a_restricted_person_is_kept(
    navigator: User, stopped: list[Withdrawal]
) -> None:
    patient = PatientFactory(processing_restricted=True)

    record(consent=decision(patient, "withdrawn"), by=navigator)

    assert patient.consents.get().decision == "withdrawn"
    assert len(stopped) == 1


def test_decision_of_somebody_merged_away_is_refused(navigator: User) -> None:
    merged = MergedPatientFactory()

    with pytest.raises(Refused) as refused:
        record(consent=decision(Patient(pk=merged.old_id)), by=navigator)

    assert refused.value.code == "merged"


def test_what_was_given_for_one_trial_can_be_withdrawn() -> None:
    consent = ConsentFactory(purpose="trial_site", scope="NCT01")

    assert consenting.is_given(consent.patient, "trial_site")
    assert not consenting.is_given(consent.patient, "research")


def test_steps_are_joined_once_and_named_once(stopped: list[Withdrawal]) -> None:
    (step,) = consenting.steps()
    consenting.join(step)

    with pytest.raises(LookupError, match="stop notes"):
        consenting.join(Step("stop notes", (), step.find, step.stop))

    assert consenting.steps() == (step,)


def test_when_a_step_fails_nothing_is_recorded(
    navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_withdrawal: Withdrawal) -> list[Note]:
        raise Refused("Not now.", code="not_now")

    monkeypatch.setattr(
        consenting, "_steps", [Step("fail", ("contact",), lambda one: one.patient.notes, fail)]
    )

    with pytest.raises(Refused):
        record(consent=decision(PatientFactory(), "withdrawn"), by=navigator)

    assert not Consent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_same_decision_sent_twice_at_once_is_kept_and_acted_on_once(
    navigator: User, stopped: list[Withdrawal]
) -> None:
    patient = PatientFactory()
    key = uuid7()
    start = threading.Barrier(4)
    kept: list[Any] = []

    def send() -> None:
        start.wait()
        try:
            consent = decision(patient, "withdrawn", id=key)
            kept.append(record(consent=consent, by=navigator).consent.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert kept == [key] * 4
    assert (Consent.objects.count(), len(stopped)) == (1, 1)
