"""Looking again at who fits, when something changed that it depends on, and keeping what is new.

A patient is followed for every trial they have an active referral to, every program they have an
open dossier in, and whatever was kept for them before and has not ended; not while their record is
closed or may not be changed. A result is kept when it differs from the one before: another verdict,
on the whole or on one criterion, or other criteria. What changes without anybody saying so
(birthdays, facts that grow old, columns of a patient, an import of trials) is seen by `review`,
which runs every night.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from patients import observing, outgoing, relations
from patients.models import Patient
from referrals.eligibility import Assessment, Offer, Verdict, assess, known, known_of, trees, uses
from referrals.eligibility.assessing import Finding
from referrals.eligibility.facts import TRAVEL, of_measure
from referrals.eligibility.reading import is_travel
from referrals.models import (
    Assessed,
    ClinicalTrial,
    CTReferral,
    EAPDossier,
    ExpandedAccessProgram,
)

_BATCH = 200


def now(patient: Patient, offer: Offer) -> Assessment:
    """What the criteria of a trial or program come to for a patient today, whatever was kept."""
    return assess(trees([offer])[offer.pk], known(patient, today=timezone.localdate()))


def keep(patient: Patient, offers: Iterable[Offer]) -> None:
    """Keep what these trials or programs come to for a patient, and follow it from now on."""
    with transaction.atomic():
        _look({one: set(offers) for one in _patients([patient.pk])})


def followed(patient: Patient) -> list[Offer]:
    """The trials and programs that a patient is followed for. Three queries."""
    return sorted(_followed([patient])[patient], key=lambda offer: offer.pk)


def follow_facts(patient: Patient, names: Collection[str]) -> None:
    """Look again at what a patient is followed for and depends on one of these facts."""
    with transaction.atomic():
        _look(_followed(_patients([patient.pk])), names=frozenset(names))


def follow_person(patient: Patient) -> None:
    """The step of `patients.relations`: two people turned out to be this one."""
    with transaction.atomic():
        _look(_followed(_patients([patient.pk])))


def follow_observations(change: observing.Change) -> None:
    """The step of `patients.observing`: facts about somebody came, or were found wrong."""
    names = {of_measure(measure) for measure in change.measures}
    if any(is_travel(fact.measure) for fact in change.facts):
        names.add(TRAVEL)
    follow_facts(change.patient, names)


def lock_followers(offers: Iterable[Offer]) -> None:
    """Lock everybody whom `follow_offers` looks at, until the end of the transaction."""
    for some in _batches(_followers(set(offers))):
        _patients(some)


def follow_offers(offers: Iterable[Offer]) -> None:
    """Look again at everybody who is followed for one of these: they have changed."""
    changed = set(offers)
    for some in _batches(_followers(changed)):
        with transaction.atomic():
            _look({who: what & changed for who, what in _followed(_patients(some)).items()})


def review() -> int:
    """Look again at everybody and everything that is followed; how many results are new."""
    found = 0
    for some in _batches(_everybody()):
        with transaction.atomic():
            found += _look(_followed(_patients(some)))
    return found


@app.periodic(cron="15 2 * * *")
@app.task(
    name="referrals.review_eligibility",
    queue=outgoing.QUEUE,
    queueing_lock="referrals.review_eligibility",
)
def _review_job(timestamp: int) -> None:
    review()


STEPS = (observing.Step("eligibility", follow_observations),)
AFTER_MERGE = (relations.Step("eligibility", follow_person),)


def newest(patient: Patient, offers: Iterable[Offer]) -> dict[UUID, Assessed]:
    """Id of the trial or program → the newest result that was kept. One query."""
    wanted = {offer.pk for offer in offers}
    rows = Assessed.objects.newest().filter(patient=patient)
    return {row.offer_id: row for row in rows if row.offer_id in wanted}


def changes(row: Assessed) -> list[str]:
    """What was new in a result, in sentences."""
    return [in_words(change) for change in row.changes]


def in_words(change: Mapping[str, Any]) -> str:
    """“FVC at least 50 %: was not known, is not met since FVC: 48 % of 3 Nov 2026”."""
    words = {
        "label": change["label"],
        "was": _verdict(change["was"]),
        "is": _verdict(change["is"]),
        "fact": change["fact"],
    }
    if change["was"] is None:
        return _("%(label)s: new, %(is)s") % words
    if change["is"] is None:
        return _("%(label)s: is no longer a criterion") % words
    said = _("%(label)s: was %(was)s, is %(is)s") % words
    if not change["fact"]:
        return said
    day = parse_date(change["as_of"] or "")
    if day is None:
        return _("%(said)s since %(fact)s") % {"said": said, "fact": change["fact"]}
    words = {"said": said, "fact": change["fact"], "day": date_format(day, "j M Y")}
    return _("%(said)s since %(fact)s of %(day)s") % words


def _verdict(value: str | None) -> str:
    return {
        Verdict.MET.value: _("met"),
        Verdict.NOT_MET.value: _("not met"),
        Verdict.UNKNOWN.value: _("not known"),
    }.get(value or "", "")


def _look(
    followed: Mapping[Patient, Collection[Offer]], *, names: frozenset[str] | None = None
) -> int:
    """Keep what is new; how many results are. `names` are the facts that changed, None for all.

    A number of queries that does not grow with the people and offers.
    """
    # What is kept is read by all, whatever language the one reads who changed something.
    with translation.override("en"):
        rows = _news(followed, names)
    Assessed.objects.bulk_create(rows)
    return len(rows)


def _news(
    followed: Mapping[Patient, Collection[Offer]], names: frozenset[str] | None
) -> list[Assessed]:
    """The results that are not the ones before, not saved."""
    offers = {offer.pk: offer for some in followed.values() for offer in some}
    nodes = _trees(offers.values())
    if names is not None:
        nodes = {pk: node for pk, node in nodes.items() if uses(node) & names}
    people = [one for one, some in followed.items() if any(offer.pk in nodes for offer in some)]
    if not people:
        return []
    facts = known_of(people, today=timezone.localdate())
    before = {
        (row.patient_id, row.offer_id): row
        for row in Assessed.objects.newest().filter(patient__in=people)
    }
    return [
        row
        for patient in people
        for offer in followed[patient]
        if offer.pk in nodes
        and (
            row := _new(
                patient,
                offer,
                assess(nodes[offer.pk], facts[patient.pk]),
                before.get((patient.pk, offer.pk)),
            )
        )
    ]


def _trees(offers: Iterable[Offer]) -> dict[UUID, Any]:
    trials = [offer for offer in offers if isinstance(offer, ClinicalTrial)]
    programs = [offer for offer in offers if isinstance(offer, ExpandedAccessProgram)]
    return {**trees(trials), **trees(programs)}


def _new(
    patient: Patient, offer: Offer, assessment: Assessment, before: Assessed | None
) -> Assessed | None:
    """The result as a row, not saved; None when it is the one before."""
    findings = [_kept(finding) for finding in assessment.findings]
    changed = _changed(before.findings, findings) if before else []
    if before is not None and not changed and before.verdict == assessment.verdict:
        return None
    return Assessed(
        patient=patient,
        trial=offer if isinstance(offer, ClinicalTrial) else None,
        program=offer if isinstance(offer, ExpandedAccessProgram) else None,
        verdict=assessment.verdict.value,
        findings=findings,
        changes=changed,
    )


def _kept(finding: Finding) -> dict[str, Any]:
    return {
        "criterion": str(finding.criterion_id),
        "label": finding.label,
        "verdict": finding.verdict.value,
        "fact": finding.fact,
        "as_of": finding.as_of.isoformat() if finding.as_of else None,
        "source": finding.source,
    }


def _changed(
    before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each criterion with another verdict, or that came or went."""
    was = {one["criterion"]: one for one in before}
    known = {one["criterion"] for one in now}
    changed = [
        _change(one, was=was.get(one["criterion"], {}).get("verdict"), now=one["verdict"])
        for one in now
        if was.get(one["criterion"], {}).get("verdict") != one["verdict"]
    ]
    gone = [one for one in before if one["criterion"] not in known]
    return changed + [_change(one, was=one["verdict"], now=None) for one in gone]


