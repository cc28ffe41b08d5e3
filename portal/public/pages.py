"""What every public page has: who we are, the languages, and that no cache keeps it."""

from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from portal.public.languages import OFFERED


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A public page. It asks the database for nothing that is not in `context`."""
    shown_in = translation.get_language()
    common = {
        "organisation": {
            "name": settings.ORGANISATION_NAME,
            "email": settings.ORGANISATION_EMAIL,
            "phone": settings.ORGANISATION_PHONE,
        },
        "page_language": shown_in,
        "page_languages": [
            {
                "code": code,
                "name": str(LANG_INFO[code]["name_local"]).capitalize(),
                "is_shown": code == shown_in,
            }
            for code in OFFERED
        ],
    }
    response = render(request, template, {**common, **context}, status=status)
    add_never_cache_headers(response)
    return response
