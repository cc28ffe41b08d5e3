"""Facts about patients over REST."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from patients import observing
from patients.api.keys import KeyedViewSet, sent_key
from patients.api.of_patient import PatientFilter
from patients.api.summaries import (
    DocumentSummary,
    MeasureSummary,
    ObservationSummary,
    PatientSummary,
)
from patients.models import Observation, Patient
from portal.core.api.fields import Text
from portal.core.api.filters import AnyOfFilter, DayFilter, IdFilter, RecordFilters
from portal.core.api.serializers import (
    RECORD_FIELDS,
    RecordSerializer,
    StaffSummary,
    VerbSerializer,
)
from portal.core.api.verbs import verb
from portal.core.models import User


class ObservationSerializer(RecordSerializer):
    """One fact about a patient on one day.

    A number is kept in the measure's own unit, with what was `entered` and its `unit` beside it;
    for other measures `text` is the answer.
    """

    value = Text(
        write_only=True,
        max_length=100,
        help_text="A number like 1.2, yes or no, or one of the measure's choices.",
    )
    reason = Text(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=300,
        help_text="What was wrong with the fact that this one corrects.",
    )

    class Meta:
        model = Observation
        fields = (
            *RECORD_FIELDS,
            "patient",
            "measure",
            "value",
            "number",
            "text",
            "entered",
            "unit",
            "observed_on",
            "source",
            "document",
            "recorded_by",
            "status",
            "error_reason",
            "corrects",
            "reason",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            *("number", "text", "entered", "recorded_by", "status", "error_reason"),
        )
        related = {
            "patient": PatientSummary,
            "measure": MeasureSummary,
            "document": DocumentSummary,
            "recorded_by": StaffSummary,
            "corrects": ObservationSummary,
        }
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "unit": {"help_text": "UCUM: umol/L. Left out, it is the measure's own."},
            "corrects": {"validators": []},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The verb judges what is said, with the patient's row locked."""
        return attrs


class ObservationFilters(RecordFilters):
    """What the list of facts can be narrowed by."""

    patient = PatientFilter()
    measure = IdFilter("measure_id")
    source = AnyOfFilter(choices=Observation.Source.choices)
    status = AnyOfFilter(choices=Observation.Status.choices)
    since = DayFilter("observed_on", "gte", help_text="Observed on that day or later.")


class MarkWrongSerializer(VerbSerializer):
    """Saying that a fact was entered in error."""

    reason = Text(max_length=300, help_text="What was wrong.")


class ObservationViewSet(KeyedViewSet):
    """Facts about patients: what was measured, asked or read, when, and who says so.

    A fact is not changed: one that is wrong is marked so, and the right one is a further record.
    The same fact sent again is answered with the record there is.
    """

    queryset = Observation.objects.all()
    serializer_class = ObservationSerializer
    filterset_class = ObservationFilters
    orderings = {"observed_on": ("observed_on", "id"), "created_at": ("created_at", "id")}
    default_ordering = "-observed_on"
    subject = (Patient, "patient_id")
    bodies: ClassVar[dict[str, type[serializers.BaseSerializer[Any]]]] = {
        "mark_wrong": MarkWrongSerializer
    }

    def make(self, serializer: Any) -> UUID:
        return observing.observe(
            by=cast(User, self.request.user),
            idempotency_key=sent_key(self.request),
            **serializer.validated_data,
        ).pk

    @verb(path="mark-wrong", summary="Mark a fact as entered in error")
    def mark_wrong(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that a fact was entered in error. It stays, and counts no more."""
        record_id = self.record_id()
        with transaction.atomic():
            fact = self.locked(record_id)
            body = self.get_serializer(data=request.data)
            body.is_valid(raise_exception=True)
            by = cast(User, request.user)
            observing.mark_wrong(observation=fact, by=by, **body.validated_data)
        return self.answer(self.one(record_id))
