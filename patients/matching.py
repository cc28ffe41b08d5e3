"""Who is this? One known person, nobody we know, or somebody we cannot be sure about.

Sure is only: the same e-mail address and the same name; or the same full name, date of birth and
phone where no e-mail address speaks against it. Everything weaker makes a new person and a pair
for a navigator to review: the same address and another name (family, a carer), an address and
nearly the same name, the same name and condition, phone or date of birth. A mailbox that more
than five names have used proves nothing, and a name alone neither. A date of birth that differs
turns certainty into a question.

`find` only reads. Who wants to act on the answer takes `lock` first, in the same transaction:
then of many who bring in the same person at once, one makes them and the others find them.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Self
from uuid import UUID

from django.db import connection, models
from django.db.models.functions import Lower, Trim

from patients import names
from patients.models import ContactPoint, Patient, PossibleDuplicate, Specialist, Submission
from patients.names import Likeness, Name
from portal.core.search import fold, words

Tier = PossibleDuplicate.Tier
State = PossibleDuplicate.State

# A mailbox that more different names than these have used belongs to nobody in particular.
MAX_NAMES_OF_A_MAILBOX = 5
# Each way of finding looks at no more people than this, and no more pairs than that are proposed.
LOOKED_AT = 100
PROPOSED = 10
# What is shared in each way, in the words of the evidence.
EMAIL, PHONE, CONDITION, BIRTH = "email", "phone", "condition", "date_of_birth"


class Verdict(StrEnum):
    ONE = "one"
    NOBODY = "nobody"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody who comes in. Phone as E.164; blank or None: not known."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    condition_id: UUID | None = None
    date_of_birth: date | None = None

    @classmethod
    def of(cls, patient: Patient) -> Self:
        """The person a record (saved or about to be) speaks of."""
        return cls(
            first_name=patient.first_name,
            last_name=patient.last_name,
            email=patient.email,
            phone=patient.phone,
            condition_id=patient.medical_condition_id,
            date_of_birth=patient.date_of_birth,
        )

    @property
    def name(self) -> Name:
        return self.first_name, self.last_name


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known patient and how they compare: which facts agree, which contradict."""

    patient: Patient
    name: Likeness
    agree: tuple[str, ...]
    differ: tuple[str, ...]
    tier: Tier | None  # None: certainly the same person

    @property
    def evidence(self) -> dict[str, Any]:
        """The comparison as JSON, without anybody's values."""
        return {"name": self.name.value, "agree": list(self.agree), "differ": list(self.differ)}


@dataclass(frozen=True, slots=True)
class SpecialistCandidate:
    """A physician or pharmacist who looks like the person. Never merged, but shown."""

    specialist: Specialist
    name: Likeness
    agree: tuple[str, ...]

    @property
    def evidence(self) -> dict[str, Any]:
        return {"name": self.name.value, "agree": list(self.agree), "differ": []}


@dataclass(frozen=True, slots=True)
class Match:
    """The answer. `patient` is set for ONE only; `review` lists whom else it might be.

    `shared_mailbox` says that more than five names have used the e-mail address.
    """

    verdict: Verdict
    patient: Patient | None = None
    certain: tuple[Candidate, ...] = ()
    review: tuple[Candidate, ...] = ()
    specialists: tuple[SpecialistCandidate, ...] = ()
    shared_mailbox: bool = False
    reason: str = ""  # how one of several was settled on
    evidence: dict[str, Any] = field(default_factory=dict)


def lock(person: Person, *others: str) -> None:
    """Until the transaction ends, nobody else can match the same address, phone or name.

    `others` are further keys to hold, for example an idempotency key. All are taken in one order,
    whoever comes first, so two callers never wait for each other. Once in a transaction.
    """
    keys = {f"key:{other}" for other in others}
    if email := "".join(fold(person.email).split()):
        keys.add(f"email:{email}")  # folded more than the comparison: held too widely never errs
    if person.phone:
        keys.add(f"phone:{person.phone}")
    if name := names.key(person.name):
        keys.add(f"name:{' '.join(name)}")
    numbers = sorted({_lock_number(key) for key in keys})
    calls = ", ".join(["pg_advisory_xact_lock(%s)"] * len(numbers))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", numbers)


