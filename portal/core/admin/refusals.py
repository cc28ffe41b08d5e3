"""What a verb or the database refused, as a sentence for the person who asked for it."""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.core.errors import Refused

NOT_SAVED = _("The database refused this change. Open the page again and repeat it.")


def refusal_of(error: Exception) -> str:
    """The sentence for a person about what a verb or the database refused.

    An integrity error is explained by the constraint's own message.
    """
    if isinstance(error, Refused):
        return error.message
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    return _constraint_messages().get(name) or str(NOT_SAVED)


def _constraint_messages() -> dict[str, str]:
    return {
        constraint.name: str(constraint.violation_error_message or "")
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }
