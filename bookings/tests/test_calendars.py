"""Invitations, read back by a parser that had no part in making them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ical.calendar_stream import IcsCalendarStream

from bookings.calendars import invitation
from bookings.calling_off import cancel
from bookings.models import Booking
from bookings.scheduling import book, reschedule
from bookings.tests.factories import MONDAY_NINE, BookingFactory
from patients.tests.factories import PatientFactory
from portal.core.models import User

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _house(settings: Any) -> None:
    settings.ORGANISATION_NAME = "Kompas"
    settings.ORGANISATION_EMAIL = "calls@kompas.example"
    settings.ORGANISATION_PHONE = "+31201234567"


def read(content: bytes) -> tuple[Any, Any]:
    """The calendar and its one event. Raises what the parser finds wrong."""
    calendar = IcsCalendarStream.calendar_from_ics(content.decode("utf-8"))
    (event,) = calendar.events
    return calendar, event


def unfolded(content: bytes) -> list[str]:
    return content.decode("utf-8").replace("\r\n ", "").split("\r\n")


def test_request_says_what_where_and_when() -> None:
    booking = BookingFactory(
        patient__email="Ana@example.org", patient__language="en", starts_at=NINE
    )

    calendar, event = read(invitation(booking, method="REQUEST"))

    assert (calendar.method, calendar.version, calendar.calscale) == (
        "REQUEST",
        "2.0",
        "GREGORIAN",
    )
    assert event.uid == f"{booking.ics_uid}@patient-navigation-portal"
    assert event.sequence == 0
    assert event.dtstart == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert event.dtend == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert event.status == "CONFIRMED"
    assert event.summary == "Call with Kompas"
    assert str(event.organizer.uri) == "mailto:calls@kompas.example"
    assert event.organizer.common_name == "Kompas"
    (attendee,) = event.attendees
    assert str(attendee.uri) == "mailto:Ana@example.org"
    assert abs(event.dtstamp - datetime.now(tz=UTC)) < timedelta(minutes=1)


def test_times_are_written_in_utc_and_lines_end_as_the_standard_wants() -> None:
    booking = BookingFactory(starts_at=NINE, patient__time_zone="America/New_York")

    content = invitation(booking, method="REQUEST")

    assert {"DTSTART:20261123T090000Z", "DTEND:20261123T093000Z"} <= set(unfolded(content))
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_patient_is_in_it_by_their_address_alone() -> None:
    booking = BookingFactory(
        patient__first_name="Wilhelmina",
        patient__last_name="Vandersteen",
        patient__email="w@example.org",
        patient__phone="+31612345678",
        cancel_reason="Surgery",
    )

    text = "\n".join(unfolded(invitation(booking, method="REQUEST")))

    told = ("Wilhelmina", "Vandersteen", "+31612345678", "Surgery", str(booking.patient_id))
    assert [word for word in told if word in text] == []
    assert str(booking.patient.medical_condition) not in text
    assert str(booking.navigator) not in text
    assert "CLASS:PRIVATE" in text


def test_patient_without_an_address_is_no_attendee() -> None:
    booking = BookingFactory(patient__email="")

    _calendar, event = read(invitation(booking, method="REQUEST"))

    assert event.attendees == []


def test_organisation_without_an_address_is_the_sender_of_its_mail(settings: Any) -> None:
    settings.ORGANISATION_EMAIL = ""
    settings.DEFAULT_FROM_EMAIL = "Kompas <no-reply@kompas.example>"

    _calendar, event = read(invitation(BookingFactory(), method="REQUEST"))

    assert str(event.organizer.uri) == "mailto:no-reply@kompas.example"


@pytest.mark.parametrize(
    ("language", "summary", "sentence"),
    [
        ("nl", "Gesprek met Kompas", "We bellen u op dit tijdstip."),
        ("nl-be", "Gesprek met Kompas", "We bellen u op dit tijdstip."),
        ("es", "Llamada con Kompas", "Le llamaremos a esta hora."),
        ("ja", "Call with Kompas", "We will call you at this time."),
        ("", "Call with Kompas", "We will call you at this time."),
    ],
)
def test_text_is_in_the_language_of_the_patient(language: str, summary: str, sentence: str) -> None:
    booking = BookingFactory(patient__language=language)

    _calendar, event = read(invitation(booking, method="REQUEST"))

    assert event.summary == summary
    assert event.description.startswith(sentence)
    assert "+31201234567, calls@kompas.example" in event.description


def test_calendar_follows_a_call_that_is_booked_moved_and_cancelled(navigator: User) -> None:
    patient, half = PatientFactory(language="en"), timedelta(minutes=30)
    later = MONDAY_NINE + timedelta(days=1)
    booking = book(
        patient_id=patient.pk,
        navigator_id=navigator.pk,
        starts_at=MONDAY_NINE,
        ends_at=MONDAY_NINE + half,
        by=navigator,
    )
    first, booked = read(invitation(booking, method="REQUEST"))
    moved_to = reschedule(
        booking_id=booking.pk, starts_at=later, ends_at=later + half, by=navigator
    )
    second, moved = read(invitation(moved_to, method="REQUEST"))
    called_off = cancel(
        booking_id=moved_to.pk, by=navigator, party=Booking.Party.PATIENT, reason="Is away"
    )
    third, cancelled = read(invitation(called_off, method="CANCEL"))

    assert [each.method for each in (first, second, third)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert len({each.uid for each in (booked, moved, cancelled)}) == 1
    assert [each.sequence for each in (booked, moved, cancelled)] == [0, 1, 2]
    assert [each.dtstart for each in (booked, moved, cancelled)] == [MONDAY_NINE, later, later]
    assert [each.status for each in (booked, moved, cancelled)] == [
        "CONFIRMED",
        "CONFIRMED",
        "CANCELLED",
    ]
    assert cancelled.description == "This call has been cancelled."
    assert [str(each.uri) for each in cancelled.attendees] == [f"mailto:{patient.email}"]
