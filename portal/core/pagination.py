"""How lists over REST are cut into pages: by the last row shown, never by counting or skipping.

A cursor holds the values the list is ordered by, down to the id, so that pages stay right while
rows come and go and however many rows share one time (an import gives thousands the same).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import models
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from portal.core.api.invalid import InvalidParameter


class NewestFirst(BasePagination):
    """Pages of 50 records, up to 200 with `page_size`, newest first unless `ordering` says else.

    The view says what it can be ordered by: `orderings` maps a name to columns that have an index
    together and end with the id, `default_ordering` is one of the names, `-` before it for
    descending.
    """

    page_size = 50
    max_page_size = 200
    _next: str | None
    _previous: str | None

    def page(self, queryset: models.QuerySet[Any], request: Request, view: Any) -> list[Any]:
        """The documents of one page, in order. Reads one row more than the page has."""
        self._url = request.build_absolute_uri()
        size = self._page_size(request)
        self._ordering = self._chosen(request, view)
        columns = view.orderings[self._ordering.removeprefix("-")]
        backwards, position = self._position(request, queryset.model, columns)
        down = self._ordering.startswith("-") != backwards
        if position is not None:
            comparison = TupleLessThan if down else TupleGreaterThan
            queryset = queryset.filter(comparison(Tuple(*map(models.F, columns)), position))
        ordering = [f"-{name}" if down else name for name in columns]
        found: list[Any] = view.documents().page(queryset, ordering, limit=size + 1)
        more = len(found) > size
        found = found[:size]
        if backwards:
            found.reverse()
        self._next = self._previous = None
        if found and (more or backwards):
            self._next = self._cursor("next", found[-1], columns)
        if found and (more if backwards else position is not None):
            self._previous = self._cursor("previous", found[0], columns)
        return found

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(self._next),
                "previous": self._link(self._previous),
                "results": data,
            }
        )

    def _link(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        return replace_query_param(remove_query_param(self._url, "cursor"), "cursor", cursor)

    def _page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and len(asked) <= 4):
            raise InvalidParameter("page_size", _("Write a number from 1 to 200."), "invalid")
        if not 1 <= int(asked) <= self.max_page_size:
            raise InvalidParameter("page_size", _("Write a number from 1 to 200."), "invalid")
        return int(asked)

    def _chosen(self, request: Request, view: Any) -> str:
        asked: str = request.query_params.get("ordering", view.default_ordering)
        if asked not in choices(view):
            message = _("This list can be ordered by: %(names)s.") % {
                "names": ", ".join(choices(view))
            }
            raise InvalidParameter("ordering", message, "invalid_choice")
        return asked

    def _cursor(self, direction: str, document: Any, columns: Sequence[str]) -> str:
        """Where a page ends: the ordering, the direction to go on in, and the row's values."""
        values = [document.position[name] for name in columns]
        packed = orjson.dumps([self._ordering, direction, *values])
        return urlsafe_b64encode(packed).decode().rstrip("=")

    def _position(
        self, request: Request, model: type[models.Model], columns: Sequence[str]
    ) -> tuple[bool, tuple[Any, ...] | None]:
        """Whether the page is before the cursor, and the values of the row it begins at."""
        cursor = request.query_params.get("cursor")
        if cursor is None:
            return False, None
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            ordering, direction, *values = orjson.loads(urlsafe_b64decode(padded))
            if ordering != self._ordering or direction not in {"next", "previous"}:
                raise ValueError("a cursor of another list")
            fields = [model._meta.get_field(name) for name in columns]
            position = tuple(
                _parsed(field, value) for field, value in zip(fields, values, strict=True)
            )
        except (TypeError, ValueError) as error:
            message = _("Take the cursor from `next` or `previous`, with the same ordering.")
            raise InvalidParameter("cursor", message, "invalid_cursor") from error
        return direction == "previous", position

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins. Take the links in `next` and `previous`.",
                "schema": {"type": "string", "minLength": 1},
            },
            {
                "name": "ordering",
                "in": "query",
                "required": False,
                "description": "What the list is ordered by; `-` means descending.",
                "schema": {
                    "type": "string",
                    "enum": choices(view),
                    "default": view.default_ordering,
                },
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "How many records a page has.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.max_page_size,
                    "default": self.page_size,
                },
            },
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The following page; null on the last one."},
                "previous": {**link, "description": "The page before; null on the first one."},
                "results": schema,
            },
        }


def choices(view: Any) -> list[str]:
    """What `ordering` may be for this view."""
    return [sign + name for name in view.orderings for sign in ("", "-")]


def _parsed(field: Any, value: Any) -> Any:
    """One value of a cursor as the column holds it. Raises ValueError when it cannot be one."""
    if not isinstance(value, str):
        raise TypeError("cursors hold strings")
    if isinstance(field, models.DateTimeField):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a moment without an offset")
        return moment
    if isinstance(field, models.UUIDField):
        return UUID(value)
    if "\x00" in value:
        raise ValueError("no column holds NUL")
    return value
