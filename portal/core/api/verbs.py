"""Changes of state over REST: a POST to the record, for each verb one address."""

from collections.abc import Callable
from typing import Any

from rest_framework.decorators import action

from portal.core.permissions import VerbPermissions


def verb(*, path: str, summary: str) -> Callable[[Any], Any]:
    """Decorates an action of a viewset: `POST …/{id}/{path}/`, for whoever may change the record.

    `summary` is its name in the schema.
    """
    return action(
        detail=True,
        methods=("post",),
        url_path=path,
        permission_classes=(VerbPermissions,),
        name=summary,
    )
