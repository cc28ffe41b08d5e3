"""What was said to patients, in the workplace."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from bookings.tests.factories import BookingFactory
from patients.tests.factories import MessageFactory
from portal.core.models import User

pytestmark = pytest.mark.django_db


def test_team_lead_has_a_message_tried_again_that_was_set_aside(
    client: Client, member: Callable[..., User]
) -> None:
    message = MessageFactory(status="set_aside", attempts=6, last_error="SMTPException 550")
    page = reverse("admin:patients_message_try-again", args=[message.pk])
    client.force_login(member("team lead"))

    assert "Try again" in client.get(message.get_absolute_url()).text
    assert client.get(page).status_code == 200
    answer = client.post(page, {"version": message.version}, follow=True)

    message.refresh_from_db()
    assert (message.status, message.attempts) == ("waiting", 0)
    assert "The message waits for a worker." in answer.text
    assert "Try again" not in answer.text


def test_navigator_reads_what_went_wrong_and_cannot_try_again(
    client: Client, navigator: User
) -> None:
    message = MessageFactory(status="set_aside", attempts=6, last_error="SMTPException 550")
    client.force_login(navigator)

    answer = client.get(message.get_absolute_url())

    assert "SMTPException 550" in answer.text
    assert "Try again" not in answer.text
    page = reverse("admin:patients_message_try-again", args=[message.pk])
    assert client.post(page, {"version": message.version}).status_code == 403


def test_page_of_a_patient_says_what_was_not_sent_and_why(client: Client, navigator: User) -> None:
    booking = BookingFactory()
    message = MessageFactory(
        patient=booking.patient,
        kind="call-reminder",
        about_model="bookings.Booking",
        about_id=booking.pk,
        status="dropped",
        dropped_because="no_consent",
    )
    client.force_login(navigator)

    about_person = client.get(booking.patient.get_absolute_url()).text
    about_message = client.get(message.get_absolute_url()).text

    assert "Reminder of a call" in about_person
    assert "No consent to be written to is in force" in about_person
    assert booking.get_absolute_url() in about_message
