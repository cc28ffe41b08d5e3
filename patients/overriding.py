"""Going on although a condition does not hold: by whom, why, and against which rule."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from patients.models import Patient, RuleOverride
from portal.core.errors import Missing, Refused
from portal.core.models import User
from portal.core.permissions import may


def may_override(user: Any) -> bool:
    """Whether this user may set a rule aside."""
    return may(user, "add", RuleOverride)


def may_go_on(missing: Collection[Missing], *, by: Any, overridable: Collection[str] = ()) -> bool:
    """Whether `by` could go on although this is missing, by saying why. Nothing missing: yes."""
    if any(condition.code not in overridable for condition in missing):
        return False
    return not missing or may_override(by)


def demand(
    patient: Patient,
    missing: Collection[Missing],
    *,
    by: User,
    override: str = "",
    overridable: Collection[str] = (),
) -> None:
    """Raise Refused unless nothing is missing, or `override` says why that is set aside.

    Only the codes in `overridable` can be, and only by who may; each is written down.
    """
    hard = [condition for condition in missing if condition.code not in overridable]
    soft = [condition for condition in missing if condition.code in overridable]
    reason = override.strip()
    if hard or (soft and not reason):
        first = (hard or soft)[0]
        raise Refused(first.message, code=first.code, missing=[*hard, *soft])
    if soft and not may_override(by):
        message = _("Ask a team lead or a data steward to set this rule aside.")
        raise Refused(message, code="override_not_allowed", missing=soft)
    keep(patient, soft, by=by, reason=reason)


def keep(patient: Patient, against: Collection[Missing], *, by: User, reason: str) -> None:
    """Write down who went on although these conditions did not hold, and why."""
    for condition in against:
        RuleOverride.objects.create(
            patient=patient, rule=condition.code, reason=reason.strip(), overridden_by=by
        )
