"""What a verb or the database refused, as a sentence for the person who asked for it."""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError
from django.utils.translation import gettext_lazy as _

from portal.core.errors import Refused, is_busy

NOT_SAVED = _("The database refused this change. Open the page again and repeat it.")

BUSY = _("Somebody else is changing the same records right now. Try again.")

# What may come of a POST; see `is_refusal`.
REFUSALS = (Refused, ValidationError, IntegrityError, OperationalError)


def is_refusal(error: Exception) -> bool:
    """Whether one of REFUSALS is about this change, and not about the database itself."""
    return not isinstance(error, OperationalError) or is_busy(error)


def refusal_of(error: Exception) -> str:
    """The sentence for a person about what a verb or the database refused.

    An integrity error is explained by the constraint's own message.
    """
    if isinstance(error, Refused):
        return error.message
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, OperationalError):
        return str(BUSY)
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    return _constraint_messages().get(name) or str(NOT_SAVED)


def _constraint_messages() -> dict[str, str]:
    return {
        constraint.name: str(constraint.violation_error_message or "")
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }
