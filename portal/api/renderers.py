"""How answers are written."""

from typing import Any

import orjson
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from rest_framework.renderers import BaseRenderer


class JSON(BaseRenderer):
    """JSON (RFC 8259) by orjson. Documents that PostgreSQL made pass through as they are."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str)


class OpenApiJson(OpenApiJsonRenderer):
    """The schema as JSON; what comes without `?format=yaml`."""

    media_type = "application/json"


class OpenApiYaml(OpenApiYamlRenderer):
    """The schema as YAML."""

    media_type = "application/yaml"
