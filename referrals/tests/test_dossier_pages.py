"""Dossiers and their steps as a navigator sees them, and over REST: the same verbs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients.tests.factories import ConsentFactory, DocumentFactory, PatientFactory
from portal.core.models import User
from portal.core.tests import days
from portal.core.tests.rest import Rest
from referrals import dossiers
from referrals.models import DossierStep, EAPDossier, RouteTemplate
from referrals.tests.dossiers import LEADS_TO, POSSIBLE, ready, set_back, today, words_for
from referrals.tests.factories import (
    DossierStepDependencyFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
    FollowUpFactory,
    ShipmentFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def page(name: str, record: Any, *of: str) -> str:
    kind = "dossierstep" if isinstance(record, DossierStep) else "eapdossier"
    return reverse(f"admin:referrals_{kind}_{name}", args=[record.pk])


def way_to_the_dose(**first: Any) -> tuple[EAPDossier, list[DossierStep]]:
    """A dossier of three steps: the sponsor agrees, the product comes, the first dose."""
    asked = ready(title="Ask", **first)
    dossier = asked.dossier
    sent = DossierStepFactory(dossier=dossier, title="Deliver", position=2, days=20)
    dose = DossierStepFactory(
        dossier=dossier, title="Dose", position=3, days=0, milestone="first_dose"
    )
    DossierStepDependencyFactory(step=sent, needed=asked)
    DossierStepDependencyFactory(step=dose, needed=sent)
    return dossier, [asked, sent, dose]


# --- every status and every action ----------------------------------------------------------------


@pytest.mark.parametrize("status", ["not_started", "submitted", "questions", "approved"])
def test_rest_lists_and_does_the_same(status: str, writer: Rest) -> None:
    step = ready(status)

    listed = writer.get(f"dossier-steps/{step.pk}/transitions/").json()

    expected = POSSIBLE[True][status]
    possible = {each["action"] for each in listed if each["is_possible"]}
    assert possible - {"chase", "plan"} == expected
    for name, target in LEADS_TO.items():
        set_back(step, status)
        answer = writer.post(f"dossier-steps/{step.pk}/{name}/", words_for(name))
        if name in expected:
            assert (answer.status_code, answer.json()["status"]) == (200, target)
        elif status != target:
            assert answer.status_code == 409


@pytest.mark.parametrize("status", ["not_started", "submitted", "rejected"])
def test_page_offers_and_does_the_same(status: str, desk: Client) -> None:
    step = ready(status)
    expected = POSSIBLE[True][status]
    # Waiving is offered, and says that a team lead has to.
    offered = expected | ({"waive"} if status != "submitted" else set())

    shown = desk.get(step.get_absolute_url()).content.decode()

    for name, target in LEADS_TO.items():
        address = page(name, step)
        assert (address in shown) == (name in offered)
        set_back(step, status)
        desk.post(address, {"on": today(), **words_for(name)})
        step.refresh_from_db()
        assert step.status == (target if name in expected else status)


def test_auditor_reads_and_does_nothing(client: Client, member: Callable[..., User]) -> None:
    step = ready()
    client.force_login(member("auditor"))

    assert page("submit", step) not in client.get(step.get_absolute_url()).content.decode()
    assert client.post(page("submit", step), {"on": today()}).status_code == 403
    assert client.post(page("close", step.dossier), {"reason": "treated"}).status_code == 403
    assert client.get(page("what-if", step.dossier)).status_code == 200


# --- the dossier ----------------------------------------------------------------------------------


def test_dossier_says_what_it_waits_for_and_when_the_first_dose_is(desk: Client) -> None:
    dossier, _steps = way_to_the_dose(days=10)
    expected = days.today() + timedelta(days=30)

    shown = desk.get(dossier.get_absolute_url()).content.decode()
    listed = desk.get(reverse("admin:referrals_eapdossier_changelist")).content.decode()

    for content in (shown, listed):
        assert f"{expected:%-d %b %Y}" in content
        assert "Navigator" in content
        assert "0 days" in content
    assert page("what-if", dossier) in shown


def test_unknown_days_are_named_and_not_made_up(desk: Client) -> None:
    dossier, _steps = way_to_the_dose()

    shown = desk.get(dossier.get_absolute_url()).content.decode()

    assert "unknown from here" in shown


def test_list_has_as_many_queries_for_every_length(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    for _number in range(3):
        way_to_the_dose()

    with django_assert_max_num_queries(16):
        desk.get(reverse("admin:referrals_eapdossier_changelist"))


@pytest.mark.parametrize("kind", ["dossierstep", "eapdossier"])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("queue=silent", "silent"),
        ("queue=overdue", "overdue"),
        ("queue=running_out", "running"),
        ("holder=sponsor", "silent"),
        ("holder=pharmacy", "overdue"),
    ],
)
def test_queues_narrow_steps_and_dossiers(kind: str, query: str, found: str, desk: Client) -> None:
    yesterday = days.today() - timedelta(days=1)
    steps = {
        "silent": ready("submitted", ask_again_on=yesterday),
        "overdue": ready(responsible="pharmacy", due_on=yesterday),
        "running": ready("approved", valid_until=yesterday),
        "none": ready("not_required"),
    }

    address = reverse(f"admin:referrals_{kind}_changelist")
    content = desk.get(f"{address}?{query}").content.decode()

    for name, step in steps.items():
        shown = step.pk if kind == "dossierstep" else step.dossier_id
        assert (f"{shown}/change" in content) == (name == found)


def test_what_if_shows_both_days_and_saves_nothing(desk: Client) -> None:
    dossier, [asked, _sent, _dose] = way_to_the_dose(days=10)
    before = dossier.steps.order_by("id").values_list("days", "version")
    now = days.today() + timedelta(days=30)
    then = days.today() + timedelta(days=45)
    rows = list(before)

    address = page("what-if", dossier)
    shown = desk.get(address, {"try": "1", f"days_{asked.pk}": "25"}).content.decode()
    wrong = desk.get(address, {"try": "1", f"days_{asked.pk}": "-1"}).content.decode()

    assert f"{now:%-d %b %Y}" in shown
    assert f"{then:%-d %b %Y}" in shown
    assert f"{then:%-d %b %Y}" not in wrong
    assert list(before.all()) == rows
    assert not dossier.changes.exists()


def test_first_dose_is_given_today_if_it_is_tried_and_never_on_a_dash(desk: Client) -> None:
    dossier, [_asked, _sent, dose] = way_to_the_dose(days=10)

    tried = {"try": "1", f"status_{dose.pk}": "approved"}
    shown = desk.get(page("what-if", dossier), tried).content.decode()
    DossierStep.objects.filter(pk=dose.pk).update(status="approved")
    undated = desk.get(page("what-if", dossier)).content.decode()

    assert f"given {days.today():%-d %b %Y}" in shown
    assert "given" in undated
    assert "given –" not in undated


def test_dossier_is_closed_reopened_and_given_a_route(desk: Client) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))
    route = RouteTemplate.objects.get(code="generic")

    desk.post(page("choose-route", dossier), {"route": route.pk})
    assert dossier.steps.count() == 7
    desk.post(page("close", dossier), {"reason": "rejected", "remark": ""})
    dossier.refresh_from_db()
    assert (dossier.state, dossier.closed_reason) == ("closed", "rejected")
    desk.post(page("reopen", dossier), {"remark": "The sponsor thought again"})
    dossier.refresh_from_db()
    assert dossier.state == "open"


def test_closing_says_before_and_after_what_is_called_off(desk: Client) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))
    ShipmentFactory(dossier=dossier)
    FollowUpFactory(dossier=dossier)
    FollowUpFactory(dossier=dossier, kind="sponsor_report")

    before = desk.get(page("close", dossier)).content.decode()
    after = desk.post(page("close", dossier), {"reason": "treated", "remark": ""}, follow=True)
    reopen = desk.get(page("reopen", dossier)).content.decode()

    assert "This is called off: 1 shipment and 1 follow-up." in before
    assert "Called off: 1 shipment and 1 follow-up." in after.content.decode()
    assert "stay so. Plan them anew." in reopen


def test_step_is_planned_asked_after_and_given_documents(desk: Client) -> None:
    step = ready(documents=["Form"])
    document = DocumentFactory(patient=step.dossier.patient)

    desk.post(page("plan", step), {"responsible": "pharmacy", "days": "3", "remark": "They do it"})
    desk.post(page("attach", step), {"name": "Form", "document": document.pk})
    desk.post(page("submit", step), {"on": today()})
    next_on = days.today() + timedelta(days=4)
    desk.post(page("chase", step), {"next_on": next_on.isoformat()})

    step.refresh_from_db()
    assert (step.responsible, step.days, step.status, step.ask_again_on) == (
        "pharmacy",
        3,
        "submitted",
        next_on,
    )
    assert [change.action for change in step.changes.order_by("created_at")] == [
        "plan",
        "attach",
        "submit",
        "chase",
    ]
    shown = desk.get(step.dossier.get_absolute_url()).content.decode()
    assert "1 of 1" in shown


def test_far_day_is_refused_and_an_old_one_takes_no_page_down(desk: Client, writer: Rest) -> None:
    dossier, [asked, _sent, _dose] = way_to_the_dose(days=10)
    far = {"due_on": "9999-12-31", "remark": "Later"}

    said = desk.post(page("plan", asked), {**far, "responsible": "sponsor"}).content.decode()
    refused = writer.post(f"dossier-steps/{asked.pk}/plan/", far).json()

    assert "more than 50 years ahead" in said
    assert [(each["pointer"], each["code"]) for each in refused["errors"]] == [
        ("/due_on", "too_far")
    ]
    DossierStep.objects.filter(pk=asked.pk).update(due_on="9999-12-31", day_kind="working")
    for address in (dossier.get_absolute_url(), page("what-if", dossier)):
        assert "31 Dec 9999" in desk.get(address).content.decode()
    timeline = writer.get(f"eap-dossiers/{dossier.pk}/timeline/").json()
    assert timeline["first_dose_on"] == "9999-12-31"


# --- over REST ------------------------------------------------------------------------------------


def test_rest_opens_closes_and_reopens_a_dossier(writer: Rest) -> None:
    route = RouteTemplate.objects.get(code="us-emergency")
    body = {
        "patient": str(PatientFactory(converted=True).pk),
        "program": str(ExpandedAccessProgramFactory().pk),
        "route": str(route.pk),
    }

    made = writer.post("eap-dossiers/", body).json()
    address = f"eap-dossiers/{made['id']}"

    assert [step["title"] for step in made["steps"]][:2] == [
        "Sponsor agrees (Letter of Authorization)",
        "Authorization by FDA, by phone",
    ]
    assert made["steps"][1]["needs"] == [made["steps"][0]["id"]]
    refused = writer.patch(f"{address}/", {"route": None})
    assert refused.status_code == 400
    closed = writer.post(f"{address}/close/", {"reason": "withdrawn"}).json()
    assert (closed["state"], closed["steps"][0]["status"]) == ("closed", "cancelled")
    listed = writer.get(f"{address}/transitions/").json()
    assert [each["action"] for each in listed["transitions"]] == ["reopen"]
    opened = writer.post(f"{address}/reopen/", {"remark": "They thought again"}).json()
    assert (opened["state"], opened["steps"][0]["status"]) == ("open", "not_started")


def test_rest_adds_a_step_after_others_of_its_dossier(writer: Rest) -> None:
    first = DossierStepFactory(dossier__patient__converted=True)
    body = {"dossier": str(first.dossier_id), "title": "Translate"}

    refused = writer.post("dossier-steps/", {**body, "needs": [str(DossierStepFactory().pk)]})
    made = writer.post("dossier-steps/", {**body, "needs": [str(first.pk)]})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/needs")
    assert made.status_code == 201
    steps = writer.get(f"eap-dossiers/{first.dossier_id}/").json()["steps"]
    assert [step["needs"] for step in steps] == [[], [str(first.pk)]]
    fixed = writer.patch(f"dossier-steps/{made.json()['id']}/", {"needs": []})
    assert [each["code"] for each in fixed.json()["errors"]] == ["fixed"]


def test_lead_gets_no_dossier_over_rest(writer: Rest) -> None:
    body = {"patient": str(PatientFactory().pk), "program": str(ExpandedAccessProgramFactory().pk)}

    refused = writer.post("eap-dossiers/", body)

    assert (refused.status_code, refused.json()["code"]) == (409, "not_converted")


def test_rest_lists_what_dossier_and_steps_allow(writer: Rest) -> None:
    dossier = EAPDossierFactory(patient=PatientFactory(converted=True))
    step = DossierStepFactory(dossier=dossier, goes_to="sponsor", documents=["Form"])

    listed = writer.get(f"eap-dossiers/{dossier.pk}/transitions/").json()

    assert [each["action"] for each in listed["transitions"]] == ["close", "choose-route"]
    assert listed["steps"][0]["step"] == str(step.pk)
    [submit] = [each for each in listed["steps"][0]["transitions"] if each["action"] == "submit"]
    assert {lack["code"] for lack in submit["missing"]} >= {"no_consent", "documents_missing"}
    route = RouteTemplate.objects.get(code="generic")
    routed = writer.post(f"eap-dossiers/{dossier.pk}/choose-route/", {"route": str(route.pk)})
    assert len(routed.json()["steps"]) == 8


def test_transitions_ask_for_consent_once_however_many_steps(
    writer: Rest, django_assert_num_queries: Any
) -> None:
    step = ready()
    address = f"eap-dossiers/{step.dossier_id}/transitions/"
    writer.get(address)
    with CaptureQueriesContext(connection) as one:
        writer.get(address)
    for goes_to in ("sponsor", "physician", "authority"):
        DossierStepFactory(dossier=step.dossier, goes_to=goes_to)

    with django_assert_num_queries(len(one)):
        listed = writer.get(address).json()

    submits = [each for of in listed["steps"] for each in of["transitions"]]
    possible = [each["is_possible"] for each in submits if each["action"] == "submit"]
    assert possible == [True] * 4


def test_transitions_know_a_withdrawal_for_one_program(writer: Rest) -> None:
    step = ready()
    number = step.dossier.program.eap_number
    for scope, decision in (("EAP-9", "given"), (number, "withdrawn")):
        ConsentFactory(
            patient=step.dossier.patient, purpose="eap_sponsor", scope=scope, decision=decision
        )

    listed = writer.get(f"eap-dossiers/{step.dossier_id}/transitions/").json()

    [submit] = [e for e in listed["steps"][0]["transitions"] if e["action"] == "submit"]
    assert [lack["code"] for lack in submit["missing"]] == ["no_consent"]


def test_rest_tells_the_timeline_and_what_would_be(reader: Rest, writer: Rest) -> None:
    dossier, [asked, sent, dose] = way_to_the_dose(days=10)
    day = timezone.localdate()

    now = reader.get(f"eap-dossiers/{dossier.pk}/timeline/").json()
    found = reader.post(
        f"eap-dossiers/{dossier.pk}/what-if/", {"changes": [{"step": str(asked.pk), "days": 25}]}
    ).json()

    assert now == {
        "today": day.isoformat(),
        "first_dose_on": (day + timedelta(days=30)).isoformat(),
        "is_first_dose_given": False,
        "critical_step": str(asked.pk),
        "holder": "navigator",
        "held_days": 0,
        "unknown": [],
        "steps": [
            {
                "step": str(step.pk),
                "title": step.title,
                "expected_on": (day + timedelta(days=days)).isoformat(),
                "is_critical": True,
            }
            for step, days in ((asked, 10), (sent, 30), (dose, 30))
        ],
    }
    assert found["now"] == now
    assert found["then"]["first_dose_on"] == (day + timedelta(days=45)).isoformat()
    asked.refresh_from_db()
    assert asked.days == 10
    other = {"changes": [{"step": str(dossier.pk), "days": 25}]}
    assert writer.post(f"eap-dossiers/{dossier.pk}/what-if/", other).status_code == 400


def test_rest_plans_attaches_and_asks_again(writer: Rest) -> None:
    step = ready(documents=["Form"])
    document = DocumentFactory(patient=step.dossier.patient)
    address = f"dossier-steps/{step.pk}"

    planned = writer.post(f"{address}/plan/", {"days": 3, "remark": "They said so"})
    attached = writer.post(f"{address}/attach/", {"name": "Form", "document": str(document.pk)})
    sent = writer.post(f"{address}/submit/", {"due_on": "2026-12-01"})
    next_on = (days.today() + timedelta(days=2)).isoformat()
    chased = writer.post(f"{address}/chase/", {"next_on": next_on})
    decided = writer.post(
        f"{address}/approve/", {"reference": "IND 7", "valid_until": "2027-01-01"}
    )

    assert planned.json()["days"] == 3
    assert [each.status_code for each in (attached, sent, chased, decided)] == [200] * 4
    assert sent.json()["due_on"] == "2026-12-01"
    assert chased.json()["ask_again_on"] == next_on
    assert (decided.json()["reference"], decided.json()["valid_until"]) == ("IND 7", "2027-01-01")
    changed = writer.patch(f"{address}/", {"due_on": "2026-12-02"})
    assert (changed.status_code, changed.json()["errors"][0]["pointer"]) == (400, "/due_on")


def test_step_that_is_taken_moves_its_dossier_on(writer: Rest) -> None:
    step = ready()
    before = writer.get(f"eap-dossiers/{step.dossier_id}/")

    writer.post(f"dossier-steps/{step.pk}/prepare/", {})

    after = writer.get(f"eap-dossiers/{step.dossier_id}/", If_None_Match=before["ETag"])
    assert after.status_code == 200
    assert after.json()["version"] > before.json()["version"]
    assert EAPDossier.objects.get().progressed_at is not None
    assert dossiers.missing_to_plan(EAPDossier.objects.get()) == ()
