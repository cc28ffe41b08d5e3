"""The fields of REST: strict about types, so that a mistake is told and not guessed around.

DRF's own fields take `1` for `"1"` and `"yes"` for true. JSON has types, the schema promises
them, and a wrong one is refused here.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from portal.core.days import refuse_far

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_instant(text: str) -> datetime:
    """An RFC 3339 date-time as an aware datetime in UTC. Raises ValueError for anything else."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("not an RFC 3339 date-time")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the calendar") from error


def parse_day(text: str) -> date:
    """An ISO 8601 calendar date. Raises ValueError for anything else."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a date")
    return date.fromisoformat(text)


def parse_id(value: Any) -> UUID:
    """A UUID in its usual form of 36 characters. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("not a UUID")
    found = UUID(value)
    if str(found) != value.lower():
        raise ValueError("not a UUID")
    return found


class Text(serializers.CharField):
    """A string, trimmed."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Email(serializers.EmailField):
    """An e-mail address."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class TrueOrFalse(serializers.BooleanField):
    """`true` or `false`, and no word that means one of them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    """A whole number; `2.0` is one, `"2"` and `true` are not."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
            self.fail("invalid")
        return int(data)


class Number(serializers.DecimalField):
    """A number, exact to its decimals; a string of digits is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce_to_string=False, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | float | Decimal):
            self.fail("invalid")
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of a few strings."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Code(Text):
    """A code of a list that the world keeps: countries, languages. The list is no part of v1."""

    default_error_messages = {
        "unknown_code": _("“{input}” is no code that is known here."),
    }

    def __init__(self, *, choices: Any, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)
        self.known = choices

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value and value not in dict(self.known):
            self.fail("unknown_code", input=value)
        return value


class Day(serializers.DateField):
    """A date without a time: `2026-05-31`. One that lies too far ahead is refused."""

    def to_internal_value(self, value: Any) -> date:
        try:
            day = parse_day(value)
        except (TypeError, ValueError):
            self.fail("invalid", format="YYYY-MM-DD")
        refuse_far(day)
        return day


class Instant(serializers.DateTimeField):
    """A moment, always with its offset: `2026-05-31T10:30:00Z`."""

    default_error_messages = {
        "invalid": _("Write the moment with its offset, like 2026-05-31T10:30:00Z."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        try:
            return parse_instant(value)
        except (TypeError, ValueError):
            self.fail("invalid")


class Id(serializers.UUIDField):
    """The id of a record, which the verb that is told looks up."""

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return parse_id(data)
        except ValueError:
            self.fail("invalid", value=data)


class Computed(serializers.CharField):
    """Text that is read and is no column: an SQL expression, given the path to its table."""

    def __init__(self, expression: Callable[[str], Any], **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)
        self.expression = expression


class Related(serializers.PrimaryKeyRelatedField):
    """Another record: its id when written, a summary of it when read."""

    default_error_messages = {
        "does_not_exist": _("There is no such record, or it cannot be chosen here."),
        "incorrect_type": _("Write the id of the record, a UUID."),
    }

    def __init__(self, *, summary: Any, may_be_null: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.summary = summary
        self.may_be_null = may_be_null

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """As of any other field: DRF would take an empty string for null."""
        return serializers.Field.run_validation(self, data)

    def to_internal_value(self, data: Any) -> models.Model:
        try:
            key = parse_id(data)
        except ValueError:
            self.fail("incorrect_type")
        rows: Any = self.get_queryset()
        found: models.Model | None = rows.filter(pk=key).first()
        if found is None:
            self.summary.explain_missing(key)
            self.fail("does_not_exist")
        return found


def as_drf_errors(error: DjangoValidationError) -> dict[str, Any]:
    """The errors of a model's `clean`, by field, with their codes."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    return {
        field or "non_field_errors": [
            ErrorDetail(message, code=each.code or "invalid")
            for each in errors
            for message in each.messages
        ]
        for field, errors in by_field.items()
    }
