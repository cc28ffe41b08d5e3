"""Completing a call: all that came of it is kept at once, or nothing is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from bookings.calling import Completed, complete
from bookings.models import Booking, Call
from bookings.tests.factories import MONDAY_NINE, BookingFactory, CallFactory
from patients.models import Consent, ConsentText, Patient, RuleOverride
from patients.tests.factories import ConsentFactory, PatientFactory
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


def said(decision: str = "given", purpose: str = "contact", **fields: Any) -> Consent:
    return Consent(
        **{
            "purpose": purpose,
            "decision": decision,
            "text_version": "2026-01",
            "language": "nl",
            "method": "phone",
            **fields,
        }
    )


def finish(booking: Booking, outcome: str = "reached", **fields: Any) -> Completed:
    return complete(
        **{
            "patient_id": booking.patient_id,
            "navigator_id": booking.navigator_id,
            "booking_id": booking.pk,
            "started_at": TEN,
            "outcome": outcome,
            "by": booking.navigator,
            **fields,
        }
    )


def nothing_changed(booking: Booking) -> bool:
    booking.refresh_from_db()
    booking.patient.refresh_from_db()
    return (
        booking.status == "booked"
        and booking.patient.stage == "lead"
        and booking.patient.initial_consult_at is None
        and not Call.objects.exists()
        and not booking.patient.consents.exclude(text_version="before").exists()
        and not booking.patient.stage_changes.exists()
    )


def test_all_that_came_of_a_call_is_kept(booking: Booking) -> None:
    done = finish(
        booking,
        summary="Wants options close to home.",
        decision="pursue",
        next_action="Send the brochure",
        next_action_due=TEN.date(),
        consents=[said(), said(purpose="physician"), said("refused", purpose="research")],
        convert=True,
    )

    booking.refresh_from_db()
    call = Call.objects.get()
    assert (done.call, done.is_new, done.patient.stage) == (call, True, "patient")
    assert (booking.status, call.booking, call.next_action) == (
        "completed",
        booking,
        "Send the brochure",
    )
    assert set(booking.patient.consents.values_list("purpose", "decision")) == {
        ("contact", "given"),
        ("physician", "given"),
        ("research", "refused"),
    }
    assert booking.patient.stage_changes.get().changed_by == booking.navigator


def test_call_without_a_booking_is_completed_as_well(navigator: User) -> None:
    patient = PatientFactory()

    done = complete(
        patient_id=patient.pk,
        navigator_id=navigator.pk,
        started_at=TEN,
        outcome="no_answer",
        next_action="Try again",
        by=navigator,
    )

    assert (done.call.booking, done.patient.stage) == (None, "lead")


def test_same_call_again_changes_nothing(booking: Booking) -> None:
    first = finish(booking, decision="pursue", convert=True, consents=[said()])

    again = finish(booking, decision="pursue", convert=True, consents=[said()])

    assert (again.call, again.is_new, again.consents) == (first.call, False, ())
    assert (Call.objects.count(), Consent.objects.count()) == (1, 1)


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer", "wrong_number"])
def test_nothing_is_consented_to_when_nobody_spoke(outcome: str, booking: Booking) -> None:
    with pytest.raises(ValidationError) as invalid:
        finish(booking, outcome, consents=[said()])

    assert set(invalid.value.error_dict) == {"consents"}
    assert nothing_changed(booking)


@pytest.mark.parametrize("outcome", ["third_party", "refused"])
def test_conversion_without_reaching_them_keeps_nothing(outcome: str, booking: Booking) -> None:
    with pytest.raises(Refused) as refused:
        finish(booking, outcome, decision="pursue", convert=True, consents=[said()])

    assert (refused.value.code, refused.value.members["field"]) == ("not_reached", "convert")
    assert nothing_changed(booking)


def test_conversion_of_somebody_not_pursued_keeps_nothing(booking: Booking) -> None:
    with pytest.raises(ValidationError) as invalid:
        finish(booking, decision="think", convert=True)

    assert set(invalid.value.error_dict) == {"convert"}
    assert nothing_changed(booking)


def test_consent_that_says_too_little_keeps_nothing(booking: Booking) -> None:
    with pytest.raises(ValidationError) as invalid:
        finish(booking, consents=[said("refused", text_version="")])

    assert set(invalid.value.error_dict) == {"consents"}
    assert nothing_changed(booking)


def test_next_step_that_says_too_little_keeps_nothing(booking: Booking) -> None:
    with pytest.raises(ValidationError) as invalid:
        finish(booking, consents=[said()], next_action_due=TEN.date())

    assert "Say what is due on that date." in invalid.value.messages
    assert nothing_changed(booking)


@pytest.mark.parametrize(
    ("made", "field"),
    [
        ({"status": "cancelled", "cancelled_by": "patient"}, "booking"),
        (
            {
                "starts_at": MONDAY_NINE,
                "patient__stage": "closed",
                "patient__closed_reason": "withdrawn",
            },
            "patient",
        ),
    ],
    ids=["called off", "closed before it began"],
)
def test_refusal_names_what_it_is_about(made: dict[str, Any], field: str) -> None:
    booking = BookingFactory(**{"starts_at": TEN, **made})

    with pytest.raises(Refused) as refused:
        finish(booking)

    assert refused.value.members["field"] == field


def test_refusal_for_want_of_a_reason_names_it(navigator: User) -> None:
    patient = ConsentFactory(purpose="contact", decision="refused", decided_at=TEN).patient
    call: dict[str, Any] = {
        "patient_id": patient.pk,
        "navigator_id": navigator.pk,
        "started_at": TEN + timedelta(hours=1),
        "outcome": "reached",
        "by": navigator,
    }

    with pytest.raises(Refused) as refused:
        complete(**call)
    complete(**call, although="They called us.")

    assert refused.value.members["field"] == "although"
    assert RuleOverride.objects.get().overridden_by == navigator


def test_withdrawal_ends_calls_to_come_and_not_the_one_it_was_said_in(navigator: User) -> None:
    now = datetime.now(UTC)
    patient = ConsentFactory(purpose="contact", text_version="before", decided_at=TEN).patient
    early = BookingFactory(patient=patient, navigator=navigator, starts_at=now + timedelta(hours=1))
    later = BookingFactory(patient=patient, navigator=navigator, starts_at=now + timedelta(days=9))

    done = finish(
        early,
        started_at=now - timedelta(minutes=5),
        consents=[said("withdrawn")],
    )

    early.refresh_from_db()
    later.refresh_from_db()
    assert (early.status, later.status) == ("completed", "cancelled")
    assert done.consents[0].stopped == {Booking: 1}


# --- over REST ------------------------------------------------------------------------------------


@pytest.fixture
def text() -> ConsentText:
    found: ConsentText = ConsentText.objects.filter(purpose="contact", language="nl").first()
    return found


def body(**fields: Any) -> dict[str, Any]:
    return {"started_at": TEN.isoformat(), "outcome": "reached", **fields}


def test_rest_completes_a_booking(booking: Booking, text: ConsentText, writer: Rest) -> None:
    consent = {
        "purpose": "contact",
        "decision": "given",
        "text_version": text.text_version,
        "language": "nl",
    }

    answer = writer.post(
        f"bookings/{booking.pk}/complete/",
        body(decision="pursue", convert=True, consents=[consent], summary="Good talk."),
    )

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "booking": str(booking.pk),
        "booking_status": "completed",
        "call": str(Call.objects.get().pk),
        "consents": [str(Consent.objects.get().pk)],
        "facts": [],
        "patient": str(booking.patient_id),
        "stage": "patient",
    }
    assert Call.objects.get().navigator == booking.navigator


def test_rest_repeats_the_answer(booking: Booking, writer: Rest) -> None:
    first = writer.post(f"bookings/{booking.pk}/complete/", body())

    again = writer.post(f"bookings/{booking.pk}/complete/", body())

    assert (again.status_code, again.json()) == (200, first.json())
    assert Call.objects.count() == 1


def test_rest_refusal_names_the_field_and_keeps_nothing(booking: Booking, writer: Rest) -> None:
    answer = writer.post(
        f"bookings/{booking.pk}/complete/",
        body(outcome="no_answer", decision="pursue", convert=True),
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "not_reached")
    assert answer.json()["field"] == "convert"
    assert nothing_changed(booking)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"outcome": "maybe"}, "/outcome"),
        ({"consents": [{"purpose": "contact"}]}, "/consents/0/decision"),
        (
            {
                "consents": [
                    {
                        "purpose": "contact",
                        "decision": "given",
                        "text_version": "none such",
                        "language": "nl",
                    }
                ]
            },
            "/consents/0/text_version",
        ),
        ({"status": "completed"}, "/status"),
    ],
    ids=["outcome", "decision", "text", "unknown"],
)
def test_rest_names_a_bad_member(
    wrong: dict[str, Any], pointer: str, booking: Booking, writer: Rest
) -> None:
    answer = writer.post(f"bookings/{booking.pk}/complete/", {**body(), **wrong})

    assert answer.status_code == 400
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert nothing_changed(booking)


def test_rest_call_by_somebody_else_is_theirs(booking: Booking, writer: Rest) -> None:
    colleague = UserFactory()

    writer.post(f"bookings/{booking.pk}/complete/", body(navigator=str(colleague.pk)))

    assert Call.objects.get().navigator == colleague


def test_rest_refuses_a_stale_version(booking: Booking, writer: Rest) -> None:
    answer = writer.post(f"bookings/{booking.pk}/complete/", body(), If_Match='"9"')

    assert answer.status_code in {409, 412}
    assert nothing_changed(booking)


def test_rest_is_for_who_may_change_bookings(booking: Booking, reader: Rest) -> None:
    assert reader.post(f"bookings/{booking.pk}/complete/", body()).status_code == 403


def test_rest_knows_no_such_booking(writer: Rest) -> None:
    unknown = PatientFactory().pk

    assert writer.post(f"bookings/{unknown}/complete/", body()).status_code == 404


def test_call_known_before_a_correction_can_be_made_again(booking: Booking) -> None:
    wrong = CallFactory(patient=booking.patient, navigator=booking.navigator, started_at=TEN)
    CallFactory(patient=booking.patient, started_at=TEN, outcome="no_answer", supersedes=wrong)

    assert finish(booking).is_new


def test_stage_of_a_patient_is_left_as_it_is(booking: Booking) -> None:
    Patient.objects.filter(pk=booking.patient_id).update(stage="patient", converted_at=TEN)

    assert finish(booking, decision="pursue", convert=True).patient.stage == "patient"
