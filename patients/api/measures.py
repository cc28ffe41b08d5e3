"""What can be known about a patient's health, over REST."""

from patients.api.summaries import MeasureSummary
from patients.models import Measure, MeasureUnit
from portal.core.api.filters import (
    AnyOfFilter,
    CodeFilter,
    IdFilter,
    RecordFilters,
    Searched,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, FullViewSet


class MeasureSerializer(RecordSerializer):
    """Something that is measured or asked. `code_system` is blank for a code of our own."""

    class Meta:
        model = Measure
        fields = (
            *RECORD_FIELDS,
            "code",
            "code_system",
            "name",
            "question",
            "category",
            "kind",
            "unit",
            "choices",
            "low",
            "high",
            "is_active",
        )
        read_only_fields = RECORD_FIELDS


class MeasureFilters(RecordFilters, Searched):
    """What the list of measures can be narrowed by."""

    code = CodeFilter(help_text="Of LOINC, or one of our own.")
    category = AnyOfFilter(choices=Measure.Category.choices)
    kind = AnyOfFilter(choices=Measure.Kind.choices)
    is_active = TrueOrFalseFilter()


class MeasureViewSet(FullViewSet):
    """What can be known about patients. Kind and unit stay as they are once there are values."""

    queryset = Measure.objects.all()
    serializer_class = MeasureSerializer
    filterset_class = MeasureFilters
    orderings = BY_ID
    default_ordering = "-id"


class MeasureUnitSerializer(RecordSerializer):
    """A further unit: value × factor + offset is the value in the measure's own unit."""

    class Meta:
        model = MeasureUnit
        fields = (*RECORD_FIELDS, "measure", "unit", "factor", "offset")
        read_only_fields = RECORD_FIELDS
        fixed_fields = ("measure",)
        related = {"measure": MeasureSummary}


class MeasureUnitFilters(RecordFilters):
    """What the list of units can be narrowed by."""

    measure = IdFilter("measure_id")


class MeasureUnitViewSet(FullViewSet):
    """Further units in which a measure may be said."""

    queryset = MeasureUnit.objects.all()
    serializer_class = MeasureUnitSerializer
    filterset_class = MeasureUnitFilters
    orderings = BY_ID
    default_ordering = "-id"
