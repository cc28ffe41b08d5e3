"""Something new for a person: only while their record is open, also while it is being closed."""

import threading
import time
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from patients import beginning
from patients.beginning import begin
from patients.closing import disqualify
from patients.locking import MergedAway, locked, locked_open, survivor_of
from patients.models import Note, Patient, StageChange
from patients.tests.factories import MergedPatientFactory, NoteFactory, PatientFactory
from patients.tests.test_intake import race
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def note(patient: Patient, by: User) -> Note:
    """Something new, not saved yet."""
    made: Note = NoteFactory.build(patient=patient, author=by)
    return made


def test_begin_for_who_is_open_saves_the_row_and_says_by_whom(navigator: User) -> None:
    patient = PatientFactory()

    begin(note(patient, navigator), patient_id=patient.pk, by=navigator)

    saved = Note.objects.get()
    assert saved.patient == patient
    assert saved.events.get().pgh_context.metadata["user"] == str(navigator.pk)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"stage": "closed", "closed_reason": "withdrawn"}, "closed"),
        ({"stage": "closed", "closed_reason": "deceased"}, "deceased"),
        ({"deceased_on": "2026-05-05"}, "deceased"),
        ({"processing_restricted": True}, "restricted"),
    ],
)
def test_begin_for_who_is_not_open_is_refused(
    fields: dict[str, Any], code: str, navigator: User
) -> None:
    patient = PatientFactory(**fields)

    with pytest.raises(Refused) as refused:
        begin(note(patient, navigator), patient_id=patient.pk, by=navigator)

    assert refused.value.code == code
    assert not Note.objects.exists()


def test_lock_on_who_was_merged_away_names_the_survivor() -> None:
    merged = MergedPatientFactory()

    for lock in (locked, locked_open):
        with pytest.raises(MergedAway) as refused:
            lock(merged.old_id)

        assert (refused.value.code, refused.value.survivor_id) == ("merged", merged.survivor_id)
    assert survivor_of(merged.survivor_id) is None


def test_lock_on_nobody_is_not_found() -> None:
    with pytest.raises(Patient.DoesNotExist):
        locked(uuid4())


def begun_while_closing() -> Any:
    """What beginning something gives while somebody else is about to close the person."""
    patient, by = PatientFactory(), UserFactory()
    closed_not_committed = threading.Event()

    def close_slowly() -> None:
        with transaction.atomic():
            disqualify(patient_id=patient.pk, by=by, reason=StageChange.Reason.SPAM)
            closed_not_committed.set()
            time.sleep(0.3)

    def begin_meanwhile() -> None:
        assert closed_not_committed.wait(10)
        begin(note(patient, by), patient_id=patient.pk, by=by)

    _closed, begun = race(2, lambda number: (close_slowly, begin_meanwhile)[number]())
    return begun


@pytest.mark.django_db(transaction=True)
def test_begin_while_somebody_closes_the_person_waits_and_is_refused() -> None:
    begun = begun_while_closing()

    assert isinstance(begun, Refused)
    assert begun.code == "closed"


@pytest.mark.django_db(transaction=True)
def test_begin_while_somebody_closes_the_person_without_the_lock_would_be_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unlocked(patient_id: Any) -> Patient:
        patient = Patient.objects.get(pk=patient_id)
        assert patient.stage == Patient.Stage.LEAD
        return patient

    monkeypatch.setattr(beginning, "locked_open", unlocked)

    begun_while_closing()

    assert Note.objects.count() == 1
