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
from django.core.exceptions import EmptyResultSet
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
    return JsonObject(
        {name: _member(field, name, path) for name, field in fields.items() if not field.write_only}
    )


class Document(NamedTuple):
    """One record, ready to be sent.

    `subject` is the id of the person it is about, if any; `position` has its values of the
    columns that lists are ordered by.
    """

    id: UUID
    version: int
    subject: UUID | None
    text: str
    position: dict[str, Any]

    @property
    def json(self) -> orjson.Fragment:
        """The record as a part of a larger JSON document."""
        return orjson.Fragment(self.text)


class Documents:
    """Reads the records of one resource as JSON documents.

    `subject` is the column with the id of the person a record is about, `columns` are those that
    its lists are ordered by.
    """

    def __init__(
        self,
        serializer: Callable[[], serializers.BaseSerializer[Any]],
        *,
        subject: str | None,
        columns: Sequence[str],
    ) -> None:
        self._serializer = serializer
        self._subject = subject
        self._columns = tuple(columns)

    @cached_property
    def _model(self) -> type[models.Model]:
        model: type[models.Model] = self._serializer().Meta.model  # type: ignore[attr-defined]
        return model

    def _column(self, name: str) -> str:
        field: Any = self._model._meta.get_field(name)
        return f'"{self._model._meta.db_table}"."{field.column}"'

    @cached_property
    def _statement(self) -> tuple[str, tuple[Any, ...]]:
        """The statement up to the ids. It never changes, so Django compiles it once."""
        nobody = models.Value(None, models.UUIDField())
        rows = (
            self._model._base_manager.order_by()
            .annotate(
                _subject=models.F(self._subject) if self._subject else nobody,
                _document=AsText(_object(self._serializer())),
            )
            .values_list("pk", "version", "_subject", "_document", *self._columns)
        )
        sql, params = rows.query.sql_with_params()
        return f"{sql} WHERE {self._column('id')} = ", params

    def read(self, record_id: UUID) -> Document | None:
        """The document of one record; None when there is none."""
        sql, params = self._statement
        found = self._fetch(f"{sql}%s", (*params, record_id))
        return found[0] if found else None

    def page(
        self, rows: models.QuerySet[Any], ordering: Sequence[str], *, limit: int
    ) -> list[Document]:
        """The documents of the first `limit` of `rows` in this order (`-` means descending).

        One statement: the ids are found first, by an index and without any join.
        """
        try:
            first = rows.order_by(*ordering).values_list("pk")[:limit]
            ids, its_params = first.query.sql_with_params()
        except EmptyResultSet:  # Django knows without asking
            return []
        sql, params = self._statement
        order = ", ".join(
            f"{self._column(name.removeprefix('-'))}{' DESC' if name[0] == '-' else ''}"
            for name in ordering
        )
        return self._fetch(f"{sql}ANY(ARRAY({ids})) ORDER BY {order}", (*params, *its_params))

    def _fetch(self, sql: str, params: Sequence[Any]) -> list[Document]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return [
                Document(key, version, subject, text, dict(zip(self._columns, rest, strict=True)))
                for key, version, subject, text, *rest in cursor.fetchall()
            ]


def subjects(documents: Iterable[Document]) -> list[UUID]:
    """The ids of the people these documents are about, each once, in order."""
    return list(dict.fromkeys(each.subject for each in documents if each.subject is not None))
