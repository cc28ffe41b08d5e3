"""Deleting: refused while other records refer to the row, and then it says which kinds."""

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from portal.core.errors import Refused


class InUse(Refused):
    """Other records refer to this one. `referring` names their models ("app.model")."""

    code = "in_use"

    def __init__(self, referring: list[type[models.Model]]) -> None:
        names = ", ".join(str(model._meta.verbose_name_plural) for model in referring)
        super().__init__(_("Other records refer to this one: %(names)s.") % {"names": names})
        self.referring = tuple(model._meta.label_lower for model in referring)


def remove(row: Any) -> None:
    """Delete `row`, which the caller has locked. Raises InUse while something refers to it.

    Asked with one EXISTS per kind of record: Django would load every referring row to say so.
    """
    referring = list(_referring(row))
    if referring:
        raise InUse(referring)
    row.delete()


def _referring(row: Any) -> Iterator[type[models.Model]]:
    for relation in row._meta.related_objects:
        protects = relation.on_delete in (models.PROTECT, models.RESTRICT)
        if (
            protects
            and relation.related_model._base_manager.filter(**{relation.field.name: row}).exists()
        ):
            yield relation.related_model
