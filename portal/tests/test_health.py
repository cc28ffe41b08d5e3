"""Whether the portal says truthfully that it lives and is ready."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client


def test_healthz_answers_without_the_database(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_with_all_migrations_applied_is_200(client: Client) -> None:
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_readyz_with_a_migration_waiting_is_503(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("portal.health.MigrationExecutor.migration_plan", lambda *_: ["one"])

    response = client.get("/readyz")

    assert (response.status_code, response.content) == (503, b"migrations are waiting\n")


@pytest.mark.django_db
def test_readyz_without_the_database_is_503(client: Client, monkeypatch: Any) -> None:
    def unreachable(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("portal.health.MigrationExecutor", unreachable)

    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_by_address_and_over_plain_http_is_answered(
    client: Client, settings: Any, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    settings.SECURE_SSL_REDIRECT = True

    assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
