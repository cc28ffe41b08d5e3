"""Constraints that several tables have in the same words."""

from django.db import models
from django.utils.translation import gettext_lazy as _


def one_of(column: str, *values: str, name: str) -> models.CheckConstraint:
    """That the column holds one of its known values, whoever writes it.

    Other constraints ask for some of the values, and a word that nobody knows ("Booked") would step
    around them. The values are written out, as `Meta` cannot see the choices of its model.
    """
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__in": values}),
        name=name,
        violation_error_message=_("This is no known choice."),
    )