def _change(one: Mapping[str, Any], *, was: str | None, now: str | None) -> dict[str, Any]:
    told = {name: one[name] for name in ("criterion", "label", "fact", "as_of")}
    return {**told, "was": was, "is": now}


def _followed(patients: Sequence[Patient]) -> dict[Patient, set[Offer]]:
    """What each of these people is followed for. Three queries."""
    found: dict[Patient, set[Offer]] = {patient: set() for patient in patients}
    by_id = {patient.pk: patient for patient in patients}
    ended: set[tuple[UUID, UUID]] = set()
    referrals = CTReferral.objects.filter(patient__in=patients).select_related("trial")
    for referral in referrals:
        if referral.is_active:
            found[by_id[referral.patient_id]].add(referral.trial)
        else:
            ended.add((referral.patient_id, referral.trial_id))
    dossiers = EAPDossier.objects.filter(patient__in=patients).select_related("program")
    for dossier in dossiers:
        if dossier.state == EAPDossier.State.OPEN:
            found[by_id[dossier.patient_id]].add(dossier.program)
        else:
            ended.add((dossier.patient_id, dossier.program_id))
    kept = Assessed.objects.newest().filter(patient__in=patients)
    for row in kept.select_related("trial", "program").defer("findings", "changes"):
        if (row.patient_id, row.offer_id) not in ended:
            found[by_id[row.patient_id]].add(row.offer)
    return found


def _followers(offers: Collection[Offer]) -> list[UUID]:
    """The patients who may be followed for one of these; no query for none."""
    trials = [offer for offer in offers if isinstance(offer, ClinicalTrial)]
    programs = [offer for offer in offers if isinstance(offer, ExpandedAccessProgram)]
    return _ids(
        CTReferral.objects.active().filter(trial__in=trials),
        EAPDossier.objects.open().filter(program__in=programs),
        Assessed.objects.filter(trial__in=trials),
        Assessed.objects.filter(program__in=programs),
    )


def _everybody() -> list[UUID]:
    return _ids(CTReferral.objects.active(), EAPDossier.objects.open(), Assessed.objects.all())


def _ids(*rows: Any) -> list[UUID]:
    return sorted({pk for some in rows for pk in some.order_by().values_list("patient", flat=True)})


def _batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _patients(ids: Collection[UUID]) -> list[Patient]:
    """Those whose record is open and may be changed, locked in the order of their ids.

    So whoever looks last sees what the one before has kept, and every fact and criterion it saw.
    """
    free = Patient.objects.exclude(stage=Patient.Stage.CLOSED).filter(processing_restricted=False)
    return list(free.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
