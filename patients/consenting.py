"""What people allow, refuse and withdraw: each decision is a row of its own, and the last counts.

What depends on a consent stops at once when it is withdrawn: the apps above join their steps in
`AppConfig.ready`, and they are run in the order of joining, in the same transaction. A withdrawal
with a scope (one trial or program) stops what depends on that scope only. What was sent cannot be
called back, and is not touched.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.locking import locked
from patients.models import Consent, Patient
from patients.repeating import KeyReused
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User

Decision = Consent.Decision
# What somebody says who is known to be the patient, or to speak for them.
NOES = (Decision.WITHDRAWN, Decision.REFUSED)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What every step is told: who withdraws, within which scope (blank: all), and when.

    `spared` are scopes for which they said yes after what they withdraw for all of them.
    """

    patient: Patient
    scope: str
    now: datetime
    spared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """Something that depends on a consent for one of `purposes`.

    `find` are the rows that a withdrawal would stop; `stop` stops them and returns them.
    """

    name: str
    purposes: Collection[Consent.Purpose]
    find: Callable[[Withdrawal], models.QuerySet[Any]]
    stop: Callable[[Withdrawal], Sequence[models.Model]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision as it is kept, and how many rows of each kind it stopped."""

    consent: Consent
    stopped: dict[type[models.Model], int]


# What makes a decision another one.
_SAID = ("patient_id", "purpose", "scope", "decision", "text_version", "language")
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
    """What withdrawing stops, in this order."""
    return tuple(_steps)


def would_stop(
    patient: Patient, purpose: str, *, now: datetime, scope: str = ""
) -> dict[type[models.Model], int]:
    """How many rows of each kind withdrawing this consent would stop."""
    counts: dict[type[models.Model], int] = {}
    for step in _depending(purpose):
        rows = step.find(Withdrawal(patient, scope, now))
        counts[rows.model] = counts.get(rows.model, 0) + rows.count()
    return counts


def is_given(patient: Patient, purpose: str) -> bool:
    """Whether something was allowed for this purpose, in whichever scope, that can be withdrawn."""
    return bool(_allowed(patient, purpose))


def _allowed(patient: Patient, purpose: str) -> frozenset[str]:
    """The scopes within which something is allowed for this purpose."""
    last = Consent.objects.current().filter(patient=patient, purpose=purpose)
    scopes = set(last.filter(decision=Decision.GIVEN).values_list("scope", flat=True))
    return frozenset(
        scope
        for scope in scopes
        if Consent.objects.active(purpose, scope=scope).filter(patient=patient).exists()
    )


def record(*, consent: Consent, by: User, is_dated: bool = True) -> Recorded:
    """Keep a decision that is not saved yet, and stop what depends on it unless it is a yes.

    Also of a person whose data may not be changed: a withdrawal above all. The same decision (by
    its id, or its idempotency key) again changes nothing. Not `is_dated`: it is of now, and when
    it comes again as well. Raises Refused for a person who was merged away, KeyReused for a key
    that belongs to another decision, and ValidationError for a decision that says too little.
    """
    with transaction.atomic(), acting(by=by, reason=f"consent {consent.decision}"):
        locked(consent.patient_id, although_restricted=True)
        if known := _with_key(consent, is_dated=is_dated):
            return Recorded(known, {})
        known = Consent.objects.filter(pk=consent.pk).first()
        return (
            keep(consent, stopping=NOES)
            if known is None
            else Recorded(_the_same(known, consent), {})
        )


def keep(consent: Consent, *, stopping: Collection[str] = (Decision.WITHDRAWN,)) -> Recorded:
    """As `record`, for a verb that holds the patient's row, says who acts and comes once.

    A "no" on a form stops nothing by itself, as anybody can fill in a form in another's name.
    """
    consent.clean_fields()
    consent.clean()
    consent.save(force_insert=True)
    if consent.decision not in stopping or not _is_last(consent):
        return Recorded(consent, {})
    withdrawal = Withdrawal(
        consent.patient,
        consent.scope,
        timezone.now(),
        # One that is dated back may be older than a yes for a single trial or program.
        spared=frozenset() if consent.scope else _allowed(consent.patient, consent.purpose),
    )
    stopped: dict[type[models.Model], int] = {}
    for step in _depending(consent.purpose):
        for row in step.stop(withdrawal):
            stopped[type(row)] = stopped.get(type(row), 0) + 1
    return Recorded(consent, stopped)


def _depending(purpose: str) -> list[Step]:
    return [step for step in _steps if purpose in step.purposes]


def _is_last(consent: Consent) -> bool:
    """Whether it is in force; a decision that is dated back may not be."""
    about = Consent.objects.filter(
        patient=consent.patient_id, purpose=consent.purpose, scope__in={"", consent.scope}
    )
    last = about.order_by("-decided_at", "-id").values_list("pk", flat=True).first()
    return bool(last == consent.pk)


def _with_key(consent: Consent, *, is_dated: bool) -> Consent | None:
    """The decision that was kept with this key before; None without one. Raises KeyReused."""
    if not consent.idempotency_key:
        return None
    key = consent.idempotency_key
    known: Consent | None = Consent.objects.filter(idempotency_key=key).first()
    said = [*_SAID, "method", "obtained_by_id", "evidence", *(["decided_at"] if is_dated else [])]
    if known and any(getattr(known, name) != getattr(consent, name) for name in said):
        raise KeyReused
    return known


def _the_same(known: Consent, consent: Consent) -> Consent:
    if any(getattr(known, name) != getattr(consent, name) for name in _SAID):
        raise Refused(_("This decision has been recorded, with other words."), code="id_taken")
    return known
