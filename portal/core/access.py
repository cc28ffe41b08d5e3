"""Who saw what: one row for each time a record is opened."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models

from portal.core.models import AccessEvent


def opened(
    model: type[models.Model],
    record_ids: Iterable[UUID],
    *,
    by: Any,
    route: AccessEvent.Route,
    request_id: str | None = None,
) -> None:
    """Write that `by` was shown these records. Nothing is written for an empty list.

    `by` is the authenticated user (or None for a command run by the system).
    """
    ids = list(record_ids)
    if not ids:
        return
    AccessEvent.objects.create(
        actor_id=by.pk if by is not None else None,
        actor_name=str(by) if by is not None else "system",
        route=route,
        record_type=model._meta.label,
        record_ids=ids,
        request_id=request_id,
    )
