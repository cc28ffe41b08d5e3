"""Who gets in where: every URL of the resolver, for nobody, the navigator and the auditor."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pghistory.models
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

from patients.tests.factories import PatientFactory
from portal.core.models import User
from portal.roles import Role

# Everything that answers without log-in (logging out is refused to a GET).
PUBLIC = {
    "/healthz",
    "/readyz",
    "/oauth2/token/",
    "/admin/login/",
    "/admin/logout/",
    "/api/",
    "/api/schema/",
    "/api/docs/",
    "/",
    "/start/",
    "/start/next/",
    "/start/next/call.ics",
    "/start/call/019a0000-0000-7000-8000-000000000000/",
    "/start/call/cancelled/",
    "/start/resume/some/",
    "/start/another/",
    "/start/conditions/",
    "/start/privacy/",
}
# Open to who has the secret in the address; everybody else finds nothing there.
SECRET = {"/calendar/019a0000-0000-7000-8000-000000000000"}
SOME_ID = UUID("019a0000-0000-7000-8000-000000000000")
FILLED = {
    "uuid": str(SOME_ID),
    "str": "some",
    "int": "1",
    "slug": "some",
    "path": str(SOME_ID),
}


def example(pattern: RoutePattern | RegexPattern) -> str:
    """A concrete path for one piece of a URL."""
    if isinstance(pattern, RoutePattern):
        route = str(pattern)
        for name, converter in pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower()
            kind = {"string": "str"}.get(kind, kind)
            for written in (f"<{kind}:{name}>", f"<{name}>"):
                route = route.replace(written, FILLED[kind])
        return route
    text = pattern.regex.pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    replaced = {
        "(?P<app_label>": "patients",
        "(?P<format>": "json",
        "(?P<url>": "some",
        "(?P<path>": "some",
        "(?P<pk>": str(SOME_ID),
    }
    for group, value in replaced.items():
        while group in text:
            start = text.index(group)
            depth, end = 0, start
            for end in range(start, len(text)):
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                if depth == 0:
                    break
            text = text[:start] + value + text[end + 1 :]
    return text.replace("\\.", ".").replace("/?", "/").replace("\\", "")


def paths(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + example(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from paths(entry, path)


PATHS = sorted(set(paths(get_resolver())))


def test_the_walk_sees_the_whole_portal() -> None:
    assert f"/admin/patients/patient/{SOME_ID}/change/" in PATHS
    assert "/api/v1/patients/" in PATHS
    assert len(PATHS) > 150


def under(*prefixes: str) -> list[str]:
    return [path for path in PATHS if path.startswith(prefixes)]


def wrongly_open(path: str, response: Any) -> bool:
    """Whether a caller without log-in got more than they should."""
    if path in PUBLIC:
        return response.status_code not in {200, 302, 303, 405, 410}
    if path in SECRET:
        return response.status_code != 404
    if path.startswith("/api/"):
        return not (
            response.status_code == 401
            and response["Content-Type"] == "application/problem+json"
            and response["WWW-Authenticate"].startswith("Bearer")
        )
    return not (
        response.status_code == 302 and response["Location"].startswith("/admin/login/?next=")
    )


@pytest.mark.django_db
def test_anonymous_caller_is_kept_out_of_everything_but_the_public_pages(client: Client) -> None:
    wrong = [path for path in PATHS if wrongly_open(path, client.get(path))]

    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_anonymous_caller_writes_nothing_over_rest(client: Client, method: str) -> None:
    send = getattr(client, method)
    wrong = [
        path
        for path in under("/api/v1/")
        if send(path, data=b"{}", content_type="application/json").status_code != 401
    ]

    assert wrong == []


@pytest.mark.django_db
def test_navigator_does_not_see_administration(client: Client, navigator: User) -> None:
    client.force_login(navigator)
    administration = under("/admin/core/", "/admin/auth/", "/admin/oauth2_provider/")

    answers = {path: client.get(path).status_code for path in administration}

    assert len(answers) > 15
    # 404: a page that only superusers have. 302: an id that does not exist, as Django's admin does.
    assert set(answers.values()) <= {302, 403, 404}
    assert all(str(SOME_ID) in path for path, code in answers.items() if code == 302)


def kept_changes() -> int:
    """How many changes history holds, over all tables."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, pghistory.models.Event)
    ]
    counts = " UNION ALL ".join(f"SELECT count(*) AS n FROM {table}" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(n) FROM ({counts}) AS counted")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_auditor_writes_nowhere_in_the_workplace(
    client: Client, member: Callable[..., User]
) -> None:
    PatientFactory(pk=SOME_ID)
    client.force_login(member(Role.AUDITOR))
    before = kept_changes()
    refused = []

    for path in under("/admin/"):
        if path in {"/admin/logout/", "/admin/login/"}:
            continue
        response = client.post(path, data={"first_name": "Changed", "post": "yes"})
        if path.endswith(("/add/", "/delete/")):
            refused.append((path, response.status_code))

    assert kept_changes() == before
    assert len(refused) > 50
    assert {code for _path, code in refused} <= {302, 403, 404}
    assert [path for path, code in refused if code == 302 and path.endswith("/add/")] == []
