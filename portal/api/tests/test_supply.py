"""Shipments, follow-ups and safety reports over REST: one walk for each, and the lists."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.core.tests.rest import Rest
from referrals import supplying
from referrals.models import FollowUp
from referrals.tests.factories import FollowUpFactory, SafetyReportFactory, ShipmentFactory
from referrals.tests.parts import dossier

pytestmark = pytest.mark.django_db

KNOWN = "2026-06-15T09:00:00Z"


def possible(writer: Rest, path: str) -> dict[str, bool]:
    answer = writer.get(f"{path}transitions/").json()
    return {each["action"]: each["is_possible"] for each in answer}


def ids(writer: Rest, path: str) -> list[str]:
    return [each["id"] for each in writer.get(path).json()["results"]]


def test_shipment_goes_its_way_and_says_when_it_runs_out(writer: Rest) -> None:
    made = dossier()
    body = {"dossier": str(made.pk), "product": "Hopeximab", "quantity": 6, "unit": "vials"}
    path = f"shipments/{writer.post('shipments/', body).json()['id']}/"
    assert possible(writer, path) == {"release": True, "cancel": True}

    said: dict[str, dict[str, Any]] = {
        "release": {"on": "2026-06-01", "batch": "H-17", "expires_on": "2027-01-31"},
        "ship": {"on": "2026-06-08", "carrier": "Cold Express", "tracking_reference": "CE-1"},
        "deliver": {"on": "2026-06-15", "lasts_days": 28, "received_by": "Pharmacy"},
    }
    for verb, words in said.items():
        answer = writer.post(f"{path}{verb}/", words)
        assert answer.status_code == 200, answer.json()

    assert answer.json()["runs_out_on"] == "2026-07-13"
    assert answer.json()["resupply_by"] == "2026-06-22"
    corrected = writer.patch(path, {"lasts_days": 14})
    assert corrected.json()["runs_out_on"] == "2026-06-29"
    refused = writer.post(f"{path}send-back/", {"reason": "carrier"})
    assert refused.status_code == 400
    returned = writer.post(f"{path}send-back/", {"reason": "damaged", "on": "2026-06-16"})
    assert (returned.json()["status"], returned.json()["runs_out_on"]) == ("returned", None)
    wrong = writer.post(f"{path}ship/", {})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_status")
    assert writer.post(f"{path}send-back/", {"reason": "damaged"}).status_code == 200


def test_shipment_for_a_closed_dossier_is_refused_and_says_why(writer: Rest) -> None:
    made = dossier("dossier_closed")
    body = {"dossier": str(made.pk), "product": "Hopeximab", "quantity": 6, "unit": "vials"}

    refused = writer.post("shipments/", body)

    assert (refused.status_code, refused.json()["code"]) == (409, "dossier_closed")
    assert [each["code"] for each in refused.json()["missing"]] == ["dossier_closed"]


def test_follow_up_is_finished_and_comes_again(writer: Rest) -> None:
    made = dossier()
    body = {
        "dossier": str(made.pk),
        "kind": "visit",
        "due_on": "2026-06-15",
        "repeats_days": 28,
    }
    path = f"follow-ups/{writer.post('follow-ups/', body).json()['id']}/"
    assert possible(writer, path) == {"finish": True, "cancel": True}

    done = writer.post(f"{path}finish/", {"on": "2026-06-15", "outcome_text": "Well."})

    assert (done.json()["status"], done.json()["done_on"]) == ("done", "2026-06-15")
    coming = FollowUp.objects.open().get()
    assert ids(writer, f"follow-ups/?status=open&dossier={made.pk}") == [str(coming.pk)]
    assert writer.post(f"follow-ups/{coming.pk}/cancel/", {}).status_code == 400
    told = {"outcome_text": "Moved."}
    assert writer.post(f"follow-ups/{coming.pk}/cancel/", told).json()["status"] == "cancelled"


def test_safety_report_is_told_and_closed_and_not_rewritten(writer: Rest) -> None:
    made = dossier("deceased")
    body = {
        "dossier": str(made.pk),
        "description": "A stroke.",
        "seriousness": ["death"],
        "aware_at": KNOWN,
    }
    raised = writer.post("safety-reports/", body).json()
    path = f"safety-reports/{raised['id']}/"
    assert raised["due_at"] == raised["sponsor_due_at"] == "2026-06-16T09:00:00+00:00"
    assert raised["authority_due_at"] == "2026-06-22T09:00:00+00:00"
    assert possible(writer, path) == {
        "tell-sponsor": True,
        "tell-authority": True,
        "close": False,
    }

    told = writer.post(f"{path}tell-sponsor/", {"at": "2026-06-15T10:00:00Z", "reference": "S"})
    assert told.json()["due_at"] == "2026-06-22T09:00:00+00:00"
    refused = writer.post(f"{path}close/", {"outcome": "fatal"})
    assert (refused.status_code, refused.json()["code"]) == (409, "authority_not_told")
    writer.post(f"{path}tell-authority/", {"authority": "FDA"})
    closed = writer.post(f"{path}close/", {"outcome": "fatal", "remark": "Related."})

    assert (closed.json()["status"], closed.json()["due_at"]) == ("closed", None)
    rewritten = writer.patch(path, {"description": "Nothing."})
    assert (rewritten.status_code, rewritten.json()["code"]) == (409, "report_closed")
    early = {**body, "follows": raised["id"], "aware_at": "2026-06-14T09:00:00Z"}
    assert writer.post("safety-reports/", early).status_code == 400


def test_open_safety_report_is_corrected(writer: Rest) -> None:
    report = SafetyReportFactory(dossier=dossier())

    answer = writer.patch(f"safety-reports/{report.pk}/", {"seriousness": ["death"]})

    assert answer.json()["authority_due_at"] == "2026-06-22T09:00:00+00:00"


@pytest.mark.parametrize("name", ["shipments", "follow-ups", "safety-reports"])
@pytest.mark.parametrize("verb", ["cancel", "close"])
def test_nobody_is_found_under_a_wrong_id(name: str, verb: str, writer: Rest) -> None:
    if (verb == "close") == (name == "safety-reports"):
        body = {"outcome": "fatal", "outcome_text": "x", "reason": "other"}
        path = f"{name}/019a0000-0000-7000-8000-000000000000/"
        assert writer.post(f"{path}{verb}/", body).status_code == 404
        assert writer.get(f"{path}transitions/").status_code == 404


def test_lists_are_narrowed_to_what_is_due(writer: Rest) -> None:
    made, today = dossier(), timezone.localdate()
    day = today - timedelta(days=25)
    dates = {"released_on": day, "shipped_on": day, "delivered_on": day}
    shipment = ShipmentFactory(dossier=made, status="delivered", **dates)
    supplying.recount(dossier_id=made.pk)
    other = ShipmentFactory()
    follow_up = FollowUpFactory(dossier=made)
    FollowUpFactory(due_on=today)
    report = SafetyReportFactory(dossier=made)
    silent = SafetyReportFactory(seriousness=[])

    assert ids(writer, "shipments/?resupply_due=true") == [str(shipment.pk)]
    assert ids(writer, "shipments/?resupply_due=false") == [str(other.pk)]
    assert ids(writer, f"shipments/?due_before={today}") == [str(shipment.pk)]
    assert ids(writer, f"shipments/?patient={made.patient_id}") == [str(shipment.pk)]
    assert ids(writer, "follow-ups/?due_before=2026-06-16") == [str(follow_up.pk)]
    assert ids(writer, "safety-reports/?waiting=true") == [str(report.pk)]
    assert ids(writer, "safety-reports/?waiting=false") == [str(silent.pk)]
    assert ids(writer, "safety-reports/?due_before=2026-06-17T00:00:00Z") == [str(report.pk)]
