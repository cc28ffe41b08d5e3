"""The page on which a call is completed: what it shows, offers and keeps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.models import Booking, Call
from bookings.tests.factories import BookingFactory, CallFactory
from patients.models import Consent, ConsentText, Patient, RuleOverride
from patients.tests.factories import (
    ConsentFactory,
    ContactPointFactory,
    FieldProposalFactory,
    PatientFactory,
)
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


@pytest.fixture
def booking(navigator: User) -> Booking:
    starts = timezone.now() - timedelta(minutes=10)
    made: Booking = BookingFactory(
        navigator=navigator, starts_at=starts, ends_at=starts + timedelta(minutes=30)
    )
    return made


def of_booking(booking: Booking) -> str:
    return reverse("admin:bookings_booking_complete", args=[booking.pk])


def of_patient(patient: Patient) -> str:
    return reverse("admin:patients_patient_call", args=[patient.pk])


def filled(**fields: Any) -> dict[str, Any]:
    when = timezone.localtime(timezone.now() - timedelta(minutes=5))
    return {"outcome": "reached", "started_at": f"{when:%Y-%m-%dT%H:%M}", **fields}


def read_out(purpose: str, decision: str = "given") -> dict[str, str]:
    text = ConsentText.objects.current(purpose=purpose, language="nl", now=timezone.now())
    return {
        f"consent-{purpose}-decision": decision,
        f"consent-{purpose}-read_out": "on",
        f"consent-{purpose}-text": str(text.pk),
    }


def test_buttons_lead_to_the_page(desk: Client, booking: Booking) -> None:
    on_booking = desk.get(booking.get_absolute_url()).content.decode()
    on_patient = desk.get(booking.patient.get_absolute_url()).content.decode()

    assert f'href="{of_booking(booking)}"' in on_booking
    assert f'href="{of_patient(booking.patient)}"' in on_patient


def test_call_is_completed_with_all_that_came_of_it(desk: Client, booking: Booking) -> None:
    said = filled(decision="pursue", convert="on", next_action="Send it", summary="Good talk.")

    response = desk.post(of_booking(booking), {**said, **read_out("contact")}, follow=True)

    call = Call.objects.get()
    assert response.redirect_chain == [(booking.patient.get_absolute_url(), 302)]
    assert "Call recorded: reached. Being called and written to: given." in (
        response.content.decode()
    )
    assert (call.booking, call.summary, call.next_action) == (booking, "Good talk.", "Send it")
    assert Patient.objects.get().stage == "patient"
    assert Consent.objects.get().method == "phone"


def test_second_click_finds_nothing_to_do(desk: Client, booking: Booking) -> None:
    said = filled()
    desk.post(of_booking(booking), said)

    page = desk.post(of_booking(booking), said, follow=True).content.decode()

    assert "what came of this call has been said" in page
    assert Call.objects.count() == 1


def test_second_click_on_a_person_records_one_call(desk: Client) -> None:
    patient, said = PatientFactory(), filled()
    desk.post(of_patient(patient), said)

    page = desk.post(of_patient(patient), said, follow=True).content.decode()

    assert "This call was recorded before." in page
    assert Call.objects.count() == 1


def test_refusal_stands_beside_its_field(desk: Client, booking: Booking) -> None:
    said = filled(outcome="no_answer", decision="pursue", convert="on", summary="Long text.")

    response = desk.post(of_booking(booking), said)

    page = response.content.decode()
    assert response.status_code == 409
    assert response.context["form"].errors == {"convert": ["No call has reached this person yet."]}
    assert "Nothing was saved. The form says why." in page
    assert "Long text." in page
    assert not Call.objects.exists()


def test_due_date_without_a_next_step_is_refused(desk: Client, booking: Booking) -> None:
    response = desk.post(of_booking(booking), filled(next_action_due="2026-12-01"))

    assert "Say what is due on that date." in response.content.decode()
    assert not Call.objects.exists()


def test_consent_that_was_not_read_out_is_refused(desk: Client, booking: Booking) -> None:
    said = {**filled(), **read_out("contact")}
    del said["consent-contact-read_out"]

    page = desk.post(of_booking(booking), said).content.decode()

    assert "Read the text out first, then tick this." in page
    assert "<details open>" in page
    assert not Call.objects.exists()


def test_text_that_has_changed_has_to_be_read_out_again(desk: Client, booking: Booking) -> None:
    said = {**filled(), **read_out("contact"), "consent-contact-text": "another"}

    assert "The text has changed." in desk.post(of_booking(booking), said).content.decode()


def test_withdrawal_needs_no_reading(desk: Client, booking: Booking) -> None:
    ConsentFactory(patient=booking.patient, purpose="research")

    desk.post(of_booking(booking), filled(**{"consent-research-decision": "withdrawn"}))

    assert Consent.objects.filter(purpose="research", decision="withdrawn").exists()
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("voicemail", "line", "offered"),
    [
        ("full", "leave your name, the company", True),
        ("no_name", "say only your own name and number", True),
        ("none", "hang up when a machine answers", False),
    ],
)
def test_page_offers_what_the_voicemail_preference_permits(
    voicemail: str, line: str, offered: bool, desk: Client
) -> None:
    page = desk.get(of_patient(PatientFactory(voicemail=voicemail))).content.decode()

    assert line in page
    assert ('value="voicemail"' in page) is offered


def test_page_shows_what_one_calls_with(desk: Client) -> None:
    patient = PatientFactory(phone="+31612345678", time_zone="America/New_York", language="nl")
    ContactPointFactory(patient=patient, kind="phone", value="+31687654321", remark="her mother")
    FieldProposalFactory(patient=patient)
    for days in (3, 2, 1):
        at = timezone.now() - timedelta(days=days)
        CallFactory(patient=patient, outcome="no_answer", started_at=at)

    page = desk.get(of_patient(patient)).content.decode()

    for shown in (
        'href="tel:+31612345678"',
        'href="tel:+31687654321"',
        "her mother",
        "in New York",
        "Dutch",
        "1 to decide",
        "Close as unreachable",
    ):
        assert shown in page


def test_person_whose_planned_call_is_due_gets_it_chosen(desk: Client, booking: Booking) -> None:
    page = desk.get(of_patient(booking.patient))

    form = page.context["form"]
    assert form["booking"].value() == str(booking.pk)
    assert [value for value, _label in form.fields["booking"].choices] == [str(booking.pk), ""]


def test_call_of_a_colleague_can_be_written_up(desk: Client, navigator: User) -> None:
    colleague = UserFactory()
    starts = timezone.now() - timedelta(hours=1)
    booking = BookingFactory(
        navigator=colleague, starts_at=starts, ends_at=starts + timedelta(minutes=30)
    )

    shown = desk.get(of_booking(booking)).context["form"]
    desk.post(of_booking(booking), filled(navigator=str(navigator.pk)))

    assert shown["navigator"].value() == str(colleague.pk)
    assert Call.objects.get().navigator == navigator


def test_who_said_no_is_said_and_a_reason_is_asked(desk: Client) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    patient = ConsentFactory(purpose="contact", decision="refused", decided_at=yesterday).patient

    page = desk.get(of_patient(patient)).content.decode()
    refused = desk.post(of_patient(patient), filled())
    desk.post(of_patient(patient), filled(although="They called us."))

    assert page.count("They said no to being contacted") == 1
    assert list(refused.context["form"].errors) == ["although"]
    assert RuleOverride.objects.get().reason == "They called us."


@pytest.mark.parametrize("role", ["auditor", "data steward"])
def test_page_is_for_who_may_record_calls(
    role: str, client: Client, member: Callable[..., User], booking: Booking
) -> None:
    client.force_login(member(role))

    status = client.get(of_booking(booking)).status_code

    assert status == (403 if role == "auditor" else 200)


@pytest.mark.parametrize(
    "fields",
    [{"stage": "closed", "closed_reason": "withdrawn"}, {"processing_restricted": True}],
    ids=["closed", "restricted"],
)
def test_button_is_not_offered_when_nothing_may_be_begun(
    fields: dict[str, Any], desk: Client
) -> None:
    patient = PatientFactory(**fields)

    page = desk.get(patient.get_absolute_url()).content.decode()

    assert of_patient(patient) not in page


def test_page_needs_as_many_queries_for_many_calls_as_for_few(desk: Client) -> None:
    patient = PatientFactory()
    desk.get(of_patient(patient))
    with CaptureQueriesContext(connection) as few:
        desk.get(of_patient(patient))
    for hours in range(6):
        at = timezone.now() - timedelta(hours=hours + 1)
        CallFactory(patient=patient, started_at=at, outcome="no_answer")
        BookingFactory(patient=patient, starts_at=at, ends_at=at + timedelta(minutes=30))
        ContactPointFactory(patient=patient, kind="phone", value=f"+3161234567{hours}")

    with CaptureQueriesContext(connection) as many:
        desk.get(of_patient(patient))

    assert len(many) <= len(few) + 1  # the navigators of the planned calls are joined


def test_number_that_was_given_later_stands_beside_the_one_on_record(desk: Client) -> None:
    patient = PatientFactory(phone="+31612345678")
    said = {"patient": patient, "field": "phone"}
    FieldProposalFactory(**said, proposed_value="+31687654321")
    decided = {"state": "rejected", "decided_at": timezone.now()}
    FieldProposalFactory(**said, **decided, proposed_value="+31600000000")

    phones = desk.get(of_patient(patient)).context["phones"]

    assert [("612345678" in number, "not decided yet" in remark) for number, remark in phones] == [
        (True, False),
        (False, True),
    ]
    assert "tel:+31687654321" in phones[1][0]


def test_text_in_another_language_than_theirs_says_so(desk: Client) -> None:
    swedish = desk.get(of_patient(PatientFactory(language="sv"))).content.decode()
    dutch = desk.get(of_patient(PatientFactory(language="nl"))).content.decode()

    assert "This text is in English: there is none in Swedish." in swedish
    assert "This text is in" not in dutch


def test_next_thing_to_do_with_a_lead_is_the_primary_button(desk: Client) -> None:
    def primary(patient: Patient) -> list[str]:
        buttons = desk.get(patient.get_absolute_url()).context["portal_verbs"]
        return [str(button.title) for button in buttons if button.look == "primary"]

    assert primary(PatientFactory()) == ["Record a call"]
    assert primary(PatientFactory(initial_consult_at=timezone.now())) == ["Convert to patient"]


def test_page_of_a_person_leads_to_planning_a_call(desk: Client, client: Client) -> None:
    patient = PatientFactory()
    address = f"{reverse('admin:bookings_booking_add')}?patient={patient.pk}"

    def titles(of: Patient) -> list[str]:
        return [str(each.title) for each in desk.get(of.get_absolute_url()).context["portal_verbs"]]

    assert "Book a call" in titles(patient)
    assert f'href="{address}"' in desk.get(patient.get_absolute_url()).content.decode()
    assert "Book a call" not in titles(PatientFactory(stage="closed", closed_reason="withdrawn"))
    client.force_login(UserFactory())
    assert "Book a call" not in client.get(patient.get_absolute_url()).content.decode()
