"""Who fits a trial or program, why, why not, and what to ask.

`verdicts` is the logic, `facts` what is known of a person, `criteria` and `measured` the tree of
demands and `assessing` what they come to: none of them needs the database. `reading` fills them
from it.
"""

from referrals.eligibility.ages import Age, read_age
from referrals.eligibility.assessing import Assessment, Finding, assess, uses
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
from referrals.eligibility.reading import Offer, known, known_of, trees
from referrals.eligibility.verdicts import Verdict

__all__ = (
    "Age",
    "AgeBetween",
    "AllOf",
    "AnyOf",
    "Assessment",
    "Fact",
    "Facts",
    "Finding",
    "HasCondition",
    "InCountry",
    "InWords",
    "Leaf",
    "Measured",
    "Node",
    "Not",
    "Offer",
    "Question",
    "SexIs",
    "Verdict",
    "assess",
    "known",
    "known_of",
    "read_age",
    "trees",
    "uses",
)
