"""Notes are written once, by somebody, and stay."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from patients.models import Note, Patient
from patients.noting import write
from patients.tests.factories import MergedPatientFactory, NoteFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.ids import uuid7
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_note_has_its_author_and_its_words() -> None:
    patient, by = PatientFactory(), UserFactory()

    note = write(patient_id=patient.pk, by=by, text="  Likes the morning.\nAnd tea.\n")

    note.refresh_from_db()
    assert (note.patient, note.author) == (patient, by)
    assert note.text == "Likes the morning.\nAnd tea."
    assert note.events.get().pgh_context.metadata["user"] == str(by.pk)  # type: ignore[attr-defined]


def test_note_for_somebody_who_may_not_be_changed_is_refused() -> None:
    restricted = PatientFactory(processing_restricted=True)
    merged = MergedPatientFactory()

    with pytest.raises(Refused) as refused:
        write(patient_id=restricted.pk, by=UserFactory(), text="Hello")
    with pytest.raises(Refused) as gone:
        write(patient_id=merged.old_id, by=UserFactory(), text="Hello")
    with pytest.raises(Patient.DoesNotExist):
        write(patient_id=uuid7(), by=UserFactory(), text="Hello")

    assert refused.value.code == "restricted"
    assert gone.value.code == "merged"
    assert not Note.objects.exists()


@pytest.mark.parametrize("text", ["", "  \n"])
def test_empty_note_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        write(patient_id=PatientFactory().pk, by=UserFactory(), text=text)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: Note.objects.filter(pk=note.pk).update(text="Otherwise"),
        lambda note: Note.objects.filter(pk=note.pk).update(author=None),
        lambda note: Note.objects.filter(pk=note.pk).update(created_at=datetime.now(UTC)),
        lambda note: Note.objects.filter(pk=note.pk).delete(),
    ],
    ids=["text", "author", "moment", "all of it"],
)
def test_note_cannot_be_changed_or_deleted_even_by_sql(change: object) -> None:
    note = NoteFactory(text="Said once")

    with pytest.raises(IntegrityError), transaction.atomic():
        change(note)  # type: ignore[operator]

    assert Note.objects.get().text == "Said once"
