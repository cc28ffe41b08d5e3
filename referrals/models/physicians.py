"""Who may treat: what a foreign key to a specialist cannot say."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from patients.models import Specialist


def demand_physician(specialist: Specialist | None) -> None:
    """Raise ValidationError, beside the field `physician`, for a specialist who is none."""
    if specialist is not None and not specialist.is_physician:
        message = _("%(name)s is no physician.") % {"name": specialist}
        raise ValidationError({"physician": ValidationError(message, code="no_physician")})
