"""Facts are written down once, corrected by further ones, and followed by the steps that joined."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients import observing
from patients.models import Measure, Observation, Patient
from patients.observing import Change, Said, Step, mark_wrong, newest, observe, observe_all
from patients.tests.factories import (
    DocumentFactory,
    MeasureFactory,
    MeasureUnitFactory,
    MergedPatientFactory,
    ObservationFactory,
    PatientFactory,
)
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 2)


@pytest.fixture
def creatinine() -> Measure:
    return Measure.objects.get(code="2160-0")


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """What a step was told."""
    told: list[Change] = []
    monkeypatch.setattr(observing, "_steps", [Step("listen", told.append)])
    return told


def said(patient: Patient, measure: Measure, **also: Any) -> dict[str, Any]:
    return {
        "patient": patient,
        "measure": measure,
        "value": "106",
        "unit": "umol/L",
        "observed_on": DAY,
        "source": "document",
        "by": UserFactory(),
        **also,
    }


def test_observe_keeps_the_value_and_what_was_entered(
    creatinine: Measure, navigator: User, changes: list[Change]
) -> None:
    patient = PatientFactory()
    letter = DocumentFactory(patient=patient)

    fact = observe(**said(patient, creatinine, document=letter, by=navigator))

    fact.refresh_from_db()
    assert (fact.value, fact.shown) == (Decimal("1.1988"), "1.2 mg/dL")
    assert (fact.entered, fact.unit, fact.shown_as_entered) == ("106", "umol/L", "106 µmol/L")
    assert (fact.source, fact.document, fact.recorded_by) == ("document", letter, navigator)
    assert changes == [Change(patient, (fact,), navigator)]
    assert changes[0].measures == {creatinine.pk}


def test_same_fact_again_is_the_one_there_is(creatinine: Measure, changes: list[Change]) -> None:
    patient = PatientFactory()

    first = observe(**said(patient, creatinine))
    again = observe(**said(patient, creatinine))

    assert again == first
    assert len(changes) == 1


def test_key_of_another_fact_is_refused(creatinine: Measure) -> None:
    patient = PatientFactory()
    first = observe(**said(patient, creatinine, idempotency_key="k1"))

    assert observe(**said(patient, creatinine, idempotency_key="k1")) == first
    with pytest.raises(Refused) as refused:
        observe(**said(patient, creatinine, value="107", idempotency_key="k1"))
    assert refused.value.code == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("also", "code"),
    [
        ({"observed_on": timezone.now().date() + timedelta(days=2)}, "in_the_future"),
        ({"observed_on": date(1026, 11, 2)}, "value_not_plausible"),
        ({"value": "9000"}, "value_not_plausible"),
        ({"unit": "stone"}, "unit_unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_true_is_refused_and_nothing_kept(
    creatinine: Measure, also: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        observe(**said(PatientFactory(), creatinine, **also))

    assert refused.value.code == code
    assert not Observation.objects.exists()


def test_document_of_another_patient_and_unknown_source_are_refused(creatinine: Measure) -> None:
    with pytest.raises(ValidationError, match="another patient's"):
        observe(**said(PatientFactory(), creatinine, document=DocumentFactory()))
    with pytest.raises(ValidationError, match="not a valid choice"):
        observe(**said(PatientFactory(), creatinine, source="hearsay"))


def test_nothing_is_changed_for_somebody_who_may_not_be_changed(creatinine: Measure) -> None:
    restricted = PatientFactory(processing_restricted=True)
    fact = ObservationFactory(patient=restricted)

    with pytest.raises(Refused) as adding:
        observe(**said(restricted, creatinine))
    with pytest.raises(Refused) as marking:
        mark_wrong(observation=fact, reason="Typing error", by=UserFactory())

    assert (adding.value.code, marking.value.code) == ("restricted", "restricted")


def test_fact_about_one_who_was_merged_away_is_refused(creatinine: Measure) -> None:
    merged = Patient(pk=MergedPatientFactory().old_id)

    with pytest.raises(Refused) as refused:
        observe(**said(merged, creatinine))

    assert refused.value.code == "merged"


def test_mark_wrong_keeps_the_row_and_says_why(changes: list[Change], navigator: User) -> None:
    fact = ObservationFactory()

    marked = mark_wrong(observation=fact, reason=" Typing error ", by=navigator)
    again = mark_wrong(observation=fact, reason="Again", by=navigator)

    assert (marked.status, marked.error_reason) == ("entered_in_error", "Typing error")
    assert again.error_reason == "Typing error"
    assert [change.facts for change in changes] == [(marked,)]
    assert newest([fact.patient]) == {fact.patient_id: {}}


def test_mark_wrong_without_a_reason_is_refused() -> None:
    with pytest.raises(Refused, match="Say what was wrong"):
        mark_wrong(observation=ObservationFactory(), reason=" ", by=UserFactory())


def test_correction_points_at_what_it_corrects(creatinine: Measure, changes: list[Change]) -> None:
    patient = PatientFactory()
    wrong = observe(**said(patient, creatinine))
    correction = said(patient, creatinine, value="116", corrects=wrong, reason="Misread")

    right = observe(**correction)

    wrong.refresh_from_db()
    assert right.corrects == wrong
    assert (wrong.status, wrong.error_reason) == ("entered_in_error", "Misread")
    assert changes[-1].facts == (wrong, right)
    assert observe(**correction) == right
    assert len(changes) == 2


def test_correction_that_was_known_already_only_marks_the_wrong_one(creatinine: Measure) -> None:
    patient = PatientFactory()
    known = observe(**said(patient, creatinine, value="116"))
    wrong = observe(**said(patient, creatinine))

    assert observe(**said(patient, creatinine, value="116", corrects=wrong, reason="x")) == known

    wrong.refresh_from_db()
    assert not wrong.is_standing


def test_correction_of_something_else_or_of_nothing_is_refused(creatinine: Measure) -> None:
    patient = PatientFactory()
    fact = observe(**said(patient, creatinine))
    other = ObservationFactory(patient=patient)

    for corrects, code in ((other, "other_measure"), (fact, "same_fact")):
        with pytest.raises(Refused) as refused:
            observe(**said(patient, creatinine, corrects=corrects, reason="Misread"))
        assert refused.value.code == code
    mark_wrong(observation=fact, reason="Misread", by=UserFactory())
    with pytest.raises(Refused) as refused:
        observe(**said(patient, creatinine, value="1", unit="", corrects=fact, reason="Misread"))
    assert refused.value.code == "already_corrected"


def test_several_facts_are_followed_once_and_kept_all_or_none(
    creatinine: Measure, changes: list[Change], navigator: User
) -> None:
    patient, travel = PatientFactory(), Measure.objects.get(code="travel-abroad")
    facts = [
        Said(creatinine, "1.1", DAY, "patient_said"),
        Said(travel, "yes", DAY, "patient_said"),
    ]

    new = observe_all(patient=patient, said=facts, by=navigator)

    assert [fact.shown for fact in new] == ["1.1 mg/dL", "Yes"]
    assert [change.facts for change in changes] == [tuple(new)]
    assert observe_all(patient=patient, said=facts, by=navigator) == []
    with pytest.raises(Refused) as refused:
        observe_all(
            patient=patient,
            said=[Said(travel, "no", DAY, "physician"), Said(creatinine, "x", DAY, "physician")],
            by=navigator,
        )
    assert refused.value.members == {"field": "value", "index": 1}
    assert Observation.objects.count() == 2


def test_step_that_refuses_takes_the_fact_with_it(
    creatinine: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_change: Change) -> None:
        raise Refused("No.")

    monkeypatch.setattr(observing, "_steps", [Step("refuse", refuse)])

    with pytest.raises(Refused):
        observe(**said(PatientFactory(), creatinine))
    assert not Observation.objects.exists()


def test_steps_run_in_the_order_of_joining(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "_steps", [])
    one, two = Step("one", lambda _change: None), Step("two", lambda _change: None)

    observing.join(one, two)
    observing.join(one)

    assert observing.steps() == (one, two)
    with pytest.raises(LookupError, match="declared twice"):
        observing.join(Step("one", lambda _change: None))


def test_newest_is_of_the_latest_day_and_said_last_in_one_query(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    patient, other, nobody = PatientFactory(), PatientFactory(), PatientFactory()
    measure, second = MeasureFactory(), MeasureFactory()
    ObservationFactory(patient=patient, measure=measure, observed_on=DAY, entered="first")
    last = ObservationFactory(patient=patient, measure=measure, observed_on=DAY)
    ObservationFactory(patient=patient, measure=measure, observed_on=DAY - timedelta(days=1))
    ObservationFactory(
        patient=patient,
        measure=measure,
        observed_on=DAY + timedelta(days=1),
        status="entered_in_error",
        error_reason="Misread",
    )
    of_second = ObservationFactory(patient=patient, measure=second)
    of_other = ObservationFactory(patient=other, measure=measure)

    with django_assert_num_queries(1):
        found = newest([patient, other.pk, nobody])
        shown = [fact.shown for facts in found.values() for fact in facts.values()]

    assert found == {
        patient.pk: {measure.pk: last, second.pk: of_second},
        other.pk: {measure.pk: of_other},
        nobody.pk: {},
    }
    assert shown == ["1.2 mg/dL"] * 3


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2},
        {"observed_on": DAY - timedelta(days=9)},
        {"status": "entered_in_error", "error_reason": "x", "entered": "9"},
    ],
    ids=["value", "day", "value with status"],
)
def test_database_refuses_to_overwrite_a_fact(change: dict[str, Any]) -> None:
    fact = ObservationFactory()

    with pytest.raises(IntegrityError, match="not overwritten"), transaction.atomic():
        Observation.objects.filter(pk=fact.pk).update(**change)
    with pytest.raises(IntegrityError, match="not overwritten"), transaction.atomic():
        fact.delete()


def test_database_refuses_to_take_an_error_back() -> None:
    fact = ObservationFactory(status="entered_in_error", error_reason="Misread")

    with pytest.raises(IntegrityError, match="not overwritten"):
        Observation.objects.filter(pk=fact.pk).update(status="final", error_reason="")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"text": "yes"}, "one_value"),
        ({"number": None}, "one_value"),
        ({"entered": ""}, "as_entered"),
        ({"status": "entered_in_error"}, "error_says_why"),
        ({"error_reason": "x"}, "error_says_why"),
        ({"source": "rumour"}, "source_known"),
    ],
)
def test_database_refuses_a_fact_that_says_nothing_or_too_much(
    fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        ObservationFactory(**fields)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"unit": ""}, "unit_of_numbers"),
        ({"kind": "yes_no"}, "unit_of_numbers"),
        ({"kind": "choice", "unit": "", "choices": ["one"]}, "answers_of_choices"),
        ({"choices": ["a", "b"]}, "answers_of_choices"),
        ({"low": 3, "high": 2}, "limits_in_order"),
        ({"question": ""}, "named"),
        ({"code": "2160-0", "code_system": "http://loinc.org"}, "code_unique"),
    ],
)
def test_database_refuses_a_measure_that_makes_no_sense(
    fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        MeasureFactory(**fields)


def test_measure_with_values_keeps_its_kind_and_its_unit() -> None:
    measure = ObservationFactory().measure
    choice = MeasureFactory(kind="choice", unit="", choices=["a", "b"])
    ObservationFactory(measure=choice, number=None, text="a", entered="a", unit="")

    measure.unit, choice.choices = "g/L", ["b", "c"]

    for changed in (measure, choice):
        with pytest.raises(ValidationError, match="Values are recorded already"):
            changed.clean()
    choice.choices = ["a", "b", " c ", ""]
    choice.clean()
    assert choice.choices == ["a", "b", "c"]


def test_answers_that_are_the_same_are_refused() -> None:
    with pytest.raises(ValidationError, match="in the list once"):
        Measure(kind="choice", choices=["a", "A"]).clean()


def test_units_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValidationError, match="own unit already"):
        MeasureUnitFactory.build(measure=MeasureFactory(), unit="mg/dL").clean()
    with pytest.raises(ValidationError, match="Only numbers"):
        MeasureUnitFactory.build(measure=MeasureFactory(kind="yes_no", unit="")).clean()
    with pytest.raises(IntegrityError, match="converts"):
        MeasureUnitFactory(factor=0)
