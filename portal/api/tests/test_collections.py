"""Every collection: create, read, list, filter, change, replace, delete; who may do which."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from portal.api.tests.samples import APPEND_ONLY, NEVER_DELETED, READ_ONLY, SAMPLES
from portal.api.urls import COLLECTIONS
from portal.core.models import AccessEvent
from portal.core.tests.rest import Rest, staff, token
from portal.roles import Role, allows

pytestmark = pytest.mark.django_db

EVERY = pytest.mark.parametrize("name", list(COLLECTIONS))
KEPT = APPEND_ONLY | READ_ONLY
DELETABLE = pytest.mark.parametrize("name", [n for n in COLLECTIONS if n not in NEVER_DELETED])
CHANGEABLE = pytest.mark.parametrize("name", [n for n in COLLECTIONS if n not in KEPT])


# A form that is handed over is answered with a receipt: patients/tests/test_api_submissions.py.
MADE_AS_SHOWN = pytest.mark.parametrize(
    "name", [n for n in COLLECTIONS if n not in {"submissions", *READ_ONLY}]
)


def make(rest: Rest, name: str, **also: Any) -> Any:
    """The answer to a POST of the collection's sample, which `also` says this."""
    sample = SAMPLES[name]
    return rest.post(f"{name}/", sample.body() | also, **sample.headers())


def related_as_ids(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value["id"] if isinstance(value, dict) and "id" in value else value
        for name, value in record.items()
    }


def test_every_collection_has_a_sample() -> None:
    assert set(SAMPLES) == set(COLLECTIONS)


@MADE_AS_SHOWN
def test_create_then_read_and_list_give_the_same_record(name: str, writer: Rest) -> None:
    body = SAMPLES[name].body()

    created = writer.post(f"{name}/", body)
    record = created.json()
    read = writer.get(f"{name}/{record['id']}/")
    listed = writer.get(f"{name}/?page_size=200").json()["results"]

    assert created.status_code == 201, created.content
    assert created["Location"].endswith(f"/api/v1/{name}/{record['id']}/")
    assert created["ETag"] == '"1"' == read["ETag"]
    assert read.status_code == 200
    assert read.json() == record
    assert [each for each in listed if each["id"] == record["id"]] == [record]
    shown = related_as_ids(record)
    for member, value in body.items():
        # Some are stored in another form, and a file is not shown.
        if member not in {"value", "starts_at", "ends_at", "started_at", "file"}:
            assert shown[member] == value


@EVERY
def test_filter_finds_the_record_and_no_other(name: str, writer: Rest) -> None:
    sample = SAMPLES[name]
    sample.made()
    if name in READ_ONLY:
        row = sample.made()
        said, record_id = vars(row), str(row.pk)
    else:
        said = sample.body()
        record_id = writer.post(f"{name}/", said, **sample.headers()).json()["id"]
    query = {key: said[key] if value is None else value for key, value in sample.found_by.items()}

    found = writer.get(f"{name}/?" + "&".join(f"{k}={v}" for k, v in query.items()))

    assert found.status_code == 200, found.content
    assert [each["id"] for each in found.json()["results"]] == [record_id]


@CHANGEABLE
def test_patch_changes_what_was_sent(name: str, writer: Rest) -> None:
    change = SAMPLES[name].change
    record = make(writer, name).json()

    changed = writer.patch(f"{name}/{record['id']}/", change, If_Match='"1"')

    assert changed.status_code == 200, changed.content
    assert changed["ETag"] == ('"2"' if change else '"1"')
    after = changed.json()
    stored_otherwise = {"updated_at", "version", "reminder_at"}
    expected = {**record, **change}
    assert {k: v for k, v in after.items() if k not in stored_otherwise} == {
        k: v for k, v in expected.items() if k not in stored_otherwise
    }
    assert writer.get(f"{name}/{record['id']}/").json() == after


@CHANGEABLE
def test_put_replaces_and_resets_what_it_leaves_out(name: str, writer: Rest) -> None:
    sample = SAMPLES[name]
    body = sample.body()
    record = writer.post(f"{name}/", body).json()
    path = f"{name}/{record['id']}/"
    writer.patch(path, sample.change)
    fixed = getattr(COLLECTIONS[name].serializer_class.Meta, "fixed_fields", ())

    replaced = writer.put(path, {k: v for k, v in body.items() if k not in fixed})

    assert replaced.status_code == 200, replaced.content
    differing = {k for k, v in replaced.json().items() if v != record[k]}
    assert differing <= {"updated_at", "version", "reminder_at"}


@DELETABLE
def test_delete_removes_it_and_history_keeps_it(name: str, writer: Rest) -> None:
    record = make(writer, name, **SAMPLES[name].passing).json()
    model: Any = COLLECTIONS[name].serializer_class.Meta.model

    deleted = writer.delete(f"{name}/{record['id']}/")

    assert deleted.status_code == 204, deleted.content
    assert deleted.content == b""
    assert writer.get(f"{name}/{record['id']}/").status_code == 404
    assert model.pgh_event_model.objects.filter(pgh_obj_id=record["id"]).count() == 2


