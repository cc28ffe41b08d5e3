"""Every change is kept, whichever way it was made, with who and why."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from patients.models import Note, Patient, Submission
from patients.tests.factories import NoteFactory, PatientFactory, SubmissionFactory
from portal.core.access import opened
from portal.core.history import acting, unsealed
from portal.core.models import AccessEvent, User

pytestmark = pytest.mark.django_db


def save(patient: Patient) -> None:
    patient.last_name = "Changed"
    patient.save()


def update(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(last_name="Changed")


def bulk_update(patient: Patient) -> None:
    patient.last_name = "Changed"
    Patient.objects.bulk_update([patient], ["last_name"])


def raw(patient: Patient) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_patient SET last_name = 'Changed' WHERE id = %s", [patient.pk]
        )


@pytest.mark.parametrize("change", [save, update, bulk_update, raw])
def test_change_by_any_way_is_kept_and_moves_the_version(
    change: Callable[[Patient], None],
) -> None:
    patient = PatientFactory(last_name="Before")
    before = patient.updated_at

    change(patient)

    patient.refresh_from_db()
    events = list(
        patient.events.order_by("pgh_id").values_list("pgh_label", "last_name", "version")
    )
    assert events == [("insert", "Before", 1), ("update", "Changed", 2)]
    assert patient.version == 2
    assert patient.updated_at - before > timedelta(0) or patient.updated_at != before


def test_bulk_create_and_raw_delete_are_kept() -> None:
    [patient] = Patient.objects.bulk_create([Patient(first_name="A", last_name="B")])

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM patients_patient WHERE id = %s", [patient.pk])

    event = Patient.events.rel.related_model
    labels = event.objects.filter(pgh_obj_id=patient.pk).order_by("pgh_id")
    assert [row.pgh_label for row in labels] == ["insert", "delete"]


def test_save_without_a_change_writes_nothing() -> None:
    patient = PatientFactory()

    patient.save()
    Patient.objects.filter(pk=patient.pk).update(last_name=F("last_name"))

    patient.refresh_from_db()
    assert patient.version == 1
    assert patient.events.count() == 1


def test_who_and_why_stand_beside_the_change(navigator: User) -> None:
    with acting(by=navigator, reason="typo"):
        patient = PatientFactory()

    context = patient.events.get().pgh_context
    assert context.metadata == {"user": str(navigator.pk), "reason": "typo"}


def test_verb_inside_a_verb_keeps_its_own_reason(navigator: User) -> None:
    first, second, third = PatientFactory(), PatientFactory(), PatientFactory()

    with acting(by=navigator, reason="conversion"):
        save(first)
        with acting(by=None, reason="call"):
            save(second)
        save(third)

    said = [patient.events.latest("pgh_id").pgh_context for patient in (first, second, third)]
    assert [context.metadata["reason"] for context in said] == ["conversion", "call", "conversion"]
    assert {context.metadata["user"] for context in said} == {str(navigator.pk)}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE patients_patientevent SET last_name = 'x'",
        "DELETE FROM patients_patientevent",
        "TRUNCATE patients_patientevent",
        "UPDATE patients_note SET text = 'x'",
        "DELETE FROM patients_note",
        "TRUNCATE patients_note CASCADE",
        "UPDATE patients_submission SET payload = '{}'",
        "UPDATE core_accessevent SET actor_name = 'x'",
        "DELETE FROM core_accessevent",
    ],
)
def test_what_was_kept_cannot_be_changed(statement: str, navigator: User) -> None:
    note = NoteFactory()
    SubmissionFactory(patient=note.patient)
    opened(Patient, [note.patient_id], by=navigator, route=AccessEvent.Route.ADMIN)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_unsealed_allows_moving_a_submission_and_only_inside() -> None:
    submission = SubmissionFactory()
    other = PatientFactory()

    with unsealed("merge"):
        Submission.objects.update(patient=other)

    assert Submission.objects.get().patient == other
    assert submission.events.order_by("-pgh_id")[0].pgh_context.metadata["unsealed"] == "merge"
    with pytest.raises(DatabaseError), transaction.atomic():
        Submission.objects.update(patient=submission.patient)


def test_unsealed_is_over_after_an_error_inside() -> None:
    note = NoteFactory()

    with pytest.raises(ZeroDivisionError), unsealed("merge"):
        raise ZeroDivisionError

    with pytest.raises(DatabaseError), transaction.atomic():
        Note.objects.filter(pk=note.pk).delete()


def test_opening_nothing_writes_no_access_event(navigator: User) -> None:
    opened(Patient, [], by=navigator, route=AccessEvent.Route.REST)

    assert not AccessEvent.objects.exists()
