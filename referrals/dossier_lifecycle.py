"""The lifecycle of the steps of a dossier, as a table.

`ACTIONS` says what can be done in which status, what it leads to, what has to be said and what has
to be true before. `referrals.dossier_steps` does it; the workplace and REST offer what `possible`
returns. Two kinds of steps differ: what is sent to somebody is submitted and decided by them, what
is not sent is simply done.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Consent
from portal.core.errors import Missing
from referrals import conditions
from referrals.models import DossierStep, EAPDossier, Milestone, Responsible
from referrals.possible import Possible

Status = DossierStep.Status

_DONE = DossierStep.DONE

Guard = Callable[[DossierStep], "Missing | None"]

# Rules that a team lead or data steward may set aside, by saying why.
OVERRIDABLE = frozenset({"waits", "documents_missing", "waiver"})
# Whom data is shared with by sending something to them. The text for a program names all of them:
# the company, the authorities, the ethics committee, and the hospital with its pharmacy. An older
# one names the company only, which `conditions.shared` looks at.
PURPOSES = {
    Responsible.PHYSICIAN: Consent.Purpose.PHYSICIAN,
    Responsible.SITE: Consent.Purpose.EAP_SPONSOR,
    Responsible.SPONSOR: Consent.Purpose.EAP_SPONSOR,
    Responsible.AUTHORITY: Consent.Purpose.EAP_SPONSOR,
    Responsible.ETHICS: Consent.Purpose.EAP_SPONSOR,
    Responsible.PHARMACY: Consent.Purpose.EAP_SPONSOR,
}


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done to a step in one of the statuses `sources`."""

    name: str
    label: str | Promise
    sources: Collection[Status]
    target: Status
    is_sent: bool | None = None  # for steps that are sent, or not; None: for both
    sends: bool = False  # whether something leaves
    decides: bool = False  # whether it takes a reference number and an end of validity
    needs_remark: bool = False
    guards: Collection[Guard] = ()

    def fits(self, step: DossierStep) -> bool:
        """Whether the step's status and kind allow it."""
        return step.status in self.sources and self.is_sent in (None, step.is_sent)


# --- what has to be true --------------------------------------------------------------------------


def _is_patient(step: DossierStep) -> Missing | None:
    return conditions.converted(step.dossier.patient)


def _has_physician(step: DossierStep) -> Missing | None:
    return conditions.treated(step.dossier.patient)


def _may_be_shared(step: DossierStep) -> Missing | None:
    receiver = Responsible(step.goes_to) if step.goes_to else None
    purpose = PURPOSES.get(receiver) if receiver else None
    if receiver is None or purpose is None:
        return None
    return conditions.shared(step.dossier, purpose, to=receiver)


def _can_begin(step: DossierStep) -> Missing | None:
    waits = [need.needed.title for need in step.needs.all() if need.needed.status not in _DONE]
    if not waits:
        return None
    message = _("To be done first: %(steps)s.") % {"steps": ", ".join(waits)}
    return Missing("waits", message)


def missing_documents(step: DossierStep) -> list[str]:
    """What the step asks for and nobody has attached."""
    there = {attached.name for attached in step.attached.all()}
    return [name for name in step.documents if name not in there]


def _has_documents(step: DossierStep) -> Missing | None:
    names = missing_documents(step)
    if not names:
        return None
    message = _("Documents missing: %(names)s. Attach them.") % {"names": ", ".join(names)}
    return Missing("documents_missing", message)


def _is_agreed_to(step: DossierStep) -> Missing | None:
    """No first dose without informed consent, whoever asks for it."""
    if step.milestone != Milestone.FIRST_DOSE:
        return None
    agreed = step.dossier.steps.filter(milestone=Milestone.INFORMED_CONSENT, status=Status.APPROVED)
    if agreed.exists():
        return None
    return Missing("no_informed_consent", _("No first dose before the informed consent is there."))


def _may_be_left_out(step: DossierStep) -> Missing | None:
    if step.is_optional or (step.route_step_id is None and not step.milestone):
        return None
    return Missing("not_optional", _("The route asks for this step. It can only be waived."))