@pytest.mark.parametrize(
    ("name", "method"),
    [
        *((name, method) for name in sorted(KEPT) for method in ("PUT", "PATCH")),
        *((name, "DELETE") for name in sorted(NEVER_DELETED)),
    ],
)
def test_what_was_said_cannot_be_changed(name: str, method: str, writer: Rest) -> None:
    row = SAMPLES[name].made()

    refused = writer(method, f"{name}/{row.pk}/", {})

    assert refused.status_code == 405
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "method_not_allowed"


@EVERY
def test_list_makes_the_same_queries_for_one_record_and_for_many(name: str, reader: Rest) -> None:
    SAMPLES[name].made()
    reader.get(f"{name}/")  # the statement is compiled once
    with CaptureQueriesContext(connection) as for_one:
        reader.get(f"{name}/")
    for _each in range(4):
        SAMPLES[name].made()

    with CaptureQueriesContext(connection) as for_many:
        listed = reader.get(f"{name}/")

    assert len(listed.json()["results"]) >= 5
    # The token, its permissions, the documents; and the access log.
    expected = 3 if COLLECTIONS[name].subject is None else 4
    assert len(for_one) == len(for_many) == expected
    assert not any("COUNT(" in query["sql"] for query in for_many.captured_queries)


@EVERY
def test_reading_is_written_to_the_access_log_of_the_patients(name: str, reader: Rest) -> None:
    subject = COLLECTIONS[name].subject
    row = SAMPLES[name].made()
    person = row
    for step in (subject[1] if subject else "").removesuffix("_id").split("__"):
        person = getattr(person, step) if step not in {"", "id"} else person
    AccessEvent.objects.values_list("id")
    before = set(AccessEvent.objects.values_list("id", flat=True))

    listed = reader.get(f"{name}/?page_size=200")
    read = reader.get(f"{name}/{row.pk}/")

    events = list(AccessEvent.objects.exclude(id__in=before).order_by("at"))
    if subject is None:
        assert events == []
        return
    assert [event.record_type for event in events] == ["patients.Patient"] * 2
    assert [str(event.request_id) for event in events] == [
        listed["X-Request-ID"],
        read["X-Request-ID"],
    ]
    assert {event.route for event in events} == {"rest"}
    assert person.pk in events[0].record_ids
    assert events[1].record_ids == [person.pk]
    assert Patient.objects.filter(pk__in=events[0].record_ids).count() == len(events[0].record_ids)


@EVERY
@pytest.mark.parametrize("role", list(Role))
def test_role_may_do_what_the_table_says_and_nothing_else(name: str, role: Role) -> None:
    sample, viewset = SAMPLES[name], COLLECTIONS[name]
    label = viewset.serializer_class.Meta.model._meta.label_lower
    api = role in {Role.API_READER, Role.API_WRITER}
    rest = Rest(token(role.value)) if api else staff(role.value)
    author = Rest(token("api-writer"))
    if name in READ_ONLY:
        made = sample.made().pk
    else:
        made = make(author, name, **sample.passing).json()["id"]
    path = f"{name}/{made}/"

    statuses = {
        "list": rest.get(f"{name}/").status_code,
        "read": rest.get(path).status_code,
        "change": rest.patch(path, sample.change).status_code,
        "delete": rest.delete(path).status_code,
    }
    if statuses["delete"] == 204 or not allows(label, role, "add"):
        statuses["add"] = make(rest, name).status_code
    else:
        statuses["add"] = _another(rest, name)

    def expected(action: str, status: int, *, never: set[str]) -> int:
        return 405 if name in never else status if allows(label, role, action) else 403

    assert statuses == {
        "list": 200 if allows(label, role, "view") else 403,
        "read": 200 if allows(label, role, "view") else 403,
        "add": expected("add", 201, never=READ_ONLY),
        "change": expected("change", 200, never=KEPT),
        "delete": expected("delete", 204, never=NEVER_DELETED),
    }


def _another(rest: Rest, name: str) -> int:
    """The status of a POST beside the record that is there already under the same name."""
    body, headers = SAMPLES[name].body(), SAMPLES[name].headers()
    for member in ("name", "registry_id", "eap_number"):
        if member in body:
            body[member] = body[member][:-1] + "2"
    status: int = rest.post(f"{name}/", body, **headers).status_code
    return status


@EVERY
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nobody_is_served_without_a_token_or_a_session(name: str, method: str) -> None:
    paths = [f"{name}/", f"{name}/019a0000-0000-7000-8000-000000000000/", f"{name}/x/"]

    for path in paths:
        refused = Rest()(method, path, {})

        assert refused.status_code == 401
        assert refused["WWW-Authenticate"] == 'Bearer realm="api"'
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["code"] == "not_authenticated"
