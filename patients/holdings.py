"""What we hold on a person: a list that the apps declare, walked by erasure, export and the scan.

A holding is a table whose rows are about a patient. It names the columns that lead there: to the
patient, or to a row of another holding. Each app declares its own tables in `AppConfig.ready`; what
cannot be reached by a column (the archive of the legacy CRM) is a `Part`. A system check refuses to
start the portal while a column that leads to a patient, or a table that has a personal field by its
`Privacy` class, is in nobody's declaration.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core import checks
from django.db import models
from django.db.models import Q

from patients import relations
from patients.models import MergedPatient, Patient
from portal.core.privacy import Personal, classification

Model = type[models.Model]
# Whose row it is: the label of a model of people, and the person's id.
Owner = tuple[str, UUID]
# A kind of value (SoughtValue.Kind) and the value.
Sought = tuple[str, str]

PATIENT = "patients.Patient"
# People who are not patients: model → the column that says which one a row is about.
PROFESSIONALS = {
    "patients.Specialist": "id",
    "core.User": "id",
    "core.AccessEvent": "actor_id",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A patient by all the ids they have or had, the present one first."""

    ids: tuple[UUID, ...]


def person(patient_id: UUID) -> Person:
    """The person with this id and the ids that were merged into it."""
    merged = MergedPatient.objects.filter(survivor=patient_id).order_by("old_id")
    return Person((patient_id, *merged.values_list("old_id", flat=True)))


@dataclass(frozen=True, slots=True)
class Holding:
    """A table with rows about patients.

    `links` are the fields that hold the id of a patient, or point at a row of another holding.
    `kept` says why the rows survive an erasure; where it is blank they are deleted. `withheld`
    maps fields that an export leaves out to the reason.
    """

    label: str
    links: tuple[str, ...]
    kept: str = ""
    withheld: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        return apps.get_model(self.label)


