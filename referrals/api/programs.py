"""Products and expanded access programs over REST."""

from portal.core.api.filters import AnyOfFilter, IdFilter, RecordFilters, Searched
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, FullViewSet
from referrals.api.summaries import ProductSummary
from referrals.models import ExpandedAccessProgram, Product


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


class ExpandedAccessProgramSerializer(RecordSerializer):
    """A program through which patients get a product outside a trial."""

    class Meta:
        model = ExpandedAccessProgram
        fields = (
            *RECORD_FIELDS,
            "eap_number",
            "title",
            "product",
            "sponsor",
            "registry_id",
            "countries",
            "availability",
            "last_confirmed_on",
            "last_confirmed_with",
        )
        read_only_fields = RECORD_FIELDS
        related = {"product": ProductSummary}


class ExpandedAccessProgramFilters(RecordFilters, Searched):
    """What the list of programs can be narrowed by."""

    product = IdFilter("product_id")
    availability = AnyOfFilter(choices=ExpandedAccessProgram.Availability.choices)


class ExpandedAccessProgramViewSet(FullViewSet):
    """Programs through which patients get a product outside a trial."""

    queryset = ExpandedAccessProgram.objects.all()
    serializer_class = ExpandedAccessProgramSerializer
    filterset_class = ExpandedAccessProgramFilters
    orderings = BY_ID
    default_ordering = "-id"
