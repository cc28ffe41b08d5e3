"""Further e-mail addresses and phones of patients over REST."""

from typing import Any

from patients.api.of_patient import OfPatientSerializer, OfPatientViewSet, PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import ContactPoint
from portal.core.api.filters import AnyOfFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS
from portal.core.api.viewsets import BY_ID


class ContactPointSerializer(OfPatientSerializer):
    """A further e-mail address or phone of a patient. Several people may share one."""

    class Meta:
        model = ContactPoint
        fields = (*RECORD_FIELDS, "patient", "kind", "value", "origin", "remark")
        read_only_fields = (*RECORD_FIELDS, "origin")
        fixed_fields = ("patient",)
        related = {"patient": PatientSummary}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if self.instance is None:
            self.row.origin = ContactPoint.Origin.API
        return attrs


class ContactPointFilters(RecordFilters):
    """What the list of contact points can be narrowed by."""

    patient = PatientFilter()
    kind = AnyOfFilter(choices=ContactPoint.Kind.choices)


class ContactPointViewSet(OfPatientViewSet):
    """Further e-mail addresses and phones, besides the `email` and `phone` of the patient."""

    queryset = ContactPoint.objects.all()
    serializer_class = ContactPointSerializer
    filterset_class = ContactPointFilters
    orderings = BY_ID
    default_ordering = "-id"
