"""Physicians and pharmacists over REST."""

from patients.api.summaries import HospitalSummary, SpecializationSummary
from patients.models import Specialist
from portal.core.api.filters import (
    AnyOfFilter,
    IdFilter,
    RecordFilters,
    Searched,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import FullViewSet


class SpecialistSerializer(RecordSerializer):
    """A physician or pharmacist who treats or supplies patients."""

    class Meta:
        model = Specialist
        fields = (
            *RECORD_FIELDS,
            "first_name",
            "last_name",
            "email",
            "phone",
            "country",
            "language",
            "time_zone",
            "contact_type",
            "job_title",
            "specialization",
            "medical_license_number",
            "hospital",
            "is_active",
        )
        read_only_fields = RECORD_FIELDS
        related = {"specialization": SpecializationSummary, "hospital": HospitalSummary}


class SpecialistFilters(RecordFilters, Searched):
    """What the list of specialists can be narrowed by."""

    contact_type = AnyOfFilter(choices=Specialist.ContactType.choices)
    hospital = IdFilter("hospital_id")
    specialization = IdFilter("specialization_id")
    is_active = TrueOrFalseFilter()


class SpecialistViewSet(FullViewSet):
    """Physicians and pharmacists. A referral needs a physician who has a hospital."""

    queryset = Specialist.objects.all()
    serializer_class = SpecialistSerializer
    filterset_class = SpecialistFilters
    orderings = {"id": ("id",), "name": ("last_name", "first_name", "id")}
    default_ordering = "-id"
