"""Adding a person by hand: who looks like somebody we know is shown first, and never blocked."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients import matching
from patients.models import Patient, PossibleDuplicate
from patients.tests.factories import MedicalConditionFactory, PatientFactory
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.site.tests.test_patient_pages import change_url, filled

pytestmark = pytest.mark.django_db

ADD = "admin:patients_patient_add"


def typed(**fields: Any) -> dict[str, Any]:
    """What the add form sends."""
    return {
        "first_name": "Zoë",
        "last_name": "Vermeulen",
        "sex": "unknown",
        "voicemail": "no_name",
        "contact_points-TOTAL_FORMS": 0,
        "contact_points-INITIAL_FORMS": 0,
        "notes-TOTAL_FORMS": 0,
        "notes-INITIAL_FORMS": 0,
        **fields,
    }


@pytest.fixture
def zoe() -> Patient:
    return PatientFactory(
        first_name="Zoe",
        last_name="Vermeulen",
        email="",
        phone="+31687654321",
        date_of_birth="1980-05-04",
        medical_condition=MedicalConditionFactory(name="Some rare disorder"),
    )


def test_adding_somebody_new_asks_nothing(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    response = client.post(reverse(ADD), typed())

    assert response.status_code == 302
    assert not PossibleDuplicate.objects.exists()


def test_adding_somebody_alike_shows_who_is_known_and_saves_nothing(
    client: Client, navigator: User, zoe: Patient
) -> None:
    client.force_login(navigator)

    response = client.post(reverse(ADD), typed(phone="+31687654321"))

    assert response.status_code == 200
    content = response.content.decode()
    assert "Is it one of these?" in content
    assert f'href="{zoe.get_absolute_url()}" target="_blank"' in content
    for shown in ("Some rare disorder", "4 May 1980", "same name, phone"):
        assert shown in content
    assert Patient.objects.count() == 1


def test_saving_anyway_makes_another_person_and_a_pair_to_review(
    client: Client, navigator: User, zoe: Patient
) -> None:
    client.force_login(navigator)

    response = client.post(reverse(ADD), typed(phone="+31687654321", another_person=str(zoe.pk)))

    assert response.status_code == 302
    pair = PossibleDuplicate.objects.get()
    assert {pair.first_patient, pair.second_patient} == set(Patient.objects.all())
    assert (pair.tier, pair.state) == ("R3", "open")


def test_somebody_who_was_not_shown_is_warned_of_again(
    client: Client, navigator: User, zoe: Patient
) -> None:
    other = PatientFactory(first_name="Zoë", last_name="Vermeulen", phone="+31687654321")
    client.force_login(navigator)

    response = client.post(reverse(ADD), typed(phone="+31687654321", another_person=str(zoe.pk)))

    assert response.status_code == 200
    assert str(other.pk) in response.content.decode()


def test_another_mistake_does_not_lose_that_it_is_another_person(
    client: Client, navigator: User, zoe: Patient
) -> None:
    client.force_login(navigator)

    content = client.post(
        reverse(ADD),
        typed(phone="+31687654321", another_person=str(zoe.pk), time_zone="Nowhere/At-all"),
    ).content.decode()

    assert f'name="another_person" value="{zoe.pk}" checked' in content
    assert "Not saved yet" not in content


def test_same_address_is_explained_with_whose_it_is(client: Client, navigator: User) -> None:
    known = PatientFactory(first_name="Zoe", last_name="Vermeulen", email="zoe@example.org")
    client.force_login(navigator)

    content = client.post(
        reverse(ADD), typed(email="Zoe@Example.org", another_person=str(known.pk))
    ).content.decode()

    assert "Somebody else has this e-mail address" in content
    assert known.get_absolute_url() in content


def test_unreadable_phone_is_said_and_compared_without_it(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    response = client.post(reverse(ADD), typed(phone="' | 'x"))

    assert response.status_code == 200
    assert "alike" not in response.content.decode()


def test_who_may_not_see_patients_is_not_told_who_it_is(client: Client, zoe: Patient) -> None:
    clerk = UserFactory()
    clerk.user_permissions.add(Permission.objects.get(codename="add_patient"))
    client.force_login(clerk)

    content = client.post(reverse(ADD), typed(phone="+31687654321")).content.decode()

    assert "Ask a colleague who may see patients." in content
    assert "Some rare disorder" not in content
    assert zoe.get_absolute_url() not in content


def test_warning_needs_as_many_queries_for_many_people_as_for_one(
    client: Client, navigator: User, zoe: Patient
) -> None:
    client.force_login(navigator)
    client.post(reverse(ADD), typed(phone="+31687654321"))
    with CaptureQueriesContext(connection) as one:
        client.post(reverse(ADD), typed(phone="+31687654321"))
    for _number in range(5):
        PatientFactory(first_name="Zoe", last_name="Vermeulen", phone="+31687654321")

    with CaptureQueriesContext(connection) as many:
        client.post(reverse(ADD), typed(phone="+31687654321"))

    assert len(many) == len(one)


@pytest.mark.parametrize(
    ("changes", "pairs"),
    [
        ({"phone": "+31687654321"}, 1),
        ({"last_name": "Vermeulen-Smit", "phone": "+31687654321"}, 1),
        ({"country": "BE"}, 0),
    ],
    ids=["phone", "name and phone", "country"],
)
def test_change_that_makes_somebody_alike_is_saved_and_proposed(
    changes: dict[str, str], pairs: int, client: Client, navigator: User, zoe: Patient
) -> None:
    patient = PatientFactory(first_name="Zoë", last_name="Vermeulen", medical_condition=None)
    client.force_login(navigator)

    content = client.post(
        change_url(patient), filled(patient, **changes), follow=True
    ).content.decode()

    patient.refresh_from_db()
    assert {name: getattr(patient, name) for name in changes} == changes
    assert PossibleDuplicate.objects.count() == pairs
    assert ("Now looks like somebody we know: 1 pair to review." in content) is bool(pairs)


def test_pair_that_was_decided_is_not_proposed_again(
    client: Client, member: Callable[..., User], zoe: Patient
) -> None:
    patient = PatientFactory(first_name="Zoë", last_name="Vermeulen", medical_condition=None)
    client.force_login(member("navigator"))
    client.post(change_url(patient), filled(patient, phone="+31687654321"), follow=True)
    PossibleDuplicate.objects.update(state="different", decided_at=patient.created_at)

    content = client.post(
        change_url(patient), filled(patient, email="zoe@example.org"), follow=True
    ).content.decode()

    assert PossibleDuplicate.objects.get().state == "different"
    assert "Now looks like" not in content


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "without the lock"])
def test_two_who_add_one_person_at_once(
    is_locked: bool, navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(navigator)
    start = threading.Barrier(len(clients))
    if not is_locked:
        looked, find = threading.Barrier(len(clients)), matching.find

        def find_together(*args: Any) -> matching.Match:
            match = find(*args)
            looked.wait(timeout=20)
            return match

        monkeypatch.setattr(matching, "lock", lambda _person: None)
        monkeypatch.setattr(matching, "find", find_together)
    codes: list[int] = []

    def add(client: Client) -> None:
        start.wait()
        try:
            codes.append(client.post(reverse(ADD), typed(phone="+31687654321")).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == ([200, 302] if is_locked else [302, 302])
    assert Patient.objects.count() == (1 if is_locked else 2)
