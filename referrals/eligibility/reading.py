"""Reading what is known of people, and what trials and programs demand, from the database.

Both take a number of queries that does not grow with the number of people, trials or criteria.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from patients import observing
from patients.models import Measure, MedicalCondition, Observation, Patient
from patients.models.measures import shown_unit
from referrals.eligibility.ages import read_age
from referrals.eligibility.criteria import (
    AgeBetween,
    AllOf,
    AnyOf,
    HasCondition,
    InCountry,
    InWords,
    Leaf,
    Node,
    Not,
    Question,
    SexIs,
)
from referrals.eligibility.facts import Fact, Facts
from referrals.eligibility.measured import Measured
from referrals.eligibility.words import several
from referrals.models import (
    ClinicalTrial,
    Criterion,
    CriterionAnswer,
    ExpandedAccessProgram,
    ProgramCondition,
    TrialCondition,
    TrialSite,
    UnplacedCondition,
)
from referrals.models.catalogue import NO_LONGER_RECRUITING
from referrals.models.described import Described

# A measure that ships with the portal: whether somebody could travel abroad for a treatment.
TRAVEL = "travel-abroad"

# What the record of a trial or program implies, by the keys of its findings.
AGE, SEX, CONDITION, COUNTRY = "age", "sex", "condition", "country"

Offer = ClinicalTrial | ExpandedAccessProgram
_SEXES = {Described.Sex.FEMALE.value: "female", Described.Sex.MALE.value: "male"}


def known(patient: Patient, *, today: date) -> Facts:
    """What is known of one person on that day. Four queries."""
    return known_of([patient], today=today)[patient.pk]


def known_of(patients: Sequence[Patient], *, today: date) -> dict[UUID, Facts]:
    """Patient id → what is known of them on that day. Four queries for any number of people."""
    ids = [patient.pk for patient in patients]
    observed = observing.newest(ids)
    answered = _answers(ids)
    conditions = {one.medical_condition_id for one in patients if one.medical_condition_id}
    wider = MedicalCondition.objects.wider(conditions)
    names = dict(MedicalCondition.objects.filter(pk__in=conditions).values_list("pk", "name"))
    return {
        patient.pk: Facts(
            today=today,
            born=patient.date_of_birth,
            sex=patient.sex if patient.sex in _SEXES.values() else "",
            country=patient.country,
            condition=patient.medical_condition_id,
            condition_name=names.get(patient.medical_condition_id, ""),
            conditions=_with_wider(patient.medical_condition_id, wider),
            travels=next(
                (_fact(o) for o in observed[patient.pk].values() if is_travel(o.measure)), None
            ),
            observations={key: _fact(o) for key, o in observed[patient.pk].items()},
            answers=answered[patient.pk],
        )
        for patient in patients
    }


def is_travel(measure: Measure) -> bool:
    """Whether it says if somebody would travel to another country."""
    return bool(measure.code == TRAVEL and not measure.code_system)


def _with_wider(condition: UUID | None, wider: Mapping[UUID, frozenset[UUID]]) -> frozenset[UUID]:
    return frozenset({condition, *wider[condition]}) if condition else frozenset()


def _fact(observation: Observation) -> Fact:
    value: bool | str = observation.text
    if observation.measure.kind == Measure.Kind.YES_NO:
        value = observation.text == "yes"
    return Fact(
        value if observation.number is None else observation.number,
        f"{observation.measure.name}: {observation.shown}",
        observation.observed_on,
        observation.get_source_display(),
    )


def _answers(patients: Sequence[UUID]) -> dict[UUID, dict[UUID, Fact]]:
    """Patient id → criterion id → the newest answer; without those that are to be asked again."""
    found: dict[UUID, dict[UUID, Fact]] = {patient: {} for patient in patients}
    newest = CriterionAnswer.objects.newest().filter(patient__in=patients)
    for answer in newest:
        if answer.met is not None:
            found[answer.patient_id][answer.criterion_id] = Fact(
                answer.met, str(answer), answer.said_on, answer.get_source_display()
            )
    return found


def trees(offers: Iterable[Offer]) -> dict[UUID, Node]:
    """Id → what each of these trials, or of these programs, demands. Seven queries for any number.

    Beside what people entered stands what the record itself implies. Where nobody has entered
    anything, one criterion more says so, and is never met: the registry's words are not read by
    a program.
    """
    rows = list(offers)
    if not rows:
        return {}
    read = _Read(rows)
    return {row.pk: AllOf((*_implied(row, read), *read.entered(row.pk))) for row in rows}


def _implied(row: Offer, read: "_Read") -> Iterable[Leaf]:
    least, most = read_age(row.minimum_age), read_age(row.maximum_age)
    if least or most:
        yield AgeBetween(key=AGE, at_least=least, at_most=most)
    if row.sex in _SEXES:
        yield SexIs(key=SEX, sex=_SEXES[row.sex])
    unplaced = [text for text in row.condition_texts if text in read.unplaced]
    conditions = read.conditions.get(row.pk, {})
    if conditions or unplaced:
        yield HasCondition(
            key=CONDITION,
            conditions=frozenset(conditions),
            title=several(sorted((*conditions.values(), *unplaced))),
            wider=_above(conditions, read.wider),
            is_complete=not unplaced,
        )
    countries = read.countries.get(row.pk)
    if countries:
        yield InCountry(key=COUNTRY, countries=frozenset(countries))


def _above(conditions: Iterable[UUID], wider: Mapping[UUID, frozenset[UUID]]) -> frozenset[UUID]:
    return frozenset().union(*(wider[condition] for condition in conditions))


@dataclass(frozen=True)
class _Read:
    """What the trees of some trials, or of some programs, are made of, read for all at once."""

    rows: Sequence[Offer]
    conditions: dict[UUID, dict[UUID, str]] = field(default_factory=lambda: defaultdict(dict))
    countries: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    unplaced: set[str] = field(default_factory=set)
    wider: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    # Offer id → id of the group, None for the tree itself → what stands in it.
    tree: dict[UUID | None, dict[UUID | None, list[Criterion]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def __post_init__(self) -> None:
        ids = [row.pk for row in self.rows]
        of_trials = isinstance(self.rows[0], ClinicalTrial)
        column = "trial" if of_trials else "program"
        links: Any = TrialCondition if of_trials else ProgramCondition
        for of, condition, name in links.objects.filter(**{f"{column}__in": ids}).values_list(
            f"{column}_id", "condition_id", "condition__name"
        ):
            self.conditions[of][condition] = name
        criteria = Criterion.objects.in_use().filter(**{f"{column}__in": ids})
        # Thousands of criteria look at a few measures and conditions: each is read once.
        looked_at = (
            Prefetch("measure", Measure.objects.defer("search")),
            Prefetch("condition", MedicalCondition.objects.defer("search")),
        )
        for criterion in criteria.prefetch_related(*looked_at):
            of = criterion.trial_id if of_trials else criterion.program_id
            self.tree[of][criterion.parent_id].append(criterion)
        texts = {text for row in self.rows for text in row.condition_texts}
        unplaced = UnplacedCondition.objects.open().filter(spellings__overlap=list(texts))
        for spellings in unplaced.values_list("spellings", flat=True):
            self.unplaced.update(spellings)
        self.wider.update(MedicalCondition.objects.wider(self._all_conditions()))
        self._read_countries(ids)

    def _all_conditions(self) -> set[UUID]:
        placed = {one for conditions in self.conditions.values() for one in conditions}
        of_criteria = (
            criterion.condition_id
            for groups in self.tree.values()
            for group in groups.values()
            for criterion in group
        )
        return placed | {condition for condition in of_criteria if condition}

    def _read_countries(self, ids: Sequence[UUID]) -> None:
        if isinstance(self.rows[0], ExpandedAccessProgram):
            self.countries.update({row.pk: set(row.countries) for row in self.rows})  # type: ignore[union-attr]
            return
        sites = TrialSite.objects.filter(trial__in=ids).exclude(country="")
        open_ones = sites.exclude(status__in=NO_LONGER_RECRUITING)
        for trial, country in open_ones.values_list("trial_id", "country").distinct().order_by():
            self.countries[trial].add(country)

    def entered(self, offer: UUID) -> tuple[Node, ...]:
        """What people entered for a trial or program, or that nobody did."""
        entered = self.tree.get(offer)
        if not entered:
            return (InWords(),)
        return tuple(self._node(criterion, entered) for criterion in entered[None])

    def _node(self, row: Criterion, entered: Mapping[UUID | None, list[Criterion]]) -> Node:
        node: Node
        if row.is_group:
            inside = tuple(self._node(child, entered) for child in entered.get(row.pk, ()))
            node = AllOf(inside) if row.kind == Criterion.Kind.ALL else AnyOf(inside)
        else:
            node = leaf(row, self.wider)
        return Not(node) if row.excludes else node


def leaf(row: Criterion, wider: Mapping[UUID, frozenset[UUID]]) -> Leaf:
    """The demand of a criterion that is no group. `wider` has what its condition is a kind of."""
    match row.kind:
        case Criterion.Kind.AGE:
            least, most = read_age(row.minimum_age), read_age(row.maximum_age)
            return AgeBetween(key=row.pk, at_least=least, at_most=most)
        case Criterion.Kind.SEX:
            return SexIs(key=row.pk, sex=row.sex)
        case Criterion.Kind.COUNTRY:
            countries = frozenset(row.countries)
            return InCountry(key=row.pk, countries=countries, may_travel=row.may_travel)
    if row.condition is not None:
        return HasCondition(
            key=row.pk,
            conditions=frozenset({row.condition.pk}),
            title=row.condition.name,
            wider=wider.get(row.condition.pk, frozenset()),
        )
    if row.measure is not None:
        return _measured(row, row.measure)
    return Question(key=row.pk, text=row.text)


def _measured(row: Criterion, measure: Measure) -> Measured:
    return Measured(
        key=row.pk,
        measure=measure.pk,
        name=measure.name,
        ask=measure.question,
        unit=shown_unit(row.unit),
        least=row.minimum,
        most=row.maximum,
        open_ended=row.open_ended,
        choices=tuple(row.choices),
        days=row.max_days,
        is_comparable=row.unit in ("", measure.unit),
    )
