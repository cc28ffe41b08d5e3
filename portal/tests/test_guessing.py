"""Guessing passwords and secrets: slowed down for who does it, never for who shares an address."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.core.tests.factories import UserFactory
from portal.site import log_in
from portal.throttle import LOG_INS_OF_ONE, TOKENS_OF_ONE, Limit

pytestmark = pytest.mark.django_db
PASSWORD = "a password that is long"


def tried(client: Client, name: str, password: str) -> str:
    page = client.post(reverse("admin:login"), {"username": name, "password": password})
    return page.content.decode() if page.status_code == 200 else ""


def test_guessing_is_stopped_even_for_the_right_password_and_others_get_in(client: Client) -> None:
    for name in ("guessed", "other"):
        user = UserFactory(username=name, is_staff=True)
        user.set_password(PASSWORD)
        user.save()
    for _time in range(LOG_INS_OF_ONE.times):
        assert "Too many tries" not in tried(client, "guessed", "wrong")

    assert "Too many tries" in tried(client, "Guessed", PASSWORD)
    assert tried(client, "other", PASSWORD) == ""


def test_guessing_from_many_addresses_is_stopped_at_the_account(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_in, "LOG_INS_FROM_ANYWHERE", Limit("few", 3, timedelta(minutes=10)))

    def guess(number: int) -> str:
        answer = client.post(
            reverse("admin:login"),
            {"username": "guessed", "password": "wrong"},
            REMOTE_ADDR=f"203.0.113.{number}",
        )
        return answer.content.decode()

    pages = [guess(number) for number in range(4)]

    assert ["Too many tries" in page for page in pages] == [False, False, False, True]


def test_client_that_asks_for_tokens_without_end_is_told_to_wait(client: Client) -> None:
    asked = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "wrong"}
    for _time in range(TOKENS_OF_ONE.times):
        assert client.post("/oauth2/token/", asked).status_code == 401

    refused = client.post("/oauth2/token/", asked)

    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert 0 < int(refused["Retry-After"]) <= TOKENS_OF_ONE.per.total_seconds()


def test_broken_page_of_the_docs_is_a_problem_document(client: Client) -> None:
    for answer in (
        client.post("/api/docs/"),
        client.get("/api/docs/", headers={"accept": "application/pdf"}),
    ):
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
