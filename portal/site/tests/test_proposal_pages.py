"""What somebody said differently: the panel on the patient's page, and the list."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients import closing
from patients.models import FieldProposal, Patient, StageChange
from patients.tests.factories import FieldProposalFactory, PatientFactory
from portal.core.models import User
from portal.roles import Role

pytestmark = pytest.mark.django_db

LIST = "admin:patients_fieldproposal_changelist"


def verb_url(proposal: FieldProposal, name: str) -> str:
    return reverse(f"admin:patients_fieldproposal_{name}", args=[proposal.pk])


def page(client: Client, patient: Patient) -> str:
    content: str = client.get(patient.get_absolute_url()).content.decode()
    return content


def test_panel_shows_what_we_have_and_what_they_said(client: Client, navigator: User) -> None:
    patient = PatientFactory(country="NL", phone="+31687654321", date_of_birth=date(1980, 5, 4))
    for field, said in (
        ("country", "BE"),
        ("phone", "+31612345678"),
        ("date_of_birth", "1981-05-04"),
        ("voicemail", "none"),
    ):
        FieldProposalFactory(patient=patient, field=field, proposed_value=said)
    client.force_login(navigator)

    content = page(client, patient)

    panel = content[content.index("They said something else") : content.index("</section>")]
    for shown in (
        "Netherlands",
        "Belgium",
        "+31 6 87654321",
        "+31 6 12345678",
        "4 May 1980",
        "4 May 1981",
        "No voicemail",
    ):
        assert shown in panel
    assert panel.count("Keep ours: ") == 4


def test_page_without_proposals_has_no_panel(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    FieldProposalFactory(patient=patient, state="rejected", decided_at=patient.created_at)
    client.force_login(navigator)

    assert "They said something else" not in page(client, patient)


def test_auditor_sees_the_panel_without_buttons(
    client: Client, member: Callable[..., User]
) -> None:
    proposal = FieldProposalFactory()
    client.force_login(member(Role.AUDITOR))

    content = page(client, proposal.patient)

    assert "They said something else" in content
    assert "Keep ours" not in content


def test_panel_needs_as_many_queries_for_many_proposals_as_for_one(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory()
    FieldProposalFactory(patient=patient, field="medical_condition", proposed_value="Else")
    client.force_login(navigator)
    page(client, patient)
    with CaptureQueriesContext(connection) as one:
        page(client, patient)
    for number in range(25):
        FieldProposalFactory(patient=patient, field="last_name", proposed_value=f"N{number}")

    with CaptureQueriesContext(connection) as many:
        content = page(client, patient)

    assert len(many) == len(one)
    assert content.count("Keep ours: ") == 20
    assert f"{reverse(LIST)}?patient__id__exact={patient.pk}" in content


def test_accepting_takes_it_over_and_returns_to_the_patient(
    client: Client, navigator: User
) -> None:
    patient = PatientFactory(country="NL")
    proposal = FieldProposalFactory(patient=patient, field="country", proposed_value="BE")
    client.force_login(navigator)

    response = client.post(verb_url(proposal, "accept"), {"seen": "NL"}, follow=True)

    assert response.redirect_chain == [(patient.get_absolute_url(), 302)]
    assert "Taken over: country." in response.content.decode()
    patient.refresh_from_db()
    proposal.refresh_from_db()
    assert (patient.country, proposal.state, proposal.decided_by) == ("BE", "accepted", navigator)


@pytest.mark.parametrize("data", [{"seen": "NL"}, {}], ids=["another value", "no value"])
def test_accepting_beside_another_value_than_was_shown_is_refused(
    data: dict[str, str], client: Client, navigator: User
) -> None:
    proposal = FieldProposalFactory(patient=PatientFactory(country="DE"), proposed_value="BE")
    client.force_login(navigator)

    response = client.post(verb_url(proposal, "accept"), data)

    assert response.status_code == 409
    assert "The record has been changed since." in response.content.decode()
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_accepting_a_condition_nobody_knows_says_what_to_do(
    client: Client, navigator: User
) -> None:
    proposal = FieldProposalFactory(field="medical_condition", proposed_value="spierziekte")
    client.force_login(navigator)
    seen = str(proposal.patient.medical_condition)

    response = client.post(verb_url(proposal, "accept"), {"seen": seen})

    assert response.status_code == 409
    assert "Add it to the names of one first." in response.content.decode()


def test_keeping_ours_changes_nothing_else(client: Client, navigator: User) -> None:
    proposal = FieldProposalFactory(patient=PatientFactory(country="NL"), proposed_value="BE")
    client.force_login(navigator)

    response = client.post(verb_url(proposal, "keep-ours"), {"seen": "NL"}, follow=True)

    assert "Kept as it was: country." in response.content.decode()
    proposal.refresh_from_db()
    proposal.patient.refresh_from_db()
    assert (proposal.state, proposal.patient.country) == ("rejected", "NL")


def test_deciding_twice_is_no_error_and_changes_nothing(client: Client, navigator: User) -> None:
    proposal = FieldProposalFactory(patient=PatientFactory(country="NL"), proposed_value="BE")
    client.force_login(navigator)
    client.post(verb_url(proposal, "accept"), {"seen": "NL"})

    again = client.post(verb_url(proposal, "keep-ours"), follow=True)

    assert "Somebody has decided on this already." in again.content.decode()
    proposal.refresh_from_db()
    assert proposal.state == "accepted"


@pytest.mark.parametrize(
    ("close", "reason"),
    [
        (
            lambda **who: closing.withdraw(reason=StageChange.Reason.NOT_INTERESTED, **who),
            "returned",
        ),
        (closing.deceased, "mistake"),
    ],
    ids=["withdrawn", "deceased"],
)
def test_accepting_that_a_closed_person_came_back_reopens_them(
    close: Callable[..., Any], reason: str, client: Client, navigator: User
) -> None:
    patient = PatientFactory()
    close(patient_id=patient.pk, by=navigator)
    proposal = FieldProposalFactory(patient=patient, field="stage", proposed_value="lead")
    client.force_login(navigator)

    shown = client.get(verb_url(proposal, "accept")).content.decode()
    client.post(verb_url(proposal, "accept"), {"seen": "closed"})

    assert "The record is opened again: this person came back." in shown
    patient.refresh_from_db()
    assert patient.stage == "lead"
    change = StageChange.objects.get(to_stage="lead")
    assert (change.reason, change.changed_by) == (reason, navigator)


def test_coming_back_settles_that_they_are_alive(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    closing.deceased(patient_id=patient.pk, by=navigator, on=date(2026, 1, 2))
    alive = FieldProposalFactory(
        patient=patient, field="deceased_on", current_value="2026-01-02", proposed_value=""
    )
    back = FieldProposalFactory(patient=patient, field="stage", proposed_value="lead")
    client.force_login(navigator)

    client.post(verb_url(back, "accept"), {"seen": "closed"})

    alive.refresh_from_db()
    patient.refresh_from_db()
    assert (alive.state, patient.deceased_on) == ("accepted", None)


def test_list_leads_to_the_decisions_that_are_open(client: Client, navigator: User) -> None:
    waiting = FieldProposalFactory()
    decided = FieldProposalFactory(state="rejected", decided_at=waiting.created_at)
    client.force_login(navigator)

    content = client.get(reverse(LIST)).content.decode()
    shown = client.get(verb_url(waiting, "accept")).content.decode()
    own = client.get(waiting.get_absolute_url()).content.decode()

    assert verb_url(waiting, "accept") in content
    assert verb_url(decided, "accept") not in content
    assert "They said: Belgium." in shown
    assert verb_url(waiting, "keep-ours") in own


def test_list_for_who_may_only_look_leads_nowhere(
    client: Client, member: Callable[..., User]
) -> None:
    proposal = FieldProposalFactory()
    client.force_login(member(Role.AUDITOR))

    assert verb_url(proposal, "accept") not in client.get(reverse(LIST)).content.decode()
