"""Dossiers of expanded access and their steps over REST."""

from typing import Any, cast
from uuid import UUID

from patients.api.of_patient import (
    OfOpenPatientViewSet,
    OfPatientSerializer,
    PatientFilter,
)
from patients.api.summaries import HospitalSummary, PatientSummary, SpecialistSummary
from patients.beginning import begin
from patients.locking import refuse_restricted
from patients.models import Patient
from portal.core.api.filters import AnyOfFilter, DayFilter, IdFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, FullViewSet
from portal.core.models import User
from referrals.api.summaries import DossierSummary, ProgramSummary, RouteStepSummary, RouteSummary
from referrals.discarding import refuse_when_begun, refuse_when_closed
from referrals.models import DossierStep, EAPDossier


class EAPDossierSerializer(OfPatientSerializer):
    """One patient's way into one expanded access program."""

    class Meta:
        model = EAPDossier
        fields = (
            *RECORD_FIELDS,
            "patient",
            "program",
            "number",
            "physician",
            "hospital",
            "route",
            "urgency",
            "enrolled_on",
            "state",
            "closed_reason",
        )
        read_only_fields = (*RECORD_FIELDS, "route", "state", "closed_reason")
        fixed_fields = ("patient", "program")
        related = {
            "patient": PatientSummary,
            "program": ProgramSummary,
            "physician": SpecialistSummary,
            "hospital": HospitalSummary,
            "route": RouteSummary,
        }


class EAPDossierFilters(RecordFilters):
    """What the list of dossiers can be narrowed by."""

    patient = PatientFilter()
    program = IdFilter("program_id")
    state = AnyOfFilter(choices=EAPDossier.State.choices)


class EAPDossierViewSet(OfOpenPatientViewSet):
    """Dossiers of expanded access. One is open per patient and program.

    Opening and closing are operations of their own. Only an open dossier without steps can be
    deleted.
    """

    queryset = EAPDossier.objects.all()
    serializer_class = EAPDossierSerializer
    filterset_class = EAPDossierFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}

    def remove(self, row: EAPDossier) -> None:
        refuse_when_closed(row)
        super().remove(row)


class DossierStepSerializer(RecordSerializer):
    """One step of a dossier. `status` is changed by operations of its own."""

    class Meta:
        model = DossierStep
        fields = (
            *RECORD_FIELDS,
            "dossier",
            "route_step",
            "title",
            "position",
            "status",
            "responsible",
            "due_on",
            "submitted_on",
            "decided_on",
            "valid_until",
            "reference",
        )
        read_only_fields = (*RECORD_FIELDS, "route_step", "status", "submitted_on", "decided_on")
        fixed_fields = ("dossier",)
        related = {"dossier": DossierSummary, "route_step": RouteStepSummary}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        refuse_restricted(self.row.dossier.patient)
        return attrs


class DossierStepFilters(RecordFilters):
    """What the list of steps can be narrowed by."""

    dossier = IdFilter("dossier_id")
    status = AnyOfFilter(choices=DossierStep.Status.choices)
    due_by = DayFilter("due_on", "lte", help_text="Due by that day.")


class DossierStepViewSet(FullViewSet):
    """The steps of dossiers: what has to be done, by whom, and until when."""

    queryset = DossierStep.objects.all()
    serializer_class = DossierStepSerializer
    filterset_class = DossierStepFilters
    orderings = BY_ID
    default_ordering = "-id"
    subject = (Patient, "dossier__patient_id")

    def make(self, serializer: Any) -> UUID:
        step = serializer.row
        begin(step, patient_id=step.dossier.patient_id, by=cast(User, self.request.user))
        return cast(UUID, step.pk)

    def remove(self, row: DossierStep) -> None:
        refuse_when_begun(row)
        refuse_restricted(row.dossier.patient)
        super().remove(row)
