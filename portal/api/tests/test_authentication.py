"""Who may ask: clients made by `manage.py api_client`, with tokens of 15 minutes."""

from base64 import b64encode
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client as HttpClient
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from portal.api.clients import Client, make_client
from portal.core.models import User
from portal.core.tests.rest import Rest, staff, token

pytestmark = pytest.mark.django_db


def ask_for_token(client: Client, **extra: str) -> Any:
    basic = b64encode(f"{client.id}:{client.secret}".encode()).decode()
    return HttpClient().post(
        "/oauth2/token/",
        {"grant_type": "client_credentials", **extra},
        headers={"Authorization": f"Basic {basic}"},
    )


def test_command_prints_id_and_secret_and_stores_only_a_hash() -> None:
    output, notice = StringIO(), StringIO()

    call_command("api_client", "ehr", role="api-reader", stdout=output, stderr=notice)

    application = Application.objects.get(name="ehr")
    lines = dict(line.split(": ") for line in output.getvalue().splitlines())
    assert set(lines) == {"client id", "client secret"}
    assert lines["client id"] == application.client_id
    assert application.client_secret != lines["client secret"]
    assert "not be shown again" in notice.getvalue()
    account = User.objects.get(username="ehr")
    assert application.user == account
    assert not account.is_staff
    assert not account.has_usable_password()
    assert [group.name for group in account.groups.all()] == ["api-reader"]


def test_command_refuses_a_name_that_is_taken() -> None:
    call_command("api_client", "ehr", role="api-reader", stdout=StringIO(), stderr=StringIO())

    with pytest.raises(CommandError, match="already an API client of this name"):
        call_command("api_client", "ehr", role="api-writer", stdout=StringIO())

    assert Application.objects.count() == 1


@pytest.mark.parametrize("name", ["navigator", "Navigator", "with blank", ""])
def test_name_that_cannot_be_an_account_makes_no_client(name: str, navigator: User) -> None:
    with pytest.raises(CommandError):
        call_command("api_client", name, role="api-reader", stdout=StringIO())

    assert not Application.objects.exists()


def test_client_cannot_have_the_role_of_staff() -> None:
    with pytest.raises(ValidationError):
        make_client(name="ehr", role="navigator")


def test_token_lasts_15_minutes_and_only_its_hash_is_stored() -> None:
    answer = ask_for_token(make_client(name="ehr", role="api-reader"))

    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 900, "api")
    stored = AccessToken.objects.get()
    assert body["access_token"] not in (stored.token, stored.token_checksum)
    assert Rest(body["access_token"]).get("hospitals/").status_code == 200


def test_wrong_secret_gets_no_token() -> None:
    client = make_client(name="ehr", role="api-reader")

    answer = ask_for_token(client._replace(secret="wrong"))

    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client"}


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token"])
def test_other_grants_are_refused(grant: str) -> None:
    client = make_client(name="ehr", role="api-reader")

    answer = ask_for_token(client, grant_type=grant, username="a", password="b", code="c")

    assert answer.status_code in {400, 401}
    assert not AccessToken.objects.exists()


def test_client_cannot_log_in_to_the_workplace() -> None:
    make_client(name="ehr", role="api-reader")

    assert not HttpClient().login(username="ehr", password="")


def refused(bearer: str) -> None:
    answer = Rest(bearer).get("hospitals/")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


def test_unknown_token_is_refused() -> None:
    refused("x" * 30)
    refused("tökén")


def test_expired_token_is_refused() -> None:
    bearer = token("api-reader")
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))

    refused(bearer)


def test_token_for_something_else_is_refused() -> None:
    bearer = token("api-reader")
    AccessToken.objects.update(scope="other")

    refused(bearer)


def test_token_for_another_place_is_refused() -> None:
    bearer = token("api-reader")
    AccessToken.objects.update(resource=["https://elsewhere.example.org/"])

    refused(bearer)


def test_token_of_an_account_that_was_switched_off_is_refused() -> None:
    bearer = token("api-reader")
    User.objects.update(is_active=False)

    refused(bearer)


def test_token_without_an_account_is_refused() -> None:
    bearer = token("api-reader")
    Application.objects.update(user=None)

    refused(bearer)


def test_role_that_is_taken_away_ends_at_once() -> None:
    bearer = token("api-reader")
    User.objects.get().groups.clear()

    assert Rest(bearer).get("hospitals/").status_code == 403


def test_other_scheme_is_nobody() -> None:
    answer = HttpClient(headers={"Authorization": "Basic abc"}).get("/api/v1/hospitals/")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_browser_session_is_served_by_its_role() -> None:
    navigator = staff("navigator")

    assert navigator.get("patients/").status_code == 200
    assert navigator.post("hospitals/", {"name": "a"}).status_code == 201
    assert navigator.post("submissions/", {}).status_code == 403


def test_collections_are_listed_for_those_who_are_known(reader: Rest) -> None:
    answer = reader.get("")

    assert answer.status_code == 200
    assert answer.json()["patients"] == "http://testserver/api/v1/patients/"
    assert Rest().get("").status_code == 401


def test_entrance_is_public_and_says_where_things_are() -> None:
    answer = HttpClient().get("/api/")

    assert answer.json() == {
        "collections": "http://testserver/api/v1/",
        "schema": "http://testserver/api/schema/",
        "docs": "http://testserver/api/docs/",
        "token": "http://testserver/oauth2/token/",
    }