@dataclass
class Found:
    """The rows of one person: ids by label, those there are and those there ever were."""

    person: Person
    now: dict[str, set[Any]] = field(default_factory=dict)
    ever: dict[str, set[Any]] = field(default_factory=dict)

    def ids(self, label: str) -> set[Any]:
        return self.ever.get(label, set())


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind in an export, as JSON can hold them."""

    key: str
    title: str
    rows: list[dict[str, Any]]
    history: list[dict[str, Any]] = field(default_factory=list)
    withheld: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gone:
    """What a part deleted: rows by label, and how many records a later delivery brings back."""

    rows: Mapping[str, int]
    recurring: int = 0


@dataclass(frozen=True, kw_only=True)
class Part:
    """What an app holds on a person that no column leads to. Counts are rows by model label."""

    name: str
    labels: tuple[str, ...]
    count: Callable[[Found], Mapping[str, int]]
    export: Callable[[Found], Iterable[Section]]
    # Further values, given those that are known from the holdings.
    sought: Callable[[Found, Collection[Sought]], Iterable[Sought]]
    erase: Callable[[Found, Collection[Sought]], Gone]
    # Label → the owners of rows, by primary key.
    owners: Mapping[str, Callable[[Collection[Any]], Mapping[Any, set[Owner]]]]
    # "label.column" → why an id of the person may stay there.
    kept: Mapping[str, str] = field(default_factory=dict)


_holdings: dict[str, Holding] = {}
_parts: dict[str, Part] = {}
_about_others: dict[str, str] = {}


def join(
    *holdings: Holding, parts: Iterable[Part] = (), about_others: Mapping[str, str] | None = None
) -> None:
    """Declare tables, called from `AppConfig.ready`, which may happen again.

    A holding stands after those it points at. `about_others` maps labels of tables with personal
    fields that are not about patients to whom they are about.
    """
    for holding in holdings:
        _holdings.setdefault(holding.label, holding)
    for part in parts:
        _parts.setdefault(part.name, part)
    _about_others.update(about_others or {})


def holdings() -> tuple[Holding, ...]:
    """Every declared holding; what points at another one comes after it."""
    return tuple(_holdings.values())


def parts() -> tuple[Part, ...]:
    return tuple(_parts.values())


def find(whom: Person) -> Found:
    """The rows that are, or were, about this person, in every holding."""
    found = Found(whom)
    for holding in holdings():
        model = holding.model
        now = set(_rows(model, _leading(holding, found, model)).values_list("pk", flat=True))
        ever = set(now)
        event = event_model(model)
        if event is not None:
            past = set(
                _rows(event, _leading(holding, found, event)).values_list("pgh_obj_id", flat=True)
            )
            # A row that was this person's for a while and is somebody else's today is theirs.
            elsewhere = _rows(model, Q(pk__in=past - now)).values_list("pk", flat=True)
            ever |= past - set(elsewhere)
        found.now[holding.label], found.ever[holding.label] = now, ever
    return found


def events(holding: Holding, found: Found) -> models.QuerySet[Any] | None:
    """The history of this person in one holding, oldest first; None for a table without."""
    event = event_model(holding.model)
    if event is None:
        return None
    theirs = Q(pgh_obj_id__in=found.ids(holding.label)) | _leading(holding, found, event)
    return _rows(event, theirs).order_by("pgh_id")


def event_model(model: Model) -> Model | None:
    found: Model | None = getattr(model, "pgh_event_model", None)
    return found


def owners(label: str, keys: Collection[Any], *, of_events: bool) -> Mapping[Any, set[Owner]]:
    """Whose rows these are, by primary key: of a table, or of its event table.

    Empty for a row that is about nobody, or about somebody whom nobody can name.
    """
    for part in parts():
        if label in part.owners:
            return part.owners[label](keys)
    model = apps.get_model(label)
    rows = _rows(event_model(model) or model if of_events else model, Q(pk__in=keys))
    found: dict[Any, set[Owner]] = {key: set() for key in keys}
    for whose, key, ids in _pointing(label, rows, of_events=of_events):
        if whose in (PATIENT, "core.User", "patients.Specialist"):
            found[key] |= {(whose, one) for one in ids}
            continue
        above = owners(whose, ids, of_events=False)
        found[key] |= {owner for one in ids for owner in above.get(one, ())}
    return found


def _pointing(
    label: str, rows: models.QuerySet[Any], *, of_events: bool
) -> Iterator[tuple[str, Any, list[Any]]]:
    """Model pointed at, key of the row, and the ids it holds, for every link of these rows."""
    links = [(name, None) for name in getattr(_holdings.get(label), "links", ())]
    for name, whose in [*links, *_professional(label)]:
        column = "pgh_obj_id" if of_events and name == "id" else _attribute(rows.model, name)
        target = whose or _target(apps.get_model(label), name)
        for key, value in rows.values_list("pk", column):
            held = value if isinstance(value, list) else [value]
            yield target, key, [one for one in held if one is not None]


def _professional(label: str) -> list[tuple[str, str]]:
    name = PROFESSIONALS.get(label)
    if name is None:
        return []
    return [(name, label if name == "id" else "core.User")]


def _leading(holding: Holding, found: Found, model: Model) -> Q:
    """The condition that a row of the model (or of its event model) leads to the person."""
    condition = Q()
    for name in holding.links:
        target = _target(holding.model, name)
        ids = found.person.ids if target == PATIENT else found.ids(target)
        if name == "id":
            column = "pgh_obj_id" if hasattr(model, "pgh_tracked_model") else "pk"
            condition |= Q(**{f"{column}__in": ids})
        elif isinstance(holding.model._meta.get_field(name), ArrayField):
            condition |= Q(**{f"{name}__overlap": list(ids)})
        else:
            condition |= Q(**{f"{_attribute(model, name)}__in": ids})
    return condition


def _target(model: Model, name: str) -> str:
    """The label of the model that a link leads to. A column that is no key holds patients' ids."""
    related = model._meta.get_field(name).related_model
    return related._meta.label if isinstance(related, type) else PATIENT


def _attribute(model: Model, name: str) -> str:
    found: Any = model._meta.get_field(name)
    return str(found.attname)


def _rows(model: Model, condition: Q) -> models.QuerySet[Any]:
    return model._base_manager.filter(condition)


# --- nothing may be forgotten


