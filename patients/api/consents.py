"""Decisions about consent over REST."""

from typing import Any, cast
from uuid import UUID

from patients import consenting
from patients.api.keys import KeyedViewSet, sent_key
from patients.api.of_patient import PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import Consent, Patient
from portal.core.api.filters import AnyOfFilter, InstantFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary
from portal.core.models import User


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


class ConsentFilters(RecordFilters):
    """What the list of consents can be narrowed by."""

    patient = PatientFilter()
    purpose = AnyOfFilter(choices=Consent.Purpose.choices)
    decision = AnyOfFilter(choices=Consent.Decision.choices)
    decided_after = InstantFilter("decided_at", "gte")
    decided_before = InstantFilter("decided_at", "lt")


class ConsentViewSet(KeyedViewSet):
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

    def make(self, serializer: Any) -> UUID:
        consent: Consent = serializer.row
        consent.idempotency_key = sent_key(self.request)
        recorded = consenting.record(
            consent=consent,
            by=cast(User, self.request.user),
            is_dated="decided_at" in serializer.validated_data,
        )
        return recorded.consent.pk
