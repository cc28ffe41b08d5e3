"""A person decides which value of a field conflict holds.

The value goes onto the record by the ordinary verbs, and stays there: a later import that says
another thing makes a conflict again, and one that repeats what was to choose from says nothing.
What belongs to a lifecycle (a stage, the course of a referral, the product of a program) is changed
on the record's own page; here it can only be confirmed as it is.
"""

from datetime import date
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm_import.models import FieldConflict
from patients import correcting
from patients.locking import locked
from patients.models import Patient, Specialist
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User
from referrals.models import EAPDossier

REASON = "conflict of the migration decided"

# What may be written from here, by kind of record.
WRITTEN: dict[type[models.Model], frozenset[str]] = {
    Patient: frozenset(
        {
            *("name", "email", "medical_condition", "physician"),
            *("first_contact_at", "initial_consult_at"),
        }
    ),
    Specialist: frozenset(
        {
            *("name", "email", "job_title", "medical_license_number"),
            *("hospital", "specialization"),
        }
    ),
    EAPDossier: frozenset({"enrolled_on", "number"}),
}
_NAME = ("first_name", "last_name")


class Decided(Refused):
    """The conflict has been decided already, or settled by an import."""

    code = "already_decided"


def model_of(conflict: FieldConflict) -> type[models.Model]:
    """The model whose record the conflict is about."""
    return apps.get_model(conflict.target_model)


def record_of(conflict: FieldConflict) -> Any | None:
    """The record as it is today, a merged patient's survivor; None when it is gone."""
    model = model_of(conflict)
    key = conflict.patient_id if model is Patient else conflict.target_id
    return model._default_manager.filter(pk=key).first()


def held(conflict: FieldConflict, record: Any) -> Any:
    """What the record says of the field now, in the form of the conflict's values."""
    if conflict.field == "name":
        return {name: getattr(record, name) for name in _NAME}
    if conflict.field == "product":
        return str(record.program.product_id)
    value = record.serializable_value(conflict.field)
    return value if value not in ("", None) else None


def is_held(conflict: FieldConflict, value: Any, record: Any) -> bool:
    """Whether the record says this already."""
    now = held(conflict, record)
    if value is None or now is None:
        return value is now
    if isinstance(value, dict):
        return bool(value == now)
    if conflict.field == "email":
        return correcting.is_same(str(value), str(now))
    if conflict.field == "product":
        return bool(value == now)
    return bool(_column(record, conflict.field).to_python(value) == now)


def values_of(conflict: FieldConflict, record: Any) -> list[dict[str, Any]]:
    """The values to choose from: the conflict's, and what somebody wrote on the record since."""
    values = list(conflict.values)
    if record is None or any(is_held(conflict, said["value"], record) for said in values):
        return values
    value = held(conflict, record)
    if isinstance(value, date):
        value = value.isoformat()
    elif isinstance(value, UUID):
        value = str(value)
    said = {"source": "portal", "legacy_id": None, "row": None, "modified": None}
    return [*values, {**said, "value": value}]


def may_be_taken(conflict: FieldConflict, value: Any, record: Any) -> bool:
    """Whether `take` can be asked for this value: it is written from here, or held already."""
    return conflict.field in WRITTEN.get(type(record), ()) or is_held(conflict, value, record)


def take(*, conflict_id: UUID, place: int, by: User) -> FieldConflict:
    """Give the field the value at this place of `values_of`, and return the conflict.

    Raises Decided, Refused for a record that is gone or may not be changed or a value that is not
    written from here, and ValidationError when the record cannot have the value.
    """
    with transaction.atomic(), acting(by=by, reason=REASON):
        conflict = _locked(conflict_id)
        record = record_of(conflict)
        if record is None:
            raise Refused(_("The record is no longer there."), code="gone")
        values = values_of(conflict, record)
        if not 0 <= place < len(values):
            raise Refused(_("There is no such value."), code="no_such_value")
        value = values[place]["value"]
        if not may_be_taken(conflict, value, record):
            raise Refused(
                _("Change it on the record's own page, then keep what the portal says."),
                code="not_written_here",
            )
        if not is_held(conflict, value, record):
            _write(conflict, record, value, by)
        conflict.values = values
        conflict.winner, conflict.rule = value, FieldConflict.Rule.PERSON
        conflict.state, conflict.decided_by = FieldConflict.State.DECIDED, by
        conflict.decided_at = timezone.now()
        written = ["values", "winner", "rule", "state", "decided_by", "decided_at"]
        conflict.save(update_fields=written)
        return conflict


def _locked(conflict_id: UUID) -> FieldConflict:
    """The open conflict, locked after whom it is about, as merges and imports lock them.

    Raises Decided.
    """
    seen = FieldConflict.objects.get(pk=conflict_id)
    if seen.patient_id is not None:
        locked(seen.patient_id)
    else:
        _locked_row(model_of(seen), seen.target_id)
    conflict = FieldConflict.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=conflict_id
    )
    if not conflict.is_open:
        raise Decided(_("Somebody has decided on this already."))
    return conflict


def _locked_row(model: type[models.Model], key: UUID) -> Any | None:
    return (
        model._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk=key).first()
    )


def _write(conflict: FieldConflict, record: Any, value: Any, by: User) -> None:
    values = (
        {name: value[name] for name in _NAME}
        if conflict.field == "name"
        else {conflict.field: _python(record, conflict.field, value)}
    )
    if isinstance(record, Patient):
        correcting.correct(patient_id=record.pk, values=values, by=by, reason=REASON)
        return
    row = _locked_row(type(record), record.pk)
    if row is None:
        raise Refused(_("The record is no longer there."), code="gone")
    for name, said in values.items():
        setattr(row, name, said)
    row.full_clean()
    row.save(update_fields=list(values))


def _python(record: Any, name: str, value: Any) -> Any:
    """The value as the record's field holds it. Raises Refused for a record that is gone."""
    column = _column(record, name)
    if value is None:
        return None if column.null else ""
    if not column.is_relation:
        return column.to_python(value)
    related = column.related_model._default_manager.filter(pk=value).first()
    if related is None:
        raise Refused(_("The record of this value is no longer there."), code="gone")
    return related


def _column(record: Any, name: str) -> Any:
    return record._meta.get_field(name)
