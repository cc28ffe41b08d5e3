"""What can be done with the steps of a dossier, and what keeps them from being done."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

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
from referrals import dossier_lifecycle, dossier_steps, step_tending
from referrals.dossier_lifecycle import ACTIONS, BY_NAME
from referrals.models import DossierChange, DossierStep, EAPDossier, RouteTemplate
from referrals.tests.dossiers import LEADS_TO, POSSIBLE, ready, set_back, take
from referrals.tests.factories import (
    DossierStepDependencyFactory,
    DossierStepFactory,
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
    step_tending.attach(step_id=step.pk, name="Form", document_id=asked.pk, by=by)

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


# --- at the same time ---------------------------------------------------------------------------


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
