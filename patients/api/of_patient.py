# mypy: disable-error-code="misc"
# (django-filter has no types, so every subclass would need an ignore)
"""What records have in common that belong to a patient, over REST."""

from typing import Any
from uuid import UUID

from patients.locking import refuse_restricted, survivor_of
from patients.models import Patient
from portal.core.api.filters import IdFilter
from portal.core.api.serializers import RecordSerializer
from portal.core.api.viewsets import FullViewSet


class PatientFilter(IdFilter):
    """Records of this patient; an id that was merged away finds those of the survivor."""

    def __init__(self, column: str = "patient_id") -> None:
        super().__init__(column)

    def filter(self, qs: Any, value: UUID | None) -> Any:
        """`qs`, narrowed to the patient whom this id leads to; all of it without an id."""
        return super().filter(qs, value and (survivor_of(value) or value))


class OfPatientSerializer(RecordSerializer):
    """A record that belongs to a patient; refused when that person may not be changed."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        refuse_restricted(self.row.patient)
        return attrs


class OfPatientViewSet(FullViewSet):
    """Records that belong to a patient; not deleted for somebody who may not be changed."""

    subject = (Patient, "patient_id")

    def remove(self, row: Any) -> None:
        refuse_restricted(row.patient)
        super().remove(row)
