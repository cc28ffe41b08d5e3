"""What to ask a patient so that it becomes known whether they fit what they are followed for."""

from collections.abc import Iterable, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.asking import Asker, Question
from patients.models import Measure, Patient
from referrals import reassessing
from referrals.eligibility import InCountry, InWords, Measured, assess, known, trees
from referrals.eligibility.assessing import Finding
from referrals.eligibility.reading import TRAVEL
from referrals.models import ClinicalTrial, ExpandedAccessProgram


def ask(patient: Patient) -> Sequence[Question]:
    """What is not known and could still change a verdict; what concerns most trials first."""
    offers = reassessing.followed(patient)
    if not offers:
        return []
    facts = known(patient, today=timezone.localdate())
    nodes = {
        **trees([one for one in offers if isinstance(one, ClinicalTrial)]),
        **trees([one for one in offers if isinstance(one, ExpandedAccessProgram)]),
    }
    asked: dict[str, list[str]] = {}
    first: dict[str, Finding] = {}
    for offer in offers:
        for finding in assess(nodes[offer.pk], facts).to_ask:
            if not isinstance(finding.leaf, InWords):
                number = offer.registry_id or str(offer)
                asked.setdefault(finding.question, []).append(number)
                first.setdefault(finding.question, finding)
    measures = _measures(first.values())
    return [
        Question(text=text, measure=_measure(first[text], measures), why=_why(asked[text]))
        for text in sorted(asked, key=lambda text: -len(asked[text]))
    ]


def _measures(findings: Iterable[Finding]) -> dict[object, Measure]:
    """Those that findings look at, by id, and the one of travelling by its code."""
    leaves = [finding.leaf for finding in findings]
    ids = [leaf.measure for leaf in leaves if isinstance(leaf, Measured)]
    rows = Measure.objects.filter(pk__in=ids) | Measure.objects.filter(code=TRAVEL, code_system="")
    found: dict[object, Measure] = {}
    for measure in rows.defer("search"):
        found[measure.pk] = measure
        if measure.code == TRAVEL and not measure.code_system:
            found[TRAVEL] = measure
    return found


def _measure(finding: Finding, measures: dict[object, Measure]) -> Measure | None:
    leaf = finding.leaf
    if isinstance(leaf, Measured):
        return measures.get(leaf.measure)
    is_travel = isinstance(leaf, InCountry) and bool(finding.facts.country)
    return measures.get(TRAVEL) if is_travel else None


def _why(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return _("For %(number)s") % {"number": numbers[0]}
    return ngettext("For %(count)d trial", "For %(count)d trials", len(numbers)) % {
        "count": len(numbers)
    }


ASKERS = (Asker("eligibility", 20, ask),)
