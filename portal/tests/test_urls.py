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

# Everything that answers without log-in.
PUBLIC = {
    "/healthz",
    "/readyz",
    "/oauth2/token/",
    "/admin/login/",
    "/api/",
    "/api/schema/",
    "/api/docs/",
    "/",
}
SOME_ID = UUID("019a0000-0000-7000-8000-000000000000")
FILLED = {
    "uuid": str(SOME_ID),
    "str": "some",
    "int": "1",
    "slug": "some",
    "path": f"{SOME_ID}/change",
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


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_anonymous_caller_is_kept_out_of_everything_but_the_public_pages(
    client: Client, path: str
) -> None:
    response = client.get(path)

    if path in PUBLIC:
        assert response.status_code in {200, 302, 405}
    elif path.startswith("/api/"):
        assert response.status_code == 401, path
        assert response["Content-Type"] == "application/problem+json"
        assert response["WWW-Authenticate"].startswith("Bearer")
    else:
        assert response.status_code == 302, path
        assert response["Location"].startswith("/admin/login/?next=")


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/api/v1/")])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_anonymous_caller_writes_nothing_over_rest(client: Client, path: str, method: str) -> None:
    response = getattr(client, method)(path, data=b"{}", content_type="application/json")

    assert response.status_code == 401


ADMINISTRATION = [
    path
    for path in PATHS
    if path.startswith(("/admin/core/", "/admin/auth/", "/admin/oauth2_provider/"))
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ADMINISTRATION)
def test_navigator_does_not_see_administration(client: Client, navigator: User, path: str) -> None:
    client.force_login(navigator)

    response: Any = client.get(path)

    # An id that does not exist sends back to the front page, as Django's admin does.
    assert response.status_code in {302, 403, 404}, path
    if response.status_code == 302:
        assert str(SOME_ID) in path or "some" in path


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
@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/admin/")])
def test_auditor_writes_nowhere_in_the_workplace(
    client: Client, member: Callable[..., User], path: str
) -> None:
    PatientFactory(pk=SOME_ID)
    client.force_login(member(Role.AUDITOR))
    before = kept_changes()

    response = client.post(path, data={"first_name": "Changed", "post": "yes"})

    assert kept_changes() == before
    if path.endswith(("/add/", "/delete/")) or path == f"/admin/patients/patient/{SOME_ID}/change/":
        assert response.status_code in {302, 403, 404}, path
