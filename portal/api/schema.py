# mypy: disable-error-code="no-untyped-call,override"
# (drf-spectacular has types for its own users only, and changes signatures of DRF)
"""The OpenAPI description of REST: what drf-spectacular cannot see by itself.

Every operation lists the problems it answers with; records carry entity tags; a related record
is written by its id and read as a summary; members that are not listed are refused.
"""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from portal.api.errors import MEDIA_TYPE

_ALWAYS = {
    400: "A parameter, header or member is not valid; `errors` says which.",
    401: "No valid token and no session. Get a token at /oauth2/token/.",
    403: "Your role may not do this.",
    406: "JSON is the only thing there is.",
}
_ONE = {404: "There is no such record."}
_BODY = {
    409: "Another record stands in the way, or a rule of the work does; `code` says which.",
    413: "The body is larger than 2.5 MB.",
    415: "Send the media type that is named here.",
}
_TAGGED = {412: "Somebody else has changed the record since the version in If-Match."}
_KEYED = {422: "The Idempotency-Key came with another body before."}
_PROBLEMS: dict[str, dict[int, str]] = {
    "list": _ALWAYS,
    "retrieve": {**_ALWAYS, **_ONE},
    "file": {**_ALWAYS, **_ONE, 409: "The stored file cannot be read; `code` says why."},
    "create": {**_ALWAYS, **_BODY},
    "update": {**_ALWAYS, **_ONE, **_BODY, **_TAGGED},
    "partial_update": {**_ALWAYS, **_ONE, **_BODY, **_TAGGED},
    "destroy": {**_ALWAYS, **_ONE, 409: "Other records refer to it.", **_TAGGED},
}
# A verb of one record.
_VERB = {**_ALWAYS, **_ONE, **_BODY, **_TAGGED}
_SUMMARIES = {
    "list": "List {}",
    "retrieve": "Read one of {}",
    "file": "Download the file of one of {}",
    "create": "Add to {}",
    "update": "Replace one of {}",
    "partial_update": "Change one of {}",
    "destroy": "Delete one of {}",
}
_TEXT = {"type": "string"}
_TAG = {"type": "string", "pattern": r'^(\*|"[0-9]+")$'}
_KEY = {"type": "string", "pattern": "^[!-~]{1,160}$"}
_MERGED: dict[str, Any] = {
    "type": "object",
    "description": "This record was merged into another one.",
    "required": ["code", "detail", "merged_into"],
    "properties": {
        "code": {"const": "merged"},
        "detail": {**_TEXT, "description": "A sentence for people."},
        "merged_into": {**_TEXT, "format": "uuid", "description": "The id to use from now on."},
    },
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Programs go by `code`.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {**_TEXT, "description": "Always about:blank."},
        "title": {**_TEXT, "description": "The phrase of the status."},
        "status": {"type": "integer"},
        "code": {**_TEXT, "description": "A stable word for programs."},
        "detail": {**_TEXT, "description": "A sentence for people."},
        "instance": {**_TEXT, "description": "The id of the request, to quote when you ask us."},
        "errors": {
            "type": "array",
            "description": "What is wrong with which member or parameter.",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "pointer": {**_TEXT, "description": "JSON pointer into the body."},
                    "parameter": {**_TEXT, "description": "The query parameter."},
                    "header": {**_TEXT, "description": "The header."},
                    "code": _TEXT,
                    "message": _TEXT,
                },
            },
        },
        "missing": {
            "type": "array",
            "description": "What has to be true before this can be done.",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": _TEXT, "message": _TEXT},
            },
        },
        "free_slots": {
            "type": "array",
            "description": "When a time is taken: the next slots that are free.",
            "items": {
                "type": "object",
                "required": ["navigator", "starts_at", "ends_at"],
                "properties": {
                    "navigator": {
                        "type": "object",
                        "required": ["id", "name"],
                        "properties": {"id": {**_TEXT, "format": "uuid"}, "name": _TEXT},
                    },
                    "starts_at": {**_TEXT, "format": "date-time"},
                    "ends_at": {**_TEXT, "format": "date-time"},
                },
            },
        },
        "constraint": {**_TEXT, "description": "The rule of the database that was broken."},
        "referring": {
            "type": "array",
            "items": _TEXT,
            "description": "The kinds of records that refer to this one.",
        },
        "merged_into": {
            **_TEXT,
            "format": "uuid",
            "description": "The id of the record that this one was merged into.",
        },
        "document": {
            **_TEXT,
            "format": "uuid",
            "description": "The document that has this very file.",
        },
        "version": {"type": "integer", "description": "The version that the record has now."},
        "changed": {
            "type": "array",
            "items": _TEXT,
            "description": "The members that somebody else has changed.",
        },
    },
}


