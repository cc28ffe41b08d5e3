"""Closing and reopening: the reasons, the conditions and what they write."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients import closing
from patients.closing import (
    Closed,
    Step,
    complete,
    deceased,
    disqualify,
    missing,
    missing_to_reopen,
    reopen,
    unreachable,
    withdraw,
)
from patients.models import Patient, RuleOverride, StageChange
from patients.tests.factories import NoteFactory, PatientFactory, StageChangeFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ClosedAs = Patient.ClosedReason
Reason = StageChange.Reason
SPOKEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`tried(3)`: everybody was called three times in vain."""

    def set_to(count: int) -> None:
        monkeypatch.setattr(closing, "_attempts", [lambda _patient: count])

    return set_to


VERBS: list[tuple[Callable[..., Closed], dict[str, Any], str]] = [
    (disqualify, {"reason": Reason.NO_OPTION}, "disqualified"),
    (unreachable, {"reason": Reason.WRONG_DETAILS}, "unreachable"),
    (withdraw, {"reason": Reason.NOT_INTERESTED}, "withdrawn"),
    (deceased, {}, "deceased"),
    (complete, {"reason": Reason.HELPED}, "completed"),
]


@pytest.mark.parametrize(("verb", "options", "closed_as"), VERBS, ids=[v[2] for v in VERBS])
def test_closing_says_as_what_why_and_by_whom(
    verb: Callable[..., Closed],
    options: dict[str, Any],
    closed_as: str,
    navigator: User,
    tried: Callable[[int], None],
) -> None:
    tried(3)
    patient = PatientFactory(converted=True)

    closed = verb(patient_id=patient.pk, by=navigator, remark="As agreed.", **options).patient

    assert (closed.stage, closed.closed_reason) == ("closed", closed_as)
    change = StageChange.objects.get()
    assert (change.from_stage, change.to_stage) == ("patient", "closed")
    assert (change.closed_reason, change.changed_by) == (closed_as, navigator)
    assert (change.reason, change.remark) == (options.get("reason", "died"), "As agreed.")


@pytest.mark.parametrize(("verb", "options", "closed_as"), VERBS, ids=[v[2] for v in VERBS])
def test_closing_a_restricted_person_is_refused(
    verb: Callable[..., Closed], options: dict[str, Any], closed_as: str, navigator: User
) -> None:
    patient = PatientFactory(converted=True, processing_restricted=True)

    with pytest.raises(Refused) as refused:
        verb(patient_id=patient.pk, by=navigator, **options)

    assert refused.value.code == "restricted"
    assert "restricted" in [one.code for one in missing(patient, ClosedAs(closed_as))]
    assert [one.code for one in missing_to_reopen(patient, Reason.RETURNED)] == ["restricted"]


def test_closing_repeated_changes_nothing_and_closing_otherwise_is_refused(
    navigator: User,
) -> None:
    patient = PatientFactory()
    withdraw(patient_id=patient.pk, by=navigator, reason=Reason.NOT_INTERESTED)

    again = withdraw(patient_id=patient.pk, by=navigator, reason=Reason.NOT_INTERESTED)
    with pytest.raises(Refused) as refused:
        disqualify(patient_id=patient.pk, by=navigator, reason=Reason.SPAM)

    assert (again.patient.version, again.ended) == (2, ())
    assert refused.value.code == "closed"
    assert StageChange.objects.count() == 1


