"""The buttons on a patient's page: who gets them, what they say first, what they did."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import Booking
from bookings.tests.factories import BookingFactory, CallFactory
from patients import closing
from patients.models import Patient, RuleOverride, StageChange
from patients.tests.factories import PatientFactory
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from portal.roles import Role
from referrals.models import CTReferral
from referrals.tests.factories import CTReferralFactory, EAPDossierFactory

pytestmark = pytest.mark.django_db

SPOKEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
Reason = StageChange.Reason


def verb_url(patient: Patient, name: str) -> str:
    return reverse(f"admin:patients_patient_{name}", args=[patient.pk])


def done(client: Client, patient: Patient, name: str, **said: Any) -> Any:
    """The page after the button of a verb's page was pressed, as the record was shown."""
    said.setdefault("version", Patient.objects.get(pk=patient.pk).version)
    return client.post(verb_url(patient, name), said, follow=True)


def closed(navigator: User, **fields: Any) -> Patient:
    patient = PatientFactory(**fields)
    closing.withdraw(patient_id=patient.pk, by=navigator, reason=Reason.NOT_INTERESTED)
    return patient


def offered(client: Client, patient: Patient) -> set[str]:
    content = client.get(patient.get_absolute_url()).content.decode()
    names = ("convert", "take-back", "close", "deceased", "reopen", "assign-to-me")
    return {name for name in names if f'href="{verb_url(patient, name)}"' in content}


# --- which buttons --------------------------------------------------------------------------------


def test_page_offers_what_makes_sense_for_the_stage(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    assert offered(client, PatientFactory()) == {"convert", "close", "assign-to-me"}
    assert offered(client, PatientFactory(converted=True, owner=navigator)) == {
        "take-back",
        "close",
    }
    assert offered(client, closed(navigator)) == {"reopen", "deceased"}


def test_page_offers_nothing_to_who_may_only_look(
    client: Client, member: Callable[..., User]
) -> None:
    client.force_login(member(Role.AUDITOR))

    assert offered(client, PatientFactory()) == set()


def test_page_with_buttons_needs_no_query_for_them(client: Client, navigator: User) -> None:
    lead, finished = PatientFactory(owner=UserFactory()), closed(navigator, owner=UserFactory())
    client.force_login(navigator)
    client.get(lead.get_absolute_url())

    with CaptureQueriesContext(connection) as of_lead:
        client.get(lead.get_absolute_url())
    with CaptureQueriesContext(connection) as of_closed:
        client.get(finished.get_absolute_url())

    assert len(of_lead) == len(of_closed)


# --- converting -----------------------------------------------------------------------------------


def test_converting_says_so_and_keeps_the_filters_of_the_list(
    client: Client, navigator: User
) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)
    client.force_login(navigator)
    address = f"{verb_url(lead, 'convert')}?_changelist_filters=stage__exact%3Dlead"

    content = client.get(address).content.decode()
    response = client.post(address, {"version": lead.version}, follow=True)

    assert "Calls, notes, forms and consents stay as they are." in content
    assert response.redirect_chain == [
        (f"{lead.get_absolute_url()}?_changelist_filters=stage__exact%3Dlead", 302)
    ]
    assert "Converted. This lead is a patient now." in response.content.decode()
    lead.refresh_from_db()
    assert (lead.stage, lead.converted_by) == ("patient", navigator)


def test_converting_somebody_nobody_reached_says_what_is_missing(
    client: Client, navigator: User
) -> None:
    lead = PatientFactory()
    client.force_login(navigator)

    page = client.get(verb_url(lead, "convert")).content.decode()
    refused = done(client, lead, "convert", override="It is urgent.")

    assert "No call has reached this person yet." in page
    assert "A team lead or a data steward can set this aside" in page
    assert 'name="override"' not in page
    assert refused.status_code == 409
    assert "Ask a team lead or a data steward" in refused.content.decode()
    lead.refresh_from_db()
    assert lead.stage == "lead"


def test_team_lead_converts_with_a_reason_that_is_kept(
    client: Client, member: Callable[..., User]
) -> None:
    lead = PatientFactory()
    client.force_login(member(Role.TEAM_LEAD))

    without = done(client, lead, "convert", override=" ")
    done(client, lead, "convert", override="The physician called us.")

    assert without.status_code == 409
    assert "No call has reached this person yet." in without.content.decode()
    override = RuleOverride.objects.get(patient=lead)
    assert (override.rule, override.reason) == ("not_reached", "The physician called us.")
    lead.refresh_from_db()
    assert lead.stage == "patient"