def find(person: Person, *, exclude: UUID | None = None) -> Match:
    """Whom we know that this may be. `exclude` leaves out the record being edited itself."""
    people = [known for known in _known(person) if known.pk != exclude]
    mailbox = _is_shared_mailbox(person, people)
    candidates = [
        candidate
        for known in people
        if (candidate := _compared(person, known, mailbox=mailbox)) is not None
    ]
    candidates.sort(key=_strength)
    certain = tuple(candidate for candidate in candidates if candidate.tier is None)
    review = tuple(candidate for candidate in candidates if candidate.tier is not None)[:PROPOSED]
    patient, reason = _settled(certain)
    specialists = _specialists(person)
    verdict = Verdict.ONE if patient else Verdict.AMBIGUOUS if certain or review else Verdict.NOBODY
    return Match(
        verdict=verdict,
        patient=patient,
        certain=certain,
        review=review,
        specialists=specialists,
        shared_mailbox=mailbox,
        reason=reason,
        evidence=_evidence(certain, review, specialists, mailbox=mailbox, reason=reason),
    )


# A change of one of these may make somebody look like another person.
COMPARED = frozenset(
    {"first_name", "last_name", "email", "phone", "medical_condition", "date_of_birth"}
)


def review(patient: Patient) -> list[PossibleDuplicate]:
    """Queue a pair of a saved `patient` with everybody they may be, and return the new pairs."""
    return propose(find(Person.of(patient), exclude=patient.pk), patient)


def propose(match: Match, patient: Patient) -> list[PossibleDuplicate]:
    """Queue a pair of `patient` with everybody else they may be, for a person to decide.

    A pair that was proposed before stays as it is: "not the same person" is remembered. Returns
    the pairs that are new.
    """
    pairs = []
    for candidate in (*match.certain, *match.review):
        if candidate.patient.pk != patient.pk:
            first, second = sorted((candidate.patient.pk, patient.pk))
            pairs.append(
                PossibleDuplicate(
                    first_patient_id=first,
                    second_patient_id=second,
                    tier=candidate.tier or Tier.R4,
                    evidence=candidate.evidence,
                )
            )
    pairs += [
        PossibleDuplicate(
            first_patient=patient,
            first_specialist=candidate.specialist,
            tier=Tier.R5,
            evidence=candidate.evidence,
        )
        for candidate in match.specialists
    ]
    if not pairs:
        return []
    PossibleDuplicate.objects.bulk_create(pairs, ignore_conflicts=True)
    return list(PossibleDuplicate.objects.filter(pk__in=[pair.pk for pair in pairs]))


# --- finding


def _email_key(email: str) -> str:
    """What two spellings of one address have in common. Dots and +tags are part of an address."""
    return unicodedata.normalize("NFC", email).strip().lower()


