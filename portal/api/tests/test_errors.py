"""Whatever goes wrong is problem+json with a stable code, and never a 500 for what was sent."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.models import BaseConstraint, ProtectedError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from psycopg import errors as postgres
from rest_framework.exceptions import Throttled

from patients.models import ContactPoint, Hospital, Patient
from patients.tests.factories import (
    ConsentFactory,
    HospitalFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.api.breaches import breach
from portal.api.errors import error400, error404, error500, problem
from portal.core.errors import Missing, Refused, StaleVersion
from portal.core.models import Record
from portal.core.tests.rest import Rest
from referrals.tests.factories import ClinicalTrialFactory, CTReferralFactory

pytestmark = pytest.mark.django_db


class SimpleError(Exception):
    """What psycopg raises, as far as it is looked at."""

    def __init__(self, sqlstate: str, diag: Any) -> None:
        super().__init__()
        self.sqlstate, self.diag = sqlstate, diag


def is_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document, once its frame has been checked."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == f"urn:uuid:{response['X-Request-ID']}"
    return body


def test_validation_error_whole_document(writer: Rest) -> None:
    refused = writer.post("patients/", {"first_name": 3, "sex": "none", "stage": "patient", "x": 1})

    body = is_problem(refused, 400, "invalid")

    del body["instance"]
    assert body == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "invalid",
        "detail": "The request is not valid; `errors` says where.",
        "errors": [
            {
                "pointer": "/stage",
                "code": "read_only",
                "message": "This cannot be set. It is worked out, or changed by an operation of "
                "its own.",
            },
            {
                "pointer": "/x",
                "code": "unknown",
                "message": "There is no such member. The schema at /api/schema/ lists them.",
            },
        ],
    }


BAD_VALUES = {
    "number for a string": ("patients", {"first_name": 3}, "/first_name", "invalid"),
    "string for a boolean": (
        "patients",
        {"first_name": "a", "do_not_contact": "yes"},
        "/do_not_contact",
        "invalid",
    ),
    "NUL": ("patients", {"first_name": "a\x00b"}, "/first_name", "null_characters_not_allowed"),
    "null": ("patients", {"first_name": None}, "/first_name", "null"),
    "too long": ("hospitals", {"name": "x" * 301}, "/name", "max_length"),
    "blank": ("hospitals", {"name": "  "}, "/name", "blank"),
    "missing": ("hospitals", {}, "/name", "required"),
    "country unknown": ("hospitals", {"name": "a", "country": "XX"}, "/country", "unknown_code"),
    "choice unknown": ("patients", {"first_name": "a", "sex": 1}, "/sex", "invalid_choice"),
    "date that is none": (
        "patients",
        {"first_name": "a", "date_of_birth": "2026-02-30"},
        "/date_of_birth",
        "invalid",
    ),
    "time without offset": (
        "patients",
        {"first_name": "a", "first_contact_at": "2026-05-05T10:00:00"},
        "/first_contact_at",
        "invalid",
    ),
    "time before the calendar": (
        "patients",
        {"first_name": "a", "first_contact_at": "0001-01-01T00:00:00+14:00"},
        "/first_contact_at",
        "invalid",
    ),
    "time zone unknown": (
        "patients",
        {"first_name": "a", "time_zone": "Mars/Olympus"},
        "/time_zone",
        "unknown_time_zone",
    ),
    "moment that is no text": (
        "patients",
        {"first_name": "a", "first_contact_at": 1767225600},
        "/first_contact_at",
        "invalid",
    ),
    "phone that is none": (
        "patients",
        {"first_name": "a", "phone": "12"},
        "/phone",
        "invalid_phone",
    ),
    "e-mail that is no text": ("patients", {"first_name": "a", "email": 7}, "/email", "invalid"),
    "e-mail that is none": ("patients", {"first_name": "a", "email": "a@"}, "/email", "invalid"),
    "id as a number": ("patients", {"first_name": "a", "owner": 7}, "/owner", "incorrect_type"),
    "id in another form": (
        "patients",
        {"first_name": "a", "owner": "{019a0000-0000-7000-8000-000000000000}"},
        "/owner",
        "incorrect_type",
    ),
    "id that is blank": ("patients", {"first_name": "a", "owner": ""}, "/owner", "incorrect_type"),
    "id of nobody": (
        "patients",
        {"first_name": "a", "owner": "019a0000-0000-7000-8000-000000000000"},
        "/owner",
        "does_not_exist",
    ),
    "list with a bad choice": (
        "clinical-trials",
        {"registry": "OTHER", "registry_id": "a", "phases": ["PHASE1", "PHASE9"]},
        "/phases/1",
        "invalid_choice",
    ),
}


@pytest.mark.parametrize(("name", "body", "pointer", "code"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_bad_value_is_named(
    name: str, body: dict[str, Any], pointer: str, code: str, writer: Rest
) -> None:
    refused = writer.post(f"{name}/", body)

    found = is_problem(refused, 400, "invalid")["errors"]

    assert (pointer, code) in [(each["pointer"], each["code"]) for each in found]


BAD_BODIES = {
    "cut off": b'{"name": ',
    "NaN": b'{"name": NaN}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "not UTF-8": b'{"name": "\xff"}',
    "endless nesting": b"[" * 5000,
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
}


@pytest.mark.parametrize("raw", BAD_BODIES.values(), ids=BAD_BODIES)
def test_body_that_is_no_json_object_is_a_400(raw: bytes, writer: Rest) -> None:
    answer = writer.client.post("/api/v1/hospitals/", raw, content_type="application/json")

    is_problem(answer, 400, "invalid")


def test_body_that_is_too_large_is_a_413(writer: Rest, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    is_problem(writer.post("hospitals/", {"name": "x" * 100}), 413, "too_large")


def test_form_data_is_a_415(writer: Rest) -> None:
    is_problem(writer.client.post("/api/v1/hospitals/", {"a": "b"}), 415, "unsupported_media_type")


def test_xml_is_not_to_be_had(writer: Rest) -> None:
    is_problem(writer.get("hospitals/", Accept="text/xml"), 406, "not_acceptable")


BAD_QUERIES = {
    "unknown": ("foo=1", "foo", "unknown_parameter"),
    "blank": ("owner=", "owner", "blank"),
    "repeated": ("is_lead=true&is_lead=false", "is_lead", "repeated"),
    "boolean": ("is_lead=yes", "is_lead", "invalid"),
    "id": ("owner=7", "owner", "invalid"),
    "choice": ("stage=lead&stage=gone", "stage", "invalid_choice"),
    "moment": ("created_after=yesterday", "created_after", "invalid"),
    "NUL": ("search=a%00b", "search", "null_characters_not_allowed"),
    "search too long": (f"search={'x' * 201}", "search", "max_length"),
    "code too long": ("country=Netherlands-Antilles", "country", "max_length"),
    "ordering": ("ordering=last_name", "ordering", "invalid_choice"),
    "page size none": ("page_size=0", "page_size", "invalid"),
    "page size many": ("page_size=201", "page_size", "invalid"),
    "page size huge": (f"page_size={'9' * 5000}", "page_size", "invalid"),
    "page size in another script": ("page_size=٣", "page_size", "invalid"),
    "cursor": ("cursor=x", "cursor", "invalid_cursor"),
    "cursor not ASCII": ("cursor=é", "cursor", "invalid_cursor"),
}


@pytest.mark.parametrize(("query", "name", "code"), BAD_QUERIES.values(), ids=BAD_QUERIES)
def test_bad_query_parameter_is_named(query: str, name: str, code: str, reader: Rest) -> None:
    errors = is_problem(reader.get(f"patients/?{query}"), 400, "invalid")["errors"]

    assert [(each["parameter"], each["code"]) for each in errors] == [(name, code)]


def test_day_filter_refuses_what_is_no_day(reader: Rest) -> None:
    errors = is_problem(reader.get("calls/?due_by=2026-5-5"), 400, "invalid")["errors"]

    assert [(each["parameter"], each["code"]) for each in errors] == [("due_by", "invalid")]


def test_plus_sign_that_was_not_encoded_is_understood(reader: Rest) -> None:
    assert reader.get("patients/?created_after=2026-01-01T00:00:00+01:00").status_code == 200


@pytest.mark.parametrize("path", ["nothing/", "patients/x/", "patients/1/", "patients/a%00/"])
def test_address_that_leads_nowhere_is_a_404(path: str, reader: Rest) -> None:
    is_problem(reader.get(path), 404, "not_found")


def test_unknown_id_is_a_404_for_every_method(writer: Rest) -> None:
    path = "hospitals/019a0000-0000-7000-8000-000000000000/"

    for method in ("GET", "PUT", "PATCH", "DELETE"):
        is_problem(writer(method, path, {"name": "a"}), 404, "not_found")


def test_method_that_is_not_offered_is_a_405_that_says_which_are(writer: Rest) -> None:
    answer = writer("PUT", "hospitals/", {})

    is_problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD, POST"


def test_role_that_may_not_write_gets_a_403(reader: Rest) -> None:
    is_problem(reader.post("hospitals/", {"name": "a"}), 403, "permission_denied")


def test_browser_session_without_csrf_token_cannot_write(navigator: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(navigator)

    answer = client.post("/api/v1/hospitals/", {"name": "a"}, content_type="application/json")

    is_problem(answer, 403, "permission_denied")
    assert client.get("/api/v1/hospitals/").status_code == 200


# --- rules of the database -------------------------------------------------------------------


def test_unique_constraint_is_a_409_that_names_it(writer: Rest) -> None:
    PatientFactory(email="ada@example.org")

    refused = writer.post("patients/", {"first_name": "Ada", "email": " ADA@example.org "})

    body = is_problem(refused, 409, "conflict")
    assert body["constraint"] == "patients_patient_email_unique"
    assert body["detail"].startswith("Somebody else has this e-mail address.")


def test_unique_column_is_a_409_with_its_own_words(writer: Rest) -> None:
    ClinicalTrialFactory(registry_id="NCT00000001")

    refused = writer.post("clinical-trials/", {"registry": "NCT", "registry_id": "NCT00000001"})

    body = is_problem(refused, 409, "conflict")
    assert body["detail"] == "There is already a trial with this number."
    assert body["constraint"].startswith("referrals_clinicaltrial_registry_id")


def test_unique_constraint_with_condition_is_a_409(writer: Rest) -> None:
    referral = CTReferralFactory()

    refused = writer.post(
        "ct-referrals/", {"patient": str(referral.patient_id), "trial": str(referral.trial_id)}
    )

    body = is_problem(refused, 409, "conflict")
    assert body["constraint"] == "referrals_ctreferral_one_active"


def test_check_constraint_is_a_400_that_names_it_and_its_members(writer: Rest) -> None:
    refused = writer.post("patients/", {"first_name": "Ada", "on_behalf_of_name": "Bo"})

    body = is_problem(refused, 400, "invalid")
    assert body["constraint"] == "patients_patient_on_behalf_has_relation"
    assert body["detail"] == "Say how the person who filled in the form is related."
    assert [each["pointer"] for each in body["errors"]] == [
        "/on_behalf_of_name",
        "/on_behalf_of_relation",
    ]


def test_record_that_others_refer_to_is_not_deleted(writer: Rest) -> None:
    hospital = SpecialistFactory().hospital

    body = is_problem(writer.delete(f"hospitals/{hospital.pk}/"), 409, "in_use")

    assert body["referring"] == ["patients.specialist"]
    assert body["detail"] == "Other records refer to this one: specialists."
    assert Hospital.objects.filter(pk=hospital.pk).exists()


RULES = [
    (model, constraint)
    for model in apps.get_models()
    if issubclass(model, Record)
    for constraint in model._meta.constraints
]


@pytest.mark.parametrize(("model", "rule"), RULES, ids=[rule.name for _model, rule in RULES])
def test_every_rule_has_words_and_names_its_members(
    model: type[Record], rule: BaseConstraint
) -> None:
    diagnostics = SimpleNamespace(
        constraint_name=rule.name, table_name=model._meta.db_table, column_name=None
    )
    error = IntegrityError()
    error.__cause__ = SimpleError("23514", diagnostics)

    found = breach(error)

    assert found is not None
    assert found.constraint == rule.name
    assert found.message == str(rule.violation_error_message)
    assert not found.message.startswith("Constraint")
    assert found.fields
    for name in found.fields:
        assert model._meta.get_field(name)


# --- the handler itself, for what cannot easily be brought about -------------------------------


def handled(error: Exception, method: str = "POST") -> tuple[int, dict[str, Any]] | None:
    request = getattr(RequestFactory(), method.lower())("/api/v1/patients/")
    response = problem(error, {"request": request})
    return None if response is None else (response.status_code, response.data)


def database_error(sql: str) -> Exception:
    """The error that a statement ends in, deferred constraints included."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except (IntegrityError, DataError) as error:
        return error
    raise AssertionError("the database did not object")


