"""What can be done with the steps of a dossier, and what keeps them from being done."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from patients import consenting
from patients.models import Patient, RuleOverride
from patients.tests.factories import (
    ConsentFactory,
    DocumentFactory,
    HospitalFactory,
    SpecialistFactory,
)
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import dossier_lifecycle, dossier_steps, dossiers, forecasting
from referrals.dossier_lifecycle import ACTIONS, BY_NAME
from referrals.models import DossierChange, DossierStep, EAPDossier, RouteTemplate
from referrals.tests.dossiers import LEADS_TO, POSSIBLE, ready, set_back, take
from referrals.tests.factories import (
    DossierStepDependencyFactory,
    DossierStepFactory,
    ExpandedAccessProgramFactory,
)

pytestmark = pytest.mark.django_db

Status = DossierStep.Status
TODAY = date(2026, 4, 24)  # a Friday; Monday the 27th is King's Day in the Netherlands


# --- every status and every action ----------------------------------------------------------------


@pytest.mark.parametrize("goes_to", ["", "sponsor"], ids=["done", "sent"])
@pytest.mark.parametrize("status", Status.values)
def test_what_is_listed_as_possible_is_what_succeeds(status: str, goes_to: str) -> None:
    by, step = UserFactory(), ready(status, goes_to=goes_to)
    step = dossier_steps.locked_step(step.pk)
    listed = {each.action.name for each in dossier_lifecycle.possible(step) if not each.missing}

    assert listed == POSSIBLE[goes_to != ""].get(status, set())
    for name, target in LEADS_TO.items():
        set_back(step, status)
        if name in listed:
            assert take(name, step, by=by).status == target
        elif status != target:
            with pytest.raises(Refused):
                take(name, step, by=by)
            step.refresh_from_db()
            assert step.status == status


def test_second_click_changes_nothing() -> None:
    step = ready()
    take("submit", step)

    take("submit", step)

    assert (step.changes.count(), step.dossier.changes.count()) == (1, 1)


# --- what is missing ------------------------------------------------------------------------------


def without_physician(step: DossierStep) -> None:
    Patient.objects.filter(pk=step.dossier.patient_id).update(physician=None)


def without_hospital(step: DossierStep) -> None:
    physician = step.dossier.patient.physician
    physician.hospital = None
    physician.save()


def without_consent(step: DossierStep) -> None:
    ConsentFactory(
        patient=step.dossier.patient,
        purpose="eap_sponsor",
        decision="withdrawn",
        decided_at=timezone.now(),
    )


def with_other_consent(step: DossierStep) -> None:
    without_consent(step)
    ConsentFactory(
        patient=step.dossier.patient,
        purpose="eap_sponsor",
        scope="EAP-OTHER",
        decided_at=timezone.now(),
    )


def as_lead(step: DossierStep) -> None:
    Patient.objects.filter(pk=step.dossier.patient_id).update(stage="lead", converted_at=None)


def deceased(step: DossierStep) -> None:
    Patient.objects.filter(pk=step.dossier.patient_id).update(deceased_on="2026-05-05")


def dossier_closed(step: DossierStep) -> None:
    EAPDossier.objects.filter(pk=step.dossier_id).update(state="closed", closed_reason="rejected")


def waiting(step: DossierStep) -> None:
    needed = DossierStepFactory(dossier=step.dossier, status="expired")
    DossierStepDependencyFactory(step=step, needed=needed)


def document_missing(step: DossierStep) -> None:
    DossierStep.objects.filter(pk=step.pk).update(documents=["Form FDA 3926"])


@pytest.mark.parametrize(
    ("lacking", "code"),
    [
        (without_physician, "no_physician"),
        (without_hospital, "no_hospital"),
        (without_consent, "no_consent"),
        (with_other_consent, "no_consent"),
        (as_lead, "not_converted"),
        (deceased, "deceased"),
        (dossier_closed, "dossier_closed"),
        (waiting, "waits"),
        (document_missing, "documents_missing"),
    ],
)
def test_nothing_is_submitted_while_something_is_missing(
    lacking: Callable[[DossierStep], None], code: str
) -> None:
    step = ready()
    lacking(step)

    with pytest.raises(Refused) as refused:
        take("submit", step)

    assert [lack.code for lack in refused.value.missing] == [code]
    step = dossier_steps.locked_step(step.pk)
    [submit] = [each for each in dossier_lifecycle.possible(step) if each.action.name == "submit"]
    assert [lack.code for lack in submit.missing] == [code]
    assert (step.status, step.submitted_on, step.changes.count()) == ("not_started", None, 0)


def test_consent_for_this_program_alone_is_enough() -> None:
    step = ready()
    without_consent(step)
    ConsentFactory(
        patient=step.dossier.patient,
        purpose="eap_sponsor",
        scope=step.dossier.program.eap_number,
        decided_at=timezone.now(),
    )

    assert take("submit", step).status == "submitted"


@pytest.mark.parametrize(
    ("goes_to", "purpose"),
    [("physician", "physician"), ("authority", "eap_sponsor"), ("ethics", "eap_sponsor")],
)
def test_consent_is_the_one_for_who_receives_it(goes_to: str, purpose: str) -> None:
    step = ready(goes_to=goes_to)
    ConsentFactory(
        patient=step.dossier.patient,
        purpose=purpose,
        decision="refused",
        decided_at=timezone.now(),
    )

    with pytest.raises(Refused, match="No consent"):
        take("submit", step)


def test_what_goes_to_the_patient_needs_no_consent() -> None:
    step = ready(goes_to="patient")
    without_consent(step)

    assert take("submit", step).status == "submitted"


@pytest.mark.parametrize("status", ["not_started", "in_preparation", "rejected", "cancelled"])
def test_no_first_dose_without_informed_consent(status: str, member: Callable[..., User]) -> None:
    dose = ready(goes_to="", milestone="first_dose")
    agreed = DossierStepFactory(dossier=dose.dossier, milestone="informed_consent", status=status)
    lead = member("team lead")

    with pytest.raises(Refused) as refused:
        take("finish", dose, by=lead, override="It is urgent")
    assert refused.value.code == "no_informed_consent"

    DossierStep.objects.filter(pk=agreed.pk).update(status="approved", decided_on=TODAY)
    with pytest.raises(ValidationError, match="2026-04-24"):
        take("finish", dose, on=TODAY - timedelta(days=1))
    assert take("finish", dose, on=TODAY).decided_on == TODAY


def test_first_dose_without_a_step_for_consent_is_refused() -> None:
    with pytest.raises(Refused, match="informed consent"):
        take("finish", ready(goes_to="", milestone="first_dose"))


# --- rules that are set aside ---------------------------------------------------------------------


def test_step_is_waived_by_a_team_lead_who_says_why(member: Callable[..., User]) -> None:
    step = ready()

    with pytest.raises(Refused) as refused:
        take("waive", step, by=member("team lead"))
    assert refused.value.code == "waiver"
    with pytest.raises(Refused) as refused:
        take("waive", step, by=member("navigator"), override="Not needed here")
    assert refused.value.code == "override_not_allowed"
    lead = member("team lead")
    take("waive", step, by=lead, override="Not needed here")

    change = step.changes.get()
    assert (change.to_status, change.override, change.changed_by) == (
        "waived",
        "Not needed here",
        lead,
    )
    assert RuleOverride.objects.get().rule == "waiver"


@pytest.mark.parametrize("milestone", ["informed_consent", "first_dose"])
def test_consent_and_dose_are_never_waived(milestone: str, member: Callable[..., User]) -> None:
    with pytest.raises(Refused) as refused:
        take(
            "waive",
            ready(milestone=milestone),
            by=member("team lead"),
            override="Not needed here",
        )
    assert refused.value.code == "never_waived"


def test_step_of_a_route_is_left_out_only_where_the_route_says_so() -> None:
    route_step = RouteTemplate.objects.get(code="generic").steps.get(key="authority")
    asked_for = ready(route_step=route_step)
    optional = ready(route_step=route_step, is_optional=True)

    with pytest.raises(Refused) as refused:
        take("leave-out", asked_for)
    assert refused.value.code == "not_optional"
    assert take("leave-out", optional).status == "not_required"


# --- what is kept ---------------------------------------------------------------------------------


def test_submitting_keeps_physician_hospital_and_what_was_sent() -> None:
    step = ready(documents=["Form"])
    dossier, patient, by = step.dossier, step.dossier.patient, UserFactory()
    physician = patient.physician
    asked, further, kept = DocumentFactory.create_batch(3, patient=patient)
    dossier_steps.attach(step_id=step.pk, name="Form", document_id=asked.pk, by=by)

    take("submit", step, by=by, document_ids=[further.pk])
    patient.physician = SpecialistFactory(contact_type="physician", hospital=HospitalFactory())
    patient.last_name = "Renamed"
    patient.save()

    dossier.refresh_from_db()
    assert (dossier.physician, dossier.hospital) == (physician, physician.hospital)
    change = step.changes.get(action="submit")
    assert (change.packet["program"], change.packet["goes_to"]) == (
        dossier.program.eap_number,
        "sponsor",
    )
    assert change.packet["patient"]["last_name"] != "Renamed"
    assert [one["id"] for one in change.packet["documents"]] == [str(asked.pk), str(further.pk)]
    assert str(kept.pk) not in str(change.packet)


def test_decision_keeps_reference_and_validity() -> None:
    step = ready("submitted", submitted_on=TODAY, milestone="enrolment", valid_days=365)

    step = take("approve", step, on=date(2026, 4, 28), reference=" IND 123456 ")

    assert (step.reference, step.valid_until) == ("IND 123456", date(2027, 4, 28))
    assert step.dossier.enrolled_on == date(2026, 4, 28)
    again = ready("submitted", submitted_on=TODAY, valid_days=365)
    said = take("approve", again, on=date(2026, 4, 28), valid_until=date(2026, 12, 31))
    assert said.valid_until == date(2026, 12, 31)


def test_what_does_not_belong_is_refused() -> None:
    with pytest.raises(ValidationError, match="not said here"):
        take("prepare", ready(), reference="IND 123456")
    with pytest.raises(ValidationError, match="documents of this patient"):
        take("submit", ready(), document_ids=[DocumentFactory().pk])


@pytest.mark.parametrize("name", [action.name for action in ACTIONS if action.needs_remark])
def test_end_and_beginning_anew_need_a_word(name: str) -> None:
    step = ready(next(iter(BY_NAME[name].sources)), is_optional=True)

    with pytest.raises(ValidationError, match="Say why"):
        take(name, step, remark=" ")

    assert not step.changes.exists()


def test_doing_it_again_forgets_what_was_decided() -> None:
    step = ready("submitted", submitted_on=TODAY, days=10)
    take("reject", step, on=date(2026, 4, 28), remark="Too little was known")

    step = take("redo", step)

    assert (step.status, step.submitted_on, step.decided_on) == ("not_started", None, None)
    assert step.due_on == timezone.localdate() + timedelta(days=10)


def test_days_do_not_run_backwards_or_ahead() -> None:
    needed = ready("approved", decided_on=TODAY)
    step = DossierStepFactory(dossier=needed.dossier, goes_to="sponsor")
    DossierStepDependencyFactory(step=step, needed=needed)

    with pytest.raises(ValidationError, match="2026-04-24"):
        take("submit", step, on=date(2026, 4, 23))
    with pytest.raises(ValidationError, match="still to come"):
        take("submit", step, on=timezone.localdate() + timedelta(days=1))
    take("submit", step, on=TODAY)
    with pytest.raises(ValidationError, match="2026-04-24"):
        take("approve", step, on=date(2026, 4, 23))


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


def test_silent_receiver_is_in_the_queue_until_asked_again() -> None:
    silent = ready("submitted", ask_again_on=TODAY - timedelta(days=1))
    ready("submitted", ask_again_on=TODAY)
    ready("not_started", ask_again_on=TODAY - timedelta(days=1))
    today = timezone.localdate()

    assert list(DossierStep.objects.silent(today=TODAY)) == [silent]
    step = dossier_steps.chase(
        step_id=silent.pk, by=UserFactory(), next_on=today + timedelta(days=2), remark="No answer"
    )

    assert not DossierStep.objects.silent(today=TODAY).exists()
    assert (step.status, step.changes.get().remark) == ("submitted", "No answer")
    with pytest.raises(ValidationError, match="to come"):
        dossier_steps.chase(step_id=silent.pk, by=UserFactory(), next_on=today)
    with pytest.raises(Refused):
        dossier_steps.chase(step_id=ready().pk, by=UserFactory(), next_on=today + timedelta(days=2))


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
        dossier_steps.plan(step_id=step.pk, by=UserFactory(), remark="", days=3)
    step = dossier_steps.plan(
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
        dossier_steps.plan(
            step_id=ready("approved").pk, by=UserFactory(), remark="Too late", days=3
        )


def test_only_what_is_asked_for_is_attached() -> None:
    step = ready(documents=["Form"])
    mine, other = DocumentFactory(patient=step.dossier.patient), DocumentFactory()
    by = UserFactory()

    with pytest.raises(ValidationError, match="not ask for that"):
        dossier_steps.attach(step_id=step.pk, name="Letter", document_id=mine.pk, by=by)
    with pytest.raises(ValidationError, match="documents of this patient"):
        dossier_steps.attach(step_id=step.pk, name="Form", document_id=other.pk, by=by)
    dossier_steps.attach(step_id=step.pk, name="Form", document_id=mine.pk, by=by)
    newer = DocumentFactory(patient=step.dossier.patient)
    dossier_steps.attach(step_id=step.pk, name="Form", document_id=newer.pk, by=by)
    assert step.attached.get().document == newer
    take("submit", step)
    with pytest.raises(Refused, match="keeps its documents"):
        dossier_steps.attach(step_id=step.pk, name="Form", document_id=mine.pk, by=by)


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
            dossier_steps.attach(step_id=steps[key].pk, name=name, document_id=document.pk, by=by)
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


@pytest.mark.django_db(transaction=True)
def test_two_who_submit_at_once_send_once() -> None:
    step, by = ready(), UserFactory()
    found: list[str] = []
    barrier = threading.Barrier(2)

    def submit() -> None:
        barrier.wait()
        found.append(take("submit", step, by=by).status)
        connection.close()

    threads = [threading.Thread(target=submit) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["submitted", "submitted"]
    assert DossierChange.objects.count() == 1
