# mypy: disable-error-code="misc"
# (django-filter has no types, so every subclass would need an ignore)
"""Filters of lists: every parameter is declared, and one that is not, or is malformed, is a 400.

A parameter that is silently ignored shows the caller more than they asked for.
"""

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from portal.core.api.fields import parse_day, parse_id, parse_instant
from portal.core.api.invalid import InvalidParameter


class _Parsed(forms.Field):
    parse: Any = staticmethod(str)
    message: Any = ""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            return self.parse(value)
        except (KeyError, ValueError) as error:
            raise DjangoValidationError(self.message, code="invalid") from error


class _IdField(_Parsed):
    parse = staticmethod(parse_id)
    message = _("Write an id, a UUID.")


class _InstantField(_Parsed):
    message = _("Write the moment with its offset, like 2026-05-31T10:30:00Z.")

    @staticmethod
    def parse(value: str) -> Any:
        # A plus sign that was not percent-encoded arrives as a blank.
        return parse_instant(value[:-6] + value[-6:].replace(" ", "+"))


class _DayField(_Parsed):
    parse = staticmethod(parse_day)
    message = _("Write a date like 2026-05-31.")


class _TrueOrFalseField(_Parsed):
    parse = staticmethod({"true": True, "false": False}.__getitem__)
    message = _("Write true or false.")


class IdFilter(django_filters.UUIDFilter):
    """Records that point at the record of this id. No list of choices is read."""

    field_class = _IdField


class InstantFilter(django_filters.IsoDateTimeFilter):
    """Compares with a moment."""

    field_class = _InstantField


class DayFilter(django_filters.DateFilter):
    """Compares with a date."""

    field_class = _DayField


class TrueOrFalseFilter(django_filters.BooleanFilter):
    """`true` or `false`."""

    field_class = _TrueOrFalseField


class AnyOfFilter(django_filters.MultipleChoiceFilter):
    """One of a few values; given more than once, any of them."""

    def filter(self, qs: models.QuerySet[Any], value: Any) -> models.QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__in": value}) if value else qs


class CodeFilter(django_filters.CharFilter):
    """A code of a list that the world keeps, such as a country's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_length=10, **kwargs)


class RecordFilters(django_filters.FilterSet):
    """What every list can be narrowed by."""

    created_after = InstantFilter("created_at", "gte", help_text=_("Made then or later."))
    created_before = InstantFilter("created_at", "lt", help_text=_("Made before then."))
    updated_since = InstantFilter("updated_at", "gte", help_text=_("Changed then or later."))


class Searched(django_filters.FilterSet):
    """A list that can be searched by the beginnings of words."""

    search = django_filters.CharFilter(
        method="find",
        max_length=200,
        strip=False,
        help_text=_(
            "Each word must begin a word of the record, ignoring accents, case and order. "
            "People are also found by e-mail, its domain, and phone digits from either end. "
            "At most 1,000 matches are looked at."
        ),
    )

    def find(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.search(value)


class Filters(DjangoFilterBackend):
    """Applies a view's `filterset_class` and refuses whatever it does not understand."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        if not request.query_params.keys() & view.filterset_class.base_filters.keys():
            return queryset  # a form for no parameters would cost more than the page
        filterset = self.get_filterset(request, queryset, view)
        if not filterset.is_valid():
            name, errors = next(iter(filterset.form.errors.as_data().items()))
            first = errors[0]
            raise InvalidParameter(name, first.messages[0], first.code or "invalid")
        return filterset.qs


def check_parameters(request: Request, *, known: Iterable[str], many: Iterable[str]) -> None:
    """Raise InvalidParameter for a query parameter that is unknown, blank or repeated."""
    for name, values in request.query_params.lists():
        if name not in known:
            raise InvalidParameter(name, _("There is no such parameter."), "unknown_parameter")
        if len(values) > 1 and name not in many:
            raise InvalidParameter(name, _("Give this parameter once."), "repeated")
        if name != "search" and not all(values):
            raise InvalidParameter(name, _("This parameter has no value."), "blank")
