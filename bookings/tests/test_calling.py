"""Recording a call: what it makes of the person, of the booking, and of an earlier record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from bookings.attempts import since_reached
from bookings.calling import record
from bookings.models import Booking, Call
from bookings.queues import never_called
from bookings.tests.factories import BookingFactory, CallFactory
from patients import closing, conversion
from patients.models import Patient, StageChange
from patients.tests.factories import MergedPatientFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db

TEN = datetime(2026, 5, 5, 10, tzinfo=UTC)


@pytest.fixture
def booking() -> Booking:
    made: Booking = BookingFactory(starts_at=TEN)
    return made


def call_of(booking: Booking, outcome: str, *, at: datetime = TEN, **fields: Any) -> Call:
    return record(
        patient_id=booking.patient_id,
        navigator_id=booking.navigator_id,
        booking_id=booking.pk,
        started_at=at,
        outcome=outcome,
        by=booking.navigator,
        **fields,
    )


def call(patient: Patient, outcome: str, *, at: datetime = TEN, **fields: Any) -> Call:
    navigator = UserFactory()
    return record(
        patient_id=patient.pk,
        navigator_id=navigator.pk,
        started_at=at,
        outcome=outcome,
        by=navigator,
        **fields,
    )


def test_call_that_reached_the_lead_lets_it_be_converted(booking: Booking) -> None:
    patient = booking.patient

    made = call_of(booking, "reached", summary="Wants options close to home.", decision="pursue")

    patient.refresh_from_db()
    booking.refresh_from_db()
    assert patient.initial_consult_at == TEN
    assert booking.status == "completed"
    assert conversion.convert(patient_id=patient.pk, by=booking.navigator).stage == "patient"
    assert made.events.get().pgh_context.metadata["user"] == str(booking.navigator_id)


@pytest.mark.parametrize(
    ("outcome", "status", "by"),
    [
        ("reached", "completed", ""),
        ("refused", "completed", ""),
        ("third_party", "no_show", "patient"),
        ("voicemail", "no_show", "patient"),
        ("no_answer", "no_show", "patient"),
        ("wrong_number", "no_show", "patient"),
    ],
)
def test_outcome_says_what_became_of_the_booking(
    outcome: str, status: str, by: str, booking: Booking
) -> None:
    call_of(booking, outcome)

    booking.refresh_from_db()
    booking.patient.refresh_from_db()
    assert (booking.status, booking.no_show_by) == (status, by)
    assert not Booking.objects.outcome_missing(now=TEN + timedelta(days=1)).exists()
    assert (booking.patient.initial_consult_at is not None) == (outcome == "reached")


def test_second_try_that_reaches_them_completes_what_was_a_no_show(booking: Booking) -> None:
    call_of(booking, "no_answer")

    call_of(booking, "reached", at=TEN + timedelta(minutes=10))

    booking.refresh_from_db()
    assert (booking.status, booking.no_show_by) == ("completed", "")


def test_call_in_vain_before_the_booked_time_is_no_no_show(booking: Booking) -> None:
    call_of(booking, "no_answer", at=TEN - timedelta(hours=1))

    booking.refresh_from_db()
    assert booking.status == "booked"


def test_earliest_call_that_reached_them_is_the_initial_consult() -> None:
    patient = PatientFactory()

    for days in (2, 1, 3):
        call(patient, "reached", at=TEN + timedelta(days=days))

    patient.refresh_from_db()
    assert patient.initial_consult_at == TEN + timedelta(days=1)


def test_initial_consult_of_the_legacy_crm_stays_when_it_was_earlier() -> None:
    before = TEN - timedelta(days=300)
    patient = PatientFactory(initial_consult_at=before)
    wrong = call(patient, "reached")

    call(patient, "no_answer", supersedes_id=wrong.pk)

    patient.refresh_from_db()
    assert patient.initial_consult_at == before


def test_three_calls_in_vain_let_the_lead_be_closed_as_unreachable() -> None:
    patient = PatientFactory()
    for hours in range(3):
        call(patient, "no_answer", at=TEN + timedelta(hours=hours))

    closed = closing.unreachable(patient_id=patient.pk, by=UserFactory())

    assert closed.patient.closed_reason == "unreachable"


def test_correction_takes_back_what_the_wrong_record_did(booking: Booking) -> None:
    wrong = call_of(booking, "reached")

    right = call_of(booking, "voicemail", supersedes_id=wrong.pk)

    booking.refresh_from_db()
    booking.patient.refresh_from_db()
    assert (booking.status, booking.no_show_by) == ("no_show", "patient")
    assert booking.patient.initial_consult_at is None
    assert list(Call.objects.current()) == [right]
    assert since_reached(booking.patient) == 1
    wrong.refresh_from_db()
    assert wrong.outcome == "reached"


def test_correction_belongs_to_the_booking_of_the_wrong_record(booking: Booking) -> None:
    wrong = call_of(booking, "reached")

    right = call(booking.patient, "voicemail", supersedes_id=wrong.pk)

    assert right.booking == booking


def test_second_correction_of_one_record_is_refused() -> None:
    patient = PatientFactory()
    wrong = call(patient, "reached")
    call(patient, "voicemail", supersedes_id=wrong.pk)

    with pytest.raises(Refused) as refused:
        call(patient, "no_answer", supersedes_id=wrong.pk)

    assert refused.value.code == "already_corrected"


def test_corrected_call_is_out_of_the_queues() -> None:
    patient = PatientFactory()
    due = {"next_action": "Call again", "next_action_due": TEN.date()}
    wrong = call(patient, "no_answer", **due)
    assert list(Call.objects.follow_ups_due(today=TEN.date())) == [wrong]
    assert not never_called().exists()

    right = call(patient, "no_answer", supersedes_id=wrong.pk, **due)

    assert list(Call.objects.follow_ups_due(today=TEN.date())) == [right]


def test_follow_up_of_somebody_who_is_closed_is_not_due() -> None:
    patient = PatientFactory()
    call(patient, "reached", next_action="Call again", next_action_due=TEN.date())

    closing.withdraw(
        patient_id=patient.pk, by=UserFactory(), reason=StageChange.Reason.NOT_INTERESTED
    )

    assert not Call.objects.follow_ups_due(today=TEN.date()).exists()


def test_call_to_come_is_refused() -> None:
    with pytest.raises(ValidationError, match="still to come"):
        call(PatientFactory(), "reached", at=datetime.now(UTC) + timedelta(hours=1))

    assert not Call.objects.exists()


def test_call_of_a_booking_of_another_patient_is_refused(booking: Booking) -> None:
    with pytest.raises(ValidationError, match="another patient"):
        call(PatientFactory(), "reached", booking_id=booking.pk)


def test_correction_of_a_call_with_another_patient_is_refused() -> None:
    wrong = CallFactory(started_at=TEN)

    with pytest.raises(ValidationError, match="another patient"):
        call(PatientFactory(), "reached", supersedes_id=wrong.pk)


def test_database_refuses_a_call_of_a_booking_of_another_patient(booking: Booking) -> None:
    CallFactory(booking=booking, patient=PatientFactory())

    with pytest.raises(IntegrityError, match="bookings_call_booking_of_the_patient"):
        connection.check_constraints()


@pytest.mark.parametrize("change", [{"outcome": "no_answer"}, {"started_at": TEN}])
def test_database_refuses_to_overwrite_a_call(change: dict[str, Any]) -> None:
    made = CallFactory()

    with pytest.raises(IntegrityError, match="not overwritten"), transaction.atomic():
        Call.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError, match="not overwritten"), transaction.atomic():
        Call.objects.filter(pk=made.pk).delete()


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "cancelled", "cancelled_by": "patient"},
        {"status": "held", "held_until": TEN + timedelta(minutes=10)},
    ],
    ids=["cancelled", "held"],
)
def test_call_of_a_booking_that_is_not_in_force_is_refused(fields: dict[str, Any]) -> None:
    booking = BookingFactory(starts_at=TEN, **fields)

    with pytest.raises(Refused) as refused:
        call_of(booking, "reached")

    assert refused.value.code == "booking_not_in_force"


def test_call_of_somebody_who_is_closed_is_corrected_and_a_new_one_refused() -> None:
    patient = PatientFactory()
    wrong = call(patient, "reached")
    closing.deceased(patient_id=patient.pk, by=UserFactory())

    with pytest.raises(Refused) as refused:
        call(patient, "reached")
    right = call(patient, "third_party", supersedes_id=wrong.pk)

    assert refused.value.code == "deceased"
    assert list(Call.objects.current()) == [right]


@pytest.mark.parametrize("close", [closing.deceased, closing.withdraw])
def test_call_that_had_begun_when_the_record_was_closed_is_recorded(
    close: Any, booking: Booking
) -> None:
    """Closing spares a call under way, so that somebody says how it went."""
    ahead = BookingFactory(patient=booking.patient)
    why = {"reason": StageChange.Reason.NOT_INTERESTED} if close is closing.withdraw else {}
    close(patient_id=booking.patient_id, by=UserFactory(), **why)

    made = call_of(booking, "no_answer")
    with pytest.raises(Refused):
        call_of(ahead, "no_answer")

    booking.refresh_from_db()
    assert (booking.status, booking.no_show_by) == ("no_show", "patient")
    assert list(Call.objects.current()) == [made]


def test_call_with_a_restricted_or_merged_person_is_refused() -> None:
    merged = MergedPatientFactory()
    navigator = UserFactory()

    with pytest.raises(Refused) as restricted:
        call(PatientFactory(processing_restricted=True), "reached")
    with pytest.raises(Refused) as merged_away:
        record(
            patient_id=merged.old_id,
            navigator_id=navigator.pk,
            started_at=TEN,
            outcome="reached",
            by=navigator,
        )

    assert (restricted.value.code, merged_away.value.code) == ("restricted", "merged")


# --- over REST and in the workplace ---------------------------------------------------------------


def body(booking: Booking, **fields: Any) -> dict[str, Any]:
    return {
        "patient": str(booking.patient_id),
        "navigator": str(booking.navigator_id),
        "booking": str(booking.pk),
        "started_at": TEN.isoformat(),
        "outcome": "reached",
        **fields,
    }


def test_call_over_rest_takes_effect(writer: Rest, booking: Booking) -> None:
    made = writer.post("calls/", body(booking))

    assert made.status_code == 201, made.content
    assert made.json()["booking"]["status"] == "completed"
    assert Patient.objects.get(pk=booking.patient_id).initial_consult_at == TEN


@pytest.mark.parametrize("member", ["started_at", "outcome", "navigator", "booking", "supersedes"])
def test_call_is_not_overwritten_over_rest(member: str, writer: Rest) -> None:
    made = CallFactory(started_at=TEN)

    refused = writer.patch(f"calls/{made.pk}/", {member: "x"})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "fixed"


def test_call_is_not_deleted_over_rest(writer: Rest) -> None:
    made = CallFactory(started_at=TEN)

    assert writer.delete(f"calls/{made.pk}/").status_code == 405


def test_correction_over_rest_names_what_it_corrects(writer: Rest, booking: Booking) -> None:
    wrong = writer.post("calls/", body(booking)).json()

    right = writer.post("calls/", body(booking, outcome="voicemail", supersedes=wrong["id"]))

    assert right.status_code == 201, right.content
    assert right.json()["supersedes"] == {
        "id": wrong["id"],
        "started_at": TEN.isoformat(),
        "outcome": "reached",
    }
    assert right.json()["booking"]["status"] == "no_show"
    for superseded, found in (("true", wrong["id"]), ("false", right.json()["id"])):
        listed = writer.get(f"calls/?superseded={superseded}").json()["results"]
        assert [each["id"] for each in listed] == [found]


def written(booking: Booking, **fields: Any) -> dict[str, Any]:
    """The form of a call at noon in Amsterdam, 10:00 UTC."""
    return {
        "patient": booking.patient_id,
        "booking": booking.pk,
        "navigator": booking.navigator_id,
        "started_at_0": "2026-05-05",
        "started_at_1": "12:00",
        "outcome": "reached",
        **fields,
    }


def test_write_up_in_the_workplace_with_a_booking_of_another_patient_is_an_error(
    client: Client, navigator: User, booking: Booking
) -> None:
    client.force_login(navigator)

    answer = client.post(
        reverse("admin:bookings_call_add"), written(booking, patient=PatientFactory().pk)
    )

    assert answer.status_code == 200
    assert "another patient" in answer.content.decode()
    assert not Call.objects.exists()


def test_outcome_and_time_are_read_only_in_the_workplace(
    client: Client, navigator: User, booking: Booking
) -> None:
    client.force_login(navigator)
    made = call_of(booking, "reached")

    client.post(
        made.get_absolute_url(),
        {
            "outcome": "no_answer",
            "started_at_0": "2020-01-01",
            "started_at_1": "10:00",
            "summary": "Wants to think.",
            "version": made.version,
        },
    )

    made.refresh_from_db()
    assert made.summary == "Wants to think."
    assert (made.outcome, made.started_at) == ("reached", TEN)


def started_at(client: Client, **query: Any) -> datetime:
    """When the form for a new call says that it was made, opened from somewhere."""
    page: Any = client.get(reverse("admin:bookings_call_add"), query)
    found: datetime = page.context_data["adminform"].form.initial["started_at"]
    return found


def test_write_up_begins_with_the_time_that_was_planned(
    client: Client, navigator: User, booking: Booking
) -> None:
    client.force_login(navigator)
    ahead = BookingFactory(
        starts_at=datetime.now(UTC) + timedelta(days=1), ends_at=datetime.now(UTC) + timedelta(2)
    )
    wrong = CallFactory(started_at=TEN - timedelta(days=1))

    assert started_at(client, booking=booking.pk) == TEN
    assert started_at(client, supersedes=wrong.pk, booking=booking.pk) == wrong.started_at
    assert started_at(client, booking=ahead.pk) <= datetime.now(UTC)


def test_call_is_corrected_from_its_page(client: Client, navigator: User, booking: Booking) -> None:
    client.force_login(navigator)
    wrong = call_of(booking, "reached")

    before = client.get(wrong.get_absolute_url()).content.decode()
    client.post(
        reverse("admin:bookings_call_add"),
        written(booking, outcome="voicemail", supersedes=wrong.pk),
    )
    after = client.get(wrong.get_absolute_url()).content.decode()

    right = Call.objects.current().get()
    assert f"supersedes={wrong.pk}" in before
    assert right.supersedes == wrong
    assert right.get_absolute_url() in after
    assert "Corrected" in after
