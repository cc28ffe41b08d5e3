"""Calls in the workplace: booked by the verb, read-only afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bookings.models import Booking, Call, SlotRules, WorkingHours
from bookings.placing import SlotTaken
from bookings.tests.factories import BookingFactory, CallFactory, WorkingHoursFactory
from patients.tests.factories import ConsentFactory, PatientFactory, SubmissionFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ADD = "admin:bookings_booking_add"
NINE = datetime(datetime.now(UTC).year + 1, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def wanted(navigator: User, patient: Any, **changes: Any) -> dict[str, Any]:
    """A call on 1 December of next year at 10:00 in Amsterdam, 09:00 UTC."""
    return {
        "patient": patient.pk,
        "navigator": navigator.pk,
        "starts_at_0": f"{NINE:%Y-%m-%d}",
        "starts_at_1": "10:00",
        "minutes": "45",
        **changes,
    }


def test_new_booking_is_made_by_the_verb_in_the_viewers_zone(desk: Client, navigator: User) -> None:
    patient = PatientFactory(time_zone="Europe/Madrid")

    response = desk.post(reverse(ADD), wanted(navigator, patient))

    booking = Booking.objects.get()
    assert response.status_code == 302
    assert booking.starts_at == NINE
    assert booking.ends_at - booking.starts_at == timedelta(minutes=45)
    assert (booking.status, booking.patient_time_zone) == ("booked", "Europe/Madrid")


def test_new_booking_opens_for_the_patient_with_the_viewer_as_navigator(desk: Client) -> None:
    patient = PatientFactory(first_name="Zoë", last_name="Vermeulen")

    content = desk.get(reverse(ADD), {"patient": patient.pk}).content.decode()

    assert "Zoë Vermeulen" in content
    assert "Aisha Okafor" in content


NO_MAIL = "No mail about the call goes to them"


@pytest.mark.parametrize(
    ("agrees", "email", "why"),
    [
        (True, "ada@example.org", ""),
        (False, "ada@example.org", "no consent to be written to is in force"),
        (True, "", "they have no e-mail address"),
    ],
)
def test_patient_who_gets_no_mail_is_named_before_and_after_booking(
    agrees: bool, email: str, why: str, desk: Client, navigator: User
) -> None:
    patient = PatientFactory(email=email)
    if agrees:
        ConsentFactory(patient=patient, purpose="contact")

    before = desk.get(reverse(ADD), {"patient": patient.pk}).content.decode()
    after = desk.post(reverse(ADD), wanted(navigator, patient), follow=True).content.decode()

    for content in (before, after):
        assert (NO_MAIL in content) is bool(why)
        assert why in content


def test_page_of_a_visitors_call_names_the_form(desk: Client) -> None:
    form = SubmissionFactory()
    booking = BookingFactory(patient=form.patient, submission=form)

    content = desk.get(booking.get_absolute_url()).content.decode()

    assert form.get_absolute_url() in content


def test_taken_time_is_an_error_of_the_form(desk: Client, navigator: User) -> None:
    taken = NINE + timedelta(minutes=30)
    BookingFactory(navigator=navigator, starts_at=taken, ends_at=taken + timedelta(hours=1))

    response = desk.post(reverse(ADD), wanted(navigator, PatientFactory()))

    assert response.status_code == 200
    assert "The navigator has another call at that time." in response.content.decode()
    assert Booking.objects.count() == 1


def test_taken_time_comes_with_the_next_free_ones_on_the_viewers_clock(
    desk: Client, navigator: User
) -> None:
    SlotRules.objects.update(minutes=30, buffer_minutes=0, horizon_days=60)
    day = datetime.now(UTC).date() + timedelta(days=14)
    WorkingHoursFactory(navigator=navigator, weekday=day.isoweekday())
    ten = datetime.combine(day, time(10), ZoneInfo("Europe/Amsterdam"))
    BookingFactory(navigator=navigator, starts_at=ten)

    asked = wanted(navigator, PatientFactory(), starts_at_0=f"{day:%Y-%m-%d}")
    content = desk.post(reverse(ADD), asked).content.decode()

    free = ", ".join(f"{day.day} {day:%b} {at}" for at in ("10:30", "11:00", "11:30"))
    assert f"Next free: {free}." in content


def test_slot_whose_hold_ran_out_is_booked(desk: Client, navigator: User) -> None:
    starts_at = NINE
    BookingFactory(
        navigator=navigator, starts_at=starts_at, status="held", held_until=datetime.now(UTC)
    )

    response = desk.post(reverse(ADD), wanted(navigator, PatientFactory()))

    assert response.status_code == 302
    assert Booking.objects.filter(status="booked", starts_at=starts_at).exists()


def test_navigator_who_left_is_not_chosen(desk: Client) -> None:
    gone = UserFactory(is_active=False)

    response = desk.post(reverse(ADD), wanted(gone, PatientFactory()))

    assert response.status_code == 200
    assert not Booking.objects.exists()


def test_overlapping_working_hours_are_an_error_of_the_form(admin_client: Client) -> None:
    hours = WorkingHoursFactory()

    response = admin_client.post(
        reverse("admin:bookings_workinghours_add"),
        {
            "navigator": hours.navigator_id,
            "weekday": 1,
            "starts": "16:00",
            "ends": "18:00",
            "time_zone": "Europe/Amsterdam",
        },
    )

    assert "The navigator has other hours at that time." in response.content.decode()
    assert WorkingHours.objects.count() == 1


def test_team_lead_changes_the_slot_rules(client: Client, member: Callable[..., User]) -> None:
    client.force_login(member("team lead"))
    rules = SlotRules.objects.get()

    client.post(
        reverse("admin:bookings_slotrules_change", args=[rules.pk]),
        {
            "minutes": 45,
            "buffer_minutes": 0,
            "notice_hours": 24,
            "horizon_days": 14,
            "per_day": 6,
            "version": rules.version,
        },
    )

    rules.refresh_from_db()
    assert (rules.minutes, rules.per_day) == (45, 6)


def test_time_taken_a_moment_ago_is_an_error_of_the_form(
    desk: Client, navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost_race(**_wanted: Any) -> Booking:
        raise SlotTaken("The navigator has another call at that time.")

    monkeypatch.setattr("bookings.admin.planned.book", lost_race)

    response = desk.post(reverse(ADD), wanted(navigator, PatientFactory()))

    assert response.status_code == 200
    assert "The navigator has another call at that time." in response.content.decode()
    assert not Booking.objects.exists()


def test_restricted_patient_is_refused_with_the_reason(desk: Client, navigator: User) -> None:
    patient = PatientFactory(processing_restricted=True)

    content = desk.post(reverse(ADD), wanted(navigator, patient)).content.decode()

    # The sentence carries an apostrophe, which the page escapes.
    assert "data may not be changed." in content
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    "missing", ["navigator", "patient", "starts_at_0", "minutes"], ids=lambda name: name
)
def test_incomplete_booking_is_an_error_of_the_form(
    missing: str, desk: Client, navigator: User
) -> None:
    response = desk.post(reverse(ADD), wanted(navigator, PatientFactory()) | {missing: ""})

    assert response.status_code == 200
    assert not Booking.objects.exists()


def test_status_times_and_people_are_read_only_after_creation(
    desk: Client, navigator: User
) -> None:
    booking = BookingFactory()
    booking.refresh_from_db()
    starts_at = booking.starts_at

    desk.post(
        booking.get_absolute_url(),
        {
            "status": "completed",
            "starts_at_0": "2027-01-01",
            "starts_at_1": "10:00",
            "navigator": navigator.pk,
            "patient_time_zone": "Europe/Madrid",
            "version": booking.version,
        },
    )

    booking.refresh_from_db()
    assert booking.patient_time_zone == "Europe/Madrid"
    assert (booking.status, booking.starts_at) == ("booked", starts_at)
    assert booking.navigator != navigator


def test_queue_of_missing_outcomes(desk: Client) -> None:
    now = datetime.now(UTC)
    over = BookingFactory(starts_at=now - timedelta(days=1), ends_at=now - timedelta(hours=23))
    coming = BookingFactory(starts_at=now + timedelta(days=1), ends_at=now + timedelta(hours=25))
    url = reverse("admin:bookings_booking_changelist")

    missing = desk.get(url, {"queue": "missing"}).content.decode()
    upcoming = desk.get(url, {"queue": "upcoming"}).content.decode()

    assert str(over.pk) in missing
    assert str(coming.pk) not in missing
    assert str(coming.pk) in upcoming
    assert str(over.pk) not in upcoming
    assert "Outcome missing" in missing


def test_call_is_written_up_with_what_is_next(desk: Client, navigator: User) -> None:
    starts_at = datetime(2026, 5, 5, 8, tzinfo=UTC)
    booking = BookingFactory(navigator=navigator, starts_at=starts_at)

    desk.post(
        reverse("admin:bookings_call_add"),
        {
            "patient": booking.patient.pk,
            "booking": booking.pk,
            "navigator": navigator.pk,
            "started_at_0": "2026-05-05",
            "started_at_1": "10:00",
            "outcome": "reached",
            "summary": "Wants options close to home",
            "next_action": "Ask for the pathology report",
            "next_action_due": "2026-12-04",
        },
    )

    call = Call.objects.get()
    assert call.booking == booking
    assert call.started_at == starts_at
    booking.refresh_from_db()
    booking.patient.refresh_from_db()
    assert booking.status == "completed"
    assert booking.patient.initial_consult_at == starts_at


def test_call_with_who_is_closed_is_an_error_of_the_form(desk: Client, navigator: User) -> None:
    patient = PatientFactory(stage="closed", closed_reason="withdrawn")

    response = desk.post(
        reverse("admin:bookings_call_add"),
        {
            "patient": patient.pk,
            "navigator": navigator.pk,
            "started_at_0": "2026-12-01",
            "started_at_1": "10:00",
            "outcome": "reached",
        },
    )

    assert "The record is closed. Reopen it first." in response.content.decode()
    assert not Call.objects.exists()


def test_due_date_without_action_is_an_error_of_the_form(desk: Client) -> None:
    call = CallFactory()
    call.refresh_from_db()

    response = desk.post(
        call.get_absolute_url(),
        {"next_action_due": "2026-12-04", "version": call.version},
    )

    assert "Say what is due on that date." in response.content.decode()


def test_working_hours_that_end_before_they_start_are_an_error_of_the_form(
    admin_client: Client,
) -> None:
    response = admin_client.post(
        reverse("admin:bookings_workinghours_add"),
        {
            "navigator": UserFactory().pk,
            "weekday": 1,
            "starts": "17:00",
            "ends": "09:00",
            "time_zone": "Europe/Amsterdam",
        },
    )

    assert "The end must be later than the start." in response.content.decode()
    assert not WorkingHours.objects.exists()


def test_booked_call_is_not_deleted_but_a_hold_is(admin_client: Client) -> None:
    booked = BookingFactory()
    held = BookingFactory(status="held", held_until=timezone.now() + timedelta(minutes=9))

    for booking in (booked, held):
        page = reverse("admin:bookings_booking_delete", args=[booking.pk])
        admin_client.post(page, {"post": "yes"})

    assert list(Booking.objects.all()) == [booked]
