"""Does somebody fit? Every criterion with its verdict, and what they come to together.

Groups that hold no criterion demand nothing and are passed over. A trial without any criteria is
unknown: that nothing is written down does not make somebody eligible.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from django.utils.translation import gettext as _

from referrals.eligibility.criteria import AllOf, AnyOf, Leaf, Node, Not, Seen
from referrals.eligibility.facts import Facts
from referrals.eligibility.verdicts import MET, NOT_MET, UNKNOWN, Verdict, every, some


@dataclass(slots=True, eq=False)
class Finding:
    """One criterion and what the facts say of it, as it counts: an exclusion is turned round."""

    leaf: Leaf
    seen: Seen
    facts: Facts
    is_negated: bool
    # Another answer to it could still change the whole.
    is_open: bool
    # It, and every group around it, came to what the whole came to.
    decides: bool

    @property
    def verdict(self) -> Verdict:
        return self.seen.verdict.turned if self.is_negated else self.seen.verdict

    @property
    def criterion_id(self) -> UUID | str:
        """The criterion's id; a word (age, sex, condition, country) for what the record implies."""
        return self.leaf.key

    @property
    def label(self) -> str:
        """What is demanded: “FVC at least 50 % predicted”, “Not: pregnant”."""
        if self.is_negated:
            return _("Not: %(criterion)s") % {"criterion": self.leaf.label}
        return self.leaf.label

    @property
    def fact(self) -> str:
        """What is known; blank when nothing is. A fact that is too old is there, and unknown."""
        return self.seen.fact

    @property
    def as_of(self) -> date | None:
        return self.seen.as_of

    @property
    def source(self) -> str:
        return self.seen.source

    @property
    def question(self) -> str:
        """What to ask; blank when it is known."""
        return self.leaf.question(self.facts) if self.verdict is UNKNOWN else ""

    @property
    def uses(self) -> frozenset[str]:
        return self.leaf.uses


@dataclass(frozen=True)
class Assessment:
    """What all criteria of one trial or program come to for one person."""

    verdict: Verdict
    findings: tuple[Finding, ...]

    @cached_property
    def why(self) -> tuple[Finding, ...]:
        """What they meet."""
        return tuple(found for found in self.findings if found.verdict is MET)

    @cached_property
    def why_not(self) -> tuple[Finding, ...]:
        """What rules them out; empty as long as nothing does."""
        return tuple(found for found in self.findings if found.decides) if self._fails else ()

    @cached_property
    def to_ask(self) -> tuple[Finding, ...]:
        """What is not known and could still change the verdict."""
        return tuple(found for found in self.findings if found.is_open)

    @property
    def _fails(self) -> bool:
        return self.verdict is NOT_MET


def assess(node: Node, facts: Facts) -> Assessment:
    """What the criteria in `node` come to. Where nothing is known of a person, it is unknown."""
    findings: list[Finding] = []
    verdict = _judge(node, facts, is_negated=False, findings=findings)
    return Assessment(verdict or UNKNOWN, tuple(findings))


def uses(node: Node) -> frozenset[str]:
    """The names of all facts that the criteria look at."""
    match node:
        case Not():
            return uses(node.child)
        case AllOf() | AnyOf():
            return frozenset().union(*(uses(child) for child in node.children))
        case _:
            return node.uses


def _judge(
    node: Node, facts: Facts, *, is_negated: bool, findings: list[Finding]
) -> Verdict | None:
    """The verdict on `node`, or on its opposite; None when it holds no criterion.

    The opposite of a group is the other group of the opposites (De Morgan), so that it is the
    criteria themselves that are turned round and every finding reads as it counts.
    """
    if isinstance(node, Not):
        return _judge(node.child, facts, is_negated=not is_negated, findings=findings)
    if isinstance(node, Leaf):
        finding = Finding(node, node.judge(facts), facts, is_negated, is_open=True, decides=True)
        finding.is_open = finding.verdict is UNKNOWN
        findings.append(finding)
        return finding.verdict
    begin = len(findings)
    verdicts = [
        verdict
        for child in node.children
        if (verdict := _judge(child, facts, is_negated=is_negated, findings=findings)) is not None
    ]
    if not verdicts:
        return None
    fold = every if isinstance(node, AllOf) is not is_negated else some
    verdict = fold(verdicts)
    for finding in findings[begin:]:
        finding.is_open = finding.is_open and verdict is UNKNOWN
        finding.decides = finding.decides and finding.verdict is verdict
    return verdict
