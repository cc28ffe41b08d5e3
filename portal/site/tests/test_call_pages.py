"""Planning and recording calls in the workplace: where one begins, and where one returns to."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from bookings.models import Call, SlotRules
from patients.models import Note
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.site.home import home

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def call(patient: Any, navigator: User) -> dict[str, Any]:
    return {
        "patient": patient.pk,
        "navigator": navigator.pk,
        "started_at_0": "2026-02-01",
        "started_at_1": "10:00",
        "outcome": "reached",
    }


def test_no_outcome_is_chosen_beforehand(desk: Client) -> None:
    page = desk.get(reverse("admin:bookings_call_add")).content.decode()

    outcomes = page[page.index('id="id_outcome"') :]
    assert outcomes[: outcomes.index("</option>")].endswith(" selected>Select value")


def test_call_without_an_outcome_is_refused(desk: Client, navigator: User) -> None:
    said = {**call(PatientFactory(), navigator), "outcome": ""}

    response = desk.post(reverse("admin:bookings_call_add"), said)

    assert response.status_code == 200
    assert not Call.objects.exists()


def test_field_with_a_default_begins_with_it(desk: Client) -> None:
    page = desk.get(reverse("admin:patients_specialist_add")).content.decode()

    assert '<option value="physician" selected>' in page


def test_call_begun_from_a_person_leads_back_to_them(desk: Client, navigator: User) -> None:
    patient = PatientFactory()
    address = f"{reverse('admin:bookings_call_add')}?patient={patient.pk}"

    response = desk.post(address, call(patient, navigator))

    assert response["Location"] == f"{patient.get_absolute_url()}#calls"


def test_booking_begun_from_a_person_leads_back_to_them(desk: Client, navigator: User) -> None:
    patient = PatientFactory()
    address = f"{reverse('admin:bookings_booking_add')}?patient={patient.pk}"
    wanted = {
        "patient": patient.pk,
        "navigator": navigator.pk,
        "starts_at_0": str(timezone.localdate() + timedelta(days=3)),
        "starts_at_1": "10:00",
        "minutes": "30",
    }

    response = desk.post(address, wanted)

    assert response["Location"] == f"{patient.get_absolute_url()}#bookings"


@pytest.mark.parametrize("query", ["", "?patient={other}", "?outcome=reached"])
def test_call_begun_from_the_list_leads_back_to_it(
    query: str, desk: Client, navigator: User
) -> None:
    address = reverse("admin:bookings_call_add") + query.format(other=PatientFactory().pk)

    response = desk.post(address, call(PatientFactory(), navigator))

    assert response["Location"] == reverse("admin:bookings_call_changelist")


def test_id_in_the_address_that_is_none_is_no_error(desk: Client) -> None:
    assert desk.get(reverse("admin:bookings_call_add"), {"patient": "nobody"}).status_code == 200


@pytest.mark.parametrize(
    ("text", "anchor"), [("Prefers mornings.", "#notes"), ("", None)], ids=["note", "no note"]
)
def test_note_from_a_persons_page_leads_back_to_them(
    text: str, anchor: str | None, desk: Client
) -> None:
    patient = PatientFactory()
    page = reverse("admin:patients_patient_change", args=[patient.pk])
    form = desk.get(page).context["adminform"].form
    said = {name: form[name].value() or "" for name in form.fields}
    for prefix in ("contact_points", "notes"):
        said |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    said |= {"notes-TOTAL_FORMS": "1", "notes-0-text": text, "notes-0-patient": patient.pk}

    response = desk.post(page, said)

    assert response.status_code == 302, response.context["errors"]
    back = f"{page}{anchor}" if anchor else reverse("admin:patients_patient_changelist")
    assert response["Location"] == back
    assert Note.objects.filter(patient=patient, text="Prefers mornings.").exists() == bool(anchor)


def test_history_of_slot_rules_speaks_plainly(desk: Client) -> None:
    rules = SlotRules.objects.get()

    page = desk.get(reverse("admin:bookings_slotrules_history", args=[rules.pk])).content.decode()

    assert "<dt>Length of a call</dt>" in page
    assert "<dt>Only</dt>" not in page


def test_my_home_shows_leads_of_mine_and_of_nobody(
    rf: RequestFactory, navigator: User, client: Client
) -> None:
    mine, free = PatientFactory(owner=navigator), PatientFactory(owner=None)
    PatientFactory(owner=UserFactory())
    ConsentFactory(patient=PatientFactory(), purpose="contact", decision="refused")
    request: Any = rf.get("/admin/", {"whose": "mine"})
    request.user = navigator
    client.force_login(navigator)

    leads = next(block for block in home(request).blocks if block.key == "leads")
    listed = client.get(leads.url).context["cl"].result_list

    assert {line.name for line in leads.lines} == {mine.full_name, free.full_name}
    assert (leads.count, leads.note) == ("2", "yours and nobody’s, oldest waits 0 min")
    assert {row.pk for row in listed} == {mine.pk, free.pk}


def test_list_of_patients_narrows_to_mine(desk: Client, navigator: User) -> None:
    mine = PatientFactory(owner=navigator)
    PatientFactory(owner=None)

    listed = desk.get(reverse("admin:patients_patient_changelist"), {"whose": "mine"})

    assert [row.pk for row in listed.context["cl"].result_list] == [mine.pk]