def undeclared(among: Iterable[Model]) -> list[str]:
    """What of these models nobody has declared, sorted: relations and tables."""
    missing = []
    for model in among:
        label = model._meta.label
        held = _holdings.get(label)
        links = held.links if held else ()
        leading = set(_leading_to_patients(model)) - set(links)
        missing += [f"{label}.{relation}" for relation in leading]
        if held is None and is_personal(model) and label not in _known():
            missing.append(label)
    return sorted(missing)


def _known() -> set[str]:
    return {*_about_others, *(label for part in parts() for label in part.labels)}


def _leading_to_patients(model: Model) -> Iterator[str]:
    """Fields that point at a patient, or (of a table that is in no holding) at a holding's row."""
    if hasattr(model, "pgh_tracked_model"):
        return
    label = model._meta.label
    for relation in relations.to_patients([model]):
        yield relation.removeprefix(f"{label}.")
    for link in model._meta.local_fields:
        target = link.related_model
        if label in _holdings or not isinstance(target, type) or target is Patient:
            continue
        above = _holdings.get(target._meta.label)
        if above is not None and not above.kept:
            yield link.name


def is_personal(model: Model) -> bool:
    """Whether a field is classified as personal; a table without a classification is not ours."""
    if hasattr(model, "pgh_tracked_model"):
        return False
    return any(kind != Personal.NONE for kind in classification(model).values())


def is_ours(model: Model) -> bool:
    """Whether the table is classified at all, so is one of the portal's own."""
    return any("Privacy" in vars(ancestor) for ancestor in model.__mro__)


def check(app_configs: Collection[Any] | None = None, **_options: Any) -> list[checks.CheckMessage]:
    """The system check: every table about patients is declared, and what is kept is impersonal."""
    declare = "Declare it in its app's AppConfig.ready (patients.holdings.join)."
    found: list[checks.CheckMessage] = [
        checks.Error(f"Erasure and export do not know {missing}.", hint=declare, id="patients.E003")
        for missing in undeclared(relations.every_model())
    ]
    found += [
        checks.Error(
            f"{holding.label} survives an erasure and has personal fields.",
            hint="Delete its rows, or classify what is in it.",
            id="patients.E004",
        )
        for holding in holdings()
        if holding.kept and is_personal(holding.model)
    ]
    return found


_OTHER = "It is about another person."

HOLDINGS: Sequence[Holding] = (
    Holding(PATIENT, ("id",)),
    Holding("patients.ContactPoint", ("patient",)),
    Holding("patients.Submission", ("patient",)),
    Holding("patients.Consent", ("patient",)),
    Holding("patients.Note", ("patient",)),
    Holding("patients.Document", ("patient",)),
    Holding("patients.Observation", ("patient", "document")),
    Holding("patients.Message", ("patient",)),
    Holding("patients.FieldProposal", ("patient",)),
    Holding("patients.StageChange", ("patient",)),
    Holding("patients.RuleOverride", ("patient",)),
    Holding(
        "patients.PossibleDuplicate",
        ("first_patient", "second_patient"),
        withheld={
            "first_patient": _OTHER,
            "second_patient": _OTHER,
            "first_specialist": _OTHER,
            "second_specialist": _OTHER,
            "evidence": _OTHER,
        },
    ),
    Holding("patients.MergedPatient", ("survivor", "old_id")),
    Holding(
        "patients.PatientMerge",
        ("survivor", "loser_id"),
        withheld={
            "journal": "It repeats the histories of the rows that were joined.",
            "present": "It lists ids of rows, nothing else.",
        },
    ),
    Holding(
        "patients.ErasureRequest", ("patient_id", "former_ids"), kept="Proof of the erasure: ids."
    ),
    Holding("patients.ErasedPatient", ("old_id",), kept="So that the id answers “erased”."),
    Holding(
        "core.AccessEvent",
        ("record_ids",),
        kept="Who opened the record (GDPR art. 5(2)): staff and ids.",
    ),
)

ABOUT_OTHERS = {
    "core.User": "staff",
    "patients.Specialist": "physicians and pharmacists",
    "patients.SoughtValue": "kept until the erasure is verified",
}
