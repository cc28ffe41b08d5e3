"""Two people side by side: what they say in each field, and what hangs on each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Count, F, Max, Q, Value
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from patients.models import ContactPoint, Patient, PossibleDuplicate, Specialist
from portal.core.admin.display import NOTHING, day, moment
from portal.core.models import Record
from portal.core.permissions import may
from portal.core.phones import for_people
from portal.core.search import fold

Person = Patient | Specialist

# What tells people apart, and how far it went with them. Some are put together from several
# columns or rows.
WHO: Mapping[type[Person], Sequence[str]] = {
    Patient: (
        "name",
        "date_of_birth",
        "sex",
        "emails",
        "phones",
        "medical_condition",
        "country",
        "language",
        "time_zone",
        "on_behalf_of",
    ),
    Specialist: (
        "name",
        "contact_type",
        "specialization",
        "medical_license_number",
        "hospital",
        "job_title",
        "emails",
        "phones",
        "country",
        "language",
        "time_zone",
    ),
}
STANDING: Mapping[type[Person], Sequence[str]] = {
    Patient: (
        "stage",
        "owner",
        "physician",
        "voicemail",
        "do_not_contact",
        "deceased_on",
        "processing_restricted",
        "first_contact_at",
        "initial_consult_at",
        "converted_at",
    ),
    Specialist: ("is_active", "created_at"),
}
# Joined to show all of this.
RELATED: Mapping[type[Person], Sequence[str]] = {
    Patient: ("medical_condition", "physician", "owner"),
    Specialist: ("hospital", "specialization"),
}
# Rows of these kinds are no sign that anything happened with the person.
_NOTHING_HAPPENED = (PossibleDuplicate, ContactPoint)
# When something happened, in the first of these columns that a row has; else when it was added.
_HAPPENED = ("started_at", "received_at", "decided_at", "starts_at")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison. `verdict` is "same", "differs", "shared" (of several, some are
    the same), "one" (only one says it) or "" where it is not compared."""

    label: str
    values: tuple[Any, Any]
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: Sequence[Row]


def compare(first: Person, second: Person, *, viewer: Any) -> list[Group]:
    """Everything that helps to decide whether these two are one person, without blank lines."""
    people = (first, second)
    return [
        Group(_("Who they are"), list(_compared(people))),
        Group(_("Where they stand"), list(_told(people))),
        Group(_("What there is about them"), list(_counted(people, viewer))),
    ]


def value_of(person: Person, name: str) -> str:
    """A field as people read it; blank when nothing is known."""
    if name in _PUT_TOGETHER:
        return _PUT_TOGETHER[name](person)
    value = getattr(person, name, None)
    display = getattr(person, f"get_{name}_display", None)
    if display is not None:
        return str(display())
    return _plain(value)


def kind_of(person: Person) -> str:
    """Lead, patient or closed; physician or pharmacist."""
    if isinstance(person, Patient):
        return str(person.get_stage_display())
    return str(person.get_contact_type_display())


def label_of(kind: type[Person], name: str) -> str:
    named = {
        "name": _("name"),
        "emails": _("e-mail"),
        "phones": _("phone"),
        "on_behalf_of": _("form filled in by"),
    }
    found: Any = None if name in named else kind._meta.get_field(name)
    return str(capfirst(named.get(name) or found.verbose_name))