def _may_be_waived(step: DossierStep) -> Missing | None:
    if step.milestone in (Milestone.INFORMED_CONSENT, Milestone.FIRST_DOSE):
        return Missing("never_waived", _("This step is never waived."))
    return Missing("waiver", _("Waiving a step needs a reason, by a team lead or data steward."))


def _has_run_out(step: DossierStep) -> Missing | None:
    if step.has_run_out(today=timezone.localdate()):
        return None
    return Missing("still_valid", _("It has not run out: only what has an end in the past has."))


# --- the lifecycle --------------------------------------------------------------------------------

_OPEN = (Status.NOT_STARTED, Status.IN_PREPARATION)
_SENT = (Status.SUBMITTED, Status.QUESTIONS)
_LEAVES = (_is_patient, _can_begin, _has_physician, _may_be_shared, _has_documents)

ACTIONS = (
    Action(
        "prepare",
        gettext_lazy("Begin to prepare"),
        (Status.NOT_STARTED,),
        Status.IN_PREPARATION,
        guards=(_can_begin,),
    ),
    Action(
        "submit",
        gettext_lazy("Submit"),
        _OPEN,
        Status.SUBMITTED,
        is_sent=True,
        sends=True,
        guards=_LEAVES,
    ),
    Action(
        "finish",
        gettext_lazy("Done"),
        _OPEN,
        Status.APPROVED,
        is_sent=False,
        decides=True,
        guards=(_is_patient, _can_begin, _has_documents, _is_agreed_to),
    ),
    Action(
        "ask",
        gettext_lazy("Questions have come"),
        (Status.SUBMITTED,),
        Status.QUESTIONS,
        needs_remark=True,
    ),
    Action(
        "reply",
        gettext_lazy("Questions answered"),
        (Status.QUESTIONS,),
        Status.SUBMITTED,
        sends=True,
        guards=(_is_patient, _has_physician, _may_be_shared),
    ),
    Action(
        "approve",
        gettext_lazy("Approved"),
        _SENT,
        Status.APPROVED,
        decides=True,
        guards=(_is_agreed_to,),
    ),
    Action(
        "reject",
        gettext_lazy("Rejected"),
        _SENT,
        Status.REJECTED,
        needs_remark=True,
    ),
    Action(
        "leave-out",
        gettext_lazy("Not required"),
        _OPEN,
        Status.NOT_REQUIRED,
        needs_remark=True,
        guards=(_may_be_left_out,),
    ),
    Action(
        "waive",
        gettext_lazy("Waive"),
        (*_OPEN, Status.REJECTED, Status.EXPIRED),
        Status.WAIVED,
        guards=(_may_be_waived,),
    ),
    Action(
        "expire",
        gettext_lazy("Has run out"),
        (Status.APPROVED,),
        Status.EXPIRED,
        guards=(_has_run_out,),
    ),
    Action(
        "cancel",
        gettext_lazy("Cancel"),
        (*_OPEN, *_SENT),
        Status.CANCELLED,
        needs_remark=True,
    ),
    Action(
        "redo",
        gettext_lazy("Do it again"),
        (
            Status.REJECTED,
            Status.NOT_REQUIRED,
            Status.WAIVED,
            Status.EXPIRED,
            Status.CANCELLED,
        ),
        Status.NOT_STARTED,
        needs_remark=True,
    ),
)
BY_NAME = {action.name: action for action in ACTIONS}


def missing(step: DossierStep, action: Action) -> tuple[Missing, ...]:
    """What is in the way of an action that the status allows; empty when nothing is."""
    found = [*conditions.of_the_person(step.dossier.patient, is_end=action.name == "cancel")]
    if step.dossier.state != EAPDossier.State.OPEN:
        found.append(Missing("dossier_closed", _("The dossier is closed. Reopen it first.")))
    return (*found, *(lack for guard in action.guards if (lack := guard(step))))


def possible(step: DossierStep) -> tuple[Possible[Action], ...]:
    """What can be done to a step as it is, each with what is missing."""
    return tuple(Possible(action, missing(step, action)) for action in ACTIONS if action.fits(step))
