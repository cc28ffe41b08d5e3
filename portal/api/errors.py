"""Every error of REST as `application/problem+json` (RFC 9457) with a stable `code`.

`title` is the phrase of the status, `detail` a sentence for people, `code` the word for programs.
Besides them: `errors` says what is wrong with which member or parameter, `missing` what has to
be true first, `constraint` which rule of the database stood in the way, `merged_into` the id of
the record to use instead.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from patients.converting import NotPlausible
from patients.documents import SameFile
from patients.locking import MergedAway
from patients.repeating import KeyReused
from portal.api.breaches import Breach, breach
from portal.core.api.fields import as_drf_errors
from portal.core.api.removal import InUse
from portal.core.errors import Refused, StaleVersion, is_busy

MEDIA_TYPE = "application/problem+json"
_CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "stale_version",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "throttled",
    500: "error",
}


def body(
    status: int, detail: str, *, code: str = "", request: Any = None, **members: Any
) -> dict[str, Any]:
    """A problem document."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or _CODES.get(status, "error"),
        "detail": detail,
    }
    request_id = getattr(request, "request_id", None)
    if request_id:
        found["instance"] = f"urn:uuid:{request_id}"
    return {**found, **members}


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None for what nobody foresaw: Django logs it, `error500` answers."""
    request = context.get("request")
    for kinds, translate in _TRANSLATIONS:
        if isinstance(error, kinds):
            found = translate(error, request)
            break
    else:
        return None
    if found is None:
        return None
    status, detail, members = found
    return Response(
        body(status, detail, request=request, **members),
        status=status,
        headers=_headers(error),
        content_type=MEDIA_TYPE,
    )


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    return headers


Translated = tuple[int, str, dict[str, Any]]


def _invalid(error: Any, request: Any) -> Translated:
    errors = list(_flat(error.detail, getattr(error, "place", "pointer")))
    members = {"code": getattr(error, "problem_code", ""), "errors": errors}
    return 400, _("The request is not valid; `errors` says where."), members


def _invalid_in_model(error: Any, request: Any) -> Translated:
    return _invalid(exceptions.ValidationError(as_drf_errors(error)), request)


def _flat(detail: Any, where: str, path: str = "") -> Iterator[dict[str, str]]:
    """Each error of a DRF error tree, with a JSON pointer (RFC 6901) or the name of its place."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else _step(str(name), where)
            yield from _flat(inner, where, path + step)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, where, path)
    else:
        yield {where: path, "code": getattr(detail, "code", "invalid"), "message": str(detail)}


def _step(name: str, where: str) -> str:
    return name if where != "pointer" else "/" + name.replace("~", "~0").replace("/", "~1")


def _refused(error: Any, request: Any) -> Translated:
    missing = [{"code": each.code, "message": each.message} for each in error.missing]
    return 409, error.message, {"code": error.code, "missing": missing, **error.members}


def _merged(error: Any, request: Any) -> Translated:
    return 409, error.message, {"code": error.code, "merged_into": str(error.survivor_id)}


def _key_reused(error: Any, request: Any) -> Translated:
    return 422, error.message, {"code": error.code}


def _stale(error: Any, request: Any) -> Translated:
    members = {"code": error.code, "version": error.actual, "changed": list(error.changed)}
    return 412, error.message, members


def _not_plausible(error: Any, request: Any) -> Translated:
    wrong: Any = [exceptions.ErrorDetail(error.message, code=error.code)]
    if "index" in error.members:  # one of several
        wrong = {str(error.members["index"]): wrong}
    return _invalid(exceptions.ValidationError({error.members["field"]: wrong}), request)


def _same_file(error: Any, request: Any) -> Translated:
    return 409, error.message, {"code": error.code, "document": str(error.document_id)}


def _in_use(error: Any, request: Any) -> Translated:
    return 409, error.message, {"code": error.code, "referring": list(error.referring)}


def _protected(error: Any, request: Any) -> Translated:
    rows = getattr(error, "protected_objects", None) or error.restricted_objects
    return _in_use(InUse(sorted({type(row) for row in rows}, key=lambda m: m._meta.label)), request)


def _broken(error: Any, request: Any) -> Translated | None:
    """A constraint of the database: 409 when the other rows matter, else 400."""
    found = breach(error)
    if found is None:
        return None
    if found.kind == "foreign_key" and getattr(request, "method", "") == "DELETE":
        return _in_use(InUse([found.model] if found.model else []), request)
    if found.status == 409:
        return 409, found.message, {"code": found.code, "constraint": found.constraint}
    return 400, found.message, {"constraint": found.constraint, "errors": _breach_errors(found)}


def _breach_errors(found: Breach) -> list[dict[str, str]]:
    pointers = [f"/{name}" for name in found.fields] or [""]
    return [
        {"pointer": each, "code": found.constraint, "message": found.message} for each in pointers
    ]


def _data(error: Any, request: Any) -> Translated:
    return 400, _("A value cannot be stored: it is too large or has a character like NUL."), {}


def _operational(error: Any, request: Any) -> Translated | None:
    if not is_busy(error):
        return None
    return 409, _("Somebody else was changing the same record. Try again."), {"code": "busy"}


def _api(error: Any, request: Any) -> Translated:
    # The sentence of a Throttled carries seconds, of a MethodNotAllowed the method: never data.
    code = error.get_codes() if isinstance(error.get_codes(), str) else ""
    return error.status_code, str(error.detail), {"code": _CODES.get(error.status_code, code)}


def _simply(status: int, sentence: Callable[[], str]) -> Callable[[Any, Any], Translated]:
    return lambda _error, _request: (status, sentence(), {})


_not_found = _simply(404, lambda: _("There is nothing at this address."))
_TRANSLATIONS: tuple[tuple[Any, Callable[[Any, Any], Translated | None]], ...] = (
    (exceptions.ValidationError, _invalid),
    (DjangoValidationError, _invalid_in_model),
    (StaleVersion, _stale),
    (InUse, _in_use),
    (MergedAway, _merged),
    (KeyReused, _key_reused),
    (SameFile, _same_file),
    (NotPlausible, _not_plausible),
    (Refused, _refused),
    ((Http404, exceptions.NotFound, ObjectDoesNotExist), _not_found),
    (PermissionDenied, _simply(403, lambda: _("You may not do this."))),
    (exceptions.APIException, _api),
    ((ProtectedError, RestrictedError), _protected),
    (IntegrityError, _broken),
    (DataError, _data),
    (OperationalError, _operational),
    (RequestDataTooBig, _simply(413, lambda: _("The request is too large."))),
    (SuspiciousOperation, _simply(400, lambda: _("The request is not valid."))),
)


# --- errors outside a view of REST: URLs that lead nowhere, and what nobody foresaw --------------


def _is_rest(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _answer(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    return JsonResponse(
        body(status, detail, request=request), status=status, content_type=MEDIA_TYPE
    )


def error400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, as a problem under /api/."""
    if not _is_rest(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, 413, _("The request is too large."))
    return _answer(request, 400, _("The request is not valid."))


def error404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404, as a problem under /api/."""
    if not _is_rest(request):
        return defaults.page_not_found(request, exception)
    return _answer(request, 404, _("There is nothing at this address."))


def error500(request: HttpRequest) -> HttpResponse:
    """Django's handler500, as a problem without details under /api/."""
    if not _is_rest(request):
        return defaults.server_error(request)
    return _answer(request, 500, _("Something went wrong on our side. It has been logged."))
