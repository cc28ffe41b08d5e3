"""How requests are read."""

from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class JSON(BaseParser):
    """JSON (RFC 8259) in UTF-8, read by orjson: no NaN, no lone surrogates, no endless nesting."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            message = _("This is no JSON: %(why)s (line %(line)d, column %(column)d).")
            raise ParseError(
                message % {"why": error.msg, "line": error.lineno, "column": error.colno}
            ) from error
