"""Pages for when something is not as it should be, in the language of the visitor.

Whatever goes wrong while a form is being sent, the form comes back with everything that was typed.
"""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import csrf

from portal.api import errors
from portal.public import form_page, pages
from portal.public.languages import in_its_language


def show(
    request: HttpRequest,
    *,
    status: int,
    title: str,
    text: str,
    next_step: str = "",
    is_about_form: bool = True,
) -> HttpResponse:
    """A page that says what is the matter and what to do, with a way back to the form."""
    return pages.show(
        request,
        "public/problem.html",
        {"title": title, "text": text, "next_step": next_step, "is_about_form": is_about_form},
        status=status,
    )


def too_many(request: HttpRequest, wait: timedelta) -> HttpResponse:
    """429: too often from one address."""
    response = show(
        request,
        status=429,
        title=_("Too many visits at once"),
        text=_(
            "A lot has been sent from your internet connection in a short time. "
            "That can happen when many people share one connection."
        ),
        next_step=_("Please try again in %(minutes)s.") % {"minutes": form_page.minutes(wait)},
    )
    response["Retry-After"] = str(max(1, int(wait.total_seconds())))
    return response


def expired(request: HttpRequest) -> HttpResponse:
    """410: a link that no longer leads to a sent form."""
    return show(
        request,
        status=410,
        title=_("This link no longer works"),
        text=_(
            "A link to a sent form works for 30 days, and no longer once the form has been erased. "
            "It may also be incomplete: check that you copied all of it."
        ),
        next_step=_("If you have not been called yet, you can send the form again."),
    )


def changed(request: HttpRequest) -> HttpResponse:
    """410: a link to a call that was moved, cancelled or begun since. It says nothing about it."""
    return show(
        request,
        status=410,
        title=_("This call was changed"),
        text=_(
            "The link no longer works: the call was moved or cancelled, or it has begun. If you "
            "did that yourself just now, it has worked. A link may also be incomplete: check that "
            "you copied all of it."
        ),
        next_step=_("Do you have a question about the call? Please ask us."),
        is_about_form=False,
    )


@in_its_language
def _forged(request: HttpRequest) -> HttpResponse:
    return show(
        request,
        status=403,
        title=_("Please go back and try once more"),
        text=_(
            "Nothing has been changed. The page had been open for long, or your browser keeps no "
            "cookies for it: reload it, and allow cookies for this site if you see this again."
        ),
        is_about_form=False,
    )


@in_its_language
def _missing(request: HttpRequest) -> HttpResponse:
    return show(
        request,
        status=404,
        title=_("This page does not exist"),
        text=_("The address may be incomplete, or the page has moved."),
    )


@in_its_language
def _broken(request: HttpRequest) -> HttpResponse:
    return show(
        request,
        status=500,
        title=_("Something went wrong on our side"),
        text=_("We are sorry. It is not something that you did."),
        next_step=_(
            "Go back and send your form again in a few minutes. "
            "If it did arrive, it will not count twice."
        ),
    )


def _is_public(request: HttpRequest) -> bool:
    return request.path.startswith("/start/")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: the public page under /start/."""
    if not _is_public(request):
        return errors.error404(request, exception)
    return _missing(request)


def broken(request: HttpRequest) -> HttpResponse:
    """Django's handler500: the public page under /start/."""
    if not _is_public(request):
        return errors.error500(request)
    return _broken(request)


def forged(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    """403 when the token against forged forms is missing: mostly, a cookie was.

    On the public pages that is explained, and the form comes back filled in.
    """
    if request.path == "/start/":
        return form_page.again(request)
    if not _is_public(request):
        return csrf.csrf_failure(request, reason=reason)
    request.path = "/start/…"  # is logged, and may be a key in itself
    return _forged(request)