def test_refusal_of_a_verb_lists_what_is_missing() -> None:
    error = Refused("No.", code="no_call", missing=[Missing("call", "Call them first.")])

    found = handled(error)

    assert found is not None
    assert found[0] == 409
    assert found[1]["code"] == "no_call"
    assert found[1]["missing"] == [{"code": "call", "message": "Call them first."}]


def test_stale_version_is_a_412() -> None:
    found = handled(StaleVersion(expected=1, actual=3, changed=["phone"]))

    assert found is not None
    assert (found[0], found[1]["version"], found[1]["changed"]) == (412, 3, ["phone"])


def test_foreign_key_to_a_row_that_has_gone_is_a_400_that_names_the_member() -> None:
    patient = PatientFactory()
    error = database_error(
        f"UPDATE patients_patient SET owner_id = portal_uuid7() WHERE id = '{patient.pk}'"
    )

    found = handled(error)

    assert found is not None
    assert found[0] == 400
    assert [each["pointer"] for each in found[1]["errors"]] == ["/owner"]


def test_foreign_key_that_is_lost_in_a_race_is_in_use() -> None:
    hospital = SpecialistFactory().hospital
    error = database_error(f"DELETE FROM patients_hospital WHERE id = '{hospital.pk}'")

    found = handled(error, "DELETE")

    assert found is not None
    assert (found[0], found[1]["code"], found[1]["referring"]) == (
        409,
        "in_use",
        ["patients.specialist"],
    )


