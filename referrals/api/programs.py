"""Products and expanded access programs over REST."""

from typing import Any

from django_filters import CharFilter

from patients.api.summaries import ConditionSummary
from portal.core.api.filters import AnyOfFilter, CodeFilter, IdFilter, RecordFilters, Searched
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, FullViewSet
from referrals.api.described import (
    CONFIRMED,
    OF_THE_REGISTRY,
    ConfirmedViewSet,
    DescribedSerializer,
    ListComputed,
    WholeComputed,
)
from referrals.api.summaries import ProductSummary, ProgramSummary
from referrals.completeness import missing, percent
from referrals.models import ExpandedAccessProgram, Product, ProgramCondition


class ProductSerializer(RecordSerializer):
    """A medicine that is not on the market for these patients yet."""

    class Meta:
        model = Product
        fields = (*RECORD_FIELDS, "name", "substance", "manufacturer")
        read_only_fields = RECORD_FIELDS


class ProductFilters(RecordFilters, Searched):
    """What the list of products can be narrowed by."""


class ProductViewSet(FullViewSet):
    """Medicines that are not on the market for these patients yet."""

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = ProductFilters
    orderings = BY_ID
    default_ordering = "-id"


class ExpandedAccessProgramSerializer(DescribedSerializer):
    """A program through which patients get a product outside a trial."""

    completeness = WholeComputed(
        lambda _path: percent(ExpandedAccessProgram),
        help_text="How many of a hundred of the needed facts are known.",
    )
    missing = ListComputed(
        lambda _path: missing(ExpandedAccessProgram),
        help_text="The needed facts that are not known.",
    )

    class Meta:
        model = ExpandedAccessProgram
        fields = (
            *RECORD_FIELDS,
            "eap_number",
            "title",
            "official_title",
            "org_study_id",
            "secondary_ids",
            "product",
            "sponsor",
            "registry_id",
            "countries",
            "availability",
            "access_types",
            "days_to_resupply",
            "condition_texts",
            "interventions",
            "sex",
            "minimum_age",
            "maximum_age",
            "healthy_volunteers",
            "criteria_text",
            "first_posted_on",
            "last_update_posted_on",
            "completion_date",
            "unrecognised",
            "last_confirmed_on",
            "last_confirmed_with",
            "notes",
            "completeness",
            "missing",
        )
        read_only_fields = (*RECORD_FIELDS, *OF_THE_REGISTRY, *CONFIRMED)
        extra_kwargs = {"product": {"required": True, "allow_null": False}}
        related = {"product": ProductSummary}


class ExpandedAccessProgramFilters(RecordFilters, Searched):
    """What the list of programs can be narrowed by."""

    product = IdFilter("product_id")
    registry_id = CharFilter(max_length=50, help_text="Exactly this number.")
    availability = AnyOfFilter(choices=ExpandedAccessProgram.Availability.choices)
    condition = IdFilter("program_conditions__condition_id", help_text="What the program is for.")
    country = CodeFilter(method="in_country", help_text="ISO 3166-1 alpha-2.")

    def in_country(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(countries__contains=[value])


class ExpandedAccessProgramViewSet(ConfirmedViewSet):
    """Programs through which patients get a product outside a trial.

    What they are for is in `program-conditions`. What is changed here stays when the registry is
    read again.
    """

    queryset = ExpandedAccessProgram.objects.all()
    serializer_class = ExpandedAccessProgramSerializer
    filterset_class = ExpandedAccessProgramFilters
    orderings = BY_ID
    default_ordering = "-id"


class ProgramConditionSerializer(RecordSerializer):
    """A condition that a program is for."""

    class Meta:
        model = ProgramCondition
        fields = (*RECORD_FIELDS, "program", "condition", "origin")
        read_only_fields = (*RECORD_FIELDS, "origin")
        fixed_fields = ("program",)
        related = {"program": ProgramSummary, "condition": ConditionSummary}


class ProgramConditionFilters(RecordFilters):
    """What the list can be narrowed by."""

    program = IdFilter("program_id")
    condition = IdFilter("condition_id")


class ProgramConditionViewSet(FullViewSet):
    """Which conditions programs are for: one record for each program and condition."""

    queryset = ProgramCondition.objects.all()
    serializer_class = ProgramConditionSerializer
    filterset_class = ProgramConditionFilters
    orderings = BY_ID
    default_ordering = "-id"
