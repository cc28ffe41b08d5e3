"""What a patient could go for: open trials and programs for their condition, the nearest first.

An option that does not fit stays in the list, at its end, with why: people ask for that too.

The order, each rule deciding where those before it leave a draw:

1. What everything known speaks for comes before what is not known, and that before what does
   not fit.
2. The fewer things are still to ask, the earlier.
3. One with an open site in the patient's country comes before one without.
4. What takes patients now comes before what invites them, then what is about to begin, then what
   nobody knows the status of.
5. A later phase comes before an earlier one; what has no phase, programs among them, comes last:
   expanded access is for who cannot get the medicine in a trial (21 CFR 312.310(a)(2)).
6. What was confirmed more recently, with the site or sponsor or else by the registry, comes first.
7. The registry's number decides the rest, so that the order is the same every time.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, OuterRef, Q

from patients.models import MedicalCondition, Patient
from referrals.eligibility import Assessment, Facts, Finding, Verdict, assess, known, trees
from referrals.models import (
    ClinicalTrial,
    CTReferral,
    EAPDossier,
    ExpandedAccessProgram,
    ProgramCondition,
    TrialCondition,
    TrialSite,
)
from referrals.models.catalogue import Recruiting

Availability = ExpandedAccessProgram.Availability

# In the order of rule 4. ClinicalTrials.gov calls a trial of unknown status one that nobody has
# confirmed for two years; a program of which nobody said is one that people entered.
OPEN_TRIALS = (
    Recruiting.RECRUITING,
    Recruiting.ENROLLING_BY_INVITATION,
    Recruiting.NOT_YET_RECRUITING,
)
OPEN_PROGRAMS = (Availability.AVAILABLE, Availability.UNKNOWN)
_NEARNESS: Mapping[str, int] = {
    Recruiting.RECRUITING: 0,
    Availability.AVAILABLE: 0,
    Recruiting.ENROLLING_BY_INVITATION: 1,
    Recruiting.NOT_YET_RECRUITING: 2,
    Availability.UNKNOWN: 3,
}
_PHASES = ClinicalTrial.Phase.values[:-1]  # without "not applicable", the earliest first
_VERDICTS = (Verdict.MET, Verdict.UNKNOWN, Verdict.NOT_MET)
# What neither the order nor the criteria look at, and is large.
_UNREAD = ("search", "criteria_text", "official_title", "interventions", "contacts", "notes")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in one country an option is open."""

    country: str
    sites: int  # 0: the program names the country and no sites
    cities: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Option:
    """A trial or program, and what is known of whether it fits."""

    record: ClinicalTrial | ExpandedAccessProgram
    assessment: Assessment
    is_near: bool  # open in the patient's country
    # Filled in for the options that are shown.
    places: tuple[Place, ...] = ()
    begun: CTReferral | EAPDossier | None = None  # the newest, ended ones too

    @property
    def is_trial(self) -> bool:
        return isinstance(self.record, ClinicalTrial)

    @property
    def number(self) -> str:
        """The number by which the registry, or else the house, knows it."""
        if isinstance(self.record, ClinicalTrial):
            return str(self.record.registry_id)
        return str(self.record.registry_id or self.record.eap_number)

    @property
    def verdict(self) -> Verdict:
        return self.assessment.verdict

    @property
    def why(self) -> tuple[Finding, ...]:
        return self.assessment.why

    @property
    def why_not(self) -> tuple[Finding, ...]:
        return self.assessment.why_not

    @property
    def to_ask(self) -> tuple[Finding, ...]:
        return self.assessment.to_ask

    @property
    def status(self) -> str:
        """The registry's word for whether it takes patients."""
        record = self.record
        return str(record.status if isinstance(record, ClinicalTrial) else record.availability)

    @property
    def status_label(self) -> str:
        """The status in words, in the active language."""
        record = self.record
        if isinstance(record, ClinicalTrial):
            return str(record.get_status_display())
        return str(record.get_availability_display())

    @property
    def phases(self) -> str:
        """`Phase 2, Phase 3`; blank for none."""
        phases = self.record.phases if isinstance(self.record, ClinicalTrial) else ()
        return ", ".join(str(ClinicalTrial.Phase(phase).label) for phase in phases)

    @property
    def confirmed_on(self) -> date | None:
        """When it was last confirmed, by people or else by the registry; None when never."""
        return self.record.last_confirmed_on or self.record.last_update_posted_on

    @property
    def registry_url(self) -> str:
        """Its public page at ClinicalTrials.gov; blank where it has none."""
        number = self.record.registry_id
        is_there = number.startswith("NCT")
        return f"https://clinicaltrials.gov/study/{number}" if is_there else ""

    def order(self) -> tuple[Any, ...]:
        """What the options are sorted by; see the rules above."""
        confirmed = self.confirmed_on
        return (
            _VERDICTS.index(self.verdict),
            len(self.to_ask),
            not self.is_near,
            _NEARNESS[self.status],
            -self._phase(),
            -confirmed.toordinal() if confirmed else 0,
            self.number,
        )

    def _phase(self) -> int:
        """The latest phase as a number, from 1; 0 for none."""
        if not isinstance(self.record, ClinicalTrial):
            return 0
        known_ones = [_PHASES.index(phase) for phase in self.record.phases if phase in _PHASES]
        return max(known_ones) + 1 if known_ones else 0