def test_not_null_is_a_400_that_names_the_member() -> None:
    PatientFactory()
    found = handled(database_error("UPDATE patients_patient SET first_name = NULL"))

    assert found is not None
    assert found[0] == 400
    assert found[1]["errors"][0]["pointer"] == "/first_name"


def test_append_only_is_a_409() -> None:
    ConsentFactory()
    found = handled(database_error("DELETE FROM patients_consent"))

    assert found is not None
    assert (found[0], found[1]["code"]) == (409, "append_only")


def test_value_that_the_database_cannot_hold_is_a_400() -> None:
    found = handled(database_error("SELECT 99999999999::int"))

    assert found is not None
    assert found[0] == 400


def test_protected_row_is_in_use() -> None:
    found = handled(ProtectedError("", {ContactPoint(), Patient()}))

    assert found is not None
    assert found[1]["referring"] == ["patients.contactpoint", "patients.patient"]


def _caused(cause: type[Exception]) -> OperationalError:
    error = OperationalError()
    error.__cause__ = cause()
    return error


HANDLED: dict[str, tuple[Callable[[], Exception], int, str]] = {
    "deadlock": (lambda: _caused(postgres.DeadlockDetected), 409, "busy"),
    "throttled": (lambda: Throttled(wait=3), 429, "throttled"),
    "django permission": (PermissionDenied, 403, "permission_denied"),
    "suspicious": (SuspiciousOperation, 400, "invalid"),
    "no row": (Patient.DoesNotExist, 404, "not_found"),
}


