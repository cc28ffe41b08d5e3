"""Who is asking: an API client with a bearer token, or a member of staff in the browser."""

from hashlib import sha256
from typing import Any

import pghistory
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AccessToken
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

SCOPE = "api"
# What is read of token, client and account: a request is not the place for the rest.
_NEEDED = (
    "expires",
    "scope",
    "resource",
    "user_id",
    "application__name",
    "application__user__username",
    "application__user__name",
    "application__user__is_active",
    "application__user__is_superuser",
)
_CHALLENGE = 'Bearer realm="api"'


class ClientToken(BaseAuthentication):
    """OAuth2 bearer tokens (RFC 6750), which `POST /oauth2/token/` gives out for 15 minutes.

    The client acts as its own account, whose role says what it may do.
    """

    def authenticate(self, request: Request) -> tuple[Any, AccessToken] | None:
        """The account and the token; None when no bearer token was sent.

        Raises AuthenticationFailed for a token that is unknown, expired, for something else, or
        of an account that was switched off.
        """
        scheme, _blank, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = self._token(value.strip())
        audience = request.build_absolute_uri(request.path)
        if token is None or not token.allows_audience(audience) or token.user_id is not None:
            raise self._refused(request)
        account = token.application.user if token.application else None
        if account is None or not account.is_active:
            raise self._refused(request)
        # The middleware has opened the context before anybody was known.
        pghistory.context(user=str(account.pk), client=token.application.name)
        return account, token

    def _refused(self, request: Request) -> AuthenticationFailed:
        request.bearer_error = "invalid_token"  # type: ignore[attr-defined]
        return AuthenticationFailed(
            _("The access token is unknown or has expired. Get a new one at /oauth2/token/.")
        )

    def _token(self, value: str) -> AccessToken | None:
        """The valid token with this text. Only its SHA-256 is stored."""
        checksum = sha256(value.encode()).hexdigest()
        token = (
            AccessToken.objects.select_related("application__user")
            .only(*_NEEDED)
            .filter(token_checksum=checksum)
            .first()
        )
        return token if token is not None and token.is_valid([SCOPE]) else None

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says in WWW-Authenticate."""
        error = getattr(request, "bearer_error", "")
        return f'{_CHALLENGE}, error="{error}"' if error else _CHALLENGE


class BrowserSession(SessionAuthentication):
    """The session of a member of staff who is logged in; a change needs the CSRF token."""
