"""What every public page has: who we are, the languages, and that no cache keeps it."""

from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from portal.public.drafts import Draft
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


def onwards(draft: Draft | None, to: str = "public:next") -> HttpResponse:
    """303 to a page that can be reloaded without sending anything."""
    response = leading_to(reverse(to))
    if draft is not None:
        draft.remember(response)
    return response


def leading_to(address: str) -> HttpResponse:
    """303 to an address within the site."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    add_never_cache_headers(response)
    return response
