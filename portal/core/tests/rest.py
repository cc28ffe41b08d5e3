"""REST as another program uses it: a client, a token from the real endpoint, JSON both ways."""

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import File
from django.core.management import call_command
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from portal.core.models import User
from portal.core.tests.factories import UserFactory


def token(role: str) -> str:
    """A bearer token of a new API client in `role`, given by `POST /oauth2/token/`."""
    output = StringIO()
    call_command("api_client", f"client-{uuid4()}", role=role, stdout=output, stderr=StringIO())
    client_id, secret = (line.split(": ")[1] for line in output.getvalue().splitlines())
    answer = Client().post(
        "/oauth2/token/",
        {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        },
    )
    assert answer.status_code == 200, answer.content
    found: str = answer.json()["access_token"]
    return found


class Rest:
    """Calls REST under `/api/v1/`; bodies are JSON, or multipart when there is a file in them."""

    def __init__(self, bearer: str = "") -> None:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self.client = Client(headers=headers)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a request; `If_Match="…"` sends the header If-Match."""
        has_file = isinstance(body, dict) and any(isinstance(each, File) for each in body.values())
        content_type = MULTIPART_CONTENT if has_file else "application/json"
        if has_file:
            data = encode_multipart(BOUNDARY, body)
        else:
            data = b"" if body is None else self.client._encode_json(body, content_type)  # type: ignore[attr-defined]
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            data=data,
            content_type=content_type,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self("PUT", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self("DELETE", path, **headers)


def staff(role: str) -> Rest:
    """REST in the browser session of a new member of staff (tests do not need the CSRF token)."""
    user: User = UserFactory()
    user.groups.add(Group.objects.get(name=role))
    rest = Rest()
    rest.client.force_login(user)
    return rest


@pytest.fixture
def writer(db: None) -> Rest:
    """An API client that may read and write."""
    return Rest(token("api-writer"))


@pytest.fixture
def reader(db: None) -> Rest:
    """An API client that may only read."""
    return Rest(token("api-reader"))
