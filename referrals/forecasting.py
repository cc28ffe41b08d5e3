"""What lies ahead of a dossier: its steps, the critical path, and who holds the case how long."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from referrals import critical_path
from referrals.critical_path import Forecast, Unknown
from referrals.models import DayKind, DossierStep, EAPDossier, Milestone, Responsible

# What `steps_of` reads of each step.
_READ = ("needs__needed", "attached__document")


@dataclass(frozen=True, slots=True)
class Outlook:
    """A dossier with its steps, in their order, and what is to be expected of them."""

    dossier: EAPDossier
    steps: tuple[DossierStep, ...]
    forecast: Forecast
    today: date

    @property
    def critical_step(self) -> DossierStep | None:
        """The step that the first dose waits for; None when nothing remains."""
        key = self.forecast.next_step
        return next((step for step in self.steps if step.pk == key), None)

    @property
    def holder(self) -> Responsible | None:
        """Who has to act; None for a closed dossier and when nothing remains.

        What was rejected, has run out or was cancelled lies with the navigator.
        """
        step = self.critical_step
        if step is None or self.dossier.state != EAPDossier.State.OPEN:
            return None
        return step.holder or Responsible.NAVIGATOR

    @property
    def held_days(self) -> int | None:
        """For how many days they have had it; None when nobody holds it."""
        step = self.critical_step
        if step is None or self.holder is None:
            return None
        return max(0, (self.today - held_since(step)).days)

    @property
    def unknown(self) -> tuple[tuple[DossierStep, Unknown], ...]:
        """The steps that make the day of the first dose unknown, and why."""
        missing = set(self.forecast.missing)
        why = self.forecast.unknown
        return tuple((step, why[step.pk]) for step in self.steps if step.pk in missing)


def outlook(dossier: EAPDossier, *, today: date) -> Outlook:
    """What is to be expected of a dossier."""
    steps = tuple(steps_of(dossier))
    return Outlook(dossier, steps, critical_path.forecast(path_of(steps), today=today), today)


def what_if(
    dossier: EAPDossier, changes: Mapping[Hashable, Mapping[str, Any]], *, today: date
) -> Outlook:
    """What would be to be expected with these fields of these steps, by id, changed."""
    steps = tuple(steps_of(dossier))
    forecast = critical_path.what_if(path_of(steps), changes, today=today)
    return Outlook(dossier, steps, forecast, today)


def with_steps(dossiers: QuerySet[EAPDossier]) -> QuerySet[EAPDossier]:
    """These dossiers with all that `outlook` reads, in as many queries as for one."""
    return dossiers.prefetch_related(Prefetch("steps", _ordered(DossierStep.objects.all())))


def steps_of(dossier: EAPDossier) -> list[DossierStep]:
    """The steps of a dossier in their order, with all that is asked of them."""
    if "steps" in getattr(dossier, "_prefetched_objects_cache", {}):
        return list(dossier.steps.all())
    steps = list(_ordered(DossierStep.objects.filter(dossier=dossier)))
    for step in steps:
        step.dossier = dossier
    return steps


def _ordered(steps: QuerySet[DossierStep]) -> QuerySet[DossierStep]:
    return steps.select_related("route_step").prefetch_related(*_READ).order_by("position", "id")


def path_of(steps: Iterable[DossierStep]) -> list[critical_path.Step]:
    """The steps as the critical path is told of them."""
    return [
        critical_path.Step(
            key=step.pk,
            status=step.status,
            needs=tuple(need.needed_id for need in step.needs.all()),
            days=step.days,
            is_working_days=step.day_kind == DayKind.WORKING,
            country=step.country,
            due_on=step.due_on,
            submitted_on=step.submitted_on,
            decided_on=step.decided_on,
            is_first_dose=step.milestone == Milestone.FIRST_DOSE,
        )
        for step in steps
    ]


def held_since(step: DossierStep) -> date:
    """Since when who holds the step has it: since it could begin, or was sent or began."""
    opened = timezone.localdate(step.dossier.created_at)
    known = [step.status_since or opened]
    if step.status == DossierStep.Status.NOT_STARTED:
        known += [need.needed.decided_on or opened for need in step.needs.all()]
    return max(known)
