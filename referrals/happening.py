"""What the verbs of referrals and dossiers have in common: the row, the day, and what was sent."""

from collections.abc import Collection
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.locking import locked
from patients.models import Document, Patient
from portal.core.errors import Refused

RowT = TypeVar("RowT", bound=models.Model)


def locked_row(
    model: type[RowT], row_id: UUID, *, joined: Collection[str] = (), path: str = "patient"
) -> RowT:
    """The row, locked after its patient, in the order that closing and merging lock in.

    `path` leads to the patient, `joined` names what is read along. Raises Refused for somebody
    about whom nothing may be changed and when a merge moved the row meanwhile, DoesNotExist for no
    row.
    """
    rows = model._default_manager.filter(pk=row_id)
    patient_id = rows.values_list(f"{path}_id", flat=True).first()
    if patient_id is None:
        raise model.DoesNotExist(str(row_id))  # type: ignore[attr-defined]
    patient = locked(patient_id, no_key=True)
    # A merge may have moved it while we waited: then the lock was on the wrong patient.
    mine = rows.filter(**{path: patient}).select_for_update(of=("self",))
    row = mine.select_related(*joined).first()
    if row is None:
        raise Refused(_("Somebody changed this record. Read it again."), code="moved")
    *between, last = path.split("__")
    owner: Any = row
    for name in between:
        owner = getattr(owner, name)
    setattr(owner, last, patient)
    return row


def day_of(on: date | None, *, since: date | None) -> date:
    """The day it happened, today unless said. Raises ValidationError: dates do not run backwards.

    `since` is the day of what came before it, None when nobody knows.
    """
    today = timezone.localdate()
    if on is None:
        return today
    if on > today:
        message = _("This day is still to come.")
        raise ValidationError({"on": ValidationError(message, code="in_the_future")})
    if since is not None and on < since:
        message = _("The step before was on %(day)s. Choose that day or a later one.")
        error = ValidationError(message % {"day": since.isoformat()}, code="backwards")
        raise ValidationError({"on": error})
    return on


def ahead(next_on: date) -> date:
    """A day on which somebody is asked again. Raises ValidationError for one that is over."""
    if next_on <= timezone.localdate():
        message = _("Choose a day to come.")
        raise ValidationError({"next_on": ValidationError(message, code="in_the_past")})
    return next_on


def documents_of(patient: Patient, ids: Collection[UUID]) -> list[Document]:
    """These documents, oldest first. Raises ValidationError for one of somebody else."""
    found = list(Document.objects.filter(patient=patient, pk__in=ids).order_by("created_at", "id"))
    if len(found) != len(set(ids)):
        message = _("Choose documents of this patient.")
        raise ValidationError({"documents": ValidationError(message, code="other_patient")})
    return found


def packet(patient: Patient, documents: Collection[Document]) -> dict[str, Any]:
    """What is told outside, as it is on this day: it says so for ever, whatever changes later."""
    physician = patient.physician
    assert physician is not None  # noqa: S101 - a guard of what is sent
    return {
        "patient": {
            "first_name": patient.first_name,
            "last_name": patient.last_name,
            "date_of_birth": patient.date_of_birth.isoformat() if patient.date_of_birth else "",
            "sex": patient.sex,
            "country": patient.country,
            "language": patient.language,
            "email": patient.email or "",
            "phone": patient.phone,
            "medical_condition": str(patient.medical_condition or ""),
        },
        "physician": {
            "name": str(physician),
            "hospital": str(physician.hospital),
            "email": physician.email or "",
            "phone": physician.phone,
        },
        "documents": [
            {"id": str(document.pk), "title": str(document), "sha256": document.sha256}
            for document in documents
        ],
    }