def test_closing_for_a_reason_of_another_kind_is_refused(navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        withdraw(patient_id=PatientFactory().pk, by=navigator, reason=Reason.SPAM)

    assert refused.value.code == "unknown_reason"


def test_closing_for_another_reason_needs_words(navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        withdraw(patient_id=PatientFactory().pk, by=navigator, reason=Reason.OTHER, remark=" ")

    assert refused.value.code == "remark_missing"


def test_database_refuses_another_reason_without_words() -> None:
    with pytest.raises(IntegrityError, match="other_in_words"), transaction.atomic():
        StageChangeFactory(reason="other")


def test_unreachable_before_enough_attempts_is_refused(
    navigator: User, tried: Callable[[int], None]
) -> None:
    tried(2)
    patient = PatientFactory()

    with pytest.raises(Refused, match="Tried 2 times, 3 are needed") as refused:
        unreachable(patient_id=patient.pk, by=navigator)

    assert refused.value.code == "too_few_attempts"


def test_unreachable_before_enough_attempts_with_a_reason_by_who_may(
    tried: Callable[[int], None],
) -> None:
    tried(0)
    patient, lead = PatientFactory(), UserFactory(may=["patients.add_ruleoverride"])

    closed = unreachable(patient_id=patient.pk, by=lead, override="The number is not in use.")

    assert closed.patient.closed_reason == "unreachable"
    override = RuleOverride.objects.get()
    assert (override.rule, override.overridden_by) == ("too_few_attempts", lead)


def test_complete_of_a_lead_is_refused(navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        complete(patient_id=PatientFactory().pk, by=navigator, reason=Reason.HELPED)

    assert refused.value.code == "not_converted"


def test_deceased_keeps_the_day_and_stops_every_message(navigator: User) -> None:
    patient = PatientFactory()

    closed = deceased(patient_id=patient.pk, by=navigator, on=date(2026, 5, 1)).patient

    assert closed.deceased_on == date(2026, 5, 1)
    assert not closed.may_be_contacted


def test_deceased_without_a_day_stops_every_message_too(navigator: User) -> None:
    closed = deceased(patient_id=PatientFactory().pk, by=navigator).patient

    assert closed.is_deceased
    assert not closed.may_be_contacted


def test_deceased_of_somebody_closed_otherwise_puts_the_record_right(navigator: User) -> None:
    patient = PatientFactory(stage="closed", closed_reason="unreachable")

    deceased(patient_id=patient.pk, by=navigator)
    closed = deceased(patient_id=patient.pk, by=navigator, on=date(2026, 5, 1)).patient
    again = deceased(patient_id=patient.pk, by=navigator).patient

    assert (closed.closed_reason, closed.deceased_on) == ("deceased", date(2026, 5, 1))
    assert again.version == closed.version
    assert StageChange.objects.count() == 2


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (timezone.now().date() + timedelta(days=3), "in_the_future"),
        (date(1950, 1, 1), "before_birth"),
    ],
    ids=["not yet", "before birth"],
)
def test_deceased_on_an_impossible_day_is_refused(on: date, code: str, navigator: User) -> None:
    patient = PatientFactory(date_of_birth=date(1960, 1, 1))

    with pytest.raises(Refused) as refused:
        deceased(patient_id=patient.pk, by=navigator, on=on)

    assert refused.value.code == code
    patient.refresh_from_db()
    assert patient.stage == "lead"


@pytest.mark.parametrize(("converted", "stage"), [(True, "patient"), (False, "lead")])
def test_reopen_brings_them_back_to_where_they_were(
    converted: bool, stage: str, navigator: User
) -> None:
    patient = PatientFactory(converted=converted)
    withdraw(patient_id=patient.pk, by=navigator, reason=Reason.NOT_INTERESTED)

    back = reopen(patient_id=patient.pk, by=navigator, reason=Reason.RETURNED)

    assert (back.stage, back.closed_reason) == (stage, "")
    assert StageChange.objects.filter(from_stage="closed", reason="returned").count() == 1


def test_reopen_of_somebody_open_changes_nothing(navigator: User) -> None:
    patient = PatientFactory()

    assert reopen(patient_id=patient.pk, by=navigator, reason=Reason.RETURNED).version == 1


def test_reopen_of_a_deceased_person_only_when_it_was_a_mistake(navigator: User) -> None:
    patient = PatientFactory()
    deceased(patient_id=patient.pk, by=navigator, on=date(2026, 5, 1))

    with pytest.raises(Refused) as refused:
        reopen(patient_id=patient.pk, by=navigator, reason=Reason.RETURNED)
    back = reopen(patient_id=patient.pk, by=navigator, reason=Reason.MISTAKE)

    assert refused.value.code == "deceased"
    assert (back.stage, back.deceased_on, back.may_be_contacted) == ("lead", None, True)


def test_reopen_for_a_reason_of_closing_is_refused(navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        reopen(patient_id=PatientFactory().pk, by=navigator, reason=Reason.SPAM)

    assert refused.value.code == "unknown_reason"


def test_step_that_fails_leaves_the_patient_open(
    navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = PatientFactory()

    def fail(_ending: closing.Ending) -> list[Any]:
        NoteFactory(patient=patient)
        raise ZeroDivisionError

    monkeypatch.setattr(closing, "_steps", [Step("fail", fail, lambda _patient, _now: ())])

    with pytest.raises(ZeroDivisionError):
        disqualify(patient_id=patient.pk, by=navigator, reason=Reason.SPAM)

    patient.refresh_from_db()
    assert (patient.stage, patient.notes.count()) == ("lead", 0)


def test_step_of_a_name_that_is_taken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "_steps", [])
    closing.join(Step("end it", lambda _ending: [], lambda _patient, _now: ()))

    with pytest.raises(LookupError, match="end it"):
        closing.join(Step("end it", lambda _ending: [StageChange()], lambda _patient, _now: ()))


def test_history_says_the_reasons_in_words(navigator: User) -> None:
    patient = PatientFactory()

    disqualify(patient_id=patient.pk, by=navigator, reason=Reason.NO_OPTION)
    reopen(patient_id=patient.pk, by=navigator, reason=Reason.NEW_OPTION)

    last = patient.events.order_by("-pgh_id")[:2]
    assert [event.pgh_context.metadata["reason"] for event in last] == [
        "A new trial or program",
        "No trial or program for this condition",
    ]
