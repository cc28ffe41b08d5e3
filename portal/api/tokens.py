"""`POST /oauth2/token/`: a bearer token for a client, a limited number of times."""

from base64 import b64decode
from binascii import Error as NotBase64
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from oauth2_provider.views import TokenView

from portal.api import errors
from portal.throttle import TOKENS, TOKENS_OF_ONE, TooMany, count


class LimitedTokenView(TokenView):  # type: ignore[misc]
    """Tokens by client credentials; a client that guesses secrets is slowed down."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        try:
            count(request, TOKENS, now=now)
            count(request, TOKENS_OF_ONE, now=now, at=_client_id(request))
        except TooMany as error:
            return JsonResponse(
                errors.body(429, _("Too many requests for tokens; wait."), request=request),
                status=429,
                headers={"Retry-After": str(ceil(error.wait.total_seconds()))},
                content_type=errors.MEDIA_TYPE,
            )
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


def _client_id(request: HttpRequest) -> str:
    """The client that asks, from the form or from basic authentication; "" when neither says."""
    scheme, _blank, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request.POST.get("client_id", "")
    try:
        return b64decode(credentials).decode().partition(":")[0]
    except (NotBase64, UnicodeDecodeError):
        return ""
