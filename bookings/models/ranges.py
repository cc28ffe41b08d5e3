"""Ranges that exclusion constraints compare, without any extension of PostgreSQL."""

from typing import Any

from django.contrib.postgres.fields import (
    DateTimeRangeField,
    IntegerRangeField,
    RangeBoundary,
)
from django.db import models


class SameId(models.Func):
    """A range that holds one id, so that && means "the same id" without btree_gist."""

    function = "portal_uuidrange"
    output_field = DateTimeRangeField()

    def __init__(self, field: str) -> None:
        self._field = field
        super().__init__(models.F(field), models.F(field), models.Value("[]"))

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Written into migrations by the one argument that it is made with."""
        return "bookings.models.SameId", [self._field], {}


class TimeSpan(models.Func):
    """From starts_at up to, and not including, ends_at."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def time_span() -> TimeSpan:
    return TimeSpan("starts_at", "ends_at", RangeBoundary())


class WeekSpan(models.Func):
    """Two times of a weekday as seconds, the later one not included; each day has its own.

    An end before the start is another constraint's to refuse.
    """

    template = (
        "int4range(%(weekday)s * 86400 + extract(epoch FROM least(%(starts)s, %(ends)s))::int, "
        "%(weekday)s * 86400 + extract(epoch FROM greatest(%(starts)s, %(ends)s))::int)"
    )
    output_field = IntegerRangeField()

    def __init__(self, weekday: str, starts: str, ends: str) -> None:
        self._fields = (weekday, starts, ends)
        super().__init__(*(models.F(name) for name in self._fields))

    def deconstruct(self) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Written into migrations by the names that it is made with."""
        return "bookings.models.WeekSpan", self._fields, {}

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **_context: Any
    ) -> tuple[str, list[Any]]:
        parts = [compiler.compile(each) for each in self.get_source_expressions()]
        (weekday, of_weekday), (starts, of_starts), (ends, of_ends) = parts
        sql = self.template % {"weekday": weekday, "starts": starts, "ends": ends}
        return sql, [*of_weekday, *of_starts, *of_ends] * 2