@dataclass(frozen=True)
class Options:
    """All options of one patient on one day, in their order."""

    patient: Patient
    facts: Facts
    ranked: Sequence[Option]

    def counts(self) -> dict[Verdict, int]:
        """How many there are of each verdict, in their order."""
        found = Counter(option.verdict for option in self.ranked)
        return {verdict: found[verdict] for verdict in _VERDICTS}

    def of(self, verdict: Verdict) -> list[Option]:
        return [option for option in self.ranked if option.verdict is verdict]

    def detailed(self, shown: Iterable[Option]) -> list[Option]:
        """These options with their places and with what was begun, read in a few queries."""
        filled = list(shown)
        trials = [option.record.pk for option in filled if option.is_trial]
        programs = [option.record.pk for option in filled if not option.is_trial]
        places, begun = _places(trials), _begun(self.patient, trials, programs)
        for option in filled:
            option.begun = begun.get(option.record.pk)
            if isinstance(option.record, ExpandedAccessProgram):
                countries = sorted(option.record.countries)
                option.places = tuple(Place(country, 0) for country in countries)
            else:
                option.places = places.get(option.record.pk, ())
        return filled


def options(patient: Patient, *, today: date) -> Options:
    """Every open trial and program for the patient's condition, in the order above.

    For the condition means: for it, for what it is a kind of, or for a kind of it. Nothing for
    somebody whose condition is not known. The number of queries is the same however many there
    are.
    """
    facts = known(patient, today=today)
    if facts.condition is None:
        return Options(patient, facts, ())
    conditions = facts.conditions | MedicalCondition.objects.narrower(facts.condition)
    trials, programs = _trials(conditions, facts.country), _programs(conditions)
    criteria = {**trees(trials), **trees(programs)}
    records: list[ClinicalTrial | ExpandedAccessProgram] = [*trials, *programs]
    found = [
        Option(record, assess(criteria[record.pk], facts), _is_near(record, facts.country))
        for record in records
    ]
    return Options(patient, facts, sorted(found, key=Option.order))


def _trials(conditions: Collection[UUID], country: str) -> list[ClinicalTrial]:
    here = TrialSite.objects.filter(trial=OuterRef("pk"), country=country, status__in=OPEN_TRIALS)
    rows = ClinicalTrial.objects.filter(
        Exists(TrialCondition.objects.filter(trial=OuterRef("pk"), condition__in=conditions)),
        status__in=OPEN_TRIALS,
    )
    return list(rows.annotate(near=Exists(here)).defer(*_UNREAD).order_by())


def _programs(conditions: Collection[UUID]) -> list[ExpandedAccessProgram]:
    rows = ExpandedAccessProgram.objects.filter(
        Exists(ProgramCondition.objects.filter(program=OuterRef("pk"), condition__in=conditions)),
        availability__in=OPEN_PROGRAMS,
    )
    return list(rows.select_related("product").defer(*_UNREAD, "product__search").order_by())


def _is_near(record: Any, country: str) -> bool:
    if isinstance(record, ExpandedAccessProgram):
        return country in record.countries
    return bool(country) and bool(record.near)


def _places(trials: Collection[UUID]) -> dict[UUID, tuple[Place, ...]]:
    """Where these trials have open sites, by country."""
    rows = (
        TrialSite.objects.filter(trial__in=trials, status__in=OPEN_TRIALS)
        .exclude(country="")
        .values("trial", "country")
        .annotate(
            sites=Count("pk"),
            cities=ArrayAgg("city", distinct=True, filter=~Q(city=""), default=[]),
        )
        .order_by("trial", "country")
    )
    found: dict[UUID, list[Place]] = defaultdict(list)
    for row in rows:
        place = Place(row["country"], row["sites"], tuple(sorted(row["cities"])))
        found[row["trial"]].append(place)
    return {trial: tuple(places) for trial, places in found.items()}


def _begun(
    patient: Patient, trials: Collection[UUID], programs: Collection[UUID]
) -> dict[UUID, CTReferral | EAPDossier]:
    """The patient's newest referral or dossier for each of these."""
    found: dict[UUID, CTReferral | EAPDossier] = {}
    for referral in CTReferral.objects.filter(patient=patient, trial__in=trials).order_by("pk"):
        found[referral.trial_id] = referral
    for dossier in EAPDossier.objects.filter(patient=patient, program__in=programs).order_by("pk"):
        found[dossier.program_id] = dossier
    return found
