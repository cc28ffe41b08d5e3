"""Idempotency-Key: what a client sends again with its key is kept once.

The header is that of the IETF (draft-ietf-httpapi-idempotency-key-header): a string in quotes,
taken without them too. It is a client's own: two clients may choose the same.
"""

import re
from typing import ClassVar, cast

from django.utils.translation import gettext as _
from rest_framework.request import Request

from portal.core.api.invalid import InvalidHeader
from portal.core.api.viewsets import AppendViewSet
from portal.core.models import User

HEADER = "Idempotency-Key"
DESCRIPTION = (
    "Up to 160 visible ASCII characters, chosen by the sender for this one request. The same "
    "key with the same body gives the same answer again; with another body it is refused."
)
_KEY = re.compile(r"[\x21-\x7e]{1,160}")


class KeyMissing(InvalidHeader):
    """No Idempotency-Key was sent."""

    problem_code = "idempotency_key_missing"


class KeyInvalid(InvalidHeader):
    """The Idempotency-Key cannot be one."""

    problem_code = "idempotency_key_invalid"


def sent_key(request: Request) -> str:
    """The key that was sent, as a key of this account; "" without one. Raises KeyInvalid."""
    sent = request.headers.get(HEADER)
    if sent is None:
        return ""
    key = sent[1:-1] if len(sent) > 1 and sent[0] == sent[-1] == '"' else sent
    if not _KEY.fullmatch(key):
        raise KeyInvalid(HEADER, _("Use 1 to 160 visible ASCII characters."))
    return f"{cast(User, request.user).id.hex}.{key}"


def demanded_key(request: Request) -> str:
    """The key, which has to be there. Raises KeyMissing and KeyInvalid."""
    key = sent_key(request)
    if not key:
        raise KeyMissing(HEADER, _("Send a key of your own for this form."), "required")
    return key


class KeyedViewSet(AppendViewSet):
    """Records that are made once, however often they are sent with one key."""

    request_headers: ClassVar[dict[str, str]] = {HEADER: DESCRIPTION}
