"""Filters of lists: none loads a table into a dropdown, none counts facets."""

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, QuerySet
from django.forms import DateField
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
)

from portal.core.admin.widgets import QuickDropdownForm


class AutocompleteFilter(AutocompleteSelectFilter):  # type: ignore[misc]
    """A related record, searched for as one types."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        try:
            return super().queryset(request, queryset)
        except ValidationError:  # an id in the address that is none
            return queryset.none()


class ChoicesFilter(ChoicesDropdownFilter):  # type: ignore[misc]
    """One of a field's choices."""

    form_class = QuickDropdownForm


class DateRangeFilter(RangeDateFilter):  # type: ignore[misc]
    """From one day up to and including another, days as the viewer's clock has them."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        limits: dict[str, Any] = {}
        for end, lookup in (("from", "gte"), ("to", "lt")):
            raw = self.used_parameters.get(f"{self.parameter_name}_{end}") or ""
            try:
                day = DateField(required=False).clean(str(raw))
            except ValidationError:  # typed by hand into the address
                day = None
            if day is None:
                continue
            if end == "to":
                day += timedelta(days=1)
            limit: Any = day
            if isinstance(self.field, DateTimeField):
                limit = timezone.make_aware(datetime.combine(day, time.min))
            limits[f"{self.parameter_name}__{lookup}"] = limit
        return queryset.filter(**limits)
