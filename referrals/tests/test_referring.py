"""The lifecycle of referrals: every status and every action, over the verb, REST and the admin."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients import closing
from patients.models import Consent, Patient, RuleOverride, StageChange
from patients.tests.factories import (
    ConsentFactory,
    DocumentFactory,
    HospitalFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.days import today
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest
from referrals import lifecycle, referring
from referrals.lifecycle import ACTIONS, BY_NAME
from referrals.models import CTReferral, ReferralChange
from referrals.tests.factories import ClinicalTrialFactory, CTReferralFactory, TrialSiteFactory

pytestmark = pytest.mark.django_db

Status = CTReferral.Status

# Written out by hand from the design, not read from the table that is tested.
POSSIBLE = {
    "draft": {"find-eligible", "rule-out", "withdraw", "trial-closes", "lose-contact"},
    "eligible": {"rule-out", "refer", "decline", "withdraw", "trial-closes", "lose-contact"},
    "referred": {"acknowledge", "site-declines", "withdraw", "trial-closes", "lose-contact"},
    "acknowledged": {
        "begin-screening",
        "site-declines",
        "withdraw",
        "trial-closes",
        "lose-contact",
    },
    "screening": {
        "enrol",
        "fail-screening",
        "site-declines",
        "withdraw",
        "trial-closes",
        "lose-contact",
    },
    "enrolled": {"complete", "discontinue"},
}
LEADS_TO = {
    "find-eligible": "eligible",
    "rule-out": "ineligible",
    "refer": "referred",
    "decline": "declined",
    "acknowledge": "acknowledged",
    "begin-screening": "screening",
    "enrol": "enrolled",
    "fail-screening": "screen_failed",
    "complete": "completed",
    "discontinue": "discontinued",
    "site-declines": "site_declined",
    "withdraw": "withdrawn",
    "trial-closes": "trial_closed",
    "lose-contact": "lost_contact",
}


def ready(status: str = "eligible", **fields: Any) -> CTReferral:
    """A referral of somebody of whom nothing is missing."""
    physician = SpecialistFactory(contact_type="physician", hospital=HospitalFactory())
    patient = fields.pop("patient", None) or PatientFactory(
        stage="patient", converted_at=timezone.now(), physician=physician
    )
    if not Consent.objects.filter(patient=patient).exists():
        ConsentFactory(patient=patient, purpose="trial_site", decision="given", scope="")
    if status == "ineligible":
        fields = {"ineligible_reason": "age", **fields}
    if status in {"referred", "acknowledged", "screening"}:
        fields = {"referred_at": timezone.now() - timedelta(days=3), **fields}
    referral: CTReferral = CTReferralFactory(patient=patient, status=status, **fields)
    return referral


def set_back(referral: CTReferral, status: str) -> None:
    """As `ready` made it."""
    before = {"eligible": "unknown", "ineligible_reason": "", "status_since": None}
    if status == "ineligible":
        before["ineligible_reason"] = "age"
    CTReferral.objects.filter(pk=referral.pk).update(status=status, **before)


def words_for(name: str) -> dict[str, Any]:
    """A reason, where the action takes one."""
    reasons = list(BY_NAME[name].reasons)
    return {"reason": reasons[0].value} if reasons else {}


def take(name: str, referral: CTReferral, **said: Any) -> CTReferral:
    said = {**words_for(name), **said}
    by = said.pop("by", None) or UserFactory()
    return referring.take(BY_NAME[name], referral_id=referral.pk, by=by, **said)


# --- every status and every action ----------------------------------------------------------------


@pytest.mark.parametrize("status", Status.values)
def test_what_is_listed_as_possible_is_what_succeeds(status: str) -> None:
    by = UserFactory()
    referral = ready(status)
    listed = {each.action.name for each in lifecycle.possible(referral) if not each.missing}

    assert listed == POSSIBLE.get(status, set())
    for name, target in LEADS_TO.items():
        set_back(referral, status)
        if name in listed:
            assert take(name, referral, by=by).status == target
        elif status != target:
            with pytest.raises(Refused) as refused:
                take(name, referral, by=by)
            assert refused.value.code == "wrong_status"
            referral.refresh_from_db()
            assert referral.status == status


@pytest.mark.parametrize("status", ["draft", "eligible", "referred", "screening", "enrolled"])
def test_rest_lists_and_does_the_same(status: str, writer: Rest) -> None:
    referral = ready(status)

    listed = writer.get(f"ct-referrals/{referral.pk}/transitions/").json()

    assert {each["action"] for each in listed if each["is_possible"]} == POSSIBLE[status]
    for name, target in LEADS_TO.items():
        set_back(referral, status)
        answer = writer.post(f"ct-referrals/{referral.pk}/{name}/", words_for(name))
        if name in POSSIBLE[status]:
            assert (answer.status_code, answer.json()["status"]) == (200, target)
        elif status != target:
            assert (answer.status_code, answer.json()["code"]) == (409, "wrong_status")


@pytest.mark.parametrize("status", ["draft", "eligible", "acknowledged", "enrolled", "declined"])
def test_page_offers_and_does_the_same(
    status: str, client: Client, member: Callable[..., User]
) -> None:
    referral = ready(status)
    client.force_login(member("navigator"))

    page = client.get(referral.get_absolute_url()).content.decode()

    for name, target in LEADS_TO.items():
        address = reverse(f"admin:referrals_ctreferral_{name}", args=[referral.pk])
        assert (address in page) == (name in POSSIBLE.get(status, set()))
        set_back(referral, status)
        said = {"on": timezone.localdate().isoformat(), **words_for(name)}
        client.post(address, said)
        referral.refresh_from_db()
        assert referral.status == (target if name in POSSIBLE.get(status, set()) else status)


# --- what is missing ------------------------------------------------------------------------------


def without_physician(referral: CTReferral) -> None:
    Patient.objects.filter(pk=referral.patient_id).update(physician=None)


def without_hospital(referral: CTReferral) -> None:
    physician = referral.patient.physician
    physician.hospital = None
    physician.save()


def without_consent(referral: CTReferral) -> None:
    ConsentFactory(
        patient=referral.patient,
        purpose="trial_site",
        decision="withdrawn",
        decided_at=timezone.now(),
    )


def with_other_consent(referral: CTReferral) -> None:
    """Withdrawn for all, and given for another trial only."""
    without_consent(referral)
    ConsentFactory(
        patient=referral.patient,
        purpose="trial_site",
        scope="NCT99999999",
        decided_at=timezone.now(),
    )


def as_lead(referral: CTReferral) -> None:
    Patient.objects.filter(pk=referral.patient_id).update(stage="lead", converted_at=None)


def not_eligible(referral: CTReferral) -> None:
    CTReferral.objects.filter(pk=referral.pk).update(eligible="no")


def trial_full(referral: CTReferral) -> None:
    referral.trial.status = "ACTIVE_NOT_RECRUITING"
    referral.trial.save()


@pytest.mark.parametrize(
    ("lacking", "code"),
    [
        (without_physician, "no_physician"),
        (without_hospital, "no_hospital"),
        (without_consent, "no_consent"),
        (with_other_consent, "no_consent"),
        (as_lead, "not_converted"),
        (not_eligible, "ineligible"),
        (trial_full, "not_recruiting"),
    ],
)
def test_nothing_leaves_while_something_is_missing(
    lacking: Callable[[CTReferral], None], code: str, writer: Rest
) -> None:
    referral = ready()
    lacking(referral)

    answer = writer.post(f"ct-referrals/{referral.pk}/refer/", {})

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert [lack["code"] for lack in answer.json()["missing"]] == [code]
    listed = writer.get(f"ct-referrals/{referral.pk}/transitions/").json()
    [refer] = [each for each in listed if each["action"] == "refer"]
    assert (refer["is_possible"], [lack["code"] for lack in refer["missing"]]) == (False, [code])
    referral.refresh_from_db()
    assert (referral.status, referral.referred_at, referral.changes.count()) == (
        "eligible",
        None,
        0,
    )


def test_consent_for_this_trial_alone_is_enough() -> None:
    referral = ready()
    without_consent(referral)
    ConsentFactory(
        patient=referral.patient,
        purpose="trial_site",
        scope=referral.trial.registry_id,
        decided_at=timezone.now(),
    )

    assert take("refer", referral).status == "referred"


def test_trial_that_takes_nobody_is_overridden_by_a_team_lead_only(
    member: Callable[..., User],
) -> None:
    referral = ready()
    trial_full(referral)

    with pytest.raises(Refused) as refused:
        take("refer", referral, by=member("navigator"), override="A place was promised")
    assert refused.value.code == "override_not_allowed"

    take("refer", referral, by=member("team lead"), override="A place was promised")
    assert RuleOverride.objects.get().rule == "not_recruiting"


def test_restricted_and_erased_people_are_left_alone(writer: Rest) -> None:
    referral = ready("referred")
    Patient.objects.filter(pk=referral.patient_id).update(processing_restricted=True)

    answer = writer.post(f"ct-referrals/{referral.pk}/acknowledge/", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "restricted")


# --- what is kept ---------------------------------------------------------------------------------


def test_sending_keeps_physician_site_and_what_was_sent() -> None:
    referral = ready()
    patient, by = referral.patient, UserFactory()
    physician = patient.physician
    site = TrialSiteFactory(trial=referral.trial, country="NL")
    sent, kept = DocumentFactory(patient=patient), DocumentFactory(patient=patient)

    take("refer", referral, by=by, site_id=site.pk, document_ids=[sent.pk])
    patient.physician = SpecialistFactory(contact_type="physician")
    patient.last_name = "Renamed"
    patient.save()

    referral.refresh_from_db()
    assert (referral.physician, referral.site) == (physician, site)
    change = referral.changes.get()
    assert (change.from_status, change.to_status, change.changed_by) == (
        "eligible",
        "referred",
        by,
    )
    assert change.packet["physician"]["hospital"] == str(physician.hospital)
    assert change.packet["patient"]["last_name"] != "Renamed"
    assert [each["id"] for each in change.packet["documents"]] == [str(sent.pk)]
    assert str(kept.pk) not in str(change.packet)


def test_site_and_documents_of_others_are_refused() -> None:
    referral = ready()

    with pytest.raises(ValidationError, match="site of this trial"):
        take("refer", referral, site_id=TrialSiteFactory().pk)
    with pytest.raises(ValidationError, match="documents of this patient"):
        take("refer", referral, document_ids=[DocumentFactory().pk])

    assert not ReferralChange.objects.exists()


@pytest.mark.parametrize("name", [action.name for action in ACTIONS if action.reasons])
def test_end_needs_one_of_its_reasons(name: str) -> None:
    status = next(iter(BY_NAME[name].sources))
    referral = ready(status)

    with pytest.raises(ValidationError):
        take(name, referral, reason="")
    with pytest.raises(ValidationError):
        take(name, referral, reason="no such reason")
    with pytest.raises(ValidationError):
        take(name, referral, reason="other", remark="  ")

    referral.refresh_from_db()
    assert referral.status == status


def test_reason_where_none_is_taken_is_refused() -> None:
    with pytest.raises(ValidationError, match="takes no reason"):
        take("acknowledge", ready("referred"), reason="age")


def test_ruling_out_writes_the_reason_on_the_referral() -> None:
    referral = take("rule-out", ready("draft"), reason="lab", remark="Creatinine too high")

    assert (referral.eligible, referral.ineligible_reason, referral.ineligible_text) == (
        "no",
        "lab",
        "Creatinine too high",
    )


def test_second_click_changes_nothing() -> None:
    referral = ready()
    take("refer", referral)

    again = take("refer", referral)

    assert (again.status, again.changes.count()) == ("referred", 1)


# --- clocks ---------------------------------------------------------------------------------------


def test_each_step_starts_its_clock_in_the_country_of_the_site() -> None:
    trial = ClinicalTrialFactory(days_to_acknowledge=1, days_to_screen=2, days_to_outcome=3)
    referral = ready(trial=trial)
    site = TrialSiteFactory(trial=trial, country="NL")

    # Friday 24 April 2026; Monday the 27th is King's Day.
    referral = take("refer", referral, on=date(2026, 4, 24), site_id=site.pk)
    assert referral.due_on == date(2026, 4, 28)
    referral = take("acknowledge", referral, on=date(2026, 4, 28))
    assert referral.due_on == date(2026, 4, 30)
    referral = take("begin-screening", referral, on=date(2026, 4, 30))
    assert referral.due_on == date(2026, 5, 5)  # Liberation Day is free every fifth year only
    referral = take("enrol", referral, on=date(2026, 5, 5))
    assert (referral.due_on, referral.enrolled_on) == (None, date(2026, 5, 5))


def test_day_that_runs_backwards_or_ahead_is_refused() -> None:
    referral = take("refer", ready(), on=date(2026, 4, 24))

    with pytest.raises(ValidationError, match="2026-04-24"):
        take("acknowledge", referral, on=date(2026, 4, 23))
    with pytest.raises(ValidationError, match="still to come"):
        take("acknowledge", referral, on=timezone.localdate() + timedelta(days=1))


def test_silent_site_is_in_the_queue_until_it_is_asked_again(
    client: Client, member: Callable[..., User]
) -> None:
    by = member("navigator")
    silent, answered = ready("referred"), ready("referred")
    CTReferral.objects.filter(pk=silent.pk).update(due_on=today() - timedelta(days=2))
    CTReferral.objects.filter(pk=answered.pk).update(due_on=today())
    client.force_login(by)
    queue = reverse("admin:referrals_ctreferral_changelist") + "?queue=silent"

    page = client.get(queue).content.decode()
    assert str(silent.pk) in page
    assert str(answered.pk) not in page

    address = reverse("admin:referrals_ctreferral_chase", args=[silent.pk])
    next_on = today() + timedelta(days=3)
    client.post(address, {"next_on": next_on.isoformat(), "remark": "Left a message"})

    silent.refresh_from_db()
    assert (silent.due_on, silent.status) == (next_on, "referred")
    assert silent.changes.get().remark == "Left a message"
    assert str(silent.pk) not in client.get(queue).content.decode()


def test_asking_again_over_rest(writer: Rest) -> None:
    referral, draft = ready("screening"), ready("draft")
    next_on = timezone.localdate() + timedelta(days=3)

    said = writer.post(f"ct-referrals/{referral.pk}/chase/", {"next_on": next_on.isoformat()})
    past = writer.post(f"ct-referrals/{referral.pk}/chase/", {"next_on": "2026-01-01"})
    not_sent = writer.post(f"ct-referrals/{draft.pk}/chase/", {"next_on": next_on.isoformat()})

    assert (said.status_code, said.json()["due_on"]) == (200, next_on.isoformat())
    assert (past.status_code, past.json()["errors"][0]["pointer"]) == (400, "/next_on")
    assert (not_sent.status_code, not_sent.json()["code"]) == (409, "wrong_status")
    late = writer.get(f"ct-referrals/?due_before={next_on + timedelta(days=1)}").json()
    assert [each["id"] for each in late["results"]] == [str(referral.pk)]


def test_closing_a_patient_stops_the_clock() -> None:
    referral = take("refer", ready())

    closing.withdraw(
        patient_id=referral.patient_id,
        by=UserFactory(),
        reason=StageChange.Reason.NOT_INTERESTED,
    )

    referral.refresh_from_db()
    assert (referral.status, referral.due_on, referral.holder) == ("withdrawn", None, None)


# --- who, and at the same time --------------------------------------------------------------------


def test_auditor_reads_what_is_possible_and_does_nothing(
    client: Client, member: Callable[..., User]
) -> None:
    referral = ready()
    client.force_login(member("auditor"))
    address = reverse("admin:referrals_ctreferral_refer", args=[referral.pk])

    assert address not in client.get(referral.get_absolute_url()).content.decode()
    assert client.post(address, {"on": timezone.localdate().isoformat()}).status_code == 403
    answer = client.post(f"/api/v1/ct-referrals/{referral.pk}/refer/", {})
    assert answer.status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_who_refer_at_once_send_once() -> None:
    referral, by = ready(), UserFactory()
    found: list[str] = []
    barrier = threading.Barrier(2)

    def refer() -> None:
        barrier.wait()
        found.append(take("refer", referral, by=by).status)
        connection.close()

    threads = [threading.Thread(target=refer) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["referred", "referred"]
    assert ReferralChange.objects.count() == 1


def test_transitions_need_as_many_queries_for_every_status(
    writer: Rest, django_assert_max_num_queries: Any
) -> None:
    referral = ready()

    with django_assert_max_num_queries(12):
        writer.get(f"ct-referrals/{referral.pk}/transitions/")
