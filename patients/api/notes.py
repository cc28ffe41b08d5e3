"""Notes about patients over REST."""

from typing import Any
from uuid import UUID

from patients import noting
from patients.api.keys import KeyedViewSet, sent_key
from patients.api.of_patient import PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import Note, Patient
from portal.core.api.filters import IdFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary


class NoteSerializer(RecordSerializer):
    """What somebody wrote down about a patient. `author` is null when the old system kept none."""

    class Meta:
        model = Note
        fields = (*RECORD_FIELDS, "patient", "author", "text")
        read_only_fields = (*RECORD_FIELDS, "author")
        related = {"patient": PatientSummary, "author": StaffSummary}


class NoteFilters(RecordFilters):
    """What the list of notes can be narrowed by."""

    patient = PatientFilter()
    author = IdFilter("author_id")


class NoteViewSet(KeyedViewSet):
    """Notes about patients, by whoever sends them. A correction is a further note."""

    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    filterset_class = NoteFilters
    subject = (Patient, "patient_id")

    def make(self, serializer: Any) -> UUID:
        sent = serializer.validated_data
        note = noting.write(
            patient_id=sent["patient"].pk,
            by=self.request.user,  # type: ignore[arg-type]
            text=sent["text"],
            idempotency_key=sent_key(self.request),
        )
        return note.pk
