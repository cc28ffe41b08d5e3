"""Changes of state over REST: a POST to the record, for each verb one address.

And questions that are too long for an address: a POST that changes nothing.
"""

from collections.abc import Callable
from typing import Any

from rest_framework.decorators import action

from portal.core.permissions import ModelPermissions, QuestionPermissions, VerbPermissions


def verb(*, path: str, summary: str) -> Callable[[Any], Any]:
    """Decorates an action of a viewset: `POST …/{id}/{path}/`, for whoever may change the record.

    `summary` is its name in the schema.
    """
    return _posted(path, summary, VerbPermissions)


def reading(*, path: str, summary: str) -> Callable[[Any], Any]:
    """Decorates an action of a viewset that only answers: `POST …/{id}/{path}/`, for whoever may
    see the record."""
    return _posted(path, summary, QuestionPermissions)


def _posted(path: str, summary: str, permissions: type[ModelPermissions]) -> Callable[[Any], Any]:
    return action(
        detail=True,
        methods=("post",),
        url_path=path,
        permission_classes=(permissions,),
        name=summary,
    )
