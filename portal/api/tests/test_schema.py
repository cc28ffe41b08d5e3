"""The OpenAPI document and the page to try it on."""

from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from portal.api.schema import document
from portal.api.tests.samples import APPEND_ONLY, NEVER_DELETED, READ_ONLY
from portal.api.urls import COLLECTIONS

VERBS = ("convert", "undo-conversion", "close", "reopen")
OF_BOOKINGS = ("complete", "confirm", "cancel", "reschedule", "no-show")
OF_REFERRALS = (
    "find-eligible",
    "rule-out",
    "refer",
    "decline",
    "acknowledge",
    "begin-screening",
    "enrol",
    "fail-screening",
    "complete",
    "discontinue",
    "site-declines",
    "withdraw",
    "trial-closes",
    "lose-contact",
    "chase",
)
OF_DOSSIERS = ("close", "reopen", "choose-route", "what-if")
OF_PARTS = {
    "shipments": ("release", "ship", "deliver", "lose", "send-back", "cancel"),
    "follow-ups": ("finish", "cancel"),
    "safety-reports": ("tell-sponsor", "tell-authority", "close"),
    "dossier-steps": (
        *("prepare", "submit", "finish", "ask", "reply", "approve", "reject", "leave-out"),
        *("waive", "expire", "cancel", "redo", "chase", "plan", "attach"),
    ),
}
HAVE_A_LIFECYCLE = ("bookings", "ct-referrals", "eap-dossiers", *OF_PARTS)
HAVE_CRITERIA = ("ct-referrals", "eap-dossiers")
CONFIRMED = ("clinical-trials", "expanded-access-programs")
# Whatever a form says is kept, so these are the bodies that take members of any name.
TAKE_MORE = {"FormRequest", "ConsentAnswerRequest"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    ]


def test_schema_is_valid_without_a_warning() -> None:
    output = StringIO()

    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null", stderr=output
    )

    assert output.getvalue() == ""


def test_schema_is_openapi_3_1_in_json_and_yaml_for_everybody(client: Client) -> None:
    as_json = client.get("/api/schema/")
    as_yaml = client.get("/api/schema/", headers={"Accept": "application/yaml"})

    assert as_json["Content-Type"] == "application/json"
    assert as_json.json()["openapi"].startswith("3.1")
    assert yaml.safe_load(as_yaml.content) == as_json.json()


def test_every_collection_and_method_is_described() -> None:
    expected = {
        ("/api/v1/documents/{id}/file/", "get"),
        ("/api/v1/options-reports/{id}/html/", "get"),
        ("/api/v1/patients/{id}/options/", "get"),
        ("/api/v1/slots/", "get"),
    }
    for name in COLLECTIONS:
        kept = APPEND_ONLY | READ_ONLY
        changing = set() if name in kept else {"put", "patch"}
        changing |= set() if name in NEVER_DELETED else {"delete"}
        making = set() if name in READ_ONLY else {"post"}
        expected |= {(f"/api/v1/{name}/", method) for method in {"get", *making}}
        expected |= {(f"/api/v1/{name}/{{id}}/", method) for method in {"get", *changing}}
    expected |= {("/api/v1/observations/{id}/mark-wrong/", "post")}
    expected |= {(f"/api/v1/patients/{{id}}/{verb}/", "post") for verb in VERBS}
    expected |= {(f"/api/v1/bookings/{{id}}/{verb}/", "post") for verb in OF_BOOKINGS}
    expected |= {(f"/api/v1/ct-referrals/{{id}}/{verb}/", "post") for verb in OF_REFERRALS}
    expected |= {
        (f"/api/v1/{name}/{{id}}/{verb}/", "post")
        for name, verbs in OF_PARTS.items()
        for verb in verbs
    }
    expected |= {(f"/api/v1/eap-dossiers/{{id}}/{verb}/", "post") for verb in OF_DOSSIERS}
    expected |= {("/api/v1/eap-dossiers/{id}/timeline/", "get")}
    expected |= {(f"/api/v1/{name}/{{id}}/confirm/", "post") for name in CONFIRMED}
    expected |= {(f"/api/v1/{name}/{{id}}/transitions/", "get") for name in HAVE_A_LIFECYCLE}
    expected |= {(f"/api/v1/{name}/{{id}}/eligibility/", "get") for name in HAVE_CRITERIA}

    assert {(path, method) for path, method, _operation in operations()} == expected


