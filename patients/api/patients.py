"""Patients and leads over REST."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.summaries import ConditionSummary, SpecialistSummary
from patients.models import ErasedPatient, MergedPatient, Patient
from portal.core.api.filters import (
    AnyOfFilter,
    CodeFilter,
    IdFilter,
    RecordFilters,
    Searched,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary
from portal.core.api.viewsets import FullViewSet
from portal.core.errors import Refused


def refuse_restricted(patient: Patient) -> None:
    """Raise Refused when nothing about this person may be changed (GDPR article 18)."""
    if patient.processing_restricted:
        raise Refused(_("This person's data may not be changed."), code="restricted")


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
    other_answers = {
        "301": "This patient was merged into another one, whose address is here.",
        "410": "This person was erased.",
    }

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One patient. With If-None-Match and the tag you have: 304 when nothing has changed."""
        try:
            return super().retrieve(request, *args, **kwargs)
        except Http404:
            if ErasedPatient.objects.filter(old_id=self.record_id()).exists():
                raise Erased from None
            merged = MergedPatient.objects.filter(old_id=self.record_id()).first()
            if merged is None:
                raise
        url = request.build_absolute_uri(f"../{merged.survivor_id}/")
        return Response(status=status.HTTP_301_MOVED_PERMANENTLY, headers={"Location": url})

    def remove(self, row: Patient) -> None:
        refuse_restricted(row)
        super().remove(row)
