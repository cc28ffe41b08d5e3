"""The verbs that change a person's stage, over REST."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from patients import closing
from patients.models import Patient, RuleOverride, StageChange
from patients.tests.factories import PatientFactory
from patients.tests.test_intake import race
from portal.core.tests.rest import Rest, staff, token

pytestmark = pytest.mark.django_db

SPOKEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody was called three times in vain."""
    monkeypatch.setattr(closing, "_attempts", [lambda _patient: 3])


def post(rest: Rest, patient: Patient, verb: str, body: Any = None, **headers: str) -> Any:
    return rest.post(f"patients/{patient.pk}/{verb}/", body, **headers)


def stage(patient: Patient) -> tuple[str, str]:
    patient.refresh_from_db()
    return patient.stage, patient.closed_reason


def test_lead_is_converted_and_shown_as_it_is_now(writer: Rest) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)

    converted = post(writer, lead, "convert", {}, If_Match='"1"')

    assert (converted.status_code, converted["ETag"]) == (200, '"2"')
    assert converted.json() == writer.get(f"patients/{lead.pk}/").json()
    assert converted.json()["stage"] == "patient"
    assert converted.json()["converted_by"]["id"] == str(lead.stage_changes.get().changed_by_id)


def test_body_may_be_left_out_where_nothing_needs_saying(writer: Rest) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)

    assert post(writer, lead, "convert").status_code == 200


def test_refusal_lists_what_is_missing(writer: Rest) -> None:
    lead = PatientFactory()

    refused = post(writer, lead, "convert", {})

    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "not_reached"
    assert refused.json()["missing"] == [
        {"code": "not_reached", "message": "No call has reached this person yet."}
    ]
    assert stage(lead) == ("lead", "")


def test_rule_is_set_aside_by_a_team_lead_only(writer: Rest) -> None:
    lead, why = PatientFactory(), {"override": "The physician asked for it."}

    by_client = post(writer, lead, "convert", why)
    by_team_lead = post(staff("team lead"), lead, "convert", why)

    assert (by_client.status_code, by_client.json()["code"]) == (409, "override_not_allowed")
    assert (by_team_lead.status_code, stage(lead)) == (200, ("patient", ""))
    assert RuleOverride.objects.get().reason == "The physician asked for it."


def test_conversion_is_taken_back(writer: Rest) -> None:
    patient = PatientFactory(converted=True)

    undone = post(writer, patient, "undo-conversion", {"remark": "The wrong one."})

    assert undone.status_code == 200
    assert (undone.json()["stage"], undone.json()["converted_at"]) == ("lead", None)
    assert StageChange.objects.get().remark == "The wrong one."


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"closed_reason": "disqualified", "reason": "no_option"}, "no_option"),
        ({"closed_reason": "disqualified", "reason": "other", "remark": "So."}, "other"),
        ({"closed_reason": "unreachable"}, "no_answer"),
        ({"closed_reason": "unreachable", "reason": "wrong_details"}, "wrong_details"),
        ({"closed_reason": "withdrawn", "reason": "not_interested"}, "not_interested"),
        ({"closed_reason": "deceased", "deceased_on": "2026-05-05"}, "died"),
        ({"closed_reason": "deceased", "reason": "died"}, "died"),
        ({"closed_reason": "completed", "reason": "helped"}, "helped"),
    ],
)
def test_patient_is_closed_as_what_and_why(body: dict[str, str], reason: str, writer: Rest) -> None:
    patient = PatientFactory(converted=True)

    closed = post(writer, patient, "close", body)

    assert (closed.status_code, closed["ETag"]) == (200, '"2"')
    assert stage(patient) == ("closed", body["closed_reason"])
    shown = writer.get(f"patients/{patient.pk}/").json()
    assert closed.json() == {"patient": shown, "ended": []}
    assert shown["deceased_on"] == body.get("deceased_on")
    change = StageChange.objects.get()
    assert (change.reason, change.remark) == (reason, body.get("remark", ""))


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/closed_reason", "required"),
        ({"closed_reason": "duplicate"}, "/closed_reason", "invalid_choice"),
        ({"closed_reason": "withdrawn"}, "/reason", "required"),
        ({"closed_reason": "withdrawn", "reason": "bored"}, "/reason", "invalid_choice"),
        ({"closed_reason": "deceased", "reason": "spam"}, "/reason", "not_for_this"),
        (
            {"closed_reason": "completed", "reason": "helped", "deceased_on": "2026-05-05"},
            "/deceased_on",
            "not_for_this",
        ),
        (
            {"closed_reason": "completed", "reason": "helped", "override": "Please."},
            "/override",
            "not_for_this",
        ),
        ({"closed_reason": "unreachable", "stage": "closed"}, "/stage", "unknown"),
        ([], "", "invalid"),
    ],
)
def test_body_that_makes_no_sense_is_a_400_that_says_where(
    body: Any, pointer: str, code: str, writer: Rest
) -> None:
    patient = PatientFactory()

    refused = post(writer, patient, "close", body)

    assert refused.status_code == 400
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        (pointer, code)
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"closed_reason": "withdrawn", "reason": "spam"}, "unknown_reason"),
        ({"closed_reason": "withdrawn", "reason": "other"}, "remark_missing"),
        ({"closed_reason": "unreachable"}, "too_few_attempts"),
        ({"closed_reason": "completed", "reason": "helped"}, "not_converted"),
        ({"closed_reason": "deceased", "deceased_on": "2070-01-01"}, "in_the_future"),
    ],
)
def test_closing_against_the_rules_is_refused(
    body: dict[str, str], code: str, writer: Rest
) -> None:
    lead = PatientFactory()

    refused = post(writer, lead, "close", body)

    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert stage(lead) == ("lead", "")


