"""How personal each field of each model is.

Every model says so in an inner `Privacy` class that lists its fields under `identifying`,
`medical` and `free_text`; a field in none of them must be listed under `none`. Erasure, export,
masking and logging read this classification, and a test fails on an unclassified field. The
fields of `Record` carry no personal data and need not be listed. What stands in `not_in_history`
as well is left out of the copies that history keeps for ever.
"""

from enum import StrEnum

from django.db import models


class Personal(StrEnum):
    NONE = "none"
    IDENTIFYING = "identifying"
    MEDICAL = "medical"
    FREE_TEXT = "free_text"


RECORD_FIELDS = frozenset({"id", "created_at", "updated_at", "version"})


def classification(model: type[models.Model]) -> dict[str, Personal]:
    """Field name → class, for the concrete fields that the model's `Privacy` class lists.

    Inherited lists add up, so that a child of `Contact` lists only its own fields. Raises
    LookupError when one field is listed twice with different classes.
    """
    found: dict[str, Personal] = dict.fromkeys(RECORD_FIELDS, Personal.NONE)
    for ancestor in reversed(model.__mro__):
        privacy = vars(ancestor).get("Privacy")
        if privacy is None:
            continue
        for personal in Personal:
            for name in getattr(privacy, personal.value, ()):
                if found.get(name, personal) != personal:
                    raise LookupError(f"{model._meta.label}.{name} is classified twice")
                found[name] = personal
    return found
