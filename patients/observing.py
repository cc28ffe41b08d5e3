"""Writing down what is known about a patient's health, and that something was wrong.

A value is kept in the measure's own unit, with what was entered beside it. What cannot be true is
refused: an unknown unit, a number beyond the measure's limits, a day that has not come. A fact is
never changed: `mark_wrong` says that it was wrong, and `corrects` that another takes its place.
What follows from a change of facts (which trials fit) joins as a `Step` in `AppConfig.ready` and
is run in the same transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.converting import NotPlausible, Value, kept
from patients.locking import locked
from patients.models import Document, Measure, Observation, Patient
from patients.repeating import KeyReused
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Source = Observation.Source
Status = Observation.Status

# It is this much later somewhere on earth than in UTC.
_FARTHEST_EAST = timedelta(hours=14)
_EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Said:
    """One fact as somebody says it; `value` is a number or one of the measure's answers."""

    measure: Measure
    value: str | Decimal | int
    observed_on: date
    source: str
    unit: str = ""  # blank: the measure's own
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What every step is told: about whom, and which facts came or were found wrong, by whom."""

    patient: Patient
    facts: tuple[Observation, ...]
    by: User

    @property
    def measures(self) -> frozenset[UUID]:
        """The ids of the measures about which something else is known now."""
        return frozenset(fact.measure_id for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that follows from a change of facts."""

    name: str
    follow: Callable[[Change], None]


_steps: list[Step] = []


def join(*steps: Step) -> None:
    """Declare steps, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second step of one name.
    """
    for step in steps:
        if step in _steps:
            continue
        if step.name in {known.name for known in _steps}:
            raise LookupError(f"the step “{step.name}” is declared twice")
        _steps.append(step)


def steps() -> tuple[Step, ...]:
    """What follows from a change of facts, in this order."""
    return tuple(_steps)


def observe(
    *,
    patient: Patient,
    measure: Measure,
    value: str | Decimal | int,
    observed_on: date,
    source: str,
    by: User,
    unit: str = "",
    document: Document | None = None,
    corrects: Observation | None = None,
    reason: str = "",
    idempotency_key: str = "",
) -> Observation:
    """Write down one fact and return it. The same once more changes nothing and gives it again.

    `unit` is UCUM or as people write it, blank for the measure's own. `corrects` is a fact of the
    same measure that was wrong, `reason` why: it is marked so. Raises NotPlausible; Refused for a
    patient who may not be changed or a measure out of use; KeyReused for a key that belongs to
    another fact; ValidationError for an unknown source or a document of another patient; and
    Patient.DoesNotExist.
    """
    with transaction.atomic(), acting(by=by, reason=reason):
        patient = locked(patient.pk, no_key=True)
        fact = _fact(patient, Said(measure, value, observed_on, source, unit, document), by)
        fact.idempotency_key = idempotency_key
        known = _known(fact)
        if known is not None and corrects in (None, known.corrects):
            return known
        changed = []
        if corrects is not None:
            fact.corrects = _corrected(corrects, known or fact, reason)
            changed.append(fact.corrects)
        if known is None:
            fact.save(force_insert=True)
            changed.append(fact)
        _follow(patient, changed, by)
    return known or fact


def observe_all(*, patient: Patient, said: Sequence[Said], by: User) -> list[Observation]:
    """Write down several facts at once, all or none, and return those that are new.

    What follows is done once, for all of them. Raises as `observe`; what a Refused is about stands
    in `members["index"]`, counted from 0.
    """
    with transaction.atomic(), acting(by=by):
        patient = locked(patient.pk, no_key=True)
        new = []
        for index, one in enumerate(said):
            with _at(index):
                fact = _fact(patient, one, by)
                if _known(fact) is None:
                    fact.save(force_insert=True)
                    new.append(fact)
        if new:
            _follow(patient, new, by)
    return new


