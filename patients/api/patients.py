"""Patients and leads over REST."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from patients import conversion, matching
from patients.adding import add
from patients.api.summaries import ConditionSummary, SpecialistSummary
from patients.api.transitions import (
    ClosingSerializer,
    ConversionSerializer,
    ConversionUndoSerializer,
    EndedSerializer,
    ReopeningSerializer,
    close,
)
from patients.closing import reopen
from patients.locking import MergedAway, refuse_restricted, survivor_of
from patients.models import ErasedPatient, Patient, StageChange
from portal.core.api import versions
from portal.core.api.documents import Document
from portal.core.api.filters import (
    AnyOfFilter,
    CodeFilter,
    IdFilter,
    RecordFilters,
    Searched,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary
from portal.core.api.verbs import verb
from portal.core.api.viewsets import FullViewSet
from portal.core.permissions import may


class PatientSerializer(RecordSerializer):
    """A patient or, while `stage` is `lead`, somebody who asked for help."""

    class Meta:
        model = Patient
        fields = (
            *RECORD_FIELDS,
            "first_name",
            "last_name",
            "email",
            "phone",
            "country",
            "language",
            "time_zone",
            "stage",
            "is_lead",
            "closed_reason",
            "owner",
            "medical_condition",
            "physician",
            "first_contact_at",
            "initial_consult_at",
            "converted_at",
            "converted_by",
            "date_of_birth",
            "sex",
            "on_behalf_of_name",
            "on_behalf_of_relation",
            "voicemail",
            "do_not_contact",
            "deceased_on",
            "processing_restricted",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            "stage",
            "is_lead",
            "closed_reason",
            "initial_consult_at",
            "converted_at",
            "converted_by",
            "deceased_on",
            "processing_restricted",
        )
        # When they first came does not begin anew with a correction.
        fixed_fields = ("first_contact_at",)
        related = {
            "owner": StaffSummary,
            "medical_condition": ConditionSummary,
            "physician": SpecialistSummary,
            "converted_by": StaffSummary,
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            refuse_restricted(self.instance)
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Any:
        add(self.row, by=self.context["request"].user)
        return self.row

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        patient = super().update(instance, validated_data)
        if matching.COMPARED & set(validated_data):
            matching.review(patient)
        return patient


class PatientFilters(RecordFilters, Searched):
    """What the list of patients can be narrowed by."""

    stage = AnyOfFilter(choices=Patient.Stage.choices)
    is_lead = TrueOrFalseFilter()
    owner = IdFilter("owner_id", help_text="The navigator.")
    medical_condition = IdFilter("medical_condition_id")
    physician = IdFilter("physician_id")
    country = CodeFilter(help_text="ISO 3166-1 alpha-2.")


class Erased(APIException):
    """Nobody has this id any more, and nobody will."""

    status_code = status.HTTP_410_GONE
    default_detail = gettext_lazy("This person was erased.")
    default_code = "erased"


class ClosedSerializer(serializers.Serializer[Any]):
    """Somebody who is closed, and what ended with that."""

    patient = PatientSerializer()
    ended = EndedSerializer(many=True, help_text="Calls to come, referrals, dossiers.")


class PatientViewSet(FullViewSet):
    """People who look for treatment, and those who asked and are not patients yet (leads).

    The stage is changed by operations of its own, not by writing it. The id of somebody who was
    merged into another patient redirects to that patient; that of somebody who was erased is gone.
    """

    queryset = Patient.objects.all()
    serializer_class = PatientSerializer
    filterset_class = PatientFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}
    subject = (Patient, "id")
    bodies = {
        "convert": ConversionSerializer,
        "undo_conversion": ConversionUndoSerializer,
        "close": ClosingSerializer,
        "reopen": ReopeningSerializer,
    }
    answers = {"close": ClosedSerializer}
    moved = "This patient was merged into another one, whose address is in Location."
    gone = "This person was erased."

    def handle_exception(self, exc: Exception) -> Response:
        """As DRF does; but an id that was merged away leads to the survivor, or was erased."""
        if isinstance(exc, Http404) and self.detail and may(self.request.user, "view", Patient):
            survivor_id = self.survivor_id()
            if survivor_id is not None:
                return self.redirect(survivor_id)
            if self.was_erased():
                return super().handle_exception(Erased())
        return super().handle_exception(exc)

    def survivor_id(self) -> UUID | None:
        """The id of the patient into whom the one in the URL was merged; None for no such."""
        try:
            return survivor_of(self.record_id())
        except Http404:
            return None

    def was_erased(self) -> bool:
        """Whether the id in the URL was that of somebody who was erased."""
        try:
            return ErasedPatient.objects.filter(old_id=self.record_id()).exists()
        except Http404:
            return False

    def redirect(self, survivor_id: UUID) -> Response:
        """301 to the same address of the survivor; 308 where the method has to be kept."""
        safe = self.request.method in SAFE_METHODS
        code = status.HTTP_301_MOVED_PERMANENTLY if safe else status.HTTP_308_PERMANENT_REDIRECT
        path = self.request.path.replace(self.kwargs["pk"], str(survivor_id))
        merged = MergedAway(survivor_id)
        return Response(
            {"code": merged.code, "detail": merged.message, "merged_into": survivor_id},
            status=code,
            headers={"Location": self.request.build_absolute_uri(path)},
        )

    def remove(self, row: Patient) -> None:
        refuse_restricted(row)
        super().remove(row)

    @verb(path="convert", summary="Make a lead a patient")
    def convert(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a lead a patient, once a call has reached them. Who is a patient stays one."""
        return self.answer(self.transition(conversion.convert))

    @verb(path="undo-conversion", summary="Make a patient a lead again")
    def undo_conversion(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a conversion back, while no referral or dossier was begun. A lead stays one."""
        return self.answer(self.transition(conversion.undo))

    @verb(path="close", summary="Close a lead or patient")
    def close(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End somebody's way, with all that is open. A repetition gives the same answer."""
        document = self.transition(close)
        closings = StageChange.objects.filter(patient=document.id, to_stage=Patient.Stage.CLOSED)
        last = closings.order_by("-created_at", "-id").values_list("ended", flat=True).first()
        ended = [{"kind": each["model"].lower(), "ids": each["ids"]} for each in last or ()]
        return Response(
            {"patient": document.json, "ended": ended},
            headers={"ETag": versions.etag(document.version)},
        )

    @verb(path="reopen", summary="Reopen a closed lead or patient")
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Bring somebody back as the lead or patient they were; what was ended stays ended."""
        return self.answer(self.transition(reopen))

    def transition(self, change: Callable[..., Any]) -> Document:
        """The record after the verb `change`, which is told what the body says."""
        record_id = self.record_id()
        with transaction.atomic():
            self.locked(record_id, no_key=False)
            body = self.get_serializer(data=self.request.data)
            body.is_valid(raise_exception=True)
            change(patient_id=record_id, by=self.request.user, **body.validated_data)
        return self.one(record_id)
