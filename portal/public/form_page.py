"""The page with the form: empty, with mistakes to mend, or to be sent once more."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.public import pages
from portal.public.drafts import Draft
from portal.public.forms import LeadForm, kept, texts_of_the_page
from portal.public.languages import in_its_language
from portal.public.notices import Notice


def minutes(wait: timedelta) -> str:
    """“1 minute”, “5 minutes”, rounded up."""
    number = max(1, -(-int(wait.total_seconds()) // 60))
    return ngettext("%(number)d minute", "%(number)d minutes", number) % {"number": number}


def unchecked(request: HttpRequest) -> LeadForm:
    """A form with what was typed so far, or an empty one, without looking for mistakes.

    Nothing is chosen for the visitor but the language of the page for the call, until they choose
    another one.
    """
    language = translation.get_language() or "en"
    typed = kept(request.POST)
    if typed.get("language", "") == typed.get("proposed_language", ""):
        typed["language"] = typed["proposed_language"] = language
    else:
        typed["proposed_language"] = ""
    return LeadForm(initial=typed, texts=texts_of_the_page(language=language, now=timezone.now()))


def checked(request: HttpRequest) -> LeadForm:
    """The form as it was sent."""
    language = translation.get_language() or "en"
    return LeadForm(request.POST, texts=texts_of_the_page(language=language, now=timezone.now()))


def page(
    request: HttpRequest,
    form: LeadForm,
    draft: Draft,
    *,
    notice: Notice | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with `form`, never kept by a cache; the browser remembers `draft`."""
    response = pages.show(
        request,
        "public/start.html",
        {"form": form, "draft": draft, "notice": notice, "texts": form.texts},
        status=status,
    )
    draft.remember(response)
    return response


def come_again(wait: timedelta) -> Notice:
    """For whoever shares an internet connection with too many others."""
    return Notice(
        _("Your form has not been sent yet"),
        _(
            "A lot has been sent from your internet connection in a short time. Everything you "
            "filled in is still here: wait %(minutes)s and send it again."
        )
        % {"minutes": minutes(wait)},
    )


def check_again() -> Notice:
    """For whoever was as fast as a program, or filled in what nobody sees."""
    return Notice(
        _("Please look once more and send the form again"),
        _(
            "It was sent in a way that programs do, so we ask to be sure. "
            "Everything you filled in is still here."
        ),
    )


def busy() -> Notice:
    """For whoever's form could not be taken in at this moment."""
    return Notice(
        _("Please send the form once more"),
        _("It could not be taken in at this moment. Everything you filled in is still here."),
    )


def cookie_missing() -> Notice:
    """For whoever's browser did not bring along what the page gave it."""
    return Notice(
        _("Please send the form once more"),
        _(
            "The page had been open for long, or your browser keeps no cookies for it. Everything "
            "you filled in is still here. If you see this again, allow cookies for this site."
        ),
    )


@in_its_language
def again(request: HttpRequest) -> HttpResponse:
    """403 with the filled-in form, to be sent once more with the cookies it needs."""
    draft = Draft.of(request) or Draft.new()
    return page(request, unchecked(request), draft, notice=cookie_missing(), status=403)
