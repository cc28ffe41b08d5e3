"""The lifecycle of a referral to a clinical trial, as a table.

`ACTIONS` says what can be done in which status, what it leads to, which reasons it takes and what
has to be true before. `referrals.referring` does it; the workplace and REST offer what `possible`
returns. Who has died is not in the table: the referrals of a patient end with the patient
(`referrals.ending`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Consent
from portal.core.errors import Missing
from referrals import conditions
from referrals.models import UNFIT, CTReferral, Reason
from referrals.models.catalogue import NO_LONGER_RECRUITING
from referrals.possible import Possible

Status = CTReferral.Status
Outcome = CTReferral.Outcome
Eligible = CTReferral.Eligible

Guard = Callable[[CTReferral], "Missing | None"]

# Rules that a team lead or data steward may set aside, by saying why.
OVERRIDABLE = frozenset({"not_recruiting"})
# What a referral in progress can end with, before anybody is enrolled.
_OPEN = (
    Status.DRAFT,
    Status.ELIGIBLE,
    Status.REFERRED,
    Status.ACKNOWLEDGED,
    Status.SCREENING,
)
_AT_THE_SITE = (Status.REFERRED, Status.ACKNOWLEDGED, Status.SCREENING)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done to a referral in one of the statuses `sources`."""

    name: str
    label: str | Promise
    sources: Collection[Status]
    target: Status
    outcome: Outcome | None = None  # None: as it is
    eligible: Eligible | None = None  # None: as it is
    reasons: Collection[Reason] = ()  # one has to be given when there are any
    guards: Collection[Guard] = ()

    @property
    def is_end(self) -> bool:
        """Whether nothing can be done with the referral afterwards."""
        return self.target not in CTReferral.ACTIVE


# --- what has to be true --------------------------------------------------------------------------


def _is_patient(referral: CTReferral) -> Missing | None:
    return conditions.converted(referral.patient)


def _has_physician(referral: CTReferral) -> Missing | None:
    return conditions.treated(referral.patient)


def _may_be_shared(referral: CTReferral) -> Missing | None:
    return conditions.consented(
        referral.patient,
        Consent.Purpose.TRIAL_SITE,
        scope=referral.trial.registry_id,
        message=_("No consent to share data with this trial's site is in force. Ask for it first."),
    )


def _recruits(referral: CTReferral) -> Missing | None:
    if referral.trial.status not in NO_LONGER_RECRUITING:
        return None
    status = referral.trial.get_status_display().lower()
    return Missing("not_recruiting", _("The trial takes nobody: %(status)s.") % {"status": status})


def _not_ineligible(referral: CTReferral) -> Missing | None:
    if referral.eligible != Eligible.NO:
        return None
    return Missing("ineligible", _("The patient is not eligible. Correct that first."))


# --- the lifecycle --------------------------------------------------------------------------------

ACTIONS = (
    Action(
        "find-eligible",
        gettext_lazy("Eligible"),
        (Status.DRAFT,),
        Status.ELIGIBLE,
        eligible=Eligible.YES,
    ),
    Action(
        "rule-out",
        gettext_lazy("Not eligible"),
        (Status.DRAFT, Status.ELIGIBLE),
        Status.INELIGIBLE,
        outcome=Outcome.OTHER,
        eligible=Eligible.NO,
        reasons=UNFIT,
    ),
    Action(
        "refer",
        gettext_lazy("Refer to the site"),
        (Status.ELIGIBLE,),
        Status.REFERRED,
        guards=(_is_patient, _not_ineligible, _has_physician, _may_be_shared, _recruits),
    ),
    Action(
        "decline",
        gettext_lazy("Declined by the patient"),
        (Status.ELIGIBLE,),
        Status.DECLINED,
        outcome=Outcome.OTHER,
        reasons=(
            Reason.BURDEN,
            Reason.DISTANCE,
            Reason.SIDE_EFFECTS,
            Reason.PLACEBO,
            Reason.OTHER_OPTION,
            Reason.OTHER,
        ),
    ),
    Action(
        "acknowledge",
        gettext_lazy("Acknowledged by the site"),
        (Status.REFERRED,),
        Status.ACKNOWLEDGED,
    ),
    Action(
        "begin-screening",
        gettext_lazy("Screening has begun"),
        (Status.ACKNOWLEDGED,),
        Status.SCREENING,
    ),
    Action(
        "enrol",
        gettext_lazy("Enrolled"),
        (Status.SCREENING,),
        Status.ENROLLED,
        outcome=Outcome.ENROLLED,
        guards=(_not_ineligible,),
    ),
    Action(
        "fail-screening",
        gettext_lazy("Screen failed"),
        (Status.SCREENING,),
        Status.SCREEN_FAILED,
        outcome=Outcome.SCREEN_FAILED,
        reasons=(*UNFIT[:-1], Reason.CONSENT_WITHDRAWN, Reason.OTHER),
    ),
    Action("complete", gettext_lazy("Completed the trial"), (Status.ENROLLED,), Status.COMPLETED),
    Action(
        "discontinue",
        gettext_lazy("Left the trial early"),
        (Status.ENROLLED,),
        Status.DISCONTINUED,
        reasons=(
            Reason.SIDE_EFFECTS,
            Reason.PROGRESSION,
            Reason.BURDEN,
            Reason.CONSENT_WITHDRAWN,
            Reason.PHYSICIAN,
            Reason.PREGNANCY,
            Reason.STOPPED,
            Reason.OTHER,
        ),
    ),
    Action(
        "site-declines",
        gettext_lazy("Declined by the site"),
        _AT_THE_SITE,
        Status.SITE_DECLINED,
        outcome=Outcome.SITE_DECLINED,
        reasons=(Reason.FULL, Reason.NOT_SUITABLE, Reason.SITE_CLOSED, Reason.OTHER),
    ),
    Action(
        "withdraw",
        gettext_lazy("Withdrawn by the patient"),
        _OPEN,
        Status.WITHDRAWN,
        outcome=Outcome.WITHDRAWN,
        reasons=(
            Reason.BURDEN,
            Reason.DISTANCE,
            Reason.SIDE_EFFECTS,
            Reason.OTHER_OPTION,
            Reason.CONSENT_WITHDRAWN,
            Reason.OTHER,
        ),
    ),
    Action(
        "trial-closes",
        gettext_lazy("The trial has closed"),
        _OPEN,
        Status.TRIAL_CLOSED,
        outcome=Outcome.OTHER,
        reasons=(Reason.RECRUITED, Reason.STOPPED, Reason.SITE_CLOSED, Reason.OTHER),
    ),
    Action(
        "lose-contact",
        gettext_lazy("Lost contact"),
        _OPEN,
        Status.LOST_CONTACT,
        outcome=Outcome.OTHER,
        reasons=(Reason.NO_ANSWER, Reason.OTHER),
    ),
)
BY_NAME = {action.name: action for action in ACTIONS}
CHASE = "chase"


def missing(referral: CTReferral, action: Action) -> tuple[Missing, ...]:
    """What is in the way of an action that the status allows; empty when nothing is."""
    found = conditions.of_the_person(referral.patient, is_end=action.is_end)
    return (*found, *(lack for guard in action.guards if (lack := guard(referral))))


def possible(referral: CTReferral) -> tuple[Possible[Action], ...]:
    """What can be done to a referral as it is, each with what is missing."""
    return tuple(
        Possible(action, missing(referral, action))
        for action in ACTIONS
        if referral.status in action.sources
    )
