"""Referring a patient to a clinical trial, from the first thought to the end of the trial.

`begin` makes the draft, `take` does one of the actions of `referrals.lifecycle`; `chase` keeps a
silent site awake.
"""

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients import beginning
from patients.overriding import demand
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User
from referrals import clocks, reassessing
from referrals.happening import ahead, day_of, documents_of, locked_row, packet
from referrals.lifecycle import CHASE, OVERRIDABLE, Action, missing
from referrals.models import CTReferral, Reason, ReferralChange, TrialSite

Status = CTReferral.Status


def begin(*, referral: CTReferral, by: User) -> CTReferral:
    """Save the new, validated referral and return it.

    From now on the patient is followed for what its trial demands.

    Raises Refused for somebody who is not open (`patients.beginning`), and IntegrityError when the
    patient has an active referral to this trial.
    """
    with transaction.atomic(), acting(by=by, reason="referral: begin"):
        beginning.begin(referral, patient_id=referral.patient_id, by=by)
        reassessing.keep(referral.patient, [referral.trial])
        return referral


def take(
    action: Action,
    *,
    referral_id: UUID,
    by: User,
    reason: str = "",
    remark: str = "",
    on: date | None = None,
    site_id: UUID | None = None,
    document_ids: Collection[UUID] = (),
    override: str = "",
) -> CTReferral:
    """Do `action` and return the referral; one that has the target's status already stays so.

    `on` is the day it happened, today without it. A referral is sent to the site `site_id` with the
    documents `document_ids` of the patient; it keeps who the physician was, and what was sent.

    Raises Refused for another status and for what is missing, ValidationError for a reason, a day,
    a site or a document that makes no sense.
    """
    with transaction.atomic(), acting(by=by, reason=override or f"referral: {action.name}"):
        referral = _locked(referral_id)
        if referral.status == action.target:
            return referral
        if referral.status not in action.sources:
            status = referral.get_status_display().lower()
            message = _("Not possible in this status: %(status)s.") % {"status": status}
            raise Refused(message, code="wrong_status")
        demand(
            referral.patient,
            missing(referral, action),
            by=by,
            override=override,
            overridable=OVERRIDABLE,
        )
        since = referral.status_since
        day = day_of(on, since=timezone.localdate(since) if since else None)
        change = ReferralChange(
            referral=referral,
            action=action.name,
            from_status=referral.status,
            to_status=action.target,
            happened_on=day,
            reason=_reason(action, reason, remark),
            remark=remark.strip(),
            changed_by=by,
        )
        if action.target == Status.REFERRED:
            _send(referral, site_id)
            change.packet = _packet(referral, document_ids)
        _advance(referral, action, day, change)
        change.save(force_insert=True)
        return referral


def chase(*, referral_id: UUID, by: User, next_on: date, remark: str = "") -> CTReferral:
    """Write down that a silent site was asked again, and when it is to be asked next.

    Raises Refused when no site has to answer, ValidationError for a day that is over.
    """
    with transaction.atomic(), acting(by=by, reason="referral: chase"):
        referral = _locked(referral_id)
        if referral.status not in CTReferral.AT_THE_SITE:
            raise Refused(_("No site has to answer this referral."), code="wrong_status")
        referral.due_on = ahead(next_on)
        referral.save(update_fields=("due_on",))
        ReferralChange.objects.create(
            referral=referral,
            action=CHASE,
            from_status=referral.status,
            to_status=referral.status,
            happened_on=timezone.localdate(),
            remark=remark.strip(),
            changed_by=by,
        )
        return referral


def _locked(referral_id: UUID) -> CTReferral:
    return locked_row(CTReferral, referral_id, joined=("trial",))


def _reason(action: Action, reason: str, remark: str) -> str:
    if not action.reasons:
        if reason:
            message = _("This takes no reason.")
            raise ValidationError({"reason": ValidationError(message, code="not_for_this")})
        return ""
    if reason not in action.reasons:
        message = _("Say why, with one of the reasons that belong to it.")
        raise ValidationError({"reason": ValidationError(message, code="required")})
    if reason == Reason.OTHER and not remark.strip():
        message = _("Say in words what the other reason is.")
        raise ValidationError({"remark": ValidationError(message, code="required")})
    return reason


def _send(referral: CTReferral, site_id: UUID | None) -> None:
    """Keep who treats the patient now, and where the referral goes."""
    referral.physician = referral.patient.physician
    if site_id is None:
        return
    site = TrialSite.objects.filter(pk=site_id, trial=referral.trial_id).first()
    if site is None:
        message = _("Choose a site of this trial.")
        raise ValidationError({"site": ValidationError(message, code="other_trial")})
    referral.site = site


def _packet(referral: CTReferral, document_ids: Collection[UUID]) -> dict[str, Any]:
    """What the site is told."""
    return {
        "trial": referral.trial.registry_id,
        "site": str(referral.site) if referral.site else "",
        **packet(referral.patient, documents_of(referral.patient, document_ids)),
    }


def _advance(referral: CTReferral, action: Action, day: date, change: ReferralChange) -> None:
    now = timezone.now()
    referral.status = action.target
    if action.outcome is not None:
        referral.outcome = action.outcome
    if action.eligible is not None:
        referral.eligible = action.eligible
    if action.target == Status.INELIGIBLE:
        referral.ineligible_reason, referral.ineligible_text = change.reason, change.remark
    at = now if day == timezone.localdate(now) else _midday(day)
    if action.target == Status.REFERRED:
        referral.referred_at = at
    if action.target == Status.ENROLLED:
        referral.enrolled_on = day
    referral.status_since = at
    country = referral.site.country if referral.site else ""
    referral.due_on = clocks.due(referral.status, trial=referral.trial, since=day, country=country)
    referral.save()


def _midday(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))
