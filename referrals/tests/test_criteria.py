"""Building trees of criteria, and answering them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.models import Measure, MedicalCondition
from patients.tests.factories import MedicalConditionFactory, PatientFactory
from portal.core.admin.refusals import refusal_of
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import criteria
from referrals.models import Criterion, CriterionAnswer
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CriterionAnswerFactory,
    CriterionFactory,
    ExpandedAccessProgramFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return UserFactory()


def question(text: str, **fields: Any) -> Criterion:
    return Criterion(kind="question", text=text, **fields)


def texts(trial: Any, group: Criterion | None = None) -> list[str]:
    rows = Criterion.objects.in_use().filter(trial=trial, parent=group)
    return [row.text or row.kind for row in rows]


def test_add_at_the_end_and_below(by: User) -> None:
    trial = ClinicalTrialFactory()
    first = criteria.add(question("  First? ", trial=trial), by=by)
    criteria.add(question("Last?", trial=trial), by=by)

    criteria.add(question("Second?", trial=trial), by=by, after=first)

    assert texts(trial) == ["First?", "Second?", "Last?"]


def test_add_blanks_what_the_kind_does_not_say(by: User) -> None:
    row = criteria.add(
        Criterion(
            trial=ClinicalTrialFactory(),
            kind="measured",
            measure=Measure.objects.filter(kind="number").earliest("id"),
            minimum=50,
            text="stray",
            sex="male",
        ),
        by=by,
    )

    assert (row.text, row.sex) == ("", "")
    assert row.unit == row.measure.unit  # type: ignore[union-attr]


def _measure(kind: str) -> Measure:
    """A measure of this kind that ships with the portal, or one like it."""
    found = Measure.objects.filter(kind=kind).first()
    return found or Measure.objects.create(
        code="odd", name="Odd", question="Odd?", category="other", kind=kind, choices=["a", "b"]
    )


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "question without words": ({"kind": "question"}, "needs its words"),
    "age without limit": ({"kind": "age"}, "minimum age, a maximum age or both"),
    "age in fortnights": ({"kind": "age", "minimum_age": "3 Fortnights"}, "Write an age like"),
    "no sex": ({"kind": "sex"}, "Choose a sex"),
    "no condition": ({"kind": "condition"}, "Choose a condition"),
    "no country": ({"kind": "country", "countries": []}, "at least one country"),
    "no measure": ({"kind": "measured"}, "Choose which fact"),
    "number without limit": ({"kind": "measured", "measure": "number"}, "lower limit"),
    "limits turned round": (
        {"kind": "measured", "measure": "number", "minimum": 3, "maximum": 2},
        "lower limit is above",
    ),
    "yes or no with a limit": (
        {"kind": "measured", "measure": "yes_no", "minimum": 3},
        "no number",
    ),
    "yes or no with choices": (
        {"kind": "measured", "measure": "yes_no", "choices": ["a"]},
        "yes or no",
    ),
    "unknown choice": (
        {"kind": "measured", "measure": "choice", "choices": ["never heard of"]},
        "Choose among",
    ),
}


@pytest.mark.parametrize(("fields", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_add_what_says_nothing_is_refused(fields: dict[str, Any], message: str, by: User) -> None:
    if "measure" in fields:
        fields = {**fields, "measure": _measure(fields["measure"])}

    with pytest.raises(ValidationError, match=message):
        criteria.add(Criterion(trial=ClinicalTrialFactory(), **fields), by=by)


def test_the_database_refuses_what_a_kind_does_not_say() -> None:
    with pytest.raises(IntegrityError, match="referrals_criterion_sex_said"):
        CriterionFactory(sex="male")


def test_change_keeps_the_criterion_unless_people_answered_it(by: User) -> None:
    free, answered = CriterionFactory(), CriterionFactory()
    CriterionAnswerFactory(criterion=answered)
    for row in (free, answered):
        row.text = "Is it really so?"

    kept, new = (criteria.change(row, by=by) for row in (free, answered))

    assert kept == free
    assert new != answered
    answered.refresh_from_db()
    assert (answered.is_active, answered.text) == (False, "Is it so?")
    assert (new.is_active, new.text, new.trial) == (True, "Is it really so?", answered.trial)


def test_shift_moves_among_those_it_stands_with(by: User) -> None:
    trial = ClinicalTrialFactory()
    rows = [criteria.add(question(text, trial=trial), by=by) for text in ("A?", "B?", "C?")]

    assert criteria.shift(rows[2], places=-1, by=by)
    assert not criteria.shift(rows[0], places=-1, by=by)

    assert texts(trial) == ["A?", "C?", "B?"]
    criteria.remove(rows[1], by=by)
    with pytest.raises(Refused, match="was removed"):
        criteria.shift(rows[1], places=1, by=by)


def test_group_and_put(by: User) -> None:
    trial = ClinicalTrialFactory()
    one, other = (criteria.add(question(text, trial=trial), by=by) for text in ("A?", "B?"))

    made = criteria.group(one, kind="any", by=by)
    criteria.put(other, into=made, by=by)
    assert texts(trial) == ["any"]
    assert texts(trial, made) == ["A?", "B?"]

    one.refresh_from_db()
    criteria.put(one, into=None, by=by)
    assert texts(trial) == ["any", "A?"]


def test_put_where_it_cannot_stand_is_refused(by: User) -> None:
    group = CriterionFactory(kind="any")
    inner = CriterionFactory(trial=group.trial, parent=group, kind="all")
    leaf = CriterionFactory(trial=group.trial)
    elsewhere = CriterionFactory(kind="any")
    of_program = CriterionFactory(program=ExpandedAccessProgramFactory(), kind="any")

    for what, into in ((leaf, elsewhere), (inner, leaf), (leaf, of_program), (group, inner)):
        with pytest.raises(Refused):
            criteria.put(Criterion.objects.get(pk=what.pk), into=into, by=by)


def test_the_database_refuses_a_place_that_cannot_be() -> None:
    group = CriterionFactory(kind="any")
    inner = CriterionFactory(trial=group.trial, parent=group, kind="all")
    wrong: tuple[tuple[Criterion, dict[str, Any]], ...] = (
        (group, {"parent": inner}),
        (group, {"kind": "question", "text": "Now a question?"}),
        (inner, {"trial": ClinicalTrialFactory()}),
        (group, {"trial": ClinicalTrialFactory()}),
    )
    for row, fields in wrong:
        with pytest.raises(IntegrityError, match="group"), transaction.atomic():
            Criterion.objects.filter(pk=row.pk).update(**fields)


def test_remove_takes_what_stands_in_it_and_keeps_what_was_answered(by: User) -> None:
    group = CriterionFactory(kind="any")
    inner = CriterionFactory(trial=group.trial, parent=group)
    other = CriterionFactory(trial=group.trial)
    CriterionAnswerFactory(criterion=inner)

    criteria.remove(group, by=by)
    criteria.remove(other, by=by)

    assert texts(group.trial) == []
    assert set(Criterion.objects.filter(trial=group.trial)) == {group, inner}


def test_answer_is_written_once_and_the_newest_counts(by: User) -> None:
    patient, row = PatientFactory(), CriterionFactory()
    said = {"patient_id": patient.pk, "criterion": row, "source": "patient_said", "by": by}

    for met in (True, False, None):
        criteria.answer(met=met, said_on=date(2026, 11, 3), **said)

    newest = CriterionAnswer.objects.newest().get(patient=patient)
    assert (newest.met, str(newest)) == (None, "ask again")
    assert CriterionAnswer.objects.filter(patient=patient).count() == 3


def test_answer_to_what_nobody_asks_is_refused(by: User) -> None:
    patient = PatientFactory()
    said = {"patient_id": patient.pk, "met": True, "source": "physician", "by": by}
    tomorrow = timezone.localdate() + timedelta(days=1)

    for row in (CriterionFactory(is_active=False), CriterionFactory(kind="any")):
        with pytest.raises(Refused, match="Only a question"):
            criteria.answer(criterion=row, said_on=date(2026, 11, 3), **said)
    with pytest.raises(Refused, match="has not come"):
        criteria.answer(criterion=CriterionFactory(), said_on=tomorrow, **said)


def test_a_condition_is_no_kind_of_itself() -> None:
    wide = MedicalConditionFactory()
    narrow = MedicalConditionFactory(parent=wide)
    narrowest = MedicalConditionFactory(parent=narrow)

    assert MedicalCondition.objects.wider([narrowest.pk]) == {narrowest.pk: {wide.pk, narrow.pk}}
    for parent in (wide, narrowest):
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            MedicalCondition.objects.filter(pk=wide.pk).update(parent=parent)
        message = "A condition cannot be a kind of itself, not even round about."
        assert refusal_of(refused.value) == message
