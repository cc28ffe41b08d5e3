"""Consents and notes over REST with a key of the sender: kept once, however often they are sent."""

from typing import Any

import pytest

from patients.models import Consent, Note, Patient
from patients.tests.factories import PatientFactory
from patients.tests.test_intake import race
from portal.core.tests.rest import Rest, token

KINDS = pytest.mark.parametrize("path", ["consents/", "notes/"])


def body(path: str, patient: Patient, **fields: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"text": "Called back."}
    if path == "consents/":
        said = {
            "purpose": "contact",
            "decision": "given",
            "text_version": "2026-11-21",
            "language": "nl",
            "method": "api",
        }
    return {"patient": str(patient.pk), **said, **fields}


def count() -> int:
    return Consent.objects.count() + Note.objects.count()


@pytest.mark.django_db
@KINDS
def test_same_key_and_body_give_the_same_record_again(path: str, writer: Rest) -> None:
    sent = body(path, PatientFactory())

    first = writer.post(path, sent, Idempotency_Key="k1")
    again = writer.post(path, sent, Idempotency_Key='"k1"')

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("notes/", {"text": "Not called back."}),
        ("consents/", {"decision": "refused"}),
        ("consents/", {"evidence": "A letter."}),
        ("consents/", {"decided_at": "2026-01-05T10:00:00Z"}),
    ],
    ids=["text", "decision", "evidence", "moment"],
)
def test_same_key_with_another_body_is_a_422_and_keeps_nothing(
    path: str, other: dict[str, Any], writer: Rest
) -> None:
    patient = PatientFactory()
    writer.post(path, body(path, patient), Idempotency_Key="k1")

    refused = writer.post(path, body(path, patient, **other), Idempotency_Key="k1")

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert count() == 1


@pytest.mark.django_db
@KINDS
def test_without_a_key_each_is_a_record_and_a_key_is_the_clients_own(path: str) -> None:
    first, second = Rest(token("api-writer")), Rest(token("api-writer"))
    sent = body(path, PatientFactory())

    answers = [first.post(path, sent), first.post(path, sent)]
    answers += [rest.post(path, sent, Idempotency_Key="k1") for rest in (first, second)]

    assert {answer.status_code for answer in answers} == {201}
    assert count() == 4


@pytest.mark.django_db
@KINDS
def test_key_that_cannot_be_one_is_a_400(path: str, writer: Rest) -> None:
    refused = writer.post(path, body(path, PatientFactory()), Idempotency_Key="no blanks")

    assert refused.status_code == 400
    assert refused.json()["code"] == "idempotency_key_invalid"
    assert count() == 0


@pytest.mark.django_db(transaction=True)
@KINDS
def test_ten_at_once_with_one_key_are_one_record(path: str) -> None:
    bearer, sent = token("api-writer"), body(path, PatientFactory())

    answers = race(10, lambda _number: Rest(bearer).post(path, sent, Idempotency_Key="k1"))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert count() == 1
