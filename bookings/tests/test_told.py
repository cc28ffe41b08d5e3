"""What somebody tells about their health in a call is kept with the call, or neither is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.calling import Completed, complete
from bookings.models import Booking, Call
from bookings.tests.factories import BookingFactory
from patients import asking
from patients.asking import Asker, Question
from patients.converting import NotPlausible
from patients.models import Measure, Observation, Patient
from patients.observing import Said
from patients.tests.factories import MeasureFactory, PatientFactory
from portal.core.models import User
from portal.core.tests.days import today
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db

TEN = datetime(2026, 5, 5, 10, tzinfo=UTC)
DAY = date(2026, 5, 5)


def of(code: str) -> Measure:
    return Measure.objects.get(code=code)


def finish(facts: list[Said], navigator: User, outcome: str = "reached") -> Completed:
    booking: Booking = BookingFactory(starts_at=TEN, navigator=navigator)
    return complete(
        patient_id=booking.patient_id,
        navigator_id=navigator.pk,
        booking_id=booking.pk,
        started_at=TEN,
        outcome=outcome,
        facts=facts,
        by=navigator,
    )


def test_facts_are_kept_with_the_call(navigator: User) -> None:
    done = finish([Said(of("29463-7"), "165", DAY, "patient_said", "[lb_av]")], navigator)

    (fact,) = done.facts
    assert (fact.shown, fact.patient, fact.recorded_by) == (
        "74.8 kg",
        done.patient,
        navigator,
    )


def test_fact_that_cannot_be_true_takes_the_call_with_it(navigator: User) -> None:
    told = [Said(of("8302-2"), "178", DAY, "ehr"), Said(of("29463-7"), "9", DAY, "ehr", "stone")]

    with pytest.raises(NotPlausible) as refused:
        finish(told, navigator)

    assert refused.value.members == {"field": "facts", "index": 1}
    assert not Call.objects.exists()
    assert not Observation.objects.exists()


def test_nobody_tells_anything_to_a_voicemail(navigator: User) -> None:
    fact = Said(of("travel-abroad"), "yes", DAY, "patient_said")

    with pytest.raises(ValidationError, match="nobody told anything"):
        finish([fact], navigator, outcome="voicemail")


# --- over REST ------------------------------------------------------------------------------------


def body(**fact: Any) -> dict[str, Any]:
    told = {
        "measure": str(of("29463-7").pk),
        "value": "70",
        "observed_on": "2026-05-05",
        "source": "patient_said",
        **fact,
    }
    return {"started_at": TEN.isoformat(), "outcome": "reached", "facts": [told]}


def test_rest_keeps_facts_with_the_call(writer: Rest, navigator: User) -> None:
    booking = BookingFactory(starts_at=TEN, navigator=navigator)
    path = f"bookings/{booking.pk}/complete/"

    refused = writer.post(path, body(value="7000"))
    answer = writer.post(path, body())

    assert refused.status_code == 400
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/facts/0"]
    assert answer.json()["facts"] == [str(Observation.objects.get().pk)]


# --- on the page ----------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def page_of(patient: Patient) -> str:
    return reverse("admin:patients_patient_call", args=[patient.pk])


def filled(**fields: Any) -> dict[str, Any]:
    when = timezone.localtime(timezone.now() - timedelta(minutes=5))
    return {"outcome": "reached", "started_at": f"{when:%Y-%m-%dT%H:%M}", **fields}


def asked(monkeypatch: pytest.MonkeyPatch, code: str) -> str:
    """Let somebody ask about this measure; the prefix of its row."""
    questions = [Question("Could you travel to Ghent?", of(code), "Decides 2 trials")]
    monkeypatch.setattr(asking, "_askers", [Asker("test", 1, lambda _patient: questions)])
    return f"asked-{of(code).pk.hex}"


def test_page_asks_and_keeps_the_answers(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    patient, row = PatientFactory(), asked(monkeypatch, "travel-abroad")
    told = {
        f"{row}-measure": str(of("travel-abroad").pk),
        f"{row}-value": "yes",
        "fact-0-measure": str(of("8302-2").pk),
        "fact-0-value": "1.78",
        "fact-0-unit": "m",
    }

    page = desk.get(page_of(patient)).content.decode()
    done = desk.post(page_of(patient), filled(**told), follow=True).content.decode()

    assert "Could you travel to Ghent?" in page
    assert "Call recorded: reached. 2 facts were added." in done
    facts = Observation.objects.order_by("measure__name")
    assert [(fact.shown, fact.source) for fact in facts] == [
        ("178 cm", "patient_said"),
        ("Yes", "patient_said"),
    ]
    assert {fact.observed_on for fact in facts} == {today()}


def test_row_that_cannot_be_true_keeps_nothing(desk: Client) -> None:
    patient = PatientFactory()
    told = {"fact-0-measure": str(of("8302-2").pk), "fact-0-value": "17800"}

    page = desk.post(page_of(patient), filled(**told)).content.decode()

    assert "What they told is not complete. The rows say what." in page
    assert "Body height is plausible from 30 to 250 cm" in page
    assert "<details open>" in page
    assert not Call.objects.exists()


def test_page_takes_the_same_queries_with_few_and_many_measures(desk: Client) -> None:
    patient = PatientFactory()
    desk.get(page_of(patient))
    with CaptureQueriesContext(connection) as few:
        desk.get(page_of(patient))
    MeasureFactory.create_batch(5)

    with CaptureQueriesContext(connection) as many:
        desk.get(page_of(patient))

    assert len(few) == len(many)
