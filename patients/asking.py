"""What to ask a patient in the next call: questions that the apps above know to ask.

They join their askers in `AppConfig.ready`. The call page and the patient's page show what is
asked; a question that is about a measure is answered by writing down the fact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from patients.models import Measure, Patient

# More than this is no call any more but an interrogation.
MOST = 8


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence to ask, what its answer is a fact about (None: nothing we keep), and why."""

    text: str
    measure: Measure | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who has questions; `ask` runs a bounded number of queries. Lower orders first."""

    name: str
    order: int
    ask: Callable[[Patient], Sequence[Question]]


_askers: list[Asker] = []


def join(*askers: Asker) -> None:
    """Declare askers, called from `AppConfig.ready`, which may happen again.

    Raises LookupError for a second asker of one name.
    """
    for asker in askers:
        if asker in _askers:
            continue
        if asker.name in {known.name for known in _askers}:
            raise LookupError(f"the asker “{asker.name}” is declared twice")
        _askers.append(asker)


def askers() -> tuple[Asker, ...]:
    """Who asks, in order."""
    return tuple(sorted(_askers, key=lambda asker: asker.order))


def questions(patient: Patient) -> list[Question]:
    """The first questions for this patient, each measure and each sentence once."""
    found: dict[object, Question] = {}
    for asker in askers():
        for question in asker.ask(patient):
            key = question.measure.pk if question.measure is not None else question.text
            found.setdefault(key, question)
    return list(found.values())[:MOST]
