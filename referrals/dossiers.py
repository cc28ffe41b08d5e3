"""Dossiers of expanded access: opening one from a route, and planning its steps.

Its end is `referrals.dossier_closing`, what is done with a single step `referrals.dossier_steps`.
"""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.locking import locked_open
from patients.overriding import demand
from portal.core.errors import Missing, Refused
from portal.core.history import acting
from portal.core.models import User
from referrals import clocks, conditions, reassessing
from referrals.happening import locked_row
from referrals.models import (
    DayKind,
    DossierChange,
    DossierStep,
    DossierStepDependency,
    EAPDossier,
    RouteTemplate,
)
from referrals.models.routes import PlannedStep

State = EAPDossier.State
CHOOSE_ROUTE = "choose-route"
# How many days ahead an approval that runs out is looked after.
RUNS_OUT_IN = timedelta(days=30)
# What somebody has to look after, by the name of the queue: narrows steps to it on a day.
QUEUES: dict[str, Callable[[Any, date], Any]] = {
    "silent": lambda steps, today: steps.silent(today=today),
    "overdue": lambda steps, today: steps.overdue(today=today),
    "running_out": lambda steps, today: steps.running_out(until=today + RUNS_OUT_IN),
}
# What a step takes over from its route: every column of a planned step is listed there.
_COPIED = PlannedStep.Privacy.none


def open_dossier(*, dossier: EAPDossier, by: User) -> EAPDossier:
    """Save the new, validated dossier, with the steps of its route if it has one, and return it.

    From now on the patient is followed for what its program demands.

    Raises Refused for somebody who is no patient or not open, and for a route that may not be
    chosen; IntegrityError when the patient has an open dossier in this program.
    """
    with transaction.atomic(), acting(by=by, reason="dossier: open"):
        patient = locked_open(dossier.patient_id)
        lack = conditions.converted(patient)
        if lack is not None:
            raise Refused(lack.message, code=lack.code, missing=[lack])
        dossier.save(force_insert=True)
        if dossier.route is not None:
            _follow(dossier, dossier.route)
        reassessing.keep(patient, [dossier.program])
        return dossier


def choose_route(*, dossier_id: UUID, route_id: UUID, by: User) -> EAPDossier:
    """Give a dossier without a route one, after the steps that it has, and return it.

    Raises Refused when it has another route or is closed.
    """
    with transaction.atomic(), acting(by=by, reason="dossier: choose route"):
        dossier = locked_dossier(dossier_id)
        if dossier.route_id == route_id:
            return dossier
        demand(dossier.patient, missing_to_plan(dossier), by=by)
        if dossier.route_id is not None:
            raise Refused(_("This dossier has a route already."), code="has_route")
        route = RouteTemplate.objects.filter(pk=route_id).first()
        if route is None:
            message = _("There is no such route.")
            raise ValidationError({"route": ValidationError(message, code="unknown")})
        dossier.route = route
        _follow(dossier, route)
        keep(dossier, CHOOSE_ROUTE, by=by, remark=str(route))
        return dossier


def add_step(
    *,
    step: DossierStep,
    by: User,
    needs: Collection[DossierStep] = (),
) -> DossierStep:
    """Save a new, validated step that no route names, which waits for `needs`, and return it.

    Raises Refused when the patient or the dossier is closed.
    """
    with transaction.atomic(), acting(by=by, reason="dossier: add step"):
        dossier = locked_dossier(step.dossier_id)
        locked_open(dossier.patient_id)
        demand(dossier.patient, missing_to_plan(dossier), by=by)
        step.status_since = timezone.localdate()
        step.save(force_insert=True)
        for needed in needs:
            link = DossierStepDependency(step=step, needed=needed)
            link.full_clean()
            link.save()
        keep(dossier, "add-step", by=by, remark=step.title)
        return step


def missing_to_plan(dossier: EAPDossier) -> tuple[Missing, ...]:
    """What is in the way of adding to a dossier or planning it anew; empty when nothing is."""
    found = [*conditions.of_the_person(dossier.patient, is_end=False)]
    if dossier.state != State.OPEN:
        found.append(Missing("dossier_closed", _("The dossier is closed. Reopen it first.")))
    return tuple(found)


def locked_dossier(dossier_id: UUID) -> EAPDossier:
    """The dossier, locked after its patient. Raises Refused, EAPDossier.DoesNotExist."""
    return locked_row(EAPDossier, dossier_id, joined=("program", "route"))


def said_why(remark: str) -> None:
    """Raise ValidationError when nothing is said."""
    if not remark.strip():
        message = _("Say why, in a few words.")
        raise ValidationError({"remark": ValidationError(message, code="required")})


def keep(
    dossier: EAPDossier,
    action: str,
    *,
    by: User,
    reason: str = "",
    remark: str = "",
    change: tuple[str, str] = ("", ""),
) -> None:
    """Save the dossier, and what was done with it."""
    dossier.progressed_at = timezone.now()
    dossier.save()
    DossierChange.objects.create(
        dossier=dossier,
        action=action,
        from_status=change[0],
        to_status=change[1],
        happened_on=timezone.localdate(),
        reason=reason,
        remark=remark.strip(),
        changed_by=by,
    )


def _follow(dossier: EAPDossier, route: RouteTemplate) -> None:
    """Make the steps of the route in the dossier, each waiting for those it waits for there."""
    today = timezone.localdate()
    if not route.is_active:
        message = _("This route may not be chosen any more. Choose its newest revision.")
        raise Refused(message, code="route_retired")
    after = dossier.steps.count()
    made: dict[UUID, DossierStep] = {}
    for number, planned in enumerate(route.steps.order_by("position", "id"), start=1):
        copied: dict[str, Any] = {name: getattr(planned, name) for name in _COPIED}
        made[planned.pk] = DossierStep(
            dossier=dossier,
            route_step=planned,
            position=after + number,
            status_since=today,
            **copied,
        )
    links = [
        (made[link.step_id], made[link.needed_id])
        for planned in route.steps.prefetch_related("needs")
        for link in planned.needs.all()
    ]
    waiting = {step.pk for step, _needed in links}
    for step in made.values():
        if step.pk not in waiting:
            step.due_on = due_when_begun(step, begun=today)
        step.save(force_insert=True)
    for step, needed in links:
        DossierStepDependency.objects.create(step=step, needed=needed)


def due_when_begun(step: DossierStep, *, begun: date) -> date | None:
    """By when a step that can begin on that day is due; None when nobody knows."""
    return _after(step, begun, step.days if step.within_days is None else step.within_days)


def answer_due(step: DossierStep, *, sent_on: date) -> date | None:
    """When what is sent on that day should be decided; None when nobody knows."""
    return _after(step, sent_on, step.days)


def _after(step: DossierStep, day: date, days: int | None) -> date | None:
    if days is None:
        return None
    if step.day_kind == DayKind.WORKING:
        return clocks.after(day, days, country=step.country)
    return clocks.later(day, days)
