"""Fields of a known patient are put right, where somebody decided elsewhere which value holds.

An e-mail address or phone that gives way stays as a further contact point; nothing about consent
follows from either. Who else the person may be is looked up again.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from patients import matching
from patients.locking import locked
from patients.models import ContactPoint, Patient
from portal.core.history import acting
from portal.core.models import User

ADDRESSES = ("email", "phone")


def correct(*, patient_id: UUID, values: Mapping[str, Any], by: User, reason: str) -> Patient:
    """Give the fields these values and return the patient; equal values change nothing.

    Raises Refused for a patient who may not be changed, and ValidationError when the record cannot
    have a value (an address that is somebody else's).
    """
    with transaction.atomic(), acting(by=by, reason=reason):
        patient = locked(patient_id)
        changed = [name for name, value in values.items() if getattr(patient, name) != value]
        for kind in ADDRESSES:
            if kind in changed:
                keep_address(patient, kind, values[kind])
        for name in changed:
            setattr(patient, name, values[name])
        if changed:
            patient.full_clean()
            patient.save(update_fields=changed)
        if matching.COMPARED.intersection(changed):
            matching.review(patient)
        return patient


def keep_address(patient: Patient, kind: str, new: str) -> None:
    """The old address becomes a further contact point, the new one ceases to be one."""
    points = list(ContactPoint.objects.filter(patient=patient, kind=kind))
    old = str(getattr(patient, kind))
    for point in points:
        if is_same(point.value, new):
            point.delete()
    if old and not any(is_same(point.value, old) for point in points):
        ContactPoint.objects.create(
            patient=patient, kind=kind, value=old, origin=ContactPoint.Origin.NAVIGATOR
        )


def is_same(one: str, other: str) -> bool:
    """Whether nobody would call the two different: only case, blanks or composition differ."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