class PortalSchema(AutoSchema):
    """One operation of a `RecordViewSet`."""

    view: Any

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        if self.view.action == "retrieve":
            responses["304"] = {"description": "The record is as you know it."}
        if self.view.moved and self.view.detail:
            responses["301" if self.view.action == "retrieve" else "308"] = {
                "description": self.view.moved,
                "headers": {"Location": {"schema": {**_TEXT, "format": "uri"}}},
                "content": {"application/json": {"schema": self._component("Merged", _MERGED)}},
            }
        problems = {**_PROBLEMS.get(self.view.action, _VERB), **self.view.problems}
        if self.view.gone and self.view.detail:
            problems[410] = self.view.gone
        if self.view.action == "create" and self.view.request_headers:
            problems.update(_KEYED)
        content = {MEDIA_TYPE: {"schema": self._component("Problem", _PROBLEM)}}
        for status, description in problems.items():
            responses[str(status)] = {"description": description, "content": content}
        return operation

    def _component(self, name: str, schema: dict[str, Any]) -> Any:
        """A reference to a component of the document that no serializer describes."""
        found = ResolvedComponent(
            name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name
        )
        self.registry.register_on_missing(found)
        return found.ref

    def get_operation_id(self) -> str:
        """`patients_close` of a verb, which makes nothing; else as drf-spectacular names it."""
        found: str = super().get_operation_id()
        return found if self.view.action in _SUMMARIES else found.removesuffix("_create")

    def get_summary(self) -> str:
        if self.view.action not in _SUMMARIES or self.view.name:
            return str(self.view.name)
        return _SUMMARIES[self.view.action].format(self.get_tags()[0].replace("-", " "))

    def get_description(self) -> str:
        """What the records are, then what the operation does."""
        parts = (self.view.__class__.__doc__, getattr(self.view, self.view.action).__doc__)
        return "\n\n".join(" ".join(part.split()) for part in parts if part)

    def get_response_serializers(self) -> Any:
        if self.view.action == "file":
            return {(200, each): OpenApiTypes.BINARY for each in self.view.downloads}
        return self.view.answers.get(self.view.action, self.view.serializer_class)

    def get_override_parameters(self) -> list[Any]:
        header: Any = OpenApiParameter.HEADER
        found = []
        if self.view.action not in {"list", "file"}:
            found.append(
                OpenApiParameter(
                    "ETag",
                    str,
                    header,
                    response=[200, 201],
                    description='The version of the record, quoted: "3".',
                )
            )
        if self.view.action == "create":
            found.append(OpenApiParameter("Location", OpenApiTypes.URI, header, response=[201]))
            required = self.view.demands_headers
            found += [
                OpenApiParameter(name, _KEY, header, required=required, description=text)
                for name, text in self.view.request_headers.items()
            ]
        if self.view.detail and self.view.action != "retrieve":
            text = "The entity tag you read. Without it you may overwrite somebody's change."
            found.append(OpenApiParameter("If-Match", _TAG, header, description=text))
        if self.view.action == "retrieve":
            text = "The entity tag you have."
            found.append(OpenApiParameter("If-None-Match", _TAG, header, description=text))
        return found

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        if direction == "request":
            schema["additionalProperties"] = getattr(serializer, "takes_more", False)
        else:
            schema["required"] = list(schema["properties"])
        return schema


class RelatedRecord(OpenApiSerializerFieldExtension):
    """A related record: its id when written, its summary when read."""

    target_class = "portal.core.api.fields.Related"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        if direction == "request":
            return {"type": "string", "format": "uuid"}
        summary: dict[str, Any] = auto_schema.resolve_serializer(self.target.summary, direction).ref
        if self.target.may_be_null and not self.target.allow_null:
            return {"oneOf": [summary, {"type": "null"}]}
        return summary


class ClientTokenScheme(OpenApiAuthenticationExtension):
    """OAuth2 client credentials."""

    target_class = "portal.api.authentication.ClientToken"
    name = "client"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        flow = {"tokenUrl": "/oauth2/token/", "scopes": {"api": "Use REST within your role"}}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        return {self.name: ["api"]}


class BrowserSessionScheme(OpenApiAuthenticationExtension):
    """The session of somebody who is logged in."""

    target_class = "portal.api.authentication.BrowserSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, made once per process; it is the same for everybody."""
    with translation.override("en"):
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found
