"""Three values instead of two: met, not met, and unknown (Kleene's strong logic).

What nobody knows is never "not met". Source of the tables: S. C. Kleene, Introduction to
Metamathematics (1952), § 64.
"""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What is known of a demand."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    @property
    def turned(self) -> "Verdict":
        """The verdict on the opposite. The opposite of unknown is unknown."""
        return _TURNED[self]


MET, NOT_MET, UNKNOWN = Verdict
_TURNED = {MET: NOT_MET, NOT_MET: MET, UNKNOWN: UNKNOWN}


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """Not met as soon as one is not; met when all are, so also when there is none."""
    return _until(NOT_MET, verdicts, otherwise=MET)


def some(verdicts: Iterable[Verdict]) -> Verdict:
    """Met as soon as one is; not met when none can be, so also when there is none."""
    return _until(MET, verdicts, otherwise=NOT_MET)


def _until(decisive: Verdict, verdicts: Iterable[Verdict], *, otherwise: Verdict) -> Verdict:
    found = set(verdicts)
    if decisive in found:
        return decisive
    return UNKNOWN if UNKNOWN in found else otherwise


def known(holds: bool) -> Verdict:
    """The verdict on a demand of which everything is known."""
    return MET if holds else NOT_MET
