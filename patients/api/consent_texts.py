# mypy: disable-error-code="misc"
# (django-filter has no types, so every subclass would need an ignore)
"""The texts that people agree to, over REST, for whoever shows them."""

from typing import Any

import django_filters
from django.utils import timezone

from patients.models import Consent, ConsentText
from portal.core.api.filters import AnyOfFilter, CodeFilter, RecordFilters, TrueOrFalseFilter
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, RecordViewSet


class ConsentTextSerializer(RecordSerializer):
    """One version of a text in one language. It never changes; new words are a new version."""

    class Meta:
        model = ConsentText
        fields = (
            *RECORD_FIELDS,
            "purpose",
            "text_version",
            "language",
            "title",
            "body",
            "sha256",
            "valid_from",
        )
        read_only_fields = fields


class ConsentTextFilters(RecordFilters):
    """What the list of texts can be narrowed by."""

    purpose = AnyOfFilter(choices=Consent.Purpose.choices)
    language = CodeFilter(help_text="BCP 47.")
    text_version = django_filters.CharFilter(max_length=50)
    in_force = TrueOrFalseFilter(
        method="shown_now", help_text="Whether people are shown this version now."
    )

    def shown_now(self, queryset: Any, name: str, value: bool) -> Any:
        """Of each purpose and language the version of today, or all the others."""
        current = ConsentText.objects.in_force(now=timezone.now()).values("pk")
        return queryset.filter(pk__in=current) if value else queryset.exclude(pk__in=current)


class ConsentTextViewSet(RecordViewSet):
    """The texts that people agree to, in every language and version, word for word."""

    queryset = ConsentText.objects.all()
    serializer_class = ConsentTextSerializer
    filterset_class = ConsentTextFilters
    orderings = BY_ID
    default_ordering = "-id"
