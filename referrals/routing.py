"""Changing a route: its next revision is made from the one before, and chosen once it is ready.

Dossiers that have begun keep the steps they began with.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Max

from portal.core.history import acting
from portal.core.models import User
from referrals.models import RouteStep, RouteStepDependency, RouteTemplate
from referrals.models.routes import PlannedStep


def revise(*, route_id: UUID, by: User) -> RouteTemplate:
    """Make the next revision of a route, with the same steps, and return it.

    It may not be chosen until somebody who has finished it says so. Raises
    RouteTemplate.DoesNotExist.
    """
    with transaction.atomic(), acting(by=by, reason="route: revise"):
        route = RouteTemplate.objects.select_for_update(of=("self",)).get(pk=route_id)
        revisions = RouteTemplate.objects.filter(code=route.code)
        newest = revisions.aggregate(newest=Max("revision"))["newest"]
        revision = RouteTemplate.objects.create(
            code=route.code,
            revision=newest + 1,
            title=route.title,
            country=route.country,
            is_active=False,
        )
        made = {
            step.pk: RouteStep.objects.create(
                template=revision,
                key=step.key,
                position=step.position,
                source=step.source,
                **{name: getattr(step, name) for name in PlannedStep.Privacy.none},
            )
            for step in route.steps.all()
        }
        for link in RouteStepDependency.objects.filter(step__template=route):
            RouteStepDependency.objects.create(step=made[link.step_id], needed=made[link.needed_id])
        return revision
