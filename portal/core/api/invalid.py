"""Requests that are refused before anybody looks at what they are about."""

from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError


class InvalidParameter(ValidationError):
    """A query parameter is unknown, repeated, blank or malformed."""

    place = "parameter"  # what it is called in a problem document

    def __init__(self, parameter: str, message: Any, code: str) -> None:
        super().__init__({parameter: [ErrorDetail(message, code=code)]})


class InvalidHeader(ValidationError):
    """A header is missing or malformed. A subclass may have a code of its own for the problem."""

    place = "header"
    problem_code = "invalid"

    def __init__(self, header: str, message: Any, code: str = "invalid") -> None:
        super().__init__({header: [ErrorDetail(message, code=code)]})
