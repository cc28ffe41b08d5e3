"""Whose patient somebody is: the navigator who looks after them."""

from uuid import UUID

from django.db import transaction

from patients.locking import locked
from patients.models import Patient
from portal.core.history import acting
from portal.core.models import User


def assign(*, patient_id: UUID, navigator: User, by: User) -> Patient:
    """Make `navigator` the one who looks after this person, and return the person.

    Raises Refused for a person who may not be changed.
    """
    with transaction.atomic(), acting(by=by, reason="assigned"):
        patient = locked(patient_id)
        if patient.owner_id == navigator.pk:
            return patient
        patient.owner = navigator
        patient.save(update_fields=("owner",))
        patient.refresh_from_db()
        return patient
