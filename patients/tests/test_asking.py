"""What to ask in the next call, from whoever knows to ask."""

import pytest

from patients import asking
from patients.asking import Asker, Question
from patients.models import Patient


def test_asking_knows_its_askers_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_askers", [])
    late = Asker("late", 20, lambda _patient: [Question(f"Question {n}?") for n in range(9)])
    early = Asker("early", 10, lambda _patient: [Question("First?"), Question("Question 0?")])

    asking.join(late, early)
    asking.join(early)

    assert asking.askers() == (early, late)
    found = [question.text for question in asking.questions(Patient())]
    assert found == ["First?", "Question 0?", *(f"Question {n}?" for n in range(1, 7))]
    with pytest.raises(LookupError, match="declared twice"):
        asking.join(Asker("early", 1, lambda _patient: []))
