"""What the page of a merge shows: the choices, what follows by itself, and what would happen."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from patients import choosing, merging
from patients.admin import comparing
from patients.choosing import Side
from patients.merging import Plan
from patients.models import ContactPoint, Patient
from portal.core.errors import Missing, Refused
from portal.core.phones import for_people

# Of what follows from both records, what people look at.
_FOLLOWING = ("stage", "first_contact_at", "initial_consult_at", "converted_at", "deceased_on")


@dataclass(frozen=True, slots=True)
class Choice:
    """A field in which the two differ, and whose value is marked."""

    name: str
    label: str
    survivor: str
    loser: str
    kept: Side


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a merge would do besides the choices. `moved` and `gave_way` are counted sentences."""

    moved: Sequence[tuple[str, int]]
    gave_way: Sequence[tuple[str, int]]
    missing: Sequence[Missing]


def both(survivor_id: UUID, loser_id: UUID) -> tuple[Patient, Patient] | None:
    """Both patients; None when the ids are not those of two patients."""
    related = comparing.RELATED[Patient]
    rows = Patient.objects.filter(pk__in=(survivor_id, loser_id)).defer("search")
    found = {
        row.pk: row for row in rows.select_related(*related).prefetch_related("contact_points")
    }
    return (found[survivor_id], found[loser_id]) if len(found) == 2 else None


def posted_choices(request: HttpRequest) -> dict[str, Side]:
    posted = {name: request.POST.get(f"choose-{name}") for name in choosing.CHOSEN}
    return {name: Side(value) for name, value in posted.items() if value in set(Side)}


def posted_versions(request: HttpRequest) -> tuple[int, int]:
    """The versions that were shown; 0, which no record has, for what is no number."""
    shown = [request.POST.get(name, "") for name in ("survivor_version", "loser_version")]
    first, second = (int(version) if version.isdecimal() else 0 for version in shown)
    return first, second


def planned(
    survivor: Patient, loser: Patient, choices: Mapping[str, Side], *, by: Any
) -> tuple[Plan | None, str]:
    """The plan, or why there is none: the values that are marked do not go together."""
    try:
        plan = merging.plan(survivor_id=survivor.pk, loser_id=loser.pk, by=by, choices=choices)
    except Refused as refused:
        return None, refused.message
    return plan, ""


def choices_of(survivor: Patient, loser: Patient, choices: Mapping[str, Side]) -> list[Choice]:
    return [
        Choice(
            difference.name,
            comparing.label_of(Patient, difference.name),
            _said(survivor, difference.name),
            _said(loser, difference.name),
            difference.kept,
        )
        for difference in choosing.differences(survivor, loser, choices)
    ]


def _said(patient: Patient, name: str) -> str:
    """What this record says; of an e-mail address or phone also that more of them are known."""
    value = comparing.value_of(patient, name)
    if name not in ContactPoint.Kind.values or not (more := comparing.further(patient, name)):
        return value
    shown = ", ".join(for_people(each) if name == "phone" else each for each in more)
    besides = {"value": value or _("nothing"), "more": shown}
    return _("%(value)s; further contact point: %(more)s") % besides


def equal(survivor: Patient, loser: Patient) -> list[tuple[str, str]]:
    """Label and value of what both say alike."""
    differing = {difference.name for difference in choosing.differences(survivor, loser, {})}
    equal = ((name, comparing.value_of(survivor, name)) for name in choosing.CHOSEN)
    return [
        (comparing.label_of(Patient, name), value)
        for name, value in equal
        if value and name not in differing
    ]


def following(survivor: Patient, loser: Patient) -> list[tuple[str, str]]:
    """Label and value of what follows by itself, where the two differ."""
    result = Patient(**choosing.lifecycle(survivor, loser))
    return [
        (comparing.label_of(Patient, name), comparing.value_of(result, name))
        for name in _FOLLOWING
        if comparing.value_of(survivor, name) != comparing.value_of(loser, name)
    ]


def outcome(plan: Plan | None) -> Outcome | None:
    if plan is None:
        return None
    moved = _summed((str(capfirst(each.label)), each.count) for each in plan.moved)
    gave_way = _summed(
        (f"{capfirst(each.model._meta.verbose_name)}: {each.what}", 1) for each in plan.gave_way
    )
    return Outcome(moved, gave_way, plan.missing)


def _summed(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """One line for each text, in order of the first."""
    total: Counter[str] = Counter()
    for text, count in counts:
        total[text] += count
    return list(total.items())
