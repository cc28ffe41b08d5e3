"""Days until which something has to be done, as lists and pages show them."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.admin.display import NOTHING, badge, short_day
from referrals.models import CTReferral, DossierStep

# Days from which on a clock is shown in amber.
SOON = 3


def due_badge(on: date | None) -> str:
    """A day until which something has to be done, in words and colour; the dash for none."""
    if on is None:
        return NOTHING
    now = timezone.now()
    days = (on - timezone.localdate(now)).days
    shown = short_day(on, now=now)
    if days < 0:
        late = ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}
        return badge("late", f"{shown}: {late}", "red")
    if days == 0:
        return badge("today", f"{shown}: {_('today')}", "amber")
    left = ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}
    return badge("due", f"{shown}: {left}", "amber" if days <= SOON else "grey")


def answer_badge(referral: CTReferral) -> str:
    """When the site should answer; the dash when nobody is waited for."""
    return due_badge(referral.due_on if referral.status in CTReferral.AT_THE_SITE else None)


def step_badge(step: DossierStep) -> str:
    """When a step should be done; the dash when it waits for nobody."""
    return due_badge(step.due_on if step.status in DossierStep.WAITING else None)
