"""Facts in the workplace: written down in rows, shown on the patient's page, marked wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients import asking
from patients.asking import Asker, Question
from patients.models import Measure, Observation, Patient
from patients.tests.factories import (
    DocumentFactory,
    MeasureFactory,
    ObservationFactory,
    PatientFactory,
)
from portal.core.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def of(code: str) -> Measure:
    return Measure.objects.get(code=code)


def page_of(patient: Patient) -> str:
    return reverse("admin:patients_patient_facts", args=[patient.pk])


def row(number: int, code: str, value: str, **also: str) -> dict[str, str]:
    said = {"measure": str(of(code).pk), "value": value, **also}
    return {f"fact-{number}-{name}": text for name, text in said.items()}


def ask(monkeypatch: pytest.MonkeyPatch, *questions: Question) -> None:
    monkeypatch.setattr(asking, "_askers", [Asker("test", 1, lambda _patient: questions)])


def test_several_facts_are_added_at_once(desk: Client) -> None:
    patient = PatientFactory()
    letter = DocumentFactory(patient=patient, title="Lab report")
    said = {
        **row(0, "2160-0", "106", unit="umol/L", observed_on="2026-11-02", source="document"),
        **row(1, "travel-abroad", "yes"),
        "document": str(letter.pk),
    }

    done = desk.post(page_of(patient), said, follow=True)

    assert "2 facts were added." in done.content.decode()
    lab, travel = Observation.objects.order_by("measure__name").reverse()
    assert (lab.shown, lab.source, lab.document) == ("1.2 mg/dL", "document", letter)
    assert (travel.shown, travel.source, travel.document) == ("Yes", "patient_said", None)
    page = done.content.decode()
    for shown in ("1.2 mg/dL", "106 µmol/L", "2 Nov 2026", "Can travel abroad"):
        assert shown in page


def test_facts_said_again_change_nothing(desk: Client) -> None:
    patient = PatientFactory()
    desk.post(page_of(patient), row(0, "travel-abroad", "yes"))

    again = desk.post(page_of(patient), row(0, "travel-abroad", "yes"), follow=True)

    assert "The record says so already." in again.content.decode()
    assert Observation.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (lambda: row(0, "2160-0", "9000"), "Creatinine is plausible from 0.1 to 25 mg/dL"),
        (lambda: row(0, "2160-0", "1", unit="mmol/L"), "Creatinine is known in mg/dL or µmol/L"),
        (lambda: row(0, "2160-0", "1", observed_on="2126-01-01"), "That day has not come yet."),
        (lambda: {"fact-1-value": "7"}, "Choose what it is."),
        (dict, "Fill in a value."),
    ],
    ids=["limits", "unit", "day", "no measure", "nothing"],
)
def test_row_says_what_is_wrong_and_nothing_is_kept(
    said: Callable[[], dict[str, str]], why: str, desk: Client
) -> None:
    shown = desk.post(page_of(PatientFactory()), said())

    assert why in shown.content.decode()
    assert not Observation.objects.exists()


def test_questions_are_rows_with_their_answers(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, travel, fvc = PatientFactory(), of("travel-abroad"), of("19872-1")
    retired = MeasureFactory(is_active=False)
    ask(
        monkeypatch,
        Question("Could you travel to Ghent?", travel, "Decides 2 trials"),
        Question("And again?", travel),
        Question("How was the FVC?", fvc),
        Question("Is the report at hand?"),
        Question("Something of the past?", retired),
    )

    page = desk.get(page_of(patient)).content.decode()
    of_patient = desk.get(patient.get_absolute_url()).content.decode()
    desk.post(page_of(patient), {f"asked-{fvc.pk.hex}-measure": str(fvc.pk)})
    desk.post(
        page_of(patient),
        {f"asked-{travel.pk.hex}-measure": travel.pk, f"asked-{travel.pk.hex}-value": "no"},
    )

    for text in ("Could you travel to Ghent?", "Decides 2 trials", "Is the report at hand?"):
        assert text in page
        assert text in of_patient
    assert "And again?" not in page
    assert "Something of the past?" not in page
    assert Observation.objects.get().shown == "No"


def test_without_questions_nothing_is_asked(desk: Client) -> None:
    patient = PatientFactory()

    pages = [desk.get(url).content for url in (page_of(patient), patient.get_absolute_url())]

    assert not any(b"To ask" in page for page in pages)


def test_rows_take_the_same_queries_for_few_and_for_many_measures(desk: Client) -> None:
    patient = PatientFactory()
    desk.get(page_of(patient))
    with CaptureQueriesContext(connection) as few:
        desk.get(page_of(patient))
    MeasureFactory.create_batch(5)

    with CaptureQueriesContext(connection) as many:
        desk.get(page_of(patient))

    assert len(few) == len(many)


def wrong_page(fact: Observation) -> str:
    return reverse("admin:patients_observation_wrong", args=[fact.pk])


def test_fact_entered_in_error_counts_no_more(desk: Client) -> None:
    fact = ObservationFactory()

    done = desk.post(wrong_page(fact), {"reason": "Misread", "version": 1, "value": ""})

    fact.refresh_from_db()
    assert done["Location"] == fact.patient.get_absolute_url()
    assert (fact.status, fact.error_reason) == ("entered_in_error", "Misread")
    assert "error" in desk.get(fact.patient.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        ("2160-0", {"value": "88.42", "unit": "umol/L"}, "1 mg/dL"),
        ("travel-abroad", {"value": "no"}, "No"),
    ],
)
def test_fact_is_corrected_with_the_right_value(
    code: str, said: dict[str, Any], expected: str, desk: Client
) -> None:
    kept = {"number": None, "text": "yes", "unit": ""} if code == "travel-abroad" else {}
    fact = ObservationFactory(measure=of(code), **kept)

    desk.get(wrong_page(fact))
    desk.post(wrong_page(fact), {"reason": "Misread", "version": 1, **said})

    right = Observation.objects.get(corrects=fact)
    assert right.shown == expected
    page = desk.get(fact.get_absolute_url()).content.decode()
    assert right.get_absolute_url() in page


def test_one_fact_is_added_from_the_list(desk: Client) -> None:
    patient, url = PatientFactory(), reverse("admin:patients_observation_add")
    said = {
        "patient": patient.pk,
        "measure": of("718-7").pk,
        "value": "8.5",
        "unit": "mmol/L",
        "observed_on": "2026-11-02",
        "source": "physician",
    }

    refused = desk.post(url, {**said, "unit": "stone"})
    desk.post(f"{url}?patient={patient.pk}", said)

    assert "Haemoglobin is known in g/dL, g/L or mmol/L" in refused.content.decode()
    assert Observation.objects.get().shown == "13.7 g/dL"
