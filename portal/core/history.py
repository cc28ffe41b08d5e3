"""History: every change of every domain row, whoever makes it and whichever way.

Triggers write an event row in the same statement as the change, so bulk updates, raw SQL and the
import are recorded as well. Who, why and in which request travel as context beside the events.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import pghistory
import pgtrigger
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse
from pghistory import runtime

ModelT = TypeVar("ModelT", bound=type[models.Model])

UNSEALED = "portal.unsealed"


class RowVersion(pgtrigger.Trigger):
    """Moves `version` on by one and stamps `updated_at`, whichever way a row is changed."""

    when = pgtrigger.Before
    operation = pgtrigger.Update
    func = "NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;"

    def __init__(self, *, without: Sequence[str], **options: Any) -> None:
        """`without`: columns whose change is none, such as generated ones (which PostgreSQL
        forbids in a BEFORE trigger)."""
        self.without = without
        super().__init__(**options)

    def get_condition(self, model: Any) -> pgtrigger.Condition:
        return pgtrigger.AnyChange(exclude=[*self.without, "version", "updated_at"])


def _unrecorded(model: type[models.Model]) -> list[str]:
    """Columns that follow from others, and those the model's Privacy says are never kept."""
    derived = [f.name for f in model._meta.fields if isinstance(f, models.GeneratedField)]
    privacy = getattr(model, "Privacy", None)
    return [*derived, *getattr(privacy, "not_in_history", ())]


class Sealed(pgtrigger.Trigger):
    """Refuses update and delete of a row that is a record of what was said or seen.

    `unsealed()` lifts it for one transaction: for erasure, and for a merge that moves the row.
    """

    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Delete
    func = (
        f"IF current_setting('{UNSEALED}', true) <> '' THEN "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; "
        "RAISE EXCEPTION 'rows of % cannot be changed or deleted', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation', "
        "CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;"
    )


def _never_truncated() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="never_truncated",
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        func=(
            "RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME "
            "USING ERRCODE = 'restrict_violation';"
        ),
    )


def tracked(model: ModelT) -> ModelT:
    """Class decorator: keep every version of this model's rows in an append-only event table."""
    pgtrigger.register(RowVersion(name="row_version", without=_unrecorded(model)))(model)
    decorate = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=_unrecorded(model),
        append_only=True,
        level=pghistory.Statement,
        meta={"triggers": [_never_truncated()]},
    )
    return cast(ModelT, decorate(model))


def linked(model: ModelT) -> ModelT:
    """Class decorator: keep who made and removed each row of a bare many-to-many table."""
    decorate = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.DeleteEvent(),
        append_only=True,
        level=pghistory.Statement,
        meta={"triggers": [_never_truncated()]},
    )
    return cast(ModelT, decorate(model))


def append_only(model: ModelT) -> ModelT:
    """Class decorator: rows can be added and read, and nothing else (see `unsealed`)."""
    pgtrigger.register(Sealed(name="append_only"), _never_truncated())(model)
    return model


@contextmanager
def unsealed(reason: str) -> Iterator[None]:
    """Allow changing append-only rows until the end of this block. `reason` goes into history."""
    with transaction.atomic(), pghistory.context(unsealed=reason), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [UNSEALED, reason])
        yield
        cursor.execute("SELECT set_config(%s, '', true)", [UNSEALED])


@contextmanager
def history_unsealed(reason: str) -> Iterator[None]:
    """What `unsealed` allows, and changing history itself: for erasure, and nothing else."""
    sealed = [f"{model._meta.label}:append_only" for model in event_models()]
    # The inner block rolls back first, so that the seal is back in place after an error too.
    with unsealed(reason), pgtrigger.ignore(*sealed), transaction.atomic():
        yield


def event_models() -> list[type[models.Model]]:
    """The models of all event tables."""
    return [model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")]


@contextmanager
def acting(*, by: models.Model | None, reason: str = "") -> Iterator[None]:
    """Record who changes what happens inside, and why. A verb opens it with its `by`.

    A verb inside another verb, or inside a request, has a context of its own, with what is known
    around it: pghistory would give both the same one, and the last reason to everything.
    """
    context: dict[str, Any] = {}
    if by is not None:
        context["user"] = str(by.pk)
    if reason:
        context["reason"] = reason
    around = getattr(runtime._tracker, "value", None)
    if around is None:
        with pghistory.context(**context):
            yield
        return
    runtime._tracker.value = runtime.Context(id=uuid4(), metadata={**around.metadata, **context})
    try:
        yield
    finally:
        runtime._tracker.value = around


class HistoryMiddleware:
    """Gives each request an id and records it, with the user, beside every change it makes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = _request_id(request)  # type: ignore[attr-defined]
        with pghistory.context(request=request.request_id):  # type: ignore[attr-defined]
            user = getattr(request, "user", None)
            if user is not None and user.is_authenticated:
                pghistory.context(user=str(user.pk))
            response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


def _request_id(request: HttpRequest) -> str:
    """The id a proxy of ours gave the request when it is a UUID, else a new one."""
    given = request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXIES else ""
    try:
        return str(UUID(given))
    except ValueError:
        return str(uuid4())
