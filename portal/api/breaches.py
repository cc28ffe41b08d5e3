"""Which rule of the database a statement broke, in words for people and names for programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models
from django.utils.translation import gettext as _

# PostgreSQL, appendix A, class 23.
_KINDS = {
    "23001": "append_only",
    "23502": "not_null",
    "23503": "foreign_key",
    "23505": "unique",
    "23514": "check",
    "23P01": "exclusion",
}
_CONFLICTS = {"append_only": "append_only", "unique": "conflict", "exclusion": "conflict"}


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule: `constraint` is its name in the database, `fields` what it speaks of."""

    kind: str
    constraint: str
    message: str
    fields: tuple[str, ...]
    model: type[models.Model] | None

    @property
    def status(self) -> int:
        """409 when the request could succeed if other rows were different, else 400."""
        return 409 if self.kind in _CONFLICTS else 400

    @property
    def code(self) -> str:
        return _CONFLICTS.get(self.kind, "invalid")


def breach(error: IntegrityError) -> Breach | None:
    """What `error` is about; None when the database does not say (then it is a fault of ours)."""
    cause = error.__cause__
    diagnostics = getattr(cause, "diag", None)
    kind = _KINDS.get(getattr(cause, "sqlstate", None) or "")
    if diagnostics is None or kind is None:
        return None
    name = diagnostics.constraint_name or ""
    model, constraint = _constraints().get(name, (None, None))
    if constraint is not None:
        message = str(constraint.get_violation_error_message())
        return Breach(kind, name, message, tuple(_fields(constraint)), model)
    model = _tables().get(diagnostics.table_name or "")
    column = diagnostics.column_name or name
    fields = tuple(_columns_in(model, column, diagnostics.table_name or ""))
    return Breach(kind, name or f"{kind}:{column}", _sentence(kind, model, fields), fields, model)


def _sentence(kind: str, model: type[models.Model] | None, fields: tuple[str, ...]) -> str:
    if kind == "append_only":
        return _("This record is kept as it is; it cannot be changed or deleted.")
    if kind == "not_null":
        return _("A value is needed here.")
    if kind == "foreign_key":
        return _("There is no such record any more.")
    if kind == "unique" and model is not None and fields:
        messages: Any = model._meta.get_field(fields[0]).error_messages  # type: ignore[union-attr]
        return str(messages["unique"]) % {
            "model_name": model._meta.verbose_name,
            "field_label": fields[0],
        }
    return _("A rule of the database does not allow this.")


@cache
def _constraints() -> dict[str, tuple[type[models.Model], models.BaseConstraint]]:
    return {
        constraint.name: (model, constraint)
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }


@cache
def _tables() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


def _columns_in(
    model: type[models.Model] | None, column_or_constraint: str, table: str
) -> Iterator[str]:
    """The field of a column, or of a constraint that Django named after table and column."""
    if model is None:
        return
    wanted = column_or_constraint.removeprefix(f"{table}_")
    named = {str(f.column): f.name for f in model._meta.concrete_fields}
    candidates = [column for column in named if wanted.startswith(column)]
    if candidates:
        yield named[max(candidates, key=len)]


def _fields(constraint: Any) -> Iterator[str]:
    """The names of the fields that a constraint speaks of, each once."""
    if isinstance(constraint, models.CheckConstraint):
        yield from sorted(constraint.condition.referenced_base_fields)  # type: ignore[union-attr]
        return
    names = list(getattr(constraint, "fields", ()))
    for part in getattr(constraint, "expressions", ()):
        expression: Any = part[0] if isinstance(part, tuple | list) else part
        inner = [expression] if isinstance(expression, models.F) else expression.flatten()
        references: list[Any] = [each for each in inner if isinstance(each, models.F)]
        names += [each.name for each in references]
    yield from dict.fromkeys(names)
