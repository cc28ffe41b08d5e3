"""Which values a joined record gets: what the navigator chooses, and what follows by itself.

Where both records have a value, the navigator chooses one. Stage and dates follow from both. What
neither keeps is told apart here as well, so that it can be kept with the old id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.models import Patient
from portal.core.errors import Refused

Stage = Patient.Stage

# What is chosen, by the name under which it is chosen. The person who filled in the form and who
# they are to the patient belong together.
CHOSEN: dict[str, tuple[str, ...]] = {
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "email": ("email",),
    "phone": ("phone",),
    "date_of_birth": ("date_of_birth",),
    "sex": ("sex",),
    "country": ("country",),
    "language": ("language",),
    "time_zone": ("time_zone",),
    "medical_condition": ("medical_condition",),
    "physician": ("physician",),
    "owner": ("owner",),
    "voicemail": ("voicemail",),
    "do_not_contact": ("do_not_contact",),
    "on_behalf_of": ("on_behalf_of_name", "on_behalf_of_relation"),
}
# What follows from both records (see `lifecycle`).
FOLLOWS = (
    "stage",
    "closed_reason",
    "first_contact_at",
    "initial_consult_at",
    "converted_at",
    "converted_by",
    "deceased_on",
)
# What stays the survivor's own. Nobody who is restricted is merged, so that one is equal in both.
STAYS = ("id", "created_at", "updated_at", "version", "processing_restricted")

_MOST_PRIVATE_FIRST = (Patient.Voicemail.NONE, Patient.Voicemail.NO_NAME, Patient.Voicemail.FULL)


class Side(StrEnum):
    """Whose value is kept."""

    SURVIVOR = "survivor"
    LOSER = "loser"


@dataclass(frozen=True, slots=True)
class Difference:
    """A choice in which the two records differ. `survivor` and `loser` are for display."""

    name: str
    label: str
    survivor: str
    loser: str
    kept: Side


def proposed_survivor(one: Patient, other: Patient) -> tuple[Patient, str]:
    """Which of the two records had better stay, and why in words.

    It hardly matters for what is kept, but for which id goes on: the one that others know.
    """
    for rule, reason in (
        (lambda person: person.converted_at is not None, _("a patient already")),
        (lambda person: person.stage != Stage.CLOSED, _("not closed")),
    ):
        if rule(one) != rule(other):
            return (one if rule(one) else other), reason
    older = min(one, other, key=lambda person: (person.first_contact_at, person.pk))
    return older, _("known for longer")


def joined(survivor: Patient, loser: Patient, choices: Mapping[str, Side]) -> dict[str, Any]:
    """Attribute → value of the joined record. Raises Refused for a name that is no choice."""
    unknown = set(choices) - set(CHOSEN)
    if unknown:
        names = ", ".join(sorted(unknown))
        message = _("There is nothing to choose for %(names)s.") % {"names": names}
        raise Refused(message, code="unknown_choice")
    values = {}
    for name, columns in CHOSEN.items():
        kept = loser if _kept(name, survivor, loser, choices) is Side.LOSER else survivor
        values.update({_attribute(column): _value(kept, column) for column in columns})
    return {**values, **lifecycle(survivor, loser)}


def lifecycle(survivor: Patient, loser: Patient) -> dict[str, Any]:
    """Stage and dates that follow from both records.

    Open wins over closed, because the person came back. Converted once is converted. The earliest
    of each date counts. Of two closed records, death is the reason that stays.
    """
    both = (survivor, loser)
    converted = sorted(
        (person for person in both if person.converted_at),
        key=lambda person: (person.converted_at or timezone.now(), person is loser),
    )
    if all(person.stage == Stage.CLOSED for person in both):
        dead = any(person.is_deceased for person in both)
        stage = Stage.CLOSED
        reason = Patient.ClosedReason.DECEASED if dead else survivor.closed_reason
    else:
        stage, reason = (Stage.PATIENT if converted else Stage.LEAD), ""
    return {
        "stage": stage,
        "closed_reason": reason,
        "first_contact_at": min(person.first_contact_at for person in both),
        "initial_consult_at": _earliest(person.initial_consult_at for person in both),
        "converted_at": converted[0].converted_at if converted else None,
        "converted_by_id": converted[0].converted_by_id if converted else None,
        "deceased_on": _earliest(person.deceased_on for person in both),
    }


def demand_fitting(survivor: Patient, values: Mapping[str, Any]) -> None:
    """Refuse values that do not go together, in the words of the constraint that says so."""
    result = Patient(pk=survivor.pk, **values)
    result._state.adding = False
    try:
        result.validate_constraints()
    except ValidationError as error:
        raise Refused(" ".join(error.messages), code="values_do_not_fit") from error


def losing(survivor: Patient, loser: Patient, values: Mapping[str, Any]) -> dict[str, Any]:
    """Column → what one of the two records says and the joined one does not, as JSON."""
    found = {}
    for column in (*(name for names in CHOSEN.values() for name in names), *FOLLOWS):
        for person in (survivor, loser):
            value = _value(person, column)
            if value != values[_attribute(column)] and not _is_blank(value):
                found[column] = _as_json(value)
    return found


def differences(
    survivor: Patient, loser: Patient, choices: Mapping[str, Side]
) -> tuple[Difference, ...]:
    """The choices that make a difference, with both values and whose is kept."""
    return tuple(
        Difference(
            name,
            _name_of(columns[0]),
            _shown(survivor, columns),
            _shown(loser, columns),
            _kept(name, survivor, loser, choices),
        )
        for name, columns in CHOSEN.items()
        if any(_value(survivor, column) != _value(loser, column) for column in columns)
    )


def _kept(name: str, survivor: Patient, loser: Patient, choices: Mapping[str, Side]) -> Side:
    """Whose value is kept: what was chosen, else the survivor's.

    Unless only the loser has one, or the loser's wish is the more careful of the two.
    """
    if name in choices:
        return Side(choices[name])
    if name == "do_not_contact":
        return Side.LOSER if loser.do_not_contact else Side.SURVIVOR
    if name == "voicemail":
        careful = min((survivor, loser), key=lambda who: _MOST_PRIVATE_FIRST.index(who.voicemail))
        return Side.LOSER if careful is loser else Side.SURVIVOR
    return Side.LOSER if _has(loser, name) and not _has(survivor, name) else Side.SURVIVOR


def _name_of(column: str) -> str:
    found: Any = Patient._meta.get_field(column)
    return str(found.verbose_name)


def _has(person: Patient, name: str) -> bool:
    return any(not _is_blank(_value(person, column)) for column in CHOSEN[name])


def _earliest(moments: Iterable[Any]) -> Any:
    return min((moment for moment in moments if moment is not None), default=None)


def _shown(person: Patient, columns: Sequence[str]) -> str:
    parts = []
    for column in columns:
        display = getattr(person, f"get_{column}_display", None)
        value = display() if display else getattr(person, column)
        if isinstance(value, bool):
            value = _("yes") if value else _("no")
        parts.append("" if value is None else str(value))
    return ", ".join(part for part in parts if part)


def _attribute(column: str) -> str:
    """The attribute that holds the stored value: for a foreign key the id."""
    found: Any = Patient._meta.get_field(column)
    return str(found.attname)


def _value(person: Patient, column: str) -> Any:
    return getattr(person, _attribute(column))


def _is_blank(value: Any) -> bool:
    return value in ("", None, False, Patient.Sex.UNKNOWN)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, bool | str) else str(value)
