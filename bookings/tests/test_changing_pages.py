"""Planned calls in the workplace: free times to pick from, and what can be done to a call."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bookings.models import Booking, SlotRules
from bookings.tests.factories import MONDAY_NINE, BookingFactory, WorkingHoursFactory
from patients.tests.factories import PatientFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ADD = "admin:bookings_booking_add"
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    """The desk of Aisha Okafor, who takes calls on Mondays from nine to eleven, UTC."""
    SlotRules.objects.update(minutes=30, buffer_minutes=0)
    works(navigator)
    client.force_login(navigator)
    return client


def works(navigator: User) -> User:
    WorkingHoursFactory(navigator=navigator, starts=time(9), ends=time(11), time_zone="UTC")
    return navigator


def of(booking: Booking, verb: str) -> str:
    return reverse(f"admin:bookings_booking_{verb}", args=[booking.pk])


def value(starts_at: datetime) -> str:
    return f"{starts_at.isoformat()}/{(starts_at + HALF_AN_HOUR).isoformat()}"


def offered(page: Any) -> list[datetime]:
    """The free times that the page shows."""
    found = re.findall(r'name="slot" value="([^"/]+)/', page.content.decode())
    return [datetime.fromisoformat(each) for each in found]


def plan(patient: Any, **fields: Any) -> dict[str, Any]:
    empty = {"navigator": "", "starts_at_0": "", "starts_at_1": "", "minutes": "30"}
    return {"patient": patient.pk, **empty, **fields}


# --- a new call -----------------------------------------------------------------------------------


def test_new_call_shows_when_the_viewer_and_the_patient_are_free(desk: Client) -> None:
    SlotRules.objects.update(horizon_days=28)
    patient = PatientFactory()
    BookingFactory(patient=patient, starts_at=MONDAY_NINE)

    times = offered(desk.get(reverse(ADD), {"patient": patient.pk}))

    assert MONDAY_NINE not in times
    assert MONDAY_NINE + HALF_AN_HOUR in times


def test_free_times_are_shown_on_the_clock_of_the_patient_too(
    desk: Client, navigator: User
) -> None:
    patient = PatientFactory(time_zone="Asia/Kathmandu")
    here = timezone.localtime(MONDAY_NINE, navigator.zone)

    content = desk.get(reverse(ADD), {"patient": patient.pk}).content.decode()

    assert f"{here:%H:%M} (14:45)" in content
    assert "clock, Asia/Kathmandu." in content


def test_free_times_of_one_clock_are_shown_once(desk: Client, navigator: User) -> None:
    patient = PatientFactory(time_zone="Europe/Madrid")
    here = timezone.localtime(MONDAY_NINE, navigator.zone)

    content = desk.get(reverse(ADD), {"patient": patient.pk}).content.decode()

    assert f"{here:%H:%M}" in content
    assert f"{here:%H:%M} (" not in content
    assert "on the patient's clock" not in content


def test_free_time_is_booked(desk: Client, navigator: User) -> None:
    answer = desk.post(
        reverse(ADD), plan(PatientFactory(), navigator=navigator.pk, slot=value(MONDAY_NINE))
    )

    assert answer.status_code == 302
    booking = Booking.objects.get()
    assert (booking.starts_at, booking.ends_at) == (MONDAY_NINE, MONDAY_NINE + HALF_AN_HOUR)


def test_call_without_navigator_is_given_to_who_speaks_the_patients_language(desk: Client) -> None:
    dutch = works(UserFactory(languages_spoken=["nl"]))

    answer = desk.post(reverse(ADD), plan(PatientFactory(language="nl"), slot=value(MONDAY_NINE)))

    assert answer.status_code == 302
    assert Booking.objects.get().navigator == dutch


def test_call_for_whom_nobody_speaks_the_language_is_refused(desk: Client, navigator: User) -> None:
    asked = plan(
        PatientFactory(language="fr"),
        starts_at_0=f"{MONDAY_NINE:%Y-%m-%d}",
        starts_at_1=f"{timezone.localtime(MONDAY_NINE, navigator.zone):%H:%M}",
    )

    content = desk.post(reverse(ADD), asked).content.decode()

    assert "No navigator who speaks the language is free at that time." in content


def test_times_are_shown_again_for_another_navigator_and_nothing_is_saved(desk: Client) -> None:
    idle = UserFactory()

    page = desk.post(
        reverse(ADD),
        plan(PatientFactory(), navigator=idle.pk, slot=value(MONDAY_NINE), show_times="1"),
    )

    assert page.status_code == 200
    assert offered(page) == []
    assert "No free times in the coming weeks." in page.content.decode()
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Choose a time."),
        (
            {"slot": value(MONDAY_NINE), "starts_at_0": "2030-01-07", "starts_at_1": "10:00"},
            "Choose a free time or type another one, not both.",
        ),
        ({"slot": value(MONDAY_NINE - timedelta(days=70))}, "That time is not free any more."),
        (
            {"starts_at_0": "2026-01-05", "starts_at_1": "10:00"},
            "That time is over. Say so if the call is entered afterwards.",
        ),
    ],
    ids=["none", "both", "no longer free", "over"],
)
def test_call_without_one_right_time_is_an_error_of_the_form(
    fields: dict[str, str], message: str, desk: Client, navigator: User
) -> None:
    page = desk.post(reverse(ADD), plan(PatientFactory(), navigator=navigator.pk, **fields))

    assert message in page.content.decode()
    assert not Booking.objects.exists()


def test_call_that_is_over_is_entered_afterwards(desk: Client, navigator: User) -> None:
    over = {"starts_at_0": "2026-01-05", "starts_at_1": "10:00", "afterwards": "on"}

    answer = desk.post(reverse(ADD), plan(PatientFactory(), navigator=navigator.pk, **over))

    assert answer.status_code == 302
    assert Booking.objects.get().starts_at == datetime(2026, 1, 5, 9, tzinfo=UTC)


# --- what can be done to it -----------------------------------------------------------------------

BUTTONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "held": ({"status": "held", "held_until": MONDAY_NINE}, ["Book", "Call off"]),
    "booked": ({}, ["Complete the call", "Move", "Call off"]),
    "begun": (
        {"starts_at": timezone.now() - HALF_AN_HOUR},
        ["Complete the call", "Move", "No-show", "Call off"],
    ),
    "no-show": ({"status": "no_show", "no_show_by": "patient"}, ["Correct the no-show"]),
    "completed": ({"status": "completed"}, []),
}


@pytest.mark.parametrize(("fields", "buttons"), BUTTONS.values(), ids=BUTTONS.keys())
def test_page_offers_what_can_be_done(
    fields: dict[str, Any], buttons: list[str], desk: Client
) -> None:
    booking = BookingFactory(**fields)

    page = desk.get(booking.get_absolute_url())

    assert [str(button.title) for button in page.context["portal_verbs"]] == buttons


def test_hold_that_ran_out_says_so(desk: Client) -> None:
    booking = BookingFactory(status="held", held_until=timezone.now())

    page = desk.get(of(booking, "confirm"))

    assert [each.code for each in page.context["briefing"].missing] == ["hold_expired"]
    assert "Hold ran out" in desk.get(booking.get_absolute_url()).content.decode()


def test_held_call_is_booked(desk: Client) -> None:
    booking = BookingFactory(status="held", held_until=timezone.now() + HALF_AN_HOUR)

    assert desk.get(of(booking, "confirm")).status_code == 200
    desk.post(of(booking, "confirm"))

    assert Booking.objects.get().status == "booked"


def test_call_is_moved_to_a_free_time_and_its_page_opens(desk: Client, navigator: User) -> None:
    booking = BookingFactory(navigator=navigator, starts_at=MONDAY_NINE)
    later = MONDAY_NINE + HALF_AN_HOUR

    page = desk.get(of(booking, "move"))
    answer = desk.post(
        of(booking, "move"),
        {"navigator": navigator.pk, "slot": value(later), "minutes": "30"},
    )

    assert later in offered(page)
    booking.refresh_from_db()
    assert booking.rescheduled_to is not None
    assert booking.rescheduled_to.starts_at == later
    assert answer["Location"] == booking.rescheduled_to.get_absolute_url()


def test_call_is_moved_to_whoever_is_free_at_another_time(desk: Client, navigator: User) -> None:
    booking = BookingFactory(starts_at=MONDAY_NINE, patient__language="")
    ten = timezone.localtime(MONDAY_NINE + timedelta(hours=1), navigator.zone)

    desk.post(
        of(booking, "move"),
        {"navigator": "", "starts_at": f"{ten:%Y-%m-%dT%H:%M}", "minutes": "45"},
    )

    moved = Booking.objects.get(status="booked")
    assert (moved.navigator, moved.starts_at) == (navigator, ten)
    assert moved.ends_at - moved.starts_at == timedelta(minutes=45)


def test_call_is_not_moved_to_a_taken_time(desk: Client, navigator: User) -> None:
    booking = BookingFactory(navigator=navigator, starts_at=MONDAY_NINE)
    at = timezone.localtime(MONDAY_NINE + timedelta(hours=1), navigator.zone)
    BookingFactory(navigator=navigator, starts_at=at)

    page = desk.post(
        of(booking, "move"),
        {"navigator": navigator.pk, "starts_at": f"{at:%Y-%m-%dT%H:%M}", "minutes": "30"},
    )

    assert page.status_code == 409
    assert "The navigator has another call at that time." in page.content.decode()


def test_times_to_move_to_are_shown_for_another_navigator(desk: Client, navigator: User) -> None:
    booking = BookingFactory(starts_at=MONDAY_NINE)

    page = desk.post(
        of(booking, "move"), {"navigator": navigator.pk, "minutes": "30", "show_times": "1"}
    )

    assert "Nothing is saved yet. Choose a time." in page.content.decode()
    assert MONDAY_NINE + HALF_AN_HOUR in offered(page)


def test_call_is_called_off_with_who_and_why(desk: Client) -> None:
    booking = BookingFactory()

    incomplete = desk.post(of(booking, "cancel"), {}).content.decode()
    desk.post(of(booking, "cancel"), {"party": "patient", "reason": "In hospital."})

    assert "Say who." in incomplete
    assert "Say why the call is cancelled." in incomplete
    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by, booking.cancel_reason) == (
        *("cancelled", "patient", "In hospital."),
    )


def test_no_show_is_said_and_corrected(desk: Client) -> None:
    booking = BookingFactory(starts_at=timezone.now() - HALF_AN_HOUR)

    assert desk.get(of(booking, "no-show")).status_code == 200
    desk.post(of(booking, "no-show"), {"who": "patient"})
    assert desk.get(of(booking, "correct-no-show")).status_code == 200
    desk.post(of(booking, "correct-no-show"), {"who": "navigator"})

    booking.refresh_from_db()
    assert (booking.status, booking.no_show_by) == ("no_show", "navigator")


def test_call_of_a_restricted_person_says_what_is_in_the_way(desk: Client) -> None:
    booking = BookingFactory(patient__processing_restricted=True)

    page = desk.get(of(booking, "cancel"))

    assert [each.code for each in page.context["briefing"].missing] == ["restricted"]
