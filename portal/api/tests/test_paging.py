"""Pages: complete, without repetition, stable while rows come, whatever the order."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import orjson
import pytest

from patients.models import Patient, Specialist
from patients.tests.factories import PatientFactory, SpecialistFactory
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db
SAME = datetime(2026, 1, 1, tzinfo=UTC)


def pages(rest: Rest, path: str) -> list[list[str]]:
    """The ids on each page from the first to the last."""
    found = []
    url: str | None = path
    while url:
        body = rest.get(url).json()
        found.append([each["id"] for each in body["results"]])
        url = body["next"] and body["next"].split("/api/v1/")[1]
    return found


def as_text(ids: Any) -> list[str]:
    return [str(each) for each in ids]


@pytest.mark.parametrize("ordering", ["-created_at", "created_at", "updated_at", "-updated_at"])
def test_pages_hold_every_row_once_though_all_have_one_time(ordering: str, reader: Rest) -> None:
    PatientFactory.create_batch(7, created_at=SAME)
    Patient.objects.update(created_at=SAME)
    sign = "-" if ordering.startswith("-") else ""

    found = pages(reader, f"patients/?page_size=3&ordering={ordering}")

    assert [len(page) for page in found] == [3, 3, 1]
    expected = Patient.objects.order_by(ordering, f"{sign}id").values_list("id", flat=True)
    assert list(chain.from_iterable(found)) == as_text(expected)


def test_page_before_is_the_page_one_came_from(reader: Rest) -> None:
    PatientFactory.create_batch(7)
    first = reader.get("patients/?page_size=3").json()
    second = reader.get(first["next"].split("/api/v1/")[1]).json()
    third = reader.get(second["next"].split("/api/v1/")[1]).json()

    back = reader.get(third["previous"].split("/api/v1/")[1]).json()
    start = reader.get(back["previous"].split("/api/v1/")[1]).json()

    assert first["previous"] is None
    assert third["next"] is None
    assert back["results"] == second["results"]
    assert start["results"] == first["results"]
    assert start["previous"] is None


def test_row_that_comes_in_between_moves_nothing(reader: Rest) -> None:
    PatientFactory.create_batch(4)
    expected = as_text(Patient.objects.order_by("-created_at", "-id").values_list("id", flat=True))
    first = reader.get("patients/?page_size=2").json()
    PatientFactory()

    second = reader.get(first["next"].split("/api/v1/")[1]).json()

    assert [each["id"] for each in first["results"] + second["results"]] == expected


def test_order_by_name_pages_through_people_of_one_name(reader: Rest) -> None:
    SpecialistFactory.create_batch(5, first_name="Ann", last_name="Jansen")
    SpecialistFactory(first_name="Bo", last_name="Aalders")

    found = pages(reader, "specialists/?page_size=2&ordering=name")

    expected = Specialist.objects.order_by("last_name", "first_name", "id")
    assert list(chain.from_iterable(found)) == as_text(expected.values_list("id", flat=True))


def test_filters_and_search_stay_in_the_links(reader: Rest) -> None:
    PatientFactory.create_batch(3, last_name="Fermó", country="NL")
    PatientFactory(last_name="Fermó", country="BE")

    found = pages(reader, "patients/?page_size=2&search=fermo&country=NL&stage=lead&stage=closed")

    assert [len(page) for page in found] == [2, 1]


def test_search_that_finds_nobody_is_an_empty_page(reader: Rest) -> None:
    PatientFactory()

    for text in ("xyzzyx", "-", "@"):
        assert reader.get(f"patients/?search={text}").json()["results"] == []


def test_empty_list_is_one_empty_page(reader: Rest) -> None:
    assert reader.get("patients/").json() == {"next": None, "previous": None, "results": []}


def cursor(*parts: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


ID = "019a0000-0000-7000-8000-000000000000"
FORGED = {
    "other ordering": cursor("created_at", "next", "2026-01-01T00:00:00+00:00", ID),
    "other direction": cursor("-created_at", "up", "2026-01-01T00:00:00+00:00", ID),
    "too few values": cursor("-created_at", "next", ID),
    "no moment": cursor("-created_at", "next", "yesterday", ID),
    "no offset": cursor("-created_at", "next", "2026-01-01T00:00:00", ID),
    "no id": cursor("-created_at", "next", "2026-01-01T00:00:00+00:00", "7"),
    "number": cursor("-created_at", "next", 7, ID),
    "not a list": urlsafe_b64encode(b"7").decode(),
    "not JSON": urlsafe_b64encode(b"x").decode(),
    "not base64": "a",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_cursor_that_was_not_given_out_is_refused(forged: str, reader: Rest) -> None:
    answer = reader.get(f"patients/?cursor={forged}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "invalid_cursor"


def test_cursor_with_nul_is_refused(reader: Rest) -> None:
    forged = cursor("name", "next", "a\x00", "b", ID)

    answer = reader.get(f"specialists/?ordering=name&cursor={forged}")

    assert answer.json()["errors"][0]["code"] == "invalid_cursor"
