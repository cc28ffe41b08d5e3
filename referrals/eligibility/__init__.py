"""Who fits a trial or program, why, why not, and what to ask.

`verdicts` is the logic, `facts` what is known of a person, `criteria` the tree of demands and
`assessing` what they come to: none of them needs the database.
"""

from referrals.eligibility.ages import Age, read_age
from referrals.eligibility.assessing import Assessment, Finding, assess, uses
from referrals.eligibility.criteria import (
    AgeBetween,
    AllOf,
    AnyOf,
    HasCondition,
    InCountry,
    Leaf,
    Measured,
    Node,
    Not,
    Question,
    SexIs,
)
from referrals.eligibility.facts import Fact, Facts
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
    "Leaf",
    "Measured",
    "Node",
    "Not",
    "Question",
    "SexIs",
    "Verdict",
    "assess",
    "read_age",
    "uses",
)
