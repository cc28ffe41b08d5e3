"""What a report says: plain text in one language, in the order in which it is read.

Everything here is put into words for people outside: careful ones, for nobody here decides who may
take part. Of a registry's record only what is about the trial is told, never the people it names.
Called with the language of the report active; nothing is looked up in the database.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_countries import countries

from referrals.eligibility import Facts, Finding, Measured, Verdict
from referrals.eligibility.criteria import IN_WORDS
from referrals.eligibility.facts import (
    BIRTH,
    CONDITION,
    COUNTRY,
    SEX,
    TRAVEL,
    of_answer,
    of_measure,
)
from referrals.models import CTReferral, EAPDossier, OptionsReport
from referrals.options import Option, Options, Place

Audience = OptionsReport.Audience
# More is not read. What is left out is counted.
LISTED = {Audience.PATIENT: 10, Audience.PHYSICIAN: 25}
_CITIES = 6

Content = dict[str, Any]


def listed(found: Options, audience: Audience) -> dict[Verdict, list[Option]]:
    """The options that a report names, by verdict, the nearest first."""
    return {verdict: found.of(verdict)[: LISTED[audience]] for verdict in found.counts()}


def compose(
    found: Options,
    shown: dict[Verdict, list[Option]],
    *,
    audience: Audience,
    number: int,
    language: str,
    instead_of: str,
    made_by: str,
    today: date,
) -> Content:
    """The content of a report in the active language, as JSON can hold it.

    `instead_of` names the language that was wished for and is not there; blank when it is.
    """
    to_patient = audience == Audience.PATIENT
    every = [option for options in shown.values() for option in options]
    open_ones = [*shown[Verdict.MET], *shown[Verdict.UNKNOWN]]
    return {
        "number": number,
        "audience": str(audience),
        "language": language,
        "made_on": today.isoformat(),
        "title": _("Your treatment options")
        if to_patient
        else _("Treatment options looked at for your patient"),
        "about": [list(row) for row in _about(found, number, made_by, today, to_patient)],
        "lead": list(_lead(found, today, instead_of, to_patient)),
        "care": list(_care(to_patient)),
        "facts": {
            "title": _("What we know about you") if to_patient else _("What we know"),
            "heads": [_("What"), _("From when"), _("Who said so")],
            "rows": list(_facts(found.facts, every)),
            "none": _("Nothing that a trial asks for is known yet."),
        },
        "questions": {
            "title": _("What is still to be asked"),
            "lead": _("We will ask you this in our next call.")
            if to_patient
            else _("If you know any of this, please tell us."),
            "rows": _questions(open_ones),
        },
        "sections": [
            _section(verdict, options, found.counts()[verdict], to_patient)
            for verdict, options in shown.items()
        ],
        "nothing": ""
        if every
        else _("On this day we know of no open trial or program for this condition."),
        "end": _("Titles, criteria and questions that are quoted are in their own language."),
        "foot": _("Report %(number)d, %(day)s") % {"number": number, "day": _day(today)},
        "page": _("Page %(number)s of %(count)s") % {"number": "{number}", "count": "{count}"},
    }


def _day(on: date) -> str:
    return date_format(on, "DATE_FORMAT")


# --- the beginning ----------------------------------------------------------------------------


def _about(
    found: Options, number: int, made_by: str, today: date, to_patient: bool
) -> Iterator[tuple[str, str]]:
    patient = found.patient
    if to_patient:
        yield _("For"), patient.full_name
    else:
        yield _("For"), str(patient.physician or _("the treating physician"))
        born = patient.date_of_birth
        name = patient.full_name
        yield (
            _("Patient"),
            _("%(name)s, born %(day)s") % {"name": name, "day": _day(born)} if born else name,
        )
    yield _("Made by"), made_by
    yield _("Made on"), _day(today)
    yield _("Report number"), str(number)


def _lead(found: Options, today: date, instead_of: str, to_patient: bool) -> Iterator[str]:
    if instead_of:
        yield (
            _("We do not have this report in %(language)s, so it is in English.")
            % {"language": instead_of}
        )
    words = {"condition": found.facts.condition_name, "day": _day(today)}
    if to_patient:
        yield (
            _(
                "We looked for clinical trials and expanded access programs for %(condition)s. "
                "This is what we found, as far as we know on %(day)s."
            )
            % words
        )
    else:
        yield (
            _(
                "Open clinical trials and expanded access programs for %(condition)s, compared "
                "with what we know of the patient on %(day)s."
            )
            % words
        )
    counts = found.counts()
    yield (
        _(
            "Looked at: %(total)d. Fits as far as we know: %(met)d. Something is not known yet: "
            "%(unknown)d. Does not fit: %(not_met)d."
        )
        % {
            "total": sum(counts.values()),
            "met": counts[Verdict.MET],
            "unknown": counts[Verdict.UNKNOWN],
            "not_met": counts[Verdict.NOT_MET],
        }
    )


def _care(to_patient: bool) -> Iterator[str]:
    if to_patient:
        yield _("This is not medical advice. Do not change your treatment because of it.")
        yield _("Only the doctors of a trial or program decide who can take part.")
        yield _("Please talk about it with your own physician.")
    else:
        yield _("This is not medical advice and no decision on eligibility.")
        yield _(
            "Only criteria that we keep in a form that can be compared were looked at. The full "
            "protocol has more; the investigator or sponsor decides."
        )
    yield _("Trials change. Each one says when it was last confirmed.")


# --- facts and questions ------------------------------------------------------------------------


def _facts(facts: Facts, options: Iterable[Option]) -> Iterator[list[str]]:
    """What the listed options looked at and is known: what, from when, who said so."""
    findings = [finding for option in options for finding in option.assessment.findings]
    used = frozenset[str]().union(*(finding.uses for finding in findings))
    record = _("our record")
    if BIRTH in used and facts.born:
        yield [_("Born on %(day)s") % {"day": _day(facts.born)}, "", record]
    if SEX in used and facts.sex:
        yield [_("Sex: %(sex)s") % {"sex": _sex(facts.sex)}, "", record]
    if CONDITION in used and facts.condition_name:
        yield [_("Diagnosis: %(name)s") % {"name": facts.condition_name}, "", record]
    if COUNTRY in used and facts.country:
        yield [_("Lives in %(country)s") % {"country": _country(facts.country)}, "", record]
    told = [fact for key, fact in facts.observations.items() if of_measure(key) in used]
    if TRAVEL in used and facts.travels and facts.travels not in told:
        told.append(facts.travels)
    for fact in told:
        yield [capfirst(fact.text), _day(fact.as_of) if fact.as_of else "", fact.source]
    asked = {finding.criterion_id: finding.leaf.label for finding in findings}
    for key, fact in facts.answers.items():
        if of_answer(key) in used:
            said = f"{asked[key]}: {fact.text}"
            yield [said, _day(fact.as_of) if fact.as_of else "", fact.source]


def _sex(sex: str) -> str:
    return _("female") if sex == "female" else _("male")


def _country(code: str) -> str:
    return str(countries.name(code) or code)


def _questions(options: Iterable[Option]) -> list[str]:
    """What to ask, each once; what most options wait for comes first."""
    waiting = Counter(question for option in options for question in _asked(option))
    return [question for question, _count in waiting.most_common()]


def _asked(option: Option) -> list[str]:
    """What to ask for one option, each question once, without what we have to read ourselves."""
    questions = [found.question for found in option.to_ask if found.criterion_id != IN_WORDS]
    # Those of the measures that ship with the portal are in the catalogue of translations.
    return [_(question) for question in dict.fromkeys(questions) if question]


# --- the options ----------------------------------------------------------------------------------


def _section(verdict: Verdict, options: Sequence[Option], count: int, to_patient: bool) -> Content:
    titles = {
        Verdict.MET: _("What fits, as far as we know today"),
        Verdict.UNKNOWN: _("What may fit: something is not known yet"),
        Verdict.NOT_MET: _("What does not fit, as far as we know today"),
    }
    more = count - len(options)
    return {
        "verdict": str(verdict),
        "title": titles[verdict],
        "options": [_option(option, to_patient) for option in options],
        "more": ngettext(
            "%(count)d more is not listed here.", "%(count)d more are not listed here.", more
        )
        % {"count": more}
        if more
        else "",
    }


def _option(option: Option, to_patient: bool) -> Content:
    return {
        "title": option.record.title or option.number,
        "kind": _("Clinical trial") if option.is_trial else _("Expanded access program"),
        "number": option.number,
        "url": option.registry_url,
        "line": " · ".join(part for part in _line(option) if part),
        "confirmed": _confirmed(option),
        "places": where(option.places),
        "begun": _begun(option, to_patient),
        "groups": _groups(option, to_patient),
        "table": None if to_patient else _table(option),
    }


def _line(option: Option) -> Iterator[str]:
    yield option.status_label
    yield option.phases
    yield option.record.sponsor


def _confirmed(option: Option) -> str:
    record = option.record
    if record.last_confirmed_on:
        return _("Last confirmed by us on %(day)s.") % {"day": _day(record.last_confirmed_on)}
    if record.last_update_posted_on:
        return _("Last updated in the registry on %(day)s; not yet confirmed by us.") % {
            "day": _day(record.last_update_posted_on)
        }
    return _("Not yet confirmed.")


def where(places: Iterable[Place]) -> str:
    """`Netherlands (Leiden, Utrecht), Spain`; blank when nobody says where."""
    shown = sorted((_country(place.country), place) for place in places)
    return ", ".join(_place(name, place) for name, place in shown)


def _place(name: str, place: Place) -> str:
    if not place.cities:
        return name
    cities = [*place.cities[:_CITIES], *(["…"] if len(place.cities) > _CITIES else [])]
    return f"{name} ({', '.join(cities)})"


def _begun(option: Option, to_patient: bool) -> str:
    begun = option.begun
    if begun is None:
        return ""
    if to_patient:
        return _("We have already begun with this one.")
    if isinstance(begun, CTReferral):
        # Before it is sent, its status is a note of ours that nobody outside should read more into.
        if begun.status in (CTReferral.Status.DRAFT, CTReferral.Status.ELIGIBLE):
            return _("A referral is being prepared.")
        return _("Referral: %(status)s.") % {"status": begun.get_status_display()}
    assert isinstance(begun, EAPDossier)  # noqa: S101 - there are no other kinds
    return _("Dossier: %(status)s.") % {"status": begun.get_state_display()}


def _groups(option: Option, to_patient: bool) -> list[Content]:
    """What speaks for it, what against, and what is to be asked; a physician reads a table."""
    against = [_told(finding) for finding in option.why_not]
    asks = _asked(option)
    if any(finding.criterion_id == IN_WORDS for finding in option.to_ask):
        asks.append(_("The full list of criteria: we have not compared it yet."))
    groups = [
        (_("What speaks against it"), against),
        (_("What we still need to know"), asks),
    ]
    if to_patient:
        groups.insert(0, (_("What speaks for it"), [_told(finding) for finding in option.why]))
    return [{"title": title, "points": points} for title, points in groups if points]


def _told(finding: Finding) -> str:
    """A criterion, what is known, from when and from whom."""
    # “Sex is female (female)” says nothing twice.
    is_said = finding.verdict is Verdict.MET and finding.fact in finding.label
    known = [
        "" if is_said else _fact(finding),
        _day(finding.as_of) if finding.as_of else "",
        finding.source,
    ]
    told = ", ".join(part for part in known if part)
    return f"{finding.label} ({told})" if told else finding.label


def _fact(finding: Finding) -> str:
    """What is known, without the name of the measure, which the criterion begins with."""
    leaf = finding.leaf
    return (
        finding.fact.removeprefix(f"{leaf.name}: ") if isinstance(leaf, Measured) else finding.fact
    )


def _table(option: Option) -> Content:
    results = {
        Verdict.MET: _("met"),
        Verdict.UNKNOWN: _("not known"),
        Verdict.NOT_MET: _("not met"),
    }
    return {
        "heads": [_("Criterion"), _("Result"), _("What we know"), _("From when"), _("Who said so")],
        "rows": [
            [
                finding.label,
                results[finding.verdict],
                _fact(finding),
                _day(finding.as_of) if finding.as_of else "",
                finding.source,
            ]
            for finding in option.assessment.findings
        ],
    }


def texts(content: Any) -> Iterator[str]:
    """Every text in it."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from texts(value)
