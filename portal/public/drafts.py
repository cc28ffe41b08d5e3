"""The draft key: one filling in of the form, from the first look to the sent form.

Whoever opens the form gets a random key. It travels in a cookie and in a hidden field, signed and
dated, and becomes the idempotency key of the submission: going back, reloading, a second click, a
second tab or a second try after a lost connection are all the same submission. What was typed is
not kept on the server before it is sent (docs/decisions/0007).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner, b62_decode
from django.http import HttpRequest, HttpResponse

COOKIE = "start"
FIELD = "draft"
LASTS = timedelta(days=30)


def _signer() -> TimestampSigner:
    return TimestampSigner(sep=".", salt="portal.public.drafts")


@dataclass(frozen=True, slots=True)
class Draft:
    """A key, when it was given out, and the signed form of both that travels."""

    key: str
    begun_at: datetime
    token: str

    @classmethod
    def new(cls) -> Self:
        """A draft that nobody else has."""
        draft = cls.read(_signer().sign(secrets.token_urlsafe(18)))
        if draft is None:
            raise RuntimeError("a draft that was just signed cannot be read")
        return draft

    @classmethod
    def read(cls, token: str) -> Self | None:
        """The draft of a token; None when it is not ours or older than 30 days."""
        signer = _signer()
        try:
            key = signer.unsign(token, max_age=LASTS)
        except BadSignature:
            return None
        stamp = b62_decode(token.rsplit(signer.sep, 2)[1])
        return cls(key=key, begun_at=datetime.fromtimestamp(stamp, tz=UTC), token=token)

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """The draft that this form was opened with, else the one of this browser."""
        for token in (request.POST.get(FIELD, ""), request.COOKIES.get(COOKIE, "")):
            draft = cls.read(token) if token else None
            if draft is not None:
                return draft
        return None

    def remember(self, response: HttpResponse) -> None:
        """Let the browser bring this draft along from now on."""
        response.set_cookie(
            COOKIE,
            self.token,
            max_age=LASTS,
            path="/start/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
