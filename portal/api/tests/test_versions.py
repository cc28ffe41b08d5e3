"""Entity tags: who changes a record says which version they read."""

import pytest

from patients.models import Hospital
from patients.tests.factories import HospitalFactory
from portal.core.tests.rest import Rest

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> Hospital:
    """A hospital at version 2: its city was changed."""
    found = HospitalFactory(name="Erasmus MC", city="Delft")
    Hospital.objects.filter(pk=found.pk).update(city="Rotterdam")
    return found


def test_change_of_an_old_version_is_refused_with_what_changed(
    hospital: Hospital, writer: Rest
) -> None:
    refused = writer.patch(f"hospitals/{hospital.pk}/", {"name": "EMC"}, If_Match='"1"')

    assert refused.status_code == 412
    body = refused.json()
    assert (body["code"], body["version"], body["changed"]) == ("stale_version", 2, ["city"])
    hospital.refresh_from_db()
    assert hospital.name == "Erasmus MC"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_old_version_is_refused_by_every_method(
    method: str, hospital: Hospital, writer: Rest
) -> None:
    refused = writer(method, f"hospitals/{hospital.pk}/", {"name": "EMC"}, If_Match='"1"')

    assert refused.status_code == 412
    assert Hospital.objects.filter(pk=hospital.pk, name="Erasmus MC").exists()


@pytest.mark.parametrize("tag", ['"2"', 'W/"2"', '"1", "2"', "*"])
def test_current_version_is_changed(tag: str, hospital: Hospital, writer: Rest) -> None:
    changed = writer.patch(f"hospitals/{hospital.pk}/", {"name": "EMC"}, If_Match=tag)

    assert changed.status_code == 200
    assert changed["ETag"] == '"3"'


@pytest.mark.parametrize("tag", ['"7"', '"99999999999999999999"', '"x"', '""'])
def test_version_that_never_was_is_refused(tag: str, hospital: Hospital, writer: Rest) -> None:
    refused = writer.patch(f"hospitals/{hospital.pk}/", {"name": "EMC"}, If_Match=tag)

    assert refused.status_code == 412
    assert refused.json()["changed"] == []


@pytest.mark.parametrize("tag", ["2", "'2'", '"2'])
def test_malformed_tag_is_a_400_that_names_the_header(
    tag: str, hospital: Hospital, writer: Rest
) -> None:
    refused = writer.patch(f"hospitals/{hospital.pk}/", {"name": "EMC"}, If_Match=tag)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["header"] == "If-Match"


def test_record_as_the_caller_knows_it_is_not_sent_again(hospital: Hospital, reader: Rest) -> None:
    path = f"hospitals/{hospital.pk}/"

    known = reader.get(path, If_None_Match='"2"')
    older = reader.get(path, If_None_Match='"1"')

    assert (known.status_code, known.content, known["ETag"]) == (304, b"", '"2"')
    assert older.status_code == 200


def test_answers_are_kept_by_nobody_but_the_caller(hospital: Hospital, reader: Rest) -> None:
    for path in (f"hospitals/{hospital.pk}/", "hospitals/", "hospitals/x/"):
        assert reader.get(path)["Cache-Control"] == "private, no-cache"


def test_change_that_changes_nothing_makes_no_version(hospital: Hospital, writer: Rest) -> None:
    same = writer.patch(f"hospitals/{hospital.pk}/", {"city": " Rotterdam "})

    assert (same.status_code, same["ETag"]) == (200, '"2"')