def _plain(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else ""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return str(value)


def _on_behalf_of(person: Any) -> str:
    relation = person.get_on_behalf_of_relation_display()
    return ", ".join(part for part in (person.on_behalf_of_name, relation) if part)


def _born(person: Any) -> str:
    if person.date_of_birth is None:
        return ""
    age = person.age(today=timezone.localdate())
    return _("%(day)s, %(age)d years old") % {"day": day(person.date_of_birth), "age": age}


def _stage(person: Any) -> str:
    reason = person.get_closed_reason_display()
    return ", ".join(part for part in (person.get_stage_display(), reason) if part)


def _sex(person: Any) -> str:
    return "" if person.sex == Patient.Sex.UNKNOWN else str(person.get_sex_display())


_PUT_TOGETHER: Mapping[str, Callable[[Any], str]] = {
    "name": lambda person: person.full_name,
    "phone": lambda person: for_people(person.phone) if person.phone else "",
    "emails": lambda person: ", ".join(_reached_by(person, "email")),
    "phones": lambda person: ", ".join(map(for_people, _reached_by(person, "phone"))),
    "on_behalf_of": _on_behalf_of,
    "date_of_birth": _born,
    "stage": _stage,
    "sex": _sex,
}


def _rows(
    people: tuple[Person, Person], fields: Mapping[type[Person], Sequence[str]]
) -> Iterable[tuple[str, tuple[str, str]]]:
    """Label and both values of every field that at least one of them has filled in."""
    kinds = [type(person) for person in people]
    for name in dict.fromkeys(name for kind in kinds for name in fields[kind]):
        kind = next(kind for kind in kinds if name in fields[kind])
        first, second = (
            value_of(person, name) if name in fields[type(person)] else "" for person in people
        )
        if first or second:
            yield label_of(kind, name), (first, second)


def _compared(people: tuple[Person, Person]) -> Iterable[Row]:
    """What tells people apart; of e-mail addresses and phones also whether they share some."""
    points = {
        label_of(type(people[0]), f"{kind}s"): [_folded(person, kind) for person in people]
        for kind in ContactPoint.Kind.values
    }
    for label, (first, second) in _rows(people, WHO):
        ours, theirs = points.get(label, [{fold(first)}, {fold(second)}])
        if not (first and second):
            verdict = "one"
        elif ours == theirs:
            verdict = "same"
        else:
            verdict = "shared" if ours & theirs else "differs"
        yield Row(label, (first or NOTHING, second or NOTHING), verdict)


def further(person: Person, kind: str) -> list[str]:
    """The e-mail addresses (or numbers) that are known besides the person's own."""
    own = fold(getattr(person, kind))
    return [value for value in _reached_by(person, kind) if fold(value) != own]


def _reached_by(person: Person, kind: str) -> list[str]:
    """Every address (or number), the person's own first, each once."""
    further = person.contact_points.all() if isinstance(person, Patient) else ()
    found = [getattr(person, kind), *(point.value for point in further if point.kind == kind)]
    return list({fold(value): value for value in reversed(found) if value}.values())[::-1]


def _folded(person: Person, kind: str) -> set[str]:
    return {fold(value) for value in _reached_by(person, kind)}


def _told(people: tuple[Person, Person]) -> Iterable[Row]:
    for label, (first, second) in _rows(people, STANDING):
        yield Row(label, (first or NOTHING, second or NOTHING))


# --- what hangs on each


def _counted(people: tuple[Person, Person], viewer: Any) -> Iterable[Row]:
    """How many rows of each kind point at them, and when something last happened."""
    counts: dict[str, dict[UUID, int]] = {}
    latest: dict[UUID, datetime] = {}
    for kind in dict.fromkeys(type(person) for person in people):
        ids = [person.pk for person in people if type(person) is kind]
        for what, who, count, last in _rows_about(kind, ids, viewer):
            mine = counts.setdefault(what, {})
            mine[who] = mine.get(who, 0) + count
            if last is not None:
                latest[who] = max(last, latest.get(who, last))
    for what, by_person in sorted(counts.items()):
        shown = [str(by_person.get(person.pk, 0) or NOTHING) for person in people]
        yield Row(str(capfirst(what)), (shown[0], shown[1]))
    first, second = (moment(latest.get(person.pk)) for person in people)
    yield Row(_("Last activity"), (first, second))


def _rows_about(
    kind: type[Person], ids: Sequence[UUID], viewer: Any
) -> Iterable[tuple[str, UUID, int, datetime | None]]:
    """(kind of row, person, how many, when last) in one query, of what the viewer may see."""
    labels, queries = {}, []
    for number, relation in enumerate(kind._meta.related_objects):
        model: Any = relation.related_model
        counts = issubclass(model, Record) and model not in _NOTHING_HAPPENED
        if not counts or not may(viewer, "view", model):
            continue
        labels[number] = str(model._meta.verbose_name_plural)
        queries.append(_counting(model, relation.field, ids, number))
    if not queries:
        return []
    first, *rest = queries
    found = first.union(*rest, all=True) if rest else first
    return [(labels[number], who, count, last) for number, who, count, last in found]


def _counting(
    model: type[models.Model], field: Any, ids: Sequence[UUID], number: int
) -> models.QuerySet[Any, Any]:
    rows: Any = model._base_manager.order_by().filter(**{f"{field.name}__in": ids})
    columns = {column.name for column in model._meta.concrete_fields}
    when = next((name for name in _HAPPENED if name in columns), "created_at")
    so_far = Q(**{f"{when}__lte": timezone.now()})
    by_person = rows.values(nth_relation=Value(number), whose=F(field.attname))
    counted = by_person.annotate(how_many=Count("pk"), last_at=Max(when, filter=so_far))
    found: models.QuerySet[Any, Any] = counted.values_list(
        "nth_relation", "whose", "how_many", "last_at"
    )
    return found
