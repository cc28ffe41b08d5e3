"""Calls over REST: booking a time that may be taken, and saying what was said."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bookings.models import Booking, SlotRules
from bookings.tests.factories import BookingFactory, CallFactory, WorkingHoursFactory
from patients.models import Patient
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db

AHEAD = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)


def at(minutes: int) -> str:
    """A moment that many minutes after a full hour next month, as REST shows it."""
    return (AHEAD + timedelta(minutes=minutes)).isoformat()


def slot(patient: Patient, navigator: User, *, start: int = 0) -> dict[str, Any]:
    return {
        "patient": str(patient.pk),
        "navigator": str(navigator.pk),
        "starts_at": at(start),
        "ends_at": at(start + 30),
    }


def test_booking_is_shown_whole(writer: Rest) -> None:
    patient = PatientFactory(first_name="Sara", last_name="Fermó", time_zone="Europe/Madrid")
    navigator = UserFactory(name="Aisha Okafor")

    made = writer.post("bookings/", {**slot(patient, navigator), "reminder_at": at(-60)})

    assert made.status_code == 201, made.content
    shown = made.json()
    booking = Booking.objects.get()
    assert shown == {
        "id": str(booking.pk),
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
        "version": 1,
        "patient": {"id": str(patient.pk), "name": "Sara Fermó", "stage": "lead"},
        "navigator": {"id": str(navigator.pk), "name": "Aisha Okafor"},
        "starts_at": at(0),
        "ends_at": at(30),
        "status": "booked",
        "held_until": None,
        "no_show_by": "",
        "cancelled_by": "",
        "cancel_reason": "",
        "rescheduled_to": None,
        "reminder_at": at(-60),
        "patient_time_zone": "Europe/Madrid",
        "ics_uid": str(booking.ics_uid),
        "ics_sequence": 0,
    }


def test_moved_booking_shows_where_it_went(reader: Rest) -> None:
    later = BookingFactory()
    moved = BookingFactory(
        patient=later.patient, status="rescheduled", rescheduled_to=later, navigator=None
    )

    shown = reader.get(f"bookings/{moved.pk}/").json()

    assert shown["navigator"] is None
    assert shown["rescheduled_to"]["id"] == str(later.pk)
    assert shown["rescheduled_to"]["status"] == "booked"


def test_taken_time_is_refused_and_says_whose(writer: Rest) -> None:
    patient, navigator = PatientFactory(), UserFactory()
    writer.post("bookings/", slot(patient, navigator))

    busy_navigator = writer.post("bookings/", slot(PatientFactory(), navigator, start=15))
    busy_patient = writer.post("bookings/", slot(patient, UserFactory(), start=-15))
    next_to_it = writer.post("bookings/", slot(patient, navigator, start=30))

    assert (busy_navigator.status_code, busy_navigator.json()["code"]) == (409, "navigator_busy")
    assert (busy_patient.status_code, busy_patient.json()["code"]) == (409, "patient_busy")
    assert next_to_it.status_code == 201


def test_refusal_carries_the_next_free_slots(writer: Rest) -> None:
    SlotRules.objects.update(minutes=30, buffer_minutes=0, horizon_days=60)
    navigator = UserFactory(name="Aisha Okafor")
    WorkingHoursFactory(
        navigator=navigator, weekday=AHEAD.isoweekday(), time_zone="UTC", starts=time(0)
    )
    nine = AHEAD.replace(hour=9)
    BookingFactory(navigator=navigator, starts_at=nine)

    refused = writer.post(
        "bookings/",
        {
            "patient": str(PatientFactory().pk),
            "navigator": str(navigator.pk),
            "starts_at": nine.isoformat(),
            "ends_at": (nine + timedelta(minutes=30)).isoformat(),
        },
    )

    assert refused.status_code == 409
    assert refused.json()["free_slots"] == [
        {
            "navigator": {"id": str(navigator.pk), "name": "Aisha Okafor"},
            "starts_at": (nine + timedelta(minutes=minutes)).isoformat(),
            "ends_at": (nine + timedelta(minutes=minutes + 30)).isoformat(),
        }
        for minutes in (30, 60, 90)
    ]
    named = ", ".join(
        (nine + timedelta(minutes=minutes)).isoformat(timespec="minutes")
        for minutes in (30, 60, 90)
    )
    assert refused.json()["detail"] == (
        f"The navigator has another call at that time. Next free: {named} (UTC)."
    )


def test_navigator_who_left_is_not_booked(writer: Rest) -> None:
    body = slot(PatientFactory(), UserFactory(is_active=False))

    assert writer.post("bookings/", body).status_code == 400


def test_end_before_start_is_a_400(writer: Rest) -> None:
    body = slot(PatientFactory(), UserFactory())

    refused = writer.post("bookings/", {**body, "ends_at": body["starts_at"]})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/ends_at"


def test_restricted_person_is_not_booked(writer: Rest) -> None:
    patient = PatientFactory(processing_restricted=True)

    refused = writer.post("bookings/", slot(patient, UserFactory()))

    assert (refused.status_code, refused.json()["code"]) == (409, "restricted")


@pytest.mark.parametrize(
    ("member", "code"), [("starts_at", "fixed"), ("navigator", "fixed"), ("status", "read_only")]
)
def test_time_people_and_status_are_not_changed_by_writing_them(
    member: str, code: str, writer: Rest
) -> None:
    booking = BookingFactory()

    refused = writer.patch(f"bookings/{booking.pk}/", {member: "x"})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == code


@pytest.mark.parametrize(
    "fields",
    [
        {"starts_at": AHEAD - timedelta(days=365), "ends_at": AHEAD - timedelta(days=364)},
        {"status": "completed"},
        {"status": "cancelled", "cancelled_by": "patient"},
        {},
    ],
    ids=["over", "completed", "cancelled", "booked"],
)
def test_booking_that_is_expected_or_part_of_the_record_is_not_deleted(
    fields: dict[str, Any], writer: Rest
) -> None:
    booking = BookingFactory(**{"starts_at": AHEAD, **fields})

    refused = writer.delete(f"bookings/{booking.pk}/")

    assert (refused.status_code, refused.json()["code"]) == (409, "not_deletable")
    assert Booking.objects.filter(pk=booking.pk).exists()


def test_call_is_shown_whole(reader: Rest) -> None:
    booking = BookingFactory(patient__first_name="Sara", patient__last_name="Fermó")
    navigator = UserFactory(name="Aisha Okafor")
    call = CallFactory(
        patient=booking.patient,
        booking=booking,
        navigator=navigator,
        started_at=AHEAD,
        summary="Wants to think.",
        decision="think",
        next_action="Call again",
        next_action_due="2026-12-01",
    )

    shown = reader.get(f"calls/{call.pk}/").json()

    assert shown == {
        "id": str(call.pk),
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
        "version": 1,
        "patient": {"id": str(booking.patient_id), "name": "Sara Fermó", "stage": "lead"},
        "booking": {
            "id": str(booking.pk),
            "starts_at": booking.starts_at.isoformat(),
            "ends_at": booking.ends_at.isoformat(),
            "status": "booked",
        },
        "supersedes": None,
        "navigator": {"id": str(navigator.pk), "name": "Aisha Okafor"},
        "started_at": at(0),
        "outcome": "reached",
        "summary": "Wants to think.",
        "decision": "think",
        "next_action": "Call again",
        "next_action_due": "2026-12-01",
    }


def test_call_belongs_to_a_booking_of_the_same_patient(writer: Rest) -> None:
    body = {
        "patient": str(PatientFactory().pk),
        "navigator": str(UserFactory().pk),
        "booking": str(BookingFactory().pk),
        "started_at": at(0),
        "outcome": "reached",
    }

    refused = writer.post("calls/", body)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "other_patient"


def test_bookings_are_narrowed_by_time_and_status(reader: Rest) -> None:
    booking = BookingFactory(starts_at=AHEAD)
    BookingFactory(starts_at=AHEAD + timedelta(days=1))
    BookingFactory(starts_at=AHEAD - timedelta(days=1), status="completed")
    start, end = (at(minutes).replace("+", "%2B") for minutes in (0, 60))

    found = reader.get(
        f"bookings/?starts_after={start}&starts_before={end}&status=booked&status=held"
    )

    assert [each["id"] for each in found.json()["results"]] == [str(booking.pk)]


# --- what becomes of a booking --------------------------------------------------------------------


def test_call_without_navigator_is_given_to_who_is_free_and_speaks_the_language(
    writer: Rest,
) -> None:
    SlotRules.objects.update(minutes=30, buffer_minutes=0, horizon_days=60)
    navigator = UserFactory(languages_spoken=["nl"])
    WorkingHoursFactory(
        navigator=navigator, weekday=AHEAD.isoweekday(), time_zone="UTC", starts=time(0)
    )
    nine = AHEAD.replace(hour=9)
    body = {
        "patient": str(PatientFactory().pk),
        "starts_at": nine.isoformat(),
        "ends_at": (nine + timedelta(minutes=30)).isoformat(),
    }

    nobody = writer.post("bookings/", {**body, "language": "fr"})
    made = writer.post("bookings/", {**body, "language": "nl"})

    assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody_free")
    assert (made.status_code, made.json()["navigator"]["id"]) == (201, str(navigator.pk))


def test_time_is_held_and_then_confirmed(writer: Rest) -> None:
    held = writer.post("bookings/", {**slot(PatientFactory(), UserFactory()), "hold": True})
    path = f"bookings/{held.json()['id']}/confirm/"

    confirmed, again = writer.post(path, {}), writer.post(path, {})

    assert (held.status_code, held.json()["status"]) == (201, "held")
    assert [each.status_code for each in (confirmed, again)] == [200, 200]
    assert (again.json()["status"], again.json()["held_until"]) == ("booked", None)


def test_who_said_no_to_being_contacted_is_neither_held_a_time_nor_booked(writer: Rest) -> None:
    patient, navigator = PatientFactory(), UserFactory()
    held = writer.post("bookings/", {**slot(patient, navigator), "hold": True}).json()
    ConsentFactory(patient=patient, purpose="contact", decision="withdrawn")

    holding = writer.post("bookings/", {**slot(patient, navigator, start=60), "hold": True})
    booking = writer.post(f"bookings/{held['id']}/confirm/", {})
    shown = writer.get(f"bookings/{held['id']}/transitions/").json()

    assert [(each.status_code, each.json()["code"]) for each in (holding, booking)] == [
        (409, "contact_refused"),
        (409, "contact_refused"),
    ]
    assert [m["code"] for m in shown[0]["missing"]] == ["contact_refused"]


def test_hold_is_told_nothing_that_belongs_to_a_booking(writer: Rest) -> None:
    body = slot(PatientFactory(), UserFactory())

    refused = writer.post(
        "bookings/", {**body, "hold": True, "reminder_at": at(-60), "entered_afterwards": True}
    )

    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/entered_afterwards",
        "/reminder_at",
    ]


def test_time_that_is_over_is_entered_afterwards_or_refused(writer: Rest) -> None:
    body = slot(PatientFactory(), UserFactory(), start=-60 * 24 * 60)

    refused = writer.post("bookings/", body)
    made = writer.post("bookings/", {**body, "entered_afterwards": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "in_the_past")
    assert made.status_code == 201


def test_moved_booking_is_answered_with_the_one_that_continues_it(writer: Rest) -> None:
    booking = BookingFactory(starts_at=AHEAD)
    other = UserFactory()
    path = f"bookings/{booking.pk}/reschedule/"
    body = {"starts_at": at(15), "ends_at": at(45)}

    moved = writer.post(path, {**body, "navigator": str(other.pk)})
    again = writer.post(path, body)

    assert moved.status_code == again.status_code == 200, moved.content
    assert moved.json() == again.json()
    assert moved.json()["navigator"]["id"] == str(other.pk)
    assert (moved.json()["ics_uid"], moved.json()["ics_sequence"]) == (str(booking.ics_uid), 1)
    before = writer.get(f"bookings/{booking.pk}/").json()
    assert (before["status"], before["rescheduled_to"]["id"]) == (
        *("rescheduled", moved.json()["id"]),
    )


def test_cancelled_booking_says_who_and_why(writer: Rest) -> None:
    booking = BookingFactory()
    body = {"cancelled_by": "patient", "cancel_reason": "In hospital."}

    cancelled = writer.post(f"bookings/{booking.pk}/cancel/", body)

    shown = cancelled.json()
    assert cancelled.status_code == 200
    assert {member: shown[member] for member in body} == body
    assert (shown["status"], shown["ics_sequence"]) == ("cancelled", 1)


def test_missed_call_says_who_did_not_come(writer: Rest) -> None:
    booking = BookingFactory(starts_at=AHEAD - timedelta(days=60), ends_at=AHEAD)
    path = f"bookings/{booking.pk}/no-show/"

    said = writer.post(path, {"no_show_by": "navigator"})

    assert (said.json()["status"], said.json()["no_show_by"]) == ("no_show", "navigator")
    assert writer.post(path, {"no_show_by": "nobody"}).status_code == 400


def test_change_of_an_old_version_is_refused(writer: Rest) -> None:
    booking = BookingFactory()
    body = {"cancelled_by": "patient", "cancel_reason": "In hospital."}

    refused = writer.post(f"bookings/{booking.pk}/cancel/", body, If_Match='"7"')

    assert refused.status_code == 412
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_what_can_be_done_is_listed_with_what_is_in_the_way(reader: Rest) -> None:
    booking = BookingFactory(starts_at=AHEAD)

    shown = reader.get(f"bookings/{booking.pk}/transitions/").json()

    assert {each["action"]: [m["code"] for m in each["missing"]] for each in shown} == {
        "confirm": ["booking_not_in_force"],
        "reschedule": [],
        "cancel": [],
        "no-show": ["not_begun"],
    }
    assert [each["is_possible"] for each in shown] == [False, True, True, False]


def test_nothing_can_be_done_to_a_booking_that_is_not_there(writer: Rest) -> None:
    path = f"bookings/{PatientFactory().pk}"

    assert writer.post(f"{path}/confirm/", {}).status_code == 404
    assert writer.get(f"{path}/transitions/").status_code == 404


def test_reader_does_nothing_to_a_booking(reader: Rest) -> None:
    assert reader.post(f"bookings/{BookingFactory().pk}/confirm/", {}).status_code == 403
