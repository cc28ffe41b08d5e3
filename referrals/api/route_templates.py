# mypy: disable-error-code="misc"
# (django-filter has no types, so every subclass would need an ignore)
"""Routes over REST, for whoever opens dossiers."""

import django_filters
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.core.api.fields import Computed
from portal.core.api.filters import CodeFilter, RecordFilters, TrueOrFalseFilter
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, RecordViewSet
from referrals.models import RouteStep, RouteStepDependency, RouteTemplate

_OF_A_STEP = (
    "key",
    "title",
    "position",
    "responsible",
    "goes_to",
    "days",
    "within_days",
    "day_kind",
    "country",
    "documents",
    "is_optional",
    "milestone",
    "valid_days",
    "source",
)


class RouteStepNestedSerializer(serializers.ModelSerializer[RouteStep]):
    """A step of a route; `needs` are the keys of the steps that have to be done before."""

    needs = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = RouteStep
        fields = (*_OF_A_STEP, "needs")
        read_only_fields = fields


def steps(path: str) -> ArraySubquery:
    """The steps of the route, in their order."""
    needs = RouteStepDependency.objects.filter(step=OuterRef("pk")).order_by("needed__position")
    told = JSONObject(
        **{name: name for name in _OF_A_STEP}, needs=ArraySubquery(needs.values("needed__key"))
    )
    mine = RouteStep.objects.filter(template=OuterRef(f"{path}id")).order_by("position", "id")
    return ArraySubquery(mine.values(told=told))


@extend_schema_field(RouteStepNestedSerializer(many=True))
class StepsComputed(Computed):
    """The steps, in their order."""


class RouteTemplateSerializer(RecordSerializer):
    """One revision of a route. A dossier keeps the steps of the revision it began with."""

    steps = StepsComputed(steps, help_text="In their order, each with its source.")

    class Meta:
        model = RouteTemplate
        fields = (*RECORD_FIELDS, "code", "revision", "title", "country", "is_active", "steps")
        read_only_fields = fields


class RouteTemplateFilters(RecordFilters):
    """What the list of routes can be narrowed by."""

    code = django_filters.CharFilter(max_length=50)
    country = CodeFilter(help_text="ISO 3166-1 alpha-2.")
    is_active = TrueOrFalseFilter(help_text="Whether a dossier may be begun on it.")


class RouteTemplateViewSet(RecordViewSet):
    """The routes on which dossiers are led: the steps of a country, and who asks for them."""

    queryset = RouteTemplate.objects.all()
    serializer_class = RouteTemplateSerializer
    filterset_class = RouteTemplateFilters
    orderings = BY_ID
    default_ordering = "-id"
