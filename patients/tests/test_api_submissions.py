"""Forms over REST: kept once however often they are sent, and nothing given away."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from patients.answers import LENGTHS
from patients.api.form import FormSerializer
from patients.models import Consent, ConsentText, Patient, PossibleDuplicate, Submission
from patients.tests.factories import MergedPatientFactory, PatientFactory
from patients.tests.test_intake import race
from portal.core.models import User
from portal.core.tests.rest import Rest, token

pytestmark = pytest.mark.django_db

FORM: dict[str, Any] = {
    "first_name": " Anna ",
    "last_name": "Berg",
    "email": "anna@example.org",
    "phone": "06 1234 5678",
    "country": "NL",
    "language": "nl",
    "condition_text": "something rare",
    "hope": "A trial.\nOr anything.",
    "consents": [
        {"purpose": "navigation", "decision": "given", "text_version": "2026-11-21"},
        {"purpose": "contact", "decision": "refused", "text_version": "2026-11", "language": "en"},
    ],
    "campaign": {"kept": ["as", 1.5, None, True]},
}


def send(rest: Rest, key: str = "k1", **fields: Any) -> Any:
    return rest.post("submissions/", {**FORM, **fields}, Idempotency_Key=key)


def told(response: Any) -> tuple[int, Any, dict[str, str]]:
    """What the sender sees, without what differs for every request."""
    headers = {name: value for name, value in response.items() if name != "X-Request-ID"}
    return response.status_code, response.json(), headers


def only_submitting() -> Rest:
    """A client that may hand over forms and nothing else."""
    bearer = token("api-writer")
    account = User.objects.latest("created_at")
    account.groups.clear()
    account.user_permissions.add(Permission.objects.get(codename="add_submission"))
    return Rest(bearer)


def test_form_becomes_a_lead_and_is_shown_whole_to_who_may_read_it(writer: Rest) -> None:
    received = send(writer)

    kept = Submission.objects.get()
    lead = kept.patient
    assert (received.status_code, received["ETag"]) == (201, '"1"')
    assert received["Location"] == f"http://testserver/api/v1/submissions/{kept.pk}/"
    assert received.json() == {"id": str(kept.pk), "received_at": kept.received_at.isoformat()}
    assert (lead.stage, lead.first_name, lead.phone) == ("lead", "Anna", "+31612345678")
    account = User.objects.get(groups__name="api-writer")
    shown = writer.get(f"submissions/{kept.pk}/")
    assert shown["ETag"] == '"1"'
    assert {k: v for k, v in shown.json().items() if not k.endswith("_at")} == {
        "id": str(kept.pk),
        "version": 1,
        "patient": {"id": str(lead.pk), "name": "Anna Berg", "stage": "lead"},
        "source": "api",
        "payload": FORM,
        "match": "new",
        "match_evidence": kept.match_evidence,
        "idempotency_key": f"{account.pk.hex}.k1",
    }


def test_consents_lead_to_the_exact_text_that_was_shown(writer: Rest) -> None:
    shown = ConsentText.objects.current(purpose="navigation", language="nl", now=timezone.now())

    send(writer)

    consent = Consent.objects.get(purpose="navigation")
    assert ConsentText.objects.agreed_to(consent) == shown
    assert (consent.decision, consent.method) == ("given", "api")
    refused = Consent.objects.get(purpose="contact")
    assert (refused.decision, refused.text_version, refused.language) == (
        "refused",
        "2026-11",
        "en",
    )


def test_answer_is_the_same_whether_or_not_the_person_is_known(writer: Rest) -> None:
    known = PatientFactory(first_name="Anna", last_name="Berg", email="anna@example.org")

    of_known, of_stranger = send(writer), send(writer, "k2", email="eva@example.org", phone="")

    assert Submission.objects.get(match="joined").patient == known
    answers = []
    for received in (of_known, of_stranger):
        status, body, headers = told(received)
        location = headers["Location"].replace(body["id"], "…")
        answers.append((status, list(body), {**headers, "Location": location}))
    assert answers[0] == answers[1]


def test_client_that_may_only_submit_learns_nothing_more() -> None:
    rest = only_submitting()

    received = send(rest)

    assert received.status_code == 201
    assert list(received.json()) == ["id", "received_at"]
    for path in ("submissions/", f"submissions/{received.json()['id']}/", "patients/"):
        assert rest.get(path).status_code == 403


def test_client_that_may_only_submit_is_not_told_who_was_merged() -> None:
    rest = only_submitting()
    merged = MergedPatientFactory()

    assert rest.get(f"patients/{merged.old_id}/").status_code == 403
    assert rest.delete(f"patients/{merged.old_id}/").status_code == 403


# --- keys ----------------------------------------------------------------------------------------


def test_same_key_and_body_give_the_same_answer_again(writer: Rest) -> None:
    first = send(writer)

    again = writer.post("submissions/", dict(reversed(FORM.items())), Idempotency_Key="k1")

    assert told(again) == told(first)
    assert Submission.objects.count() == 1


def test_key_may_be_quoted_as_the_standard_says(writer: Rest) -> None:
    assert told(send(writer, '"k1"')) == told(send(writer, "k1"))


def test_same_key_with_another_body_is_a_422_and_changes_nothing(writer: Rest) -> None:
    send(writer)

    refused = send(writer, hope="Something else.")

    assert refused.status_code == 422
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "idempotency_key_reused"
    assert Submission.objects.count() == 1


def test_two_clients_may_choose_the_same_key() -> None:
    first, second = Rest(token("api-writer")), Rest(token("api-writer"))

    answers = [send(first), send(second, email="eva@example.org", phone="")]

    assert [each.status_code for each in answers] == [201, 201]
    assert Submission.objects.count() == 2


def test_form_without_a_key_is_a_400(writer: Rest) -> None:
    refused = writer.post("submissions/", FORM)

    assert refused.status_code == 400
    body = refused.json()
    assert body["code"] == "idempotency_key_missing"
    assert [(each["header"], each["code"]) for each in body["errors"]] == [
        ("Idempotency-Key", "required")
    ]
    assert not Submission.objects.exists()


@pytest.mark.parametrize("key", ["", '""', "x" * 161, "a b", "é"])
def test_key_that_cannot_be_one_is_a_400(key: str, writer: Rest) -> None:
    refused = send(writer, key)

    assert refused.status_code == 400
    assert refused.json()["code"] == "idempotency_key_invalid"


def test_longest_key_is_taken(writer: Rest) -> None:
    assert send(writer, "x" * 160).status_code == 201


def test_refused_form_does_not_use_up_its_key(writer: Rest) -> None:
    assert send(writer, email="anna").status_code == 400

    assert send(writer).status_code == 201


# --- what is wrong -------------------------------------------------------------------------------


def test_every_mistake_is_named_at_once(writer: Rest) -> None:
    refused = send(
        writer,
        first_name=["Anna"],
        email="anna",
        country="XX",
        voicemail="loud",
        date_of_birth="yesterday",
        consents=[{"purpose": "navigation", "decision": "given", "text_version": 11}],
    )

    assert refused.status_code == 400
    body = refused.json()
    assert body["code"] == "invalid"
    assert {(each["pointer"], each["code"]) for each in body["errors"]} == {
        ("/first_name", "not_text"),
        ("/email", "invalid"),
        ("/country", "invalid_choice"),
        ("/voicemail", "invalid_choice"),
        ("/date_of_birth", "invalid_date"),
        ("/consents", "not_text"),
    }
    assert not Submission.objects.exists()


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _level in range(levels):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([FORM], "not_an_object"),
        ({**FORM, "campaign": ["\x00"]}, "null_character"),
        ({**FORM, "\x00": 1}, "null_character"),
        ({**FORM, "campaign": "x" * 70_000}, "too_large"),
        ({**FORM, "campaign": deep(300)}, "not_json"),
    ],
    ids=["list", "null character", "null character in a name", "too large", "too deep"],
)
def test_form_that_no_database_can_keep_is_refused(body: Any, code: str, writer: Rest) -> None:
    refused = writer.post("submissions/", body, Idempotency_Key="k1")

    assert refused.status_code == 400
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [("", code)]


def test_schema_describes_the_fields_that_are_read() -> None:
    assert set(FormSerializer().fields) == {*LENGTHS, "consents"}


# --- at the same time ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_forty_posts_with_one_key_at_once_are_one_submission_and_forty_equal_answers() -> None:
    bearer = token("api-writer")

    answers = race(40, lambda number: told(send(Rest(bearer))))

    assert answers == [answers[0]] * 40
    assert answers[0][0] == 201
    counts = [model.objects.count() for model in (Submission, Patient, Consent)]
    assert counts == [1, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_forty_posts_with_forty_keys_at_once_are_one_patient_and_forty_submissions() -> None:
    bearer = token("api-writer")

    answers = race(40, lambda number: told(send(Rest(bearer), f"k{number}")))

    assert {status for status, _body, _headers in answers} == {201}
    assert len({body["id"] for _status, body, _headers in answers}) == 40
    assert (Patient.objects.count(), Submission.objects.count()) == (1, 40)
    assert Submission.objects.filter(match="joined").count() == 39
    assert not PossibleDuplicate.objects.exists()