def test_converting_twice_does_it_once_and_is_no_error(client: Client, navigator: User) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)
    client.force_login(navigator)

    done(client, lead, "convert", version=1)
    again = done(client, lead, "convert", version=1)

    assert "the record says so already" in again.content.decode()
    assert StageChange.objects.count() == 1


def test_taking_back_a_conversion_lists_what_depends_on_it(client: Client, navigator: User) -> None:
    patient = PatientFactory(converted=True)
    client.force_login(navigator)
    referral = CTReferralFactory(patient=patient)

    page = client.get(verb_url(patient, "take-back")).content.decode()
    CTReferral.objects.filter(pk=referral.pk).delete()
    response = done(client, patient, "take-back", remark="Wrong person.")

    assert "A referral was begun since they became a patient." in page
    assert "<textarea" not in page
    assert "This patient is a lead again." in response.content.decode()
    assert StageChange.objects.get().remark == "Wrong person."


# --- closing --------------------------------------------------------------------------------------


def test_closing_says_what_will_end_and_what_ended(client: Client, navigator: User) -> None:
    patient = PatientFactory(converted=True)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for hours in (0, 2):
        starts = tomorrow + timedelta(hours=hours)
        BookingFactory(patient=patient, starts_at=starts, ends_at=starts + timedelta(hours=1))
    CTReferralFactory(patient=patient)
    EAPDossierFactory(patient=patient)
    client.force_login(navigator)

    page = client.get(verb_url(patient, "close")).content.decode()
    response = done(client, patient, "close", how="withdrawn:too_burdensome")

    counts = "2 bookings, 1 clinical-trial referral and 1 EAP dossier"
    assert f"This ends: {counts}." in page
    assert f"Closed: Withdrawn. Ended: {counts}." in response.content.decode()
    change = StageChange.objects.get()
    assert (change.closed_reason, change.reason) == ("withdrawn", "too_burdensome")
    assert not Booking.objects.blocking().exists()


def test_closing_page_shows_every_reason_under_its_kind_without_script(
    client: Client, navigator: User
) -> None:
    lead = PatientFactory()
    client.force_login(navigator)

    content = client.get(verb_url(lead, "close")).content.decode()

    for kind, reasons in closing.REASONS.items():
        for reason in reasons:
            assert f'name="how" value="{kind}:{reason}"' in content
    assert "Tried 0 times, 3 are needed." in content
    assert "A lead has nothing to complete." in content
    assert content.count('<fieldset class="portal-kind" disabled>') == 2


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({}, "Choose a reason."),
        ({"how": "withdrawn:spam"}, "Select a valid choice"),
        ({"how": "withdrawn:other"}, "Say in words what the other reason is."),
        ({"how": "withdrawn:other", "remark": "x", "died_on": "2026-01-01"}, "who has died"),
        ({"how": "deceased:died", "died_on": "2999-01-01"}, "That day has not come yet."),
        ({"how": "unreachable:no_answer"}, "Tried 0 times, 3 are needed."),
        ({"how": "completed:helped"}, "A lead has nothing to complete."),
    ],
    ids=[
        "no reason",
        "another kind's reason",
        "no words",
        "death of the living",
        "future",
        "too few",
        "lead",
    ],
)
def test_closing_otherwise_is_refused_in_words(
    said: dict[str, Any], error: str, client: Client, navigator: User
) -> None:
    lead = PatientFactory()
    client.force_login(navigator)

    response = done(client, lead, "close", **said)

    assert error in response.content.decode()
    lead.refresh_from_db()
    assert lead.stage == "lead"


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("disqualified:no_option", "no_option"),
        ("unreachable:wrong_details", "wrong_details"),
        ("withdrawn:not_interested", "not_interested"),
        ("deceased:died", "died"),
        ("completed:helped", "helped"),
    ],
)
def test_every_kind_of_closing_is_done(
    how: str, reason: str, client: Client, navigator: User
) -> None:
    patient = PatientFactory(converted=True)
    for _number in range(3):
        CallFactory(patient=patient, outcome="no_answer")
    client.force_login(navigator)

    done(client, patient, "close", how=how)

    patient.refresh_from_db()
    assert (patient.stage, f"{patient.closed_reason}:{reason}") == ("closed", how)


def test_team_lead_closes_after_too_few_attempts_with_a_reason(
    client: Client, member: Callable[..., User]
) -> None:
    lead = PatientFactory()
    client.force_login(member(Role.TEAM_LEAD))

    done(client, lead, "close", how="unreachable:no_answer", override="The number is dead.")

    lead.refresh_from_db()
    assert lead.closed_reason == "unreachable"
    assert RuleOverride.objects.get().rule == "too_few_attempts"


