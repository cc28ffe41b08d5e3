"""The viewsets that resources are served with.

A resource names its queryset, serializer, filters, orderings and the person it is about; the rest
is the same everywhere. Reading is one statement however long the list is
(`portal.core.api.documents`), and one for the access log. Changing locks the row first.
"""

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.db import models, transaction
from django.http import Http404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from portal.core import access
from portal.core.api import filters, versions
from portal.core.api.documents import Document, Documents, subjects
from portal.core.api.fields import parse_id
from portal.core.api.removal import remove
from portal.core.api.serializers import RecordSerializer
from portal.core.models import AccessEvent
from portal.core.pagination import NewestFirst

Orderings = dict[str, tuple[str, ...]]

BY_CREATION: Orderings = {"created_at": ("created_at", "id")}
BY_ID: Orderings = {"id": ("id",)}


class Served(GenericViewSet[Any]):
    """What all answers have in common, of records and of what is worked out from them."""

    filter_backends: Any = ()
    # What an action takes, and what it gives, where that is not the record itself.
    bodies: ClassVar[dict[str, type[BaseSerializer[Any]]]] = {}
    answers: ClassVar[dict[str, type[BaseSerializer[Any]]]] = {}
    # For the schema: headers that a POST takes (name → description) and whether it demands them,
    # and what a redirect to another record means, if there may be one.
    request_headers: ClassVar[dict[str, str]] = {}
    demands_headers: ClassVar[bool] = False
    moved: ClassVar[str] = ""
    # What a 410 means, if there may be one.
    gone: ClassVar[str] = ""
    # Further problems, by status, that the operations answer with.
    problems: ClassVar[dict[int, str]] = {}
    # The media types that the action `file` answers with, for resources that have a file each.
    downloads: ClassVar[tuple[str, ...]] = ()
    http_method_names = ["get", "head"]

    def get_serializer_class(self) -> Any:
        """What is read from the body of this action."""
        return self.bodies.get(self.action) or super().get_serializer_class()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers are about people: no cache but the caller's own may keep them, and it asks."""
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return super().finalize_response(request, response, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file comes as what it is, whatever the caller accepts; problems come as always."""
        is_file = getattr(self, "action", None) == "file"
        return super().perform_content_negotiation(request, force=force or is_file)

    def check_permissions(self, request: Request) -> None:
        """As DRF does; but a method that nobody may use here is a 405, not a 403."""
        unknown = getattr(self, "action", None) is None
        if unknown and request.user.is_authenticated:
            self.http_method_not_allowed(request)
        super().check_permissions(request)


class RecordViewSet(Served):
    """Reads records: a page of them, or one."""

    serializer_class: type[RecordSerializer]
    filter_backends = (filters.Filters,)
    filterset_class: type[filters.RecordFilters] = filters.RecordFilters
    # Name in `ordering` → columns that have an index together. Ids are in order of creation.
    orderings: ClassVar[Orderings] = BY_CREATION
    default_ordering = "-created_at"
    # Whose record it is: the model that the access log names, and the column with their id.
    subject: ClassVar[tuple[type[models.Model], str] | None] = None
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action:  # none for a method that will be refused
            known, many = self.parameters() if self.action == "list" else ((), ())
            filters.check_parameters(request, known=known, many=many)

    @classmethod
    @cache
    def parameters(cls) -> tuple[frozenset[str], frozenset[str]]:
        """The query parameters of the list, and those that may be given more than once."""
        declared = cls.filterset_class.base_filters
        many = {n for n, each in declared.items() if isinstance(each, filters.AnyOfFilter)}
        return frozenset({*declared, "cursor", "ordering", "page_size"}), frozenset(many)

    @classmethod
    @cache
    def documents(cls) -> Documents:
        return Documents(
            cls.serializer_class,
            subject=cls.subject[1] if cls.subject else None,
            columns=tuple(dict.fromkeys(itertools.chain.from_iterable(cls.orderings.values()))),
        )

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of records, each with summaries of what it is related to."""
        paginator = NewestFirst()
        found = paginator.page(self.filter_queryset(self.get_queryset()), request, self)
        self.log(found)
        return paginator.get_paginated_response([each.json for each in found])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One record. With If-None-Match and the tag you have: 304 when nothing has changed."""
        document = self.one(self.record_id())
        if versions.not_modified(request, document.version):
            return Response(
                status=status.HTTP_304_NOT_MODIFIED,
                headers={"ETag": versions.etag(document.version)},
            )
        return self.answer(document)

    def record_id(self) -> UUID:
        """The id in the URL. Raises Http404 when it cannot be one."""
        try:
            return parse_id(self.kwargs["pk"])
        except ValueError as error:
            raise Http404 from error

    def log(self, shown: Sequence[Document]) -> None:
        """Write down that the caller is shown these records of these people."""
        if self.subject is not None:
            access.opened(
                self.subject[0],
                subjects(shown),
                by=self.request.user,
                route=AccessEvent.Route.REST,
                request_id=getattr(self.request, "request_id", None),
            )

    def one(self, record_id: UUID) -> Document:
        """The document of one record. Raises Http404 when there is none."""
        found = self.documents().read(record_id)
        if found is None:
            raise Http404
        self.log([found])
        return found

    def answer(
        self,
        document: Document,
        *,
        code: int = status.HTTP_200_OK,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """One record with its entity tag."""
        return Response(
            document.json,
            status=code,
            headers={"ETag": versions.etag(document.version), **(headers or {})},
        )

    def locked(self, record_id: UUID, *, no_key: bool = True) -> Any:
        """The row, locked until the end of the transaction, at the version If-Match names.

        Not `no_key`: also against others who add rows that point at it, as verbs may need.

        Raises Http404, and StaleVersion when somebody else has changed it.
        """
        model = self.serializer_class.Meta.model
        derived = [f.name for f in model._meta.fields if isinstance(f, models.GeneratedField)]
        rows = self.get_queryset().defer(*derived).select_for_update(of=("self",), no_key=no_key)
        row = rows.filter(pk=record_id).first()
        if row is None:
            raise Http404
        versions.check(self.request, row, shown=self.serializer_class.Meta.fields)
        return row


class Creates(RecordViewSet):
    """Makes records."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a record. Related records are given by their ids."""
        with transaction.atomic():
            serializer = self.get_serializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            record_id = self.make(serializer)
        return self.created(record_id)

    def created(self, record_id: UUID) -> Response:
        """The answer to a record that was made."""
        location = self.request.build_absolute_uri(f"{self.request.path}{record_id}/")
        return self.answer(
            self.one(record_id), code=status.HTTP_201_CREATED, headers={"Location": location}
        )

    def make(self, serializer: Any) -> UUID:
        """Save the new record and return its id; a resource with a verb for it calls that."""
        record_id: UUID = serializer.save().pk
        return record_id


class Changes(RecordViewSet):
    """Changes records."""

    def get_serializer_class(self) -> Any:
        if self.action in {"update", "partial_update"}:
            return self.serializer_class.for_change()
        return super().get_serializer_class()

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace what may be written; what is left out goes back to its default.

        Send If-Match with the entity tag you read, so that nobody's change is overwritten.
        """
        return self.change(request, partial=False)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the members that are sent.

        Send If-Match with the entity tag you read, so that nobody's change is overwritten.
        """
        return self.change(request, partial=True)

    def change(self, request: Request, *, partial: bool) -> Response:
        record_id = self.record_id()
        with transaction.atomic():
            row = self.locked(record_id)
            serializer = self.get_serializer(row, data=request.data, partial=partial)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return self.answer(self.one(record_id))


class Deletes(RecordViewSet):
    """Deletes records. Their history stays."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a record. Refused with `in_use` while others refer to it; its history stays."""
        record_id = self.record_id()
        with transaction.atomic():
            self.remove(self.locked(record_id))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def remove(self, row: Any) -> None:
        """Delete the locked row; a resource with a verb for it calls that."""
        remove(row)


class FullViewSet(Creates, Changes, Deletes):
    """Records that can be read, made, changed and deleted."""


class AppendViewSet(Creates):
    """Records that can be read and made, and that nobody changes afterwards."""
