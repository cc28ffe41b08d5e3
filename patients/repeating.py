"""The same request again: a sender's own key for one thing keeps it from being kept twice."""

from django.utils.translation import gettext as _

from portal.core.errors import Refused


class KeyReused(Refused):
    """The idempotency key belongs to something else that was said."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(_("This key was used before, for something that says something else."))