def _lock_number(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def _tokens(kind: str, values: Iterable[str]) -> str:
    """A tsquery for people who have each of these whole words (portal.core.search)."""
    return " & ".join(f"'{kind}:{value}'" for value in values)


def _known(person: Person) -> list[Patient]:
    """Everybody who shares an address or phone, or the name or date of birth and something else."""
    patients = Patient.objects.order_by()
    found = []
    reached_by = [value for value in (person.email.strip(), person.phone) if value]
    if email := person.email.strip():
        same = patients.exclude(email="").alias(address=Lower(Trim("email")))
        found.append(same.filter(address=Lower(models.Value(email))).values("pk"))
    if reached_by:
        points = ContactPoint.objects.order_by().alias(address=Lower(Trim("value")))
        wanted = [Lower(models.Value(value)) for value in reached_by]
        found.append(points.filter(address__in=wanted).values("patient")[:LOOKED_AT])
    if digits := person.phone.lstrip("+"):
        # Through the search index, which then leaves few rows to compare.
        same = patients.filter(search__tokens=_tokens("p", [digits]), phone=person.phone)
        found.append(same.values("pk")[:LOOKED_AT])
    if person.date_of_birth:
        same = patients.filter(date_of_birth=person.date_of_birth)
        found.append(same.values("pk")[:LOOKED_AT])
    if (named := _named(person)) is not None:
        found.append(named.values("pk")[:LOOKED_AT])
    if not found:
        return []
    first, *rest = found
    return list(
        Patient.objects.filter(pk__in=first.union(*rest) if rest else first)
        .order_by("pk")
        .prefetch_related("contact_points", "merged_ids")
    )


def _named(person: Person) -> Any:
    """People with every word of the name and something else in common; None when there is none."""
    parts = words(f"{person.first_name} {person.last_name}")
    also = models.Q()
    if person.condition_id:
        also |= models.Q(medical_condition=person.condition_id)
    if person.date_of_birth:
        also |= models.Q(date_of_birth=person.date_of_birth)
    if person.phone:
        also |= models.Q(phone=person.phone)
    if not parts or not also:
        return None
    return Patient.objects.order_by().filter(also, search__tokens=_tokens("n", parts))


def _names_of(patient: Patient) -> list[Name]:
    """The name on record, and the one a merged record had before it gave way."""
    found = [(patient.first_name, patient.last_name)]
    for merged in patient.merged_ids.all():
        former = merged.losing_values
        found.append(
            (
                str(former.get("first_name", patient.first_name)),
                str(former.get("last_name", patient.last_name)),
            )
        )
    return found


def _reached_by(patient: Patient, kind: str) -> set[str]:
    """Every address (or phone) of the patient, folded for comparison."""
    own = patient.email if kind == EMAIL else patient.phone
    further = [point.value for point in patient.contact_points.all() if point.kind == kind]
    return {key for value in (own, *further) if (key := _email_key(value))}


def _is_shared_mailbox(person: Person, people: Sequence[Patient]) -> bool:
    email = _email_key(person.email)
    if not email:
        return False
    used = {names.key(person.name)}
    for known in people:
        if email in _reached_by(known, EMAIL):
            used.add(names.key((known.first_name, known.last_name)))
    return len(used) > MAX_NAMES_OF_A_MAILBOX


# --- comparing


def _compared(person: Person, known: Patient, *, mailbox: bool) -> Candidate | None:
    """How `known` compares; None when nothing says that they may be the same person."""
    agree: list[str] = []
    differ: list[str] = []
    for kind, value in ((EMAIL, person.email), (PHONE, person.phone)):
        ours, theirs = _email_key(value), _reached_by(known, kind)
        if ours and theirs and not (mailbox and kind == EMAIL):
            (agree if ours in theirs else differ).append(kind)
    for kind, one, other in (
        (CONDITION, person.condition_id, known.medical_condition_id),
        (BIRTH, person.date_of_birth, known.date_of_birth),
    ):
        if one and other:
            (agree if one == other else differ).append(kind)
    likeness = names.closest(person.name, _names_of(known))
    if _is_certain(person, likeness, agree, differ):
        return Candidate(known, likeness, tuple(agree), tuple(differ), tier=None)
    tier = _tier(person, likeness, set(agree), set(differ))
    return Candidate(known, likeness, tuple(agree), tuple(differ), tier) if tier else None


def _is_certain(
    person: Person, likeness: Likeness, agree: Sequence[str], differ: Sequence[str]
) -> bool:
    if likeness is not Likeness.SAME or BIRTH in differ:
        return False
    if EMAIL in agree:
        return True
    return _is_full(person) and {PHONE, BIRTH} <= set(agree) and EMAIL not in differ


def _tier(person: Person, likeness: Likeness, agree: set[str], differ: set[str]) -> Tier | None:
    """Why a person should look at the pair; None when there is too little."""
    if EMAIL in agree:
        return Tier.R2 if likeness is Likeness.OTHER else Tier.R4
    if likeness is Likeness.SAME:
        enough = {PHONE, BIRTH}
        if _is_full(person) and BIRTH not in differ:
            enough = {PHONE, BIRTH, CONDITION}
        return Tier.R3 if agree & enough else None
    if likeness.is_close:
        return Tier.R4 if agree & {PHONE, BIRTH} else None
    # A married name, or a twin at home.
    return Tier.R2 if {PHONE, BIRTH} <= agree else None


def _is_full(person: Person) -> bool:
    """Whether the name has two words or more: one word is shared by too many."""
    return len(names.key(person.name)) > 1


def _strength(candidate: Candidate) -> tuple[Any, ...]:
    """Most likely first; then the oldest record, so that the answer is always the same."""
    order = list(Likeness)
    return (
        candidate.tier is not None,
        -len(candidate.agree),
        order.index(candidate.name),
        len(candidate.differ),
        candidate.patient.pk,
    )


# --- settling


def _settled(certain: Sequence[Candidate]) -> tuple[Patient | None, str]:
    """The one person that all the certain candidates come down to, and why; None when unsure."""
    alive = [c for c in certain if not _is_set_aside(c.patient)] or certain
    if len(alive) == 1 and not _is_set_aside(alive[0].patient):
        return alive[0].patient, ""
    if not alive:
        return None, ""
    known = {candidate.patient.pk: candidate.patient for candidate in alive}
    pairs = list(_pairs_of(known))
    if patient := _decided_same(known, pairs):
        return patient, "decided_same"
    by_birth = [c.patient for c in alive if BIRTH in c.agree and not _is_set_aside(c.patient)]
    if len(by_birth) == 1:
        return by_birth[0], "date_of_birth"
    return _waiting(known, pairs)


def _is_set_aside(patient: Patient) -> bool:
    """Closed as a duplicate: whoever comes in is somebody else's record."""
    return patient.closed_reason == Patient.ClosedReason.DUPLICATE


def _pairs_of(known: dict[UUID, Patient]) -> Any:
    return PossibleDuplicate.objects.filter(
        models.Q(first_patient__in=known) | models.Q(second_patient__in=known),
        second_patient__isnull=False,
    ).select_related("first_patient", "second_patient")


def _decided_same(known: dict[UUID, Patient], pairs: Sequence[PossibleDuplicate]) -> Patient | None:
    """The record that stands for all the candidates, when people decided that they are one."""
    people, group_of = dict(known), {pk: {pk} for pk in known}
    for pair in pairs:
        if pair.state != State.SAME:
            continue
        joined = set()
        for patient in filter(None, (pair.first_patient, pair.second_patient)):
            people.setdefault(patient.pk, patient)
            joined |= group_of.get(patient.pk, {patient.pk})
        group_of.update(dict.fromkeys(joined, joined))
    if len({frozenset(members) for members in group_of.values()}) > 1:
        return None
    usable = [patient for patient in people.values() if not _is_set_aside(patient)]
    return min(usable, key=lambda patient: patient.pk, default=None)


def _waiting(
    known: dict[UUID, Patient], pairs: Sequence[PossibleDuplicate]
) -> tuple[Patient | None, str]:
    """The record made when the same question came up before, if it still waits for its answer.

    It stands for "one of these, or somebody else", so whoever brings the same question belongs
    there until a navigator has decided; otherwise every repetition would make one more person.
    """
    open_with: dict[UUID, set[UUID]] = {pk: set() for pk in known}
    for pair in pairs:
        first, second = pair.first_patient_id, pair.second_patient_id
        if pair.state in (State.OPEN, State.LATER) and first in known and second in known:
            open_with[first].add(second)
            open_with[second].add(first)
    waiting = [
        pk
        for pk, others in open_with.items()
        if len(others) == len(known) - 1 and not _is_set_aside(known[pk])
    ]
    asked = Submission.objects.filter(
        patient__in=waiting, match=Submission.Match.AMBIGUOUS
    ).values_list("patient", flat=True)
    made = sorted(set(asked))
    return (known[made[0]], "waiting_for_review") if made else (None, "")


def _specialists(person: Person) -> tuple[SpecialistCandidate, ...]:
    """Physicians and pharmacists with the same address, or the same name and phone."""
    email, parts = person.email.strip(), words(f"{person.first_name} {person.last_name}")
    specialists = Specialist.objects.order_by()
    queries = []
    if email:
        same = specialists.exclude(email="").alias(address=Lower(Trim("email")))
        queries.append(same.filter(address=Lower(models.Value(email))).values("pk"))
    if person.phone and parts:
        named = specialists.filter(search__tokens=_tokens("n", parts), phone=person.phone)
        queries.append(named.values("pk")[:PROPOSED])
    if not queries:
        return ()
    first, *rest = queries
    known = specialists.filter(pk__in=first.union(*rest) if rest else first)
    found = []
    for specialist in known.order_by("pk"):
        agree = []
        if email and _email_key(specialist.email) == _email_key(email):
            agree.append(EMAIL)
        if person.phone and specialist.phone == person.phone:
            agree.append(PHONE)
        likeness = names.compare(person.name, (specialist.first_name, specialist.last_name))
        found.append(SpecialistCandidate(specialist, likeness, tuple(agree)))
    return tuple(found)


def _evidence(
    certain: Sequence[Candidate],
    review: Sequence[Candidate],
    specialists: Sequence[SpecialistCandidate],
    *,
    mailbox: bool,
    reason: str,
) -> dict[str, Any]:
    """The answer as JSON: ids and names of facts, never anybody's values."""
    found: dict[str, Any] = {}
    if certain:
        found["certain"] = [{"patient": str(c.patient.pk), **c.evidence} for c in certain]
    if review:
        found["review"] = [
            {"patient": str(c.patient.pk), "tier": c.tier, **c.evidence} for c in review
        ]
    if specialists:
        found["specialists"] = [
            {"specialist": str(c.specialist.pk), **c.evidence} for c in specialists
        ]
    if mailbox:
        found["shared_mailbox"] = True
    if reason:
        found["settled_by"] = reason
    return found
