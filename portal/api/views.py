"""The entrance of REST: what there is, and a page to try it."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api.renderers import JSON, OpenApiJson, OpenApiYaml
from portal.api.schema import document


class Root(APIView):
    """Where things are. Public: it says nothing about anybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    http_method_names = ["get", "head"]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        names = {
            "collections": "api-v1",
            "schema": "api-schema",
            "docs": "api-docs",
            "token": "oauth2-token",
        }
        return Response(
            {key: request.build_absolute_uri(reverse(name)) for key, name in names.items()}
        )


class Collections(APIView):
    """The collections of version 1."""

    permission_classes = (IsAuthenticated,)
    http_method_names = ["get", "head"]
    collections: tuple[str, ...] = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(
            {name: request.build_absolute_uri(reverse(f"{name}-list")) for name in self.collections}
        )


class Schema(APIView):
    """The OpenAPI document, as JSON or, asked for, YAML. Public, as it holds nobody's data."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (OpenApiJson, OpenApiYaml)
    http_method_names = ["get", "head"]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(document())


class Docs(SpectacularSwaggerSplitView):
    """A page to try the API on. Its script is a file of its own, as the page's policy demands."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Any:
        """The page is HTML; what goes wrong with it is a problem document like every other."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        if finished.exception:
            finished.accepted_renderer = JSON()
            finished.accepted_media_type = JSON.media_type
        return finished