def test_closing_what_somebody_changed_meanwhile_is_refused(
    client: Client, navigator: User
) -> None:
    lead = PatientFactory()
    client.force_login(navigator)
    Patient.objects.filter(pk=lead.pk).update(phone="+31612345678")

    refused = done(client, lead, "close", how="disqualified:spam", version=1)
    response = done(client, lead, "close", how="disqualified:spam", version=2)

    assert refused.status_code == 409
    content = refused.content.decode()
    assert "Somebody changed this record while you were reading." in content
    assert '<input type="hidden" name="version" value="2">' in content
    assert "Closed: Disqualified." in response.content.decode()


def test_death_is_recorded_of_somebody_who_was_closed_otherwise(
    client: Client, navigator: User
) -> None:
    patient = closed(navigator)
    client.force_login(navigator)

    done(client, patient, "deceased", died_on="2026-01-02")

    patient.refresh_from_db()
    assert (patient.closed_reason, patient.deceased_on) == ("deceased", date(2026, 1, 2))
    assert offered(client, patient) == {"reopen"}


# --- reopening and assigning ----------------------------------------------------------------------


def test_reopening_needs_a_reason(client: Client, navigator: User) -> None:
    patient = closed(navigator)
    client.force_login(navigator)

    without = done(client, patient, "reopen")
    wordless = done(client, patient, "reopen", reason="other")
    response = done(client, patient, "reopen", reason="returned")

    assert "Choose a reason." in without.content.decode()
    assert "Say in words what the other reason is." in wordless.content.decode()
    assert "Reopened, as a lead." in response.content.decode()
    assert StageChange.objects.filter(reason="returned", to_stage="lead").count() == 1


def test_somebody_recorded_as_deceased_comes_back_by_mistake_only(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory()
    closing.deceased(patient_id=patient.pk, by=navigator)
    client.force_login(navigator)

    page = client.get(verb_url(patient, "reopen")).content.decode()
    refused = done(client, patient, "reopen", reason="returned")
    done(client, patient, "reopen", reason="mistake")

    assert "only a mistake brings them back" in page
    assert "Select a valid choice" in refused.content.decode()
    patient.refresh_from_db()
    assert patient.stage == "lead"


def test_assigning_to_me_says_whose_they_were(client: Client, navigator: User) -> None:
    lead = PatientFactory(owner=UserFactory(name="Karl Petrova"))
    client.force_login(navigator)

    page = client.get(verb_url(lead, "assign-to-me")).content.decode()
    response = done(client, lead, "assign-to-me")

    assert "instead of Karl Petrova" in page
    assert "You are their navigator now." in response.content.decode()
    lead.refresh_from_db()
    assert lead.owner == navigator


# --- any verb -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["convert", "close", "assign-to-me"])
def test_restricted_person_is_left_as_they_are(name: str, client: Client, navigator: User) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN, processing_restricted=True)
    client.force_login(navigator)

    response = done(client, lead, name, how="withdrawn:not_interested")

    assert response.status_code == 409
    # The reason is not said twice.
    assert response.content.decode().count("This person&#x27;s data may not be changed.") >= 1
    assert not StageChange.objects.exists()
    lead.refresh_from_db()
    assert lead.owner is None


def test_page_of_a_verb_is_written_to_the_access_log(client: Client, navigator: User) -> None:
    lead = PatientFactory()
    client.force_login(navigator)

    client.get(verb_url(lead, "close"))

    assert AccessEvent.objects.get().record_ids == [lead.pk]


def test_page_of_a_verb_for_nobody_leads_home(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    for missing in ("019a0000-0000-7000-8000-000000000000", "nonsense"):
        url = reverse("admin:patients_patient_close", args=[missing])
        assert client.get(url).status_code == 302
        assert client.post(url).status_code == 302


def test_page_of_a_verb_that_does_not_apply_leads_back(client: Client, navigator: User) -> None:
    lead = PatientFactory()
    client.force_login(navigator)

    response = client.get(verb_url(lead, "reopen"), follow=True)

    assert response.redirect_chain == [(lead.get_absolute_url(), 302)]


def test_verb_without_token_is_refused(navigator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    lead = PatientFactory(initial_consult_at=SPOKEN)
    client.force_login(navigator)

    response = client.post(verb_url(lead, "convert"), {"version": lead.version})

    assert response.status_code == 403
    lead.refresh_from_db()
    assert lead.stage == "lead"


def test_page_of_a_verb_answers_no_other_method(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    assert client.put(verb_url(PatientFactory(), "close")).status_code == 405
