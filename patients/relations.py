"""What a merge does with every relation to a patient: a list that the apps declare.

Each app says for its own tables what happens to the rows of the person who is merged into
another, and joins here in its `AppConfig.ready`; the list is run in the order of joining, inside
the merge's transaction. What follows from it for the survivor joins as a `Step`. A system check
refuses to start the portal while a foreign key to `Patient` is in nobody's policy, so that a merge
cannot forget a table.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pghistory.models
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.core import checks
from django.db import models

from patients.journal import Journal
from patients.models import Patient
from portal.core.models import User


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A row that could not stay as it was beside one of the survivor's, and what became of it."""

    model: type[models.Model]
    id: UUID
    code: str  # stable, named by the policy
    what: str  # a sentence for people, without personal data


@dataclass
class Merging:
    """A merge in progress, handed to every policy: the two people and the journal."""

    survivor: Patient
    loser: Patient
    by: User
    journal: Journal = field(default_factory=Journal)
    gave_way: list[GaveWay] = field(default_factory=list)
    moved: dict[str, int] = field(default_factory=dict)

    def rows(self, model: type[models.Model], column: str = "patient") -> Any:
        """The loser's rows of `model`, locked, in order of id."""
        return _locked(model, column, self.loser)

    def survivors(self, model: type[models.Model], column: str = "patient") -> Any:
        """The survivor's own rows of `model`, locked, in order of id."""
        return _locked(model, column, self.survivor)

    def move(self, relation: str, ids: Iterable[Any] | None = None) -> None:
        """Point rows of the loser ("app.Model.field") at the survivor: `ids`, or all of them."""
        model, column = resolved(relation)
        if ids is None:
            ids = self.rows(model, column).values_list("pk", flat=True)
        count = self.journal.move(model, column, ids, self.survivor.pk)
        self.moved[relation] = self.moved.get(relation, 0) + count

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Write down what is added for the survivor inside: it goes when the merge does."""
        before = present(self.survivor.pk)
        yield
        for relation, ids in present(self.survivor.pk).items():
            model, _column = resolved(relation)
            for row in model._base_manager.filter(pk__in=set(ids) - set(before[relation])):
                self.journal.added(row)

    def give_way(self, row: models.Model, code: str, what: str) -> None:
        """Note for people that this row could not stay as it was."""
        self.gave_way.append(GaveWay(type(row), row.pk, code, what))


@dataclass(frozen=True, slots=True)
class Policy:
    """What a merge does with one or more relations, each named "app.Model.field".

    A relation is a foreign key to Patient, or a plain column that holds a patient's id.
    """

    relations: tuple[str, ...]
    apply: Callable[[Merging], None]


def moves(relation: str) -> Policy:
    """The plain policy: every row goes along, and nothing can be in the way."""

    def apply(merging: Merging) -> None:
        merging.move(relation)

    return Policy((relation,), apply)


@dataclass(frozen=True, slots=True)
class Step:
    """What follows for the survivor once everything has moved, such as looking again who fits.

    The rows that it adds for the survivor go again when the merge is taken back.
    """

    name: str
    follow: Callable[[Patient], None]


_policies: list[Policy] = []
_steps: list[Step] = []


def join(*policies: Policy) -> None:
    """Declare policies, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second policy for one relation.
    """
    for policy in policies:
        if policy in _policies:
            continue
        twice = set(policy.relations) & declared()
        if twice:
            raise LookupError(f"a policy is declared twice for {', '.join(sorted(twice))}")
        _policies.append(policy)


def follow_with(*steps: Step) -> None:
    """Declare steps, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second step of one name.
    """
    for step in steps:
        if step in _steps:
            continue
        if step.name in {other.name for other in _steps}:
            raise LookupError(f"a step is declared twice: {step.name}")
        _steps.append(step)


def steps() -> tuple[Step, ...]:
    """Every declared step, in the order in which they follow."""
    return tuple(_steps)


def policies() -> tuple[Policy, ...]:
    """Every declared policy, in the order in which a merge applies them."""
    return tuple(_policies)


def declared() -> set[str]:
    return {relation for policy in _policies for relation in policy.relations}


def resolved(relation: str) -> tuple[type[models.Model], str]:
    """The model and the name of the field in "app.Model.field". Raises LookupError for none."""
    label, _dot, column = relation.rpartition(".")
    model = apps.get_model(label)
    if column not in {known.name for known in model._meta.get_fields()}:
        raise LookupError(f"{label} has no field {column}")
    return model, column


def rows(relation: str) -> tuple[Any, str]:
    """All rows of the relation's table, and the attribute that holds the patient's id."""
    model, column = resolved(relation)
    found: Any = model._meta.get_field(column)
    return model._base_manager.all(), found.attname


def label(relation: str) -> str:
    """What the rows of a relation are called."""
    model, _column = resolved(relation)
    return str(model._meta.verbose_name_plural)


def present(patient_id: UUID) -> dict[str, list[str]]:
    """Relation → ids of the rows that point at the patient, for every declared relation."""
    found = {}
    for relation in [relation for policy in _policies for relation in policy.relations]:
        of_model, attribute = rows(relation)
        mine = of_model.filter(**{attribute: patient_id}).order_by("pk")
        found[relation] = [str(pk) for pk in mine.values_list("pk", flat=True)]
    return found


def to_patients(among: Iterable[type[models.Model]]) -> Iterator[str]:
    """Every relation of these models that points, or may point, at a patient.

    Many-to-many tables are models of their own here. History keeps what was, so it is no
    relation; a generic foreign key may point at anything, so it is one.
    """
    for model in among:
        if issubclass(model, pghistory.models.Event):
            continue
        for relation in model._meta.local_fields:
            if isinstance(relation, models.ForeignKey) and _is_patient(relation.related_model):
                yield f"{model._meta.label}.{relation.name}"
        for private in model._meta.private_fields:
            if isinstance(private, GenericForeignKey):
                yield f"{model._meta.label}.{private.name}"


def every_model() -> list[type[models.Model]]:
    return list(apps.get_models(include_auto_created=True))


def undeclared(among: Iterable[type[models.Model]]) -> list[str]:
    """The relations to a patient that no policy covers, sorted."""
    return sorted(set(to_patients(among)) - declared())


def check(app_configs: Collection[Any] | None = None, **_options: Any) -> list[checks.CheckMessage]:
    """The system check: every relation has a policy, and every policy a relation."""
    found: list[checks.CheckMessage] = [
        checks.Error(
            f"Nothing says what a merge does with {relation}.",
            hint="Declare a policy for it in its app's AppConfig.ready (patients.relations.join).",
            id="patients.E001",
        )
        for relation in undeclared(every_model())
    ]
    for relation in sorted(declared()):
        try:
            resolved(relation)
        except LookupError:
            found.append(
                checks.Error(
                    f"A policy is declared for {relation}, which does not exist.",
                    hint="Remove or correct it in its app's AppConfig.ready.",
                    id="patients.E002",
                )
            )
    return found


def _is_patient(model: Any) -> bool:
    return bool(model._meta.concrete_model is Patient)


def _locked(model: type[models.Model], column: str, person: Patient) -> Any:
    of_model, attribute = rows(f"{model._meta.label}.{column}")
    mine = of_model.filter(**{attribute: person.pk})
    return mine.select_for_update(of=("self",)).order_by("pk")
