"""Who said no to being contacted: in no queue, and called for a reason only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bookings.calling import record
from bookings.models import Booking, Call
from bookings.queues import never_called
from bookings.scheduling import book
from bookings.tests.factories import BookingFactory
from patients.models import Patient, RuleOverride
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2026, 1, 5, 10, tzinfo=UTC)


def said(decision: str, *, purpose: str = "contact", at: datetime = LONG_AGO, **of: Any) -> Patient:
    patient: Patient = of.get("patient") or PatientFactory()
    ConsentFactory(
        patient=patient,
        purpose=purpose,
        decision=decision,
        decided_at=at,
        scope=of.get("scope", ""),
    )
    return patient


@pytest.fixture
def refuser() -> Patient:
    return said("refused")


@pytest.mark.parametrize("decision", ["refused", "withdrawn"])
def test_who_said_no_is_not_in_the_queue(decision: str) -> None:
    said(decision)
    asked = PatientFactory()

    assert list(never_called()) == [asked]


def test_who_changed_their_mind_is_in_the_queue() -> None:
    patient = said("refused")
    said("given", patient=patient, at=LONG_AGO + timedelta(days=1))

    assert list(never_called()) == [patient]


@pytest.mark.parametrize(
    "other", [{"purpose": "research"}, {"scope": "NCT01234567"}], ids=["purpose", "scope"]
)
def test_a_no_to_something_else_says_nothing(other: dict[str, str]) -> None:
    patient = said("refused", **other)

    assert list(never_called()) == [patient]


@pytest.mark.parametrize(
    "wish",
    [
        {"do_not_contact": True},
        {"processing_restricted": True},
        {"deceased_on": LONG_AGO.date()},
    ],
    ids=["do not contact", "restricted", "deceased"],
)
def test_who_is_not_to_be_contacted_is_not_in_the_queue(wish: dict[str, Any]) -> None:
    PatientFactory(**wish)

    assert not never_called().exists()


def plan(patient: Patient, by: User, **said: Any) -> Booking:
    starts = timezone.now() + timedelta(days=2)
    return book(
        patient_id=patient.pk,
        navigator_id=by.pk,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=30),
        by=by,
        **said,
    )


def test_booking_for_who_said_no_is_refused(refuser: Patient, navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        plan(refuser, navigator)

    assert refused.value.code == "contact_refused"
    assert refused.value.message == "They said no to being contacted, on 5 Jan 2026."


def test_navigator_cannot_set_a_no_aside(refuser: Patient, navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        plan(refuser, navigator, override="They asked for it.")

    assert refused.value.code == "override_not_allowed"


def test_team_lead_sets_a_no_aside_and_it_is_written_down(refuser: Patient, member: Any) -> None:
    lead = member("team lead")

    plan(refuser, lead, override=" They asked for it. ")

    kept = RuleOverride.objects.get()
    assert (kept.patient, kept.rule, kept.reason, kept.overridden_by) == (
        refuser,
        "contact_refused",
        "They asked for it.",
        lead,
    )


def test_call_with_who_said_no_needs_a_reason(refuser: Patient, navigator: User) -> None:
    call: dict[str, Any] = {
        "patient_id": refuser.pk,
        "navigator_id": navigator.pk,
        "started_at": LONG_AGO + timedelta(days=3),
        "outcome": "reached",
        "by": navigator,
    }

    with pytest.raises(Refused) as refused:
        record(**call)
    record(**call, although="They called us.")

    assert refused.value.code == "contact_refused"
    assert RuleOverride.objects.get().reason == "They called us."
    assert Call.objects.count() == 1


def test_call_before_they_said_no_needs_none(refuser: Patient, navigator: User) -> None:
    record(
        patient_id=refuser.pk,
        navigator_id=navigator.pk,
        started_at=LONG_AGO - timedelta(minutes=20),
        outcome="reached",
        by=navigator,
    )

    assert not RuleOverride.objects.exists()


def test_planned_call_with_who_said_no_since_needs_none(navigator: User) -> None:
    booking = BookingFactory(navigator=navigator, starts_at=LONG_AGO + timedelta(days=1))
    said("refused", patient=booking.patient)

    record(
        patient_id=booking.patient_id,
        navigator_id=navigator.pk,
        booking_id=booking.pk,
        started_at=booking.starts_at,
        outcome="reached",
        by=navigator,
    )

    assert not RuleOverride.objects.exists()


# --- in the workplace -----------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def read(client: Client, name: str, **query: Any) -> str:
    return client.get(reverse(f"admin:{name}"), query).content.decode()


def test_header_of_who_said_no_says_so(desk: Client, refuser: Patient) -> None:
    page = desk.get(refuser.get_absolute_url()).content.decode()

    assert "Said no to contact, 5 Jan" in page


def test_call_form_asks_for_the_reason_of_who_said_no_only(desk: Client, refuser: Patient) -> None:
    asks = read(desk, "bookings_call_add", patient=refuser.pk)
    silent = read(desk, "bookings_call_add", patient=PatientFactory().pk)

    assert "They said no to being contacted, on 5 Jan 2026." in asks
    assert 'name="although"' in asks
    assert 'name="although"' not in silent


def test_booking_form_sends_a_navigator_to_the_team_lead(
    desk: Client, refuser: Patient, client: Client, member: Any
) -> None:
    for_navigator = read(desk, "bookings_booking_add", patient=refuser.pk)
    client.force_login(member("team lead"))
    for_lead = read(client, "bookings_booking_add", patient=refuser.pk)

    assert "Ask a team lead" in for_navigator
    assert 'name="override"' not in for_navigator
    assert 'name="override"' in for_lead


def test_reason_is_asked_for_once_the_form_was_sent(
    desk: Client, refuser: Patient, navigator: User
) -> None:
    call = {
        "patient": refuser.pk,
        "navigator": navigator.pk,
        "started_at_0": "2026-02-01",
        "started_at_1": "10:00",
        "outcome": "reached",
    }

    asked = desk.post(reverse("admin:bookings_call_add"), call)
    done = desk.post(reverse("admin:bookings_call_add"), {**call, "although": "They called us."})

    assert 'name="although"' in asked.content.decode()
    assert done.status_code == 302
    assert RuleOverride.objects.get().reason == "They called us."


def test_form_of_a_call_for_nobody_opens(desk: Client) -> None:
    assert "They said no" not in read(desk, "bookings_call_add", patient="nobody")


def test_rest_refuses_a_booking_for_who_said_no(
    writer: Rest, refuser: Patient, navigator: User
) -> None:
    starts = timezone.now() + timedelta(days=2)

    answer = writer.post(
        "bookings/",
        {
            "patient": str(refuser.pk),
            "navigator": str(navigator.pk),
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(minutes=30)).isoformat(),
        },
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "contact_refused")


def test_rest_records_a_call_with_who_said_no_for_a_reason(
    writer: Rest, refuser: Patient, navigator: User
) -> None:
    call = {
        "patient": str(refuser.pk),
        "navigator": str(navigator.pk),
        "started_at": (LONG_AGO + timedelta(days=1)).isoformat(),
        "outcome": "reached",
    }

    refused = writer.post("calls/", call)
    made = writer.post("calls/", {**call, "although": "They called us."})

    assert (refused.status_code, refused.json()["code"]) == (409, "contact_refused")
    assert made.status_code == 201, made.content
    assert "although" not in made.json()
    assert RuleOverride.objects.get().reason == "They called us."
