"""Decisions about consent over REST."""

from typing import Any

from patients import consenting
from patients.api.of_patient import PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import Consent, Patient
from portal.core.api.filters import AnyOfFilter, InstantFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary
from portal.core.api.viewsets import AppendViewSet


class ConsentSerializer(RecordSerializer):
    """One decision of a patient about one use of their data. The last one counts."""

    class Meta:
        model = Consent
        fields = (
            *RECORD_FIELDS,
            "patient",
            "purpose",
            "scope",
            "decision",
            "decided_at",
            "text_version",
            "language",
            "method",
            "obtained_by",
            "evidence",
        )
        read_only_fields = RECORD_FIELDS
        related = {"patient": PatientSummary, "obtained_by": StaffSummary}

    def create(self, validated_data: dict[str, Any]) -> Consent:
        return consenting.record(consent=self.row, by=self.context["request"].user).consent


class ConsentFilters(RecordFilters):
    """What the list of consents can be narrowed by."""

    patient = PatientFilter()
    purpose = AnyOfFilter(choices=Consent.Purpose.choices)
    decision = AnyOfFilter(choices=Consent.Decision.choices)
    decided_after = InstantFilter("decided_at", "gte")
    decided_before = InstantFilter("decided_at", "lt")


class ConsentViewSet(AppendViewSet):
    """What patients allowed, refused and withdrew. A change of mind is a further record.

    Withdrawing stops at once what depended on the consent and was not sent yet: calls to come,
    referrals that no site has seen, steps in preparation.
    """

    queryset = Consent.objects.all()
    serializer_class = ConsentSerializer
    filterset_class = ConsentFilters
    orderings = {"decided_at": ("decided_at", "id")}
    default_ordering = "-decided_at"
    subject = (Patient, "patient_id")
