"""When steps of dossiers are due, who is asked again, and the way to the first dose."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from patients import consenting
from patients.tests.factories import (
    ConsentFactory,
    DocumentFactory,
)
from portal.core.errors import Refused
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest
from referrals import dossiers, forecasting, step_tending
from referrals.models import DossierChange, DossierStep, EAPDossier, RouteTemplate
from referrals.tests.dossiers import ready, take
from referrals.tests.factories import (
    DossierStepDependencyFactory,
    DossierStepFactory,
    ExpandedAccessProgramFactory,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 4, 24)  # a Friday; Monday the 27th is King's Day in the Netherlands


# --- dates and queues -----------------------------------------------------------------------------


def test_sending_starts_the_clock_of_the_country() -> None:
    step = ready(days=1, day_kind="working", country="NL")

    step = take("submit", step, on=TODAY)

    assert (step.submitted_on, step.due_on, step.ask_again_on) == (
        TODAY,
        date(2026, 4, 28),
        date(2026, 4, 28),
    )


def test_unknown_time_to_answer_is_asked_after_and_not_made_up() -> None:
    step = take("submit", ready(country="NL"), on=TODAY)

    assert (step.due_on, step.ask_again_on) == (None, date(2026, 5, 4))
    said = take("submit", ready(), on=TODAY, due_on=date(2026, 6, 1))
    assert (said.due_on, said.ask_again_on) == (date(2026, 6, 1), date(2026, 6, 1))


def test_what_can_begin_now_gets_its_date() -> None:
    needed = ready("submitted", submitted_on=TODAY)
    deadline = DossierStepFactory(
        dossier=needed.dossier, within_days=15, day_kind="working", country="US"
    )
    unknown = DossierStepFactory(dossier=needed.dossier)
    twice = DossierStepFactory(dossier=needed.dossier, days=3)
    for step in (deadline, unknown, twice):
        DossierStepDependencyFactory(step=step, needed=needed)
    DossierStepDependencyFactory(step=twice, needed=unknown)

    take("approve", needed, on=date(2026, 5, 4))

    for step in (deadline, unknown, twice):
        step.refresh_from_db()
    # Memorial Day, Monday 25 May 2026, is no working day.
    assert [step.due_on for step in (deadline, unknown, twice)] == [date(2026, 5, 26), None, None]


def test_date_counts_from_the_latest_decision_not_from_the_last_one_written_down() -> None:
    late = ready("submitted", submitted_on=TODAY)
    early = DossierStepFactory(dossier=late.dossier, goes_to="sponsor", status="submitted")
    unknown = DossierStepFactory(dossier=late.dossier, status="approved", decided_on=None)
    step = DossierStepFactory(dossier=late.dossier, days=10)
    for needed in (late, early, unknown):
        DossierStepDependencyFactory(step=step, needed=needed)

    take("approve", late, on=date(2026, 5, 20))
    take("approve", early, on=date(2026, 5, 4))

    step.refresh_from_db()
    assert step.due_on == date(2026, 5, 30)


def test_what_is_done_again_has_a_date_when_it_can_begin() -> None:
    needed = ready("submitted", submitted_on=TODAY)
    step = DossierStepFactory(
        dossier=needed.dossier, goes_to="sponsor", status="rejected", due_on=TODAY, days=10
    )
    DossierStepDependencyFactory(step=step, needed=needed)

    assert take("redo", step).due_on is None
    take("approve", needed, on=date(2026, 5, 4))

    step.refresh_from_db()
    assert step.due_on == date(2026, 5, 14)


def test_silent_receiver_is_in_the_queue_until_asked_again() -> None:
    silent = ready("submitted", ask_again_on=TODAY - timedelta(days=1))
    ready("submitted", ask_again_on=TODAY)
    ready("not_started", ask_again_on=TODAY - timedelta(days=1))
    today = timezone.localdate()

    assert list(DossierStep.objects.silent(today=TODAY)) == [silent]
    step = step_tending.chase(
        step_id=silent.pk, by=UserFactory(), next_on=today + timedelta(days=2), remark="No answer"
    )

    assert not DossierStep.objects.silent(today=TODAY).exists()
    assert (step.status, step.changes.get().remark) == ("submitted", "No answer")
    with pytest.raises(ValidationError, match="to come"):
        step_tending.chase(step_id=silent.pk, by=UserFactory(), next_on=today)
    with pytest.raises(Refused):
        step_tending.chase(step_id=ready().pk, by=UserFactory(), next_on=today + timedelta(days=2))


def test_nothing_runs_out_by_itself() -> None:
    over = ready("approved", valid_until=date(2026, 4, 1))
    valid = ready("approved", valid_until=timezone.localdate())

    assert list(DossierStep.objects.running_out(until=TODAY)) == [over]
    assert over.has_run_out(today=TODAY)
    with pytest.raises(Refused) as refused:
        take("expire", valid)
    assert refused.value.code == "still_valid"
    assert take("expire", over).status == "expired"


def test_who_holds_what_and_what_is_overdue() -> None:
    at_sponsor = ready("submitted", due_on=TODAY - timedelta(days=1))
    at_physician = ready(responsible="physician")
    later = DossierStepFactory(dossier=at_physician.dossier, responsible="physician")
    DossierStepDependencyFactory(step=later, needed=at_physician)

    assert list(DossierStep.objects.held_by("sponsor")) == [at_sponsor]
    assert list(DossierStep.objects.held_by("physician")) == [at_physician]
    assert list(DossierStep.objects.overdue(today=TODAY)) == [at_sponsor]


# --- planning -------------------------------------------------------------------------------------


def test_date_and_hands_are_changed_with_a_reason() -> None:
    step = ready(due_on=TODAY)

    with pytest.raises(ValidationError, match="Say why"):
        step_tending.plan(step_id=step.pk, by=UserFactory(), remark="", days=3)
    step = step_tending.plan(
        step_id=step.pk,
        by=UserFactory(),
        remark="The pharmacy does it",
        due_on=date(2026, 5, 1),
        responsible="pharmacy",
        days=3,
    )

    assert (step.due_on, step.responsible, step.days) == (date(2026, 5, 1), "pharmacy", 3)
    assert step.changes.get().remark == "The pharmacy does it"
    with pytest.raises(Refused):
        step_tending.plan(step_id=ready("approved").pk, by=UserFactory(), remark="Too late", days=3)


def test_only_what_is_asked_for_is_attached() -> None:
    step = ready(documents=["Form"])
    mine, other = DocumentFactory(patient=step.dossier.patient), DocumentFactory()
    by = UserFactory()

    with pytest.raises(ValidationError, match="not ask for that"):
        step_tending.attach(step_id=step.pk, name="Letter", document_id=mine.pk, by=by)
    with pytest.raises(ValidationError, match="documents of this patient"):
        step_tending.attach(step_id=step.pk, name="Form", document_id=other.pk, by=by)
    step_tending.attach(step_id=step.pk, name="Form", document_id=mine.pk, by=by)
    newer = DocumentFactory(patient=step.dossier.patient)
    step_tending.attach(step_id=step.pk, name="Form", document_id=newer.pk, by=by)
    assert step.attached.get().document == newer
    take("submit", step)
    with pytest.raises(Refused, match="keeps its documents"):
        step_tending.attach(step_id=step.pk, name="Form", document_id=mine.pk, by=by)


def test_withdrawn_consent_cancels_what_is_prepared_and_says_so() -> None:
    step = ready("in_preparation")
    consent = ConsentFactory.build(
        patient=step.dossier.patient,
        purpose="eap_sponsor",
        decision="withdrawn",
        decided_at=timezone.now(),
    )

    consenting.record(consent=consent, by=UserFactory())

    step.refresh_from_db()
    change = DossierChange.objects.get()
    assert (step.status, change.step, change.action) == ("cancelled", step, "withdraw-consent")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("not_started", [("plan", True), ("attach", False)]),
        ("submitted", [("chase", False), ("plan", True)]),
        ("approved", []),
    ],
)
def test_rest_lists_what_leaves_the_status_as_it_is(
    status: str, expected: list[tuple[str, bool]], writer: Rest
) -> None:
    step = ready(status, documents=["Form"])

    listed = writer.get(f"dossier-steps/{step.pk}/transitions/").json()

    found = [each for each in listed if each["action"] in ("chase", "plan", "attach")]
    assert [(each["action"], each["needs_remark"]) for each in found] == expected
    assert all(each["is_possible"] and each["leads_to"] == status for each in found)


# --- from the beginning to the first dose ---------------------------------------------------------


def test_emergency_comes_to_its_first_dose_with_the_dates_of_the_law() -> None:
    by = UserFactory()
    patient = ready().dossier.patient
    dossier = dossiers.open_dossier(
        dossier=EAPDossier(
            patient=patient,
            program=ExpandedAccessProgramFactory(),
            route=RouteTemplate.objects.get(code="us-emergency"),
        ),
        by=by,
    )
    steps = {step.route_step.key: step for step in dossier.steps.all()}

    def done(key: str, *names: str, on: date) -> None:
        for name in steps[key].documents:
            document = DocumentFactory(patient=patient)
            step_tending.attach(step_id=steps[key].pk, name=name, document_id=document.pk, by=by)
        for name in names:
            take(name, steps[key], by=by, on=on)

    friday = date(2026, 5, 22)  # Memorial Day is the Monday after
    before = forecasting.outlook(dossier, today=friday)
    assert [step.title for step, _why in before.unknown] == ["Product shipped and received"]
    done("sponsor-agrees", "submit", "approve", on=friday)
    done("phone-authorization", "submit", "approve", on=friday)
    done("informed-consent", "finish", on=friday)
    waiting_for = forecasting.outlook(dossier, today=friday)
    assert (waiting_for.critical_step, waiting_for.holder, waiting_for.held_days) == (
        steps["shipment"],
        "sponsor",
        0,
    )
    done("shipment", "finish", on=friday)
    done("first-dose", "finish", on=friday)

    found = {step.route_step.key: step.due_on for step in dossier.steps.all()}
    assert found["irb-notification"] == date(2026, 6, 1)
    assert found["form-fda-3926"] == date(2026, 6, 15)
    after = forecasting.outlook(dossier, today=friday)
    assert (after.forecast.first_dose_on, after.critical_step) == (
        friday,
        steps["irb-notification"],
    )
    dossier.refresh_from_db()
    assert dossier.enrolled_on == friday


def test_outlooks_of_many_need_as_many_queries_as_of_one(
    django_assert_num_queries: Any,
) -> None:
    for _number in range(3):
        DossierStepDependencyFactory(step=ready())

    with django_assert_num_queries(5):
        dossiers_ = forecasting.with_steps(EAPDossier.objects.all())
        found = [forecasting.outlook(dossier, today=TODAY) for dossier in dossiers_]

    assert [outlook.holder for outlook in found] == ["navigator"] * 3
