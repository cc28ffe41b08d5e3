"""The id of somebody who was merged away: it leads to the survivor wherever it is used."""

from itertools import pairwise
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from patients.merging import merge
from patients.models import Patient
from patients.tests.factories import MergedPatientFactory, PatientFactory
from portal.api.tests.samples import SAMPLES
from portal.api.urls import COLLECTIONS
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.core.tests.rest import Rest, staff

pytestmark = pytest.mark.django_db

HERE = "http://testserver/api/v1/patients/"
OF_PATIENT = pytest.mark.parametrize(
    "name", [n for n, v in COLLECTIONS.items() if "patient" in v.filterset_class.base_filters]
)
FOR_PATIENT = pytest.mark.parametrize(
    "name",
    ["contact-points", "consents", "bookings", "calls", "ct-referrals", "eap-dossiers"],
)


def merged(*people: Patient) -> None:
    """The first into the second, that one into the third, and so on."""
    by = UserFactory()
    for loser, survivor in pairwise(people):
        merge(survivor_id=survivor.pk, loser_id=loser.pk, by=by)


def test_old_id_leads_to_the_survivor_of_every_merge(reader: Rest) -> None:
    people = PatientFactory.create_batch(3)
    merged(*people)
    survivor = str(people[2].pk)

    for old in people[:2]:
        answer = reader.get(f"patients/{old.pk}/")

        assert answer.status_code == 301
        assert answer["Location"] == f"{HERE}{survivor}/"
        assert answer["Content-Type"] == "application/json"
        assert answer.json() == {
            "code": "merged",
            "detail": "This record was merged into another one. Use that one.",
            "merged_into": survivor,
        }
    assert reader.get(f"patients/{survivor}/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "convert/"),
        ("POST", "undo-conversion/"),
        ("POST", "close/"),
        ("POST", "reopen/"),
    ],
)
def test_change_is_sent_on_with_its_method_and_changes_nothing(
    method: str, path: str, writer: Rest
) -> None:
    old = MergedPatientFactory()

    answer = writer(method, f"patients/{old.old_id}/{path}", {"first_name": "Ada"})

    assert answer.status_code == 308
    assert answer["Location"] == f"{HERE}{old.survivor_id}/{path}"
    assert answer.json()["merged_into"] == str(old.survivor_id)
    assert Patient.objects.get().version == 1


def test_who_may_not_do_it_is_told_so_and_not_sent_on(reader: Rest) -> None:
    old = MergedPatientFactory()

    refused = [
        reader.patch(f"patients/{old.old_id}/", {}),
        staff("navigator").delete(f"patients/{old.old_id}/"),
        staff("auditor").post(f"patients/{old.old_id}/convert/", {}),
    ]

    assert [each.status_code for each in refused] == [403] * 3


def test_who_may_change_people_and_not_see_them_is_not_told(writer: Rest) -> None:
    account = User.objects.latest("created_at")
    account.groups.clear()
    account.user_permissions.add(Permission.objects.get(codename="change_patient"))

    assert writer.patch(f"patients/{MergedPatientFactory().old_id}/", {}).status_code == 404


def test_id_of_nobody_is_a_404(writer: Rest) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert writer(method, f"patients/{uuid4()}/", {}).status_code == 404


@OF_PATIENT
def test_filter_by_an_old_id_finds_the_records_of_the_survivor(name: str, reader: Rest) -> None:
    row = SAMPLES[name].made()
    SAMPLES[name].made()
    patient = row.patient if hasattr(row, "patient") else row.dossier.patient
    old = MergedPatientFactory(survivor=patient)

    by_old = reader.get(f"{name}/?patient={old.old_id}").json()["results"]
    by_new = reader.get(f"{name}/?patient={old.survivor_id}").json()["results"]

    assert [each["id"] for each in by_old] == [str(row.pk)]
    assert by_old == by_new
    assert reader.get(f"{name}/?patient={uuid4()}").json()["results"] == []


@FOR_PATIENT
def test_record_for_an_old_id_is_refused_with_the_new_one(name: str, writer: Rest) -> None:
    old = MergedPatientFactory()
    body = {**SAMPLES[name].body(), "patient": str(old.old_id)}

    refused = writer.post(f"{name}/", body)

    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    found = refused.json()
    assert (found["code"], found["merged_into"]) == ("merged", str(old.survivor_id))