def mark_wrong(*, observation: Observation, reason: str, by: User) -> Observation:
    """Say that a fact was entered in error, and why. It stays, and counts no more.

    One that was marked before stays as it is. Raises Refused without a reason, and for a patient
    who may not be changed.
    """
    with transaction.atomic(), acting(by=by, reason=reason):
        patient = locked(observation.patient_id, no_key=True)
        fact: Observation = Observation.objects.select_related("measure").get(pk=observation.pk)
        if fact.is_standing:
            fact = _wrong(fact, reason)
            _follow(patient, [fact], by)
    return fact


def newest(patients: Iterable[Patient | UUID]) -> dict[UUID, dict[UUID, Observation]]:
    """Patient id → measure id → the fact that counts, with its measure. One query.

    A patient of whom nothing is known has an empty mapping.
    """
    ids = [one.pk if isinstance(one, Patient) else one for one in patients]
    found: dict[UUID, dict[UUID, Observation]] = {one: {} for one in ids}
    facts = Observation.objects.newest().filter(patient__in=ids).select_related("measure")
    for fact in facts.defer("measure__search"):
        found[fact.patient_id][fact.measure_id] = fact
    return found


def check(said: Said) -> Value:
    """What would be kept of it. Raises NotPlausible when it cannot be true."""
    value = kept(said.measure, said.value, said.unit)
    _refuse_day(said.observed_on)
    return value


def _fact(patient: Patient, said: Said, by: User) -> Observation:
    """What is said as a row that is not saved."""
    value = check(said)
    fact = Observation(
        patient=patient,
        measure=said.measure,
        number=value.number,
        text=value.text,
        entered=str(said.value).strip(),
        unit=value.unit,
        observed_on=said.observed_on,
        source=said.source,
        document=said.document,
        recorded_by=by,
    )
    fact.clean_fields()
    fact.clean()
    return fact


def _refuse_day(day: date) -> None:
    if day > (timezone.now() + _FARTHEST_EAST).date():
        raise NotPlausible(_("That day has not come yet."), "observed_on", code="in_the_future")
    if day < _EARLIEST:
        raise NotPlausible(_("That is too long ago. Check the year."), "observed_on")


def _known(fact: Observation) -> Observation | None:
    """The fact that was kept with this key, or says the same. Raises KeyReused."""
    said: Mapping[str, Any] = {
        name: getattr(fact, name)
        for name in (
            *("patient_id", "measure_id", "number", "text", "entered", "unit"),
            *("observed_on", "source", "document_id"),
        )
    }
    facts = Observation.objects.select_related("measure")
    if fact.idempotency_key:
        known: Observation | None = facts.filter(idempotency_key=fact.idempotency_key).first()
        if known and any(getattr(known, name) != value for name, value in said.items()):
            raise KeyReused
        if known:
            return known
    return facts.standing().filter(**said).first()


def _corrected(corrects: Observation, fact: Observation, reason: str) -> Observation:
    """The fact that another takes the place of, marked as entered in error."""
    if corrects.measure_id != fact.measure_id or corrects.patient_id != fact.patient_id:
        raise Refused(_("That fact is about something else."), code="other_measure")
    if corrects.pk == fact.pk:
        raise Refused(_("The record says just this. Nothing to correct."), code="same_fact")
    return _wrong(corrects, reason)


def _wrong(observation: Observation, reason: str) -> Observation:
    """The fact as it is now, marked as entered in error."""
    if not reason.strip():
        refused = Refused(_("Say what was wrong."), code="reason_missing")
        refused.members = {"field": "reason"}
        raise refused
    rows = Observation.objects.select_related("measure").select_for_update(of=("self",))
    fact: Observation = rows.get(pk=observation.pk)
    if not fact.is_standing:
        raise Refused(_("This was marked as an error before."), code="already_corrected")
    fact.status, fact.error_reason = Status.ENTERED_IN_ERROR, reason.strip()
    fact.clean_fields()
    fact.clean()
    fact.save(update_fields=("status", "error_reason"))
    return fact


def _follow(patient: Patient, facts: Sequence[Observation], by: User) -> None:
    change = Change(patient, tuple(facts), by)
    for step in _steps:
        step.follow(change)


@contextmanager
def _at(index: int) -> Iterator[None]:
    """Let a refusal say which of several facts it is about."""
    try:
        yield
    except Refused as refused:
        refused.members = {**refused.members, "index": index}
        raise
