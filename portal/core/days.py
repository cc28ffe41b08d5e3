"""Calendar days that people write down."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

YEARS_AHEAD = 50


def refuse_far(day: date) -> None:
    """Raise ValidationError for a day more than `YEARS_AHEAD` years ahead: its year is mistyped."""
    today = timezone.localdate()
    if (day.year - YEARS_AHEAD, day.month, day.day) > (today.year, today.month, today.day):
        message = _("This day is more than %(years)d years ahead. Check the year.")
        raise ValidationError(message, code="too_far", params={"years": YEARS_AHEAD})
