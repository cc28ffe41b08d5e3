"""What somebody writes down about a patient. It is kept as it was written: a correction is a
further note."""

from uuid import UUID

from django.db import transaction

from patients.locking import locked
from patients.models import Note
from portal.core.history import acting
from portal.core.models import User


def write(*, patient_id: UUID, by: User, text: str) -> Note:
    """Add a note by `by` and return it.

    Raises Refused for a patient who may not be changed, ValidationError for an empty text, and
    Patient.DoesNotExist.
    """
    note = Note(patient_id=patient_id, author=by, text=text.strip())
    with transaction.atomic(), acting(by=by):
        locked(patient_id)
        note.clean_fields(exclude=("patient",))
        note.save(force_insert=True)
    return note
