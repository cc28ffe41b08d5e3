"""What somebody writes down about a patient. It is kept as it was written: a correction is a
further note."""

from uuid import UUID

from django.db import transaction

from patients.locking import locked
from patients.models import Note
from patients.repeating import KeyReused
from portal.core.history import acting
from portal.core.models import User


def write(*, patient_id: UUID, by: User, text: str, idempotency_key: str = "") -> Note:
    """Add a note by `by` and return it; with a key that was used for it before, that one.

    Raises Refused for a patient who may not be changed, KeyReused for a key that belongs to
    another note, ValidationError for an empty text, and Patient.DoesNotExist.
    """
    note = Note(
        patient_id=patient_id, author=by, text=text.strip(), idempotency_key=idempotency_key
    )
    if known := _written(note):
        return known
    with transaction.atomic(), acting(by=by):
        locked(patient_id)
        if known := _written(note):
            return known
        note.clean_fields(exclude=("patient",))
        note.save(force_insert=True)
    return note


def _written(note: Note) -> Note | None:
    """The note that was written with this key before; None without one. Raises KeyReused."""
    if not note.idempotency_key:
        return None
    known: Note | None = Note.objects.filter(idempotency_key=note.idempotency_key).first()
    if known and (known.patient_id, known.text) != (note.patient_id, note.text):
        raise KeyReused
    return known
