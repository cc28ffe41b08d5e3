"""What may be thrown away: only what never left the portal.

A draft referral, an open dossier and a step that nobody began can be deleted when they were made
by mistake. Anything further is part of the patient's record and is ended, not deleted.
"""

from django.utils.translation import gettext as _

from portal.core.errors import Refused
from referrals.models import CTReferral, DossierStep, EAPDossier


class NotDiscardable(Refused):
    """The record has begun, so it can be ended and not deleted."""

    code = "not_deletable"


def refuse_unless_draft(referral: CTReferral) -> None:
    """Raise NotDiscardable for a referral that is more than a draft."""
    if referral.status != CTReferral.Status.DRAFT:
        raise NotDiscardable(_("Only a draft can be deleted; end this referral instead."))


def refuse_when_closed(dossier: EAPDossier) -> None:
    """Raise NotDiscardable for a dossier that was closed."""
    if dossier.state != EAPDossier.State.OPEN:
        raise NotDiscardable(_("A closed dossier is part of the record and stays."))


def refuse_when_begun(step: DossierStep) -> None:
    """Raise NotDiscardable for a step that somebody has begun."""
    if step.status != DossierStep.Status.NOT_STARTED:
        raise NotDiscardable(_("This step has begun; mark it as not required or cancel it."))
