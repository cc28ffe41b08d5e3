"""Records as JSON, made by PostgreSQL in one statement from the resource's serializer.

The serializer is the only declaration of a resource: the schema, what may be written, and this
SQL come from it, so a record in a list and the same record alone cannot differ. Model instances
are not made for reading; that is most of what a list would otherwise cost (docs/performance.md).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, models
from rest_framework import serializers

from portal.core.api.fields import Computed, Related


class JsonObject(models.Func):
    """`json_build_object` with its keys in the order given; `json`, not `jsonb`, keeps it."""

    output_field = models.TextField()

    def __init__(self, pairs: dict[str, Any]) -> None:
        for key in pairs:
            if not key.isidentifier():
                raise ValueError(f"{key!r} is no name for a member")
        super().__init__(*pairs.values())
        self.keys = tuple(pairs)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts: list[str] = []
        params: list[Any] = []
        for key, expression in zip(self.keys, self.get_source_expressions(), strict=True):
            sql, its_params = compiler.compile(expression)
            parts.append(f"'{key}', {sql}")
            params.extend(its_params)
        return f"json_build_object({', '.join(parts)})", params


class AsText(models.Func):
    """A JSON value as the text it is sent as."""

    template = "(%(expressions)s)::text"
    output_field = models.TextField()


def _member(field: Any, name: str, path: str) -> Any:
    """The SQL expression of one field of a serializer; `path` leads from the table to it."""
    if isinstance(field, Computed):
        return field.expression(path)
    if isinstance(field, Related):
        inner = _object(field.summary(), f"{path}{name}__")
        if not field.may_be_null:
            return inner
        return models.Case(
            models.When(**{f"{path}{name}__isnull": True}, then=models.Value(None)),
            default=inner,
        )
    return models.F(f"{path}{field.source or name}")


def _object(serializer: serializers.BaseSerializer[Any], path: str = "") -> JsonObject:
    fields = serializer.fields  # type: ignore[attr-defined]
    return JsonObject({name: _member(field, name, path) for name, field in fields.items()})


class Document(NamedTuple):
    """One record, ready to be sent. `subject` is the id of the person it is about, if any."""

    id: UUID
    version: int
    subject: UUID | None
    text: str

    @property
    def json(self) -> orjson.Fragment:
        """The record as a part of a larger JSON document."""
        return orjson.Fragment(self.text)


class Documents:
    """Reads the records of one resource as JSON documents."""

    def __init__(
        self, serializer: Callable[[], serializers.BaseSerializer[Any]], *, subject: str | None
    ) -> None:
        self._serializer = serializer
        self._subject = subject

    @cached_property
    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        """The statement up to WHERE. It never changes, so Django compiles it once."""
        serializer = self._serializer()
        model = serializer.Meta.model  # type: ignore[attr-defined]
        subject = (
            models.F(self._subject) if self._subject else models.Value(None, models.UUIDField())
        )
        rows = (
            model._base_manager.order_by()
            .annotate(_subject=subject, _document=AsText(_object(serializer)))
            .values_list("pk", "version", "_subject", "_document")
        )
        sql, params = rows.query.sql_with_params()
        table, key = model._meta.db_table, model._meta.pk.column
        return f'{sql} WHERE "{table}"."{key}" = ANY(%s)', params

    def read(self, ids: Sequence[UUID]) -> list[Document]:
        """The documents of these records, in this order; an id that is gone is left out."""
        if not ids:
            return []
        sql, params = self._statement
        with connection.cursor() as cursor:
            cursor.execute(sql, (*params, list(ids)))
            found = {row[0]: Document(*row) for row in cursor.fetchall()}
        return [found[each] for each in ids if each in found]


def subjects(documents: Iterable[Document]) -> list[UUID]:
    """The ids of the people these documents are about, each once, in order."""
    return list(dict.fromkeys(each.subject for each in documents if each.subject is not None))
