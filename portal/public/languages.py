"""The language of a public page: asked for, else as last time, else the browser’s."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

View = Callable[..., HttpResponse]
OFFERED = tuple(code for code, _name in settings.LANGUAGES)


def asked_for(request: HttpRequest) -> str:
    """The language that a link (`?lang=nl`) or a button of the form asks for; "" for none."""
    asked = request.POST.get("switch_to", "") or request.GET.get("lang", "")
    return asked if asked in OFFERED else ""


def in_its_language(view: View) -> View:
    """View decorator: a member of staff who is logged in sees what everybody sees."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = asked_for(request)
        language = asked or translation.get_language_from_request(request)
        with translation.override(language):
            response = view(request, *args, **kwargs)
        response["Content-Language"] = language
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if asked:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                asked,
                max_age=365 * 24 * 3600,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return shown