@pytest.mark.parametrize(("make", "status", "code"), HANDLED.values(), ids=HANDLED)
def test_error_is_translated(make: Callable[[], Exception], status: int, code: str) -> None:
    found = handled(make())

    assert found is not None
    assert (found[0], found[1]["code"]) == (status, code)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), OperationalError(), IntegrityError("no cause")]
)
def test_fault_of_ours_is_left_to_django(error: Exception) -> None:
    assert handled(error) is None


def test_throttled_says_when_to_come_back() -> None:
    response = problem(Throttled(wait=3), {"request": None})

    assert response is not None
    assert response["Retry-After"] == "3"


def test_fault_of_ours_answers_a_500_without_details(
    writer: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError("Ada Lovelace")

    monkeypatch.setattr("portal.core.api.documents.Documents.page", fail)
    HospitalFactory()
    writer.client.raise_request_exception = False

    body = is_problem(writer.get("hospitals/"), 500, "error")

    assert "Ada" not in json.dumps(body)
    assert set(body) == {"type", "title", "status", "code", "detail", "instance"}


OUTSIDE: dict[str, tuple[Callable[[Any], HttpResponse], int]] = {
    "400": (lambda request: error400(request, SuspiciousOperation("x")), 400),
    "404": (lambda request: error404(request, Exception("x")), 404),
    "500": (error500, 500),
}


@pytest.mark.parametrize(("answer", "status"), OUTSIDE.values(), ids=OUTSIDE)
def test_error_page_is_a_problem_under_api_only(
    answer: Callable[[Any], HttpResponse], status: int
) -> None:
    rest = answer(RequestFactory().get("/api/v1/nothing/"))
    page = answer(RequestFactory().get("/nothing/"))

    assert rest.status_code == page.status_code == status
    assert rest["Content-Type"] == "application/problem+json"
    assert page["Content-Type"].startswith("text/html")


def test_too_much_data_outside_a_view_is_a_413() -> None:
    assert error400(RequestFactory().get("/api/"), RequestDataTooBig()).status_code == 413
