"""The lists that people point at, over REST: hospitals, specializations, conditions."""

from typing import Any

from patients.api.summaries import ConditionSummary
from patients.models import ConditionName, Hospital, MedicalCondition, Specialization
from portal.core.api.filters import CodeFilter, IdFilter, RecordFilters, Searched
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, FullViewSet


class HospitalSerializer(RecordSerializer):
    """A hospital or clinic."""

    class Meta:
        model = Hospital
        fields = (*RECORD_FIELDS, "name", "city", "country")
        read_only_fields = RECORD_FIELDS


class HospitalFilters(RecordFilters, Searched):
    """What the list of hospitals can be narrowed by."""

    country = CodeFilter(help_text="ISO 3166-1 alpha-2.")


class HospitalViewSet(FullViewSet):
    """Hospitals and clinics."""

    queryset = Hospital.objects.all()
    serializer_class = HospitalSerializer
    filterset_class = HospitalFilters
    orderings = {"id": ("id",), "name": ("name", "id")}
    default_ordering = "-id"


class SpecializationSerializer(RecordSerializer):
    """A field of medicine or pharmacy that a specialist works in."""

    class Meta:
        model = Specialization
        fields = (*RECORD_FIELDS, "name")
        read_only_fields = RECORD_FIELDS


class SpecializationFilters(RecordFilters, Searched):
    """What the list of specializations can be narrowed by."""


class SpecializationViewSet(FullViewSet):
    """Fields of medicine or pharmacy."""

    queryset = Specialization.objects.all()
    serializer_class = SpecializationSerializer
    filterset_class = SpecializationFilters
    orderings = BY_ID
    default_ordering = "-id"


class MedicalConditionSerializer(RecordSerializer):
    """A disease or disorder."""

    class Meta:
        model = MedicalCondition
        fields = (*RECORD_FIELDS, "name", "abbreviation", "code", "code_system", "parent")
        read_only_fields = RECORD_FIELDS
        related = {"parent": ConditionSummary}

    def create(self, validated_data: dict[str, Any]) -> MedicalCondition:
        condition: MedicalCondition = super().create(validated_data)
        condition.answer_to_own_name()
        return condition

    def update(self, instance: Any, validated_data: dict[str, Any]) -> MedicalCondition:
        condition: MedicalCondition = super().update(instance, validated_data)
        condition.answer_to_own_name()
        return condition


class MedicalConditionFilters(RecordFilters, Searched):
    """What the list of conditions can be narrowed by; `search` looks at every name of each."""

    parent = IdFilter("parent_id")


class MedicalConditionViewSet(FullViewSet):
    """Diseases and disorders. Their other names are in `condition-names`."""

    queryset = MedicalCondition.objects.all()
    serializer_class = MedicalConditionSerializer
    filterset_class = MedicalConditionFilters
    orderings = BY_ID
    default_ordering = "-id"


class ConditionNameSerializer(RecordSerializer):
    """One way of writing a condition. A name belongs to one condition only."""

    class Meta:
        model = ConditionName
        fields = (*RECORD_FIELDS, "condition", "name", "language", "origin")
        read_only_fields = RECORD_FIELDS
        related = {"condition": ConditionSummary}


class ConditionNameFilters(RecordFilters, Searched):
    """What the list of names can be narrowed by."""

    condition = IdFilter("condition_id")


class ConditionNameViewSet(FullViewSet):
    """The names that conditions go by: old labels, misspellings, other languages."""

    queryset = ConditionName.objects.all()
    serializer_class = ConditionNameSerializer
    filterset_class = ConditionNameFilters
    orderings = BY_ID
    default_ordering = "-id"
