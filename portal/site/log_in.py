"""The log-in form: guessing is slowed down before a password is even looked at."""

from math import ceil
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import ngettext
from unfold.forms import AuthenticationForm

from portal.throttle import (
    LOG_INS,
    LOG_INS_FROM_ANYWHERE,
    LOG_INS_OF_ONE,
    TooMany,
    count,
    count_all,
)


class LogInForm(AuthenticationForm):  # type: ignore[misc]
    """Name and password, a limited number of times."""

    def clean(self) -> dict[str, Any]:
        now = timezone.now()
        try:
            count(self.request, LOG_INS, now=now)
            name = self.cleaned_data.get("username", "").casefold()
            count(self.request, LOG_INS_OF_ONE, now=now, at=name)
            count_all(LOG_INS_FROM_ANYWHERE, now=now, at=name)
        except TooMany as error:
            minutes = ceil(error.wait.total_seconds() / 60)
            raise ValidationError(
                ngettext(
                    "Too many tries. Wait %(minutes)d minute and try again.",
                    "Too many tries. Wait %(minutes)d minutes and try again.",
                    minutes,
                )
                % {"minutes": minutes},
                code="throttled",
            ) from error
        cleaned: dict[str, Any] = super().clean()
        return cleaned