def test_closed_lead_is_reopened(writer: Rest) -> None:
    lead = PatientFactory(stage="closed", closed_reason="withdrawn")

    reopened = post(writer, lead, "reopen", {"reason": "returned", "remark": "She called."})

    assert reopened.status_code == 200
    assert (reopened.json()["stage"], reopened.json()["closed_reason"]) == ("lead", "")
    assert StageChange.objects.get().remark == "She called."


def test_reopening_who_has_died_is_refused_unless_that_was_a_mistake(writer: Rest) -> None:
    patient = PatientFactory(stage="closed", closed_reason="deceased", deceased_on=date(2026, 5, 5))

    refused = post(writer, patient, "reopen", {"reason": "returned"})
    reopened = post(writer, patient, "reopen", {"reason": "mistake"})

    assert (refused.status_code, refused.json()["code"]) == (409, "deceased")
    assert (reopened.status_code, reopened.json()["deceased_on"]) == (200, None)


VERBS = [
    ("convert", {"initial_consult_at": SPOKEN}, {}),
    ("undo-conversion", {"converted": True}, {}),
    ("close", {}, {"closed_reason": "disqualified", "reason": "spam"}),
    ("reopen", {"stage": "closed", "closed_reason": "withdrawn"}, {"reason": "returned"}),
]
EACH = pytest.mark.parametrize(("verb", "fields", "body"), VERBS, ids=[v[0] for v in VERBS])


@EACH
def test_verb_done_twice_gives_the_same_answer_and_is_done_once(
    verb: str, fields: dict[str, Any], body: dict[str, str], writer: Rest
) -> None:
    patient = PatientFactory(**fields)

    first, again = (post(writer, patient, verb, body) for _time in range(2))

    assert (first.status_code, first["ETag"]) == (200, '"2"')
    assert (again.status_code, again["ETag"]) == (200, '"2"')
    assert again.json() == first.json()
    assert StageChange.objects.count() == 1


@EACH
def test_verb_on_an_old_version_is_refused_with_what_changed(
    verb: str, fields: dict[str, Any], body: dict[str, str], writer: Rest
) -> None:
    patient = PatientFactory(**fields)
    Patient.objects.filter(pk=patient.pk).update(last_name="Rust")

    refused = post(writer, patient, verb, body, If_Match='"1"')

    assert (refused.status_code, refused.json()["code"]) == (412, "stale_version")
    assert refused.json()["changed"] == ["last_name"]
    assert not StageChange.objects.exists()


@EACH
def test_verb_on_a_restricted_person_is_refused(
    verb: str, fields: dict[str, Any], body: dict[str, str], writer: Rest
) -> None:
    patient = PatientFactory(processing_restricted=True, **fields)

    refused = post(writer, patient, verb, body)

    assert (refused.status_code, refused.json()["code"]) == (409, "restricted")


@EACH
def test_verb_is_a_post_to_somebody_there_is(
    verb: str, fields: dict[str, Any], body: dict[str, str], writer: Rest
) -> None:
    patient = PatientFactory.build()

    assert post(writer, patient, verb, body).status_code == 404
    assert writer.get(f"patients/{patient.pk}/{verb}/").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_ten_threads_with_one_version_change_the_stage_once() -> None:
    bearer, lead = token("api-writer"), PatientFactory(initial_consult_at=SPOKEN)

    answers = race(10, lambda _number: post(Rest(bearer), lead, "convert", {}, If_Match='"1"'))

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9
    assert StageChange.objects.count() == 1