def test_every_operation_needs_a_token_or_a_session_and_lists_its_problems() -> None:
    for _path, _method, operation in operations():
        assert operation["security"] == [{"client": ["api"]}, {"session": []}]
        problems = {
            status: answer["content"]
            for status, answer in operation["responses"].items()
            if status >= "400"
        }
        assert {"400", "401", "403", "406"} <= set(problems)
        for content in problems.values():
            assert list(content) == ["application/problem+json"]
        assert operation["description"]
        assert operation["summary"]


def test_clients_get_their_token_from_our_endpoint() -> None:
    schemes = document()["components"]["securitySchemes"]

    assert schemes["client"]["flows"]["clientCredentials"]["tokenUrl"] == "/oauth2/token/"
    assert schemes["session"] == {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def test_related_record_is_written_as_an_id_and_read_as_a_summary() -> None:
    schemas = document()["components"]["schemas"]

    written = schemas["PatientRequest"]["properties"]["physician"]
    read = schemas["Patient"]["properties"]["physician"]

    assert written["type"] == ["string", "null"]
    assert written["format"] == "uuid"
    assert {"$ref": "#/components/schemas/SpecialistSummary"} in read["oneOf"]
    assert list(schemas["SpecialistSummary"]["properties"]) == ["id", "name", "hospital"]


def test_verb_takes_the_version_and_says_what_can_go_wrong() -> None:
    close = document()["paths"]["/api/v1/patients/{id}/close/"]["post"]

    assert (close["operationId"], close["summary"]) == ("patients_close", "Close a lead or patient")
    headers = {each["name"] for each in close["parameters"] if each["in"] == "header"}
    assert headers == {"If-Match"}
    assert set(close["responses"]) == {
        *("200", "308", "400", "401", "403", "404", "406", "409", "410", "412", "413", "415")
    }
    assert list(close["responses"]["200"]["headers"]) == ["ETag"]
    answer = close["responses"]["308"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Merged"}


def test_submission_demands_a_key_and_is_answered_with_a_receipt() -> None:
    create = document()["paths"]["/api/v1/submissions/"]["post"]

    [key] = [each for each in create["parameters"] if each["in"] == "header"]
    assert (key["name"], key["required"]) == ("Idempotency-Key", True)
    assert "422" in create["responses"]
    receipt = create["responses"]["201"]["content"]["application/json"]["schema"]
    assert receipt == {"$ref": "#/components/schemas/Receipt"}
    assert set(document()["components"]["schemas"]["Receipt"]["properties"]) == {
        *("id", "received_at")
    }


def test_request_takes_no_other_members_and_an_answer_has_them_all() -> None:
    for name, schema in document()["components"]["schemas"].items():
        if name.endswith("Request"):
            assert schema["additionalProperties"] is (name in TAKE_MORE), name
        elif "properties" in schema and name != "Problem":
            assert set(schema["required"]) == set(schema["properties"]), name


def test_docs_page_uses_no_outside_host_and_no_inline_script(client: Client) -> None:
    page = client.get("/api/docs/")
    script = client.get("/api/docs/?script=")

    html = page.content.decode()
    assert page.status_code == script.status_code == 200
    assert "https://" not in html
    assert "http://" not in html
    assert html.count("<script src=") == html.count("<script")
    assert script["Content-Type"].startswith("application/javascript")
    assert '"validatorUrl": null' in script.content.decode()


@pytest.mark.parametrize("path", ["/api/", "/api/schema/", "/api/docs/"])
def test_public_pages_only_answer_questions(path: str, client: Client) -> None:
    assert client.post(path).status_code == 405
