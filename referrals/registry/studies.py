"""One record of a registry, in the registry's own words, whatever shape it was published in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from referrals.models import RegistryRecord, SetAsideRecord

Reason = SetAsideRecord.Reason
Shape = RegistryRecord.Shape


class Unusable(Exception):
    """A record that cannot be taken into the catalogue. `detail` carries no personal data."""

    def __init__(self, reason: Reason, detail: str = "", *, number: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.number = number


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to ask about a study or at a site; public, and personal all the same."""

    name: str = ""
    role: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A site of a study. `country` is the registry's name of it."""

    facility: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    status: str = ""
    contacts: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Intervention:
    """What is given or done; `type` in the registry's word, such as Drug."""

    type: str = ""
    name: str = ""
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What a record says. None: this shape, or this file, does not carry it."""

    number: str
    shape: Shape
    title: str | None = None
    official_title: str | None = None
    org_study_id: str | None = None
    secondary_ids: Sequence[str] | None = None
    sponsor: str | None = None
    status: str | None = None
    study_type: str | None = None
    phases: Sequence[str] | None = None
    conditions: Sequence[str] | None = None
    interventions: Sequence[Intervention] | None = None
    sex: str | None = None
    minimum_age: str | None = None
    maximum_age: str | None = None
    healthy_volunteers: str | None = None
    criteria: str | None = None
    places: Sequence[Place] | None = None
    contacts: Sequence[Person] | None = None
    access_types: Sequence[str] | None = None
    has_expanded_access: str | None = None
    expanded_access_id: str | None = None
    first_posted: str | None = None
    last_update_posted: str | None = None
    completion: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A record where it was found, and what reading it gave: a study, or why there is none."""

    source: str
    place: str
    content: Callable[[], str] = field(repr=False)
    result: Study | Unusable = field(repr=False)


def text(value: Any) -> str:
    """`value` as text that the database can hold, without blanks around it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if not isinstance(value, str | int | float):
        raise Unusable(Reason.UNREADABLE, "A text is something else.")
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Each text once, in order; blank ones left out."""
    return tuple(dict.fromkeys(found for value in values if (found := text(value))))


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` if it is an object, an empty one for none. Raises Unusable for anything else."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unusable(Reason.UNREADABLE, "A part that should be an object is none.")
    return value


def listed(value: Any) -> Sequence[Any]:
    """`value` if it is a list, an empty one for none. Raises Unusable for anything else."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Unusable(Reason.UNREADABLE, "A part that should be a list is none.")
    return value
