"""What may be thrown away: only what never left the portal.

A draft referral, an open dossier and a step that was added by hand and that nobody began can be
deleted when they were made by mistake. What a route asks for, and what waits for what in it, stays:
a step of it is left out or waived, with its rules. Anything further is part of the patient's record
and is ended, not deleted.
"""

from django.utils.translation import gettext as _

from portal.core.errors import Refused
from referrals.models import CTReferral, DossierStep, DossierStepDependency, EAPDossier


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


def refuse_what_stays(step: DossierStep) -> None:
    """Raise NotDiscardable for a step of a route or of a closed dossier, and for one that began."""
    if step.status != DossierStep.Status.NOT_STARTED:
        raise NotDiscardable(_("This step has begun; mark it as not required or cancel it."))
    if step.route_step_id is not None:
        raise NotDiscardable(_("The route asks for this step; leave it out or have it waived."))
    refuse_when_closed(step.dossier)


def may_be_loosened(needs: DossierStepDependency) -> bool:
    """Whether what waits here may be changed or taken out: in an open dossier, beside its route."""
    of_the_route = None not in (needs.step.route_step_id, needs.needed.route_step_id)
    return needs.step.dossier.is_open and not of_the_route
