"""The landing page: step 1, the form, and what stands beside it. Every address is free of data."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.models import Consent, ConsentText
from portal.core.errors import Refused
from portal.public import form_page, pages, picking, problems, suggestions
from portal.public.drafts import Draft
from portal.public.forms import PURPOSES
from portal.public.languages import in_its_language
from portal.public.pages import onwards
from portal.public.sending import first_sent, send
from portal.throttle import FORMS, LINKS, SUGGESTIONS, TRIES, TooMany, count

# Nobody reads and fills in the form faster, not even with a browser that fills in for them.
FASTEST = timedelta(seconds=3)


@require_http_methods(["GET", "HEAD", "POST"])
@in_its_language
def start(request: HttpRequest) -> HttpResponse:
    """Step 1. A draft that was sent already leads on to step 2."""
    if request.method == "POST":
        return _posted(request)
    draft = Draft.of(request)
    if draft and first_sent(draft):
        return onwards(draft)
    return form_page.page(request, form_page.unchecked(request), draft or Draft.new())


def _posted(request: HttpRequest) -> HttpResponse:
    draft = Draft.of(request)
    if "switch_to" in request.POST:
        return form_page.page(request, form_page.unchecked(request), draft or Draft.new())
    if draft is None:
        return form_page.again(request)
    form = form_page.checked(request)
    now = timezone.now()
    try:
        count(request, TRIES, now=now)
        if not form.is_valid():
            return form_page.page(request, form, draft, status=422)
        if not first_sent(draft):
            if form.fell_into_trap or now - draft.begun_at < FASTEST:
                return form_page.page(
                    request, form, draft, notice=form_page.check_again(), status=422
                )
            count(request, FORMS, now=now)
    except TooMany as error:
        response = form_page.page(
            request, form, draft, notice=form_page.come_again(error.wait), status=429
        )
        response["Retry-After"] = str(max(1, int(error.wait.total_seconds())))
        return response
    try:
        send(draft, form.payload())
        if form.cleaned_data["contact"] == "refused":
            picking.give_up(draft)
    except ValidationError as error:
        form.add_refusal(error)
        return form_page.page(request, form, draft, status=422)
    except Refused:
        return form_page.page(request, form, draft, notice=form_page.busy(), status=503)
    return onwards(draft)


def _unlogged(response: HttpResponse) -> HttpResponse:
    """The same, without the line that Django logs: it would hold the address, a key in itself."""
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@require_safe
@in_its_language
def resume(request: HttpRequest, token: str) -> HttpResponse:
    """Come back to a sent form, on this or another device."""
    try:
        count(request, LINKS, now=timezone.now())
    except TooMany as error:
        return _unlogged(problems.too_many(request, error.wait))
    draft = Draft.read(token)
    if draft is None or first_sent(draft) is None:
        return _unlogged(problems.expired(request))
    return onwards(draft)


@require_POST
@in_its_language
def another(request: HttpRequest) -> HttpResponse:
    """Put the sent form aside and begin one for another person."""
    return onwards(Draft.new(), to="public:start")


@require_POST
def conditions(request: HttpRequest) -> HttpResponse:
    """Names of conditions that begin with what was typed. By POST: an address is kept in logs."""
    try:
        count(request, SUGGESTIONS, now=timezone.now())
    except TooMany as error:
        response: HttpResponse = JsonResponse({"names": []}, status=429)
        response["Retry-After"] = str(max(1, int(error.wait.total_seconds())))
        return response
    language = request.POST.get("language", "en")
    response = JsonResponse(
        {"names": suggestions.suggest(request.POST.get("q", ""), language=language)}
    )
    add_never_cache_headers(response)
    return response


@require_safe
@in_its_language
def privacy(request: HttpRequest) -> HttpResponse:
    """What happens with what people tell, and every consent text that was ever shown."""
    now, language = timezone.now(), translation.get_language() or "en"
    in_force = {
        text.purpose: text
        for text in ConsentText.objects.in_force(now=now).filter(language=language)
    }
    earlier = (
        ConsentText.objects.filter(language=language, valid_from__lte=now)
        .exclude(pk__in=[text.pk for text in in_force.values()])
        .order_by("purpose", "-valid_from")
    )
    return pages.show(
        request,
        "public/privacy.html",
        {
            "asked_now": [in_force[purpose] for purpose in PURPOSES if purpose in in_force],
            "asked_later": [
                in_force[purpose]
                for purpose in Consent.Purpose.values
                if purpose in in_force and purpose not in PURPOSES
            ],
            "earlier": earlier,
        },
    )
