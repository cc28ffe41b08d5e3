"""Referrals whose trial stopped recruiting, as lists and pages show them."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from portal.core.admin.display import badge
from referrals.models import CTReferral

NO_LONGER = "no_longer"


class RecruitingFilter(DropdownFilter):  # type: ignore[misc]
    """The queue of referrals for which another trial has to be found."""

    title = gettext_lazy("trial")
    parameter_name = "recruiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(NO_LONGER, _("No longer recruiting"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.no_longer_recruiting() if self.value() == NO_LONGER else queryset


def recruiting_badge(referral: CTReferral) -> SafeString | str:
    """That the trial takes nobody in any more, and what it says; blank while it does."""
    if not referral.is_no_longer_recruiting:
        return ""
    said = referral.trial.get_status_display().lower()
    return badge(NO_LONGER, _("No longer recruiting: %s") % said, "red")
