"""Adding a person: always somebody new, and everybody they may be is put up for review."""

import pytest
from django.db import IntegrityError

from patients import matching
from patients.adding import add
from patients.matching import Person
from patients.models import Patient, PossibleDuplicate
from patients.tests.factories import PatientFactory
from patients.tests.test_intake import race
from portal.core.models import User
from portal.core.tests.factories import UserFactory


def ada(**fields: str) -> Patient:
    return Patient(first_name="Ada", last_name="Novak", **fields)


@pytest.mark.django_db
def test_add_makes_a_lead_by_whom_and_a_pair_with_who_is_alike(navigator: User) -> None:
    known = PatientFactory(first_name="Ada", last_name="Novak", phone="+31612345678")
    patient = ada(phone="+31612345678")

    [pair] = add(patient, by=navigator)

    assert set(pair.people) == {known, patient}
    assert patient.events.get().pgh_context.metadata["user"] == str(navigator.pk)
    assert Patient.objects.get(pk=patient.pk).is_lead


@pytest.mark.django_db
def test_add_with_an_answer_that_was_shown_looks_no_second_time(
    navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    PatientFactory(first_name="Ada", last_name="Novak", phone="+31612345678")
    patient = ada(phone="+31612345678")
    shown = matching.find(Person.of(patient))
    monkeypatch.setattr(matching, "find", None)

    assert len(add(patient, by=navigator, match=shown)) == 1


@pytest.mark.django_db
def test_add_with_an_address_of_somebody_else_is_refused_by_the_database(navigator: User) -> None:
    PatientFactory(email="ada@example.org")

    with pytest.raises(IntegrityError, match="email_unique"):
        add(ada(email="Ada@example.org"), by=navigator)


@pytest.mark.django_db(transaction=True)
def test_add_one_person_four_times_at_once_pairs_each_with_those_before() -> None:
    by = UserFactory()

    race(4, lambda _number: add(ada(phone="+31612345678"), by=by))

    assert Patient.objects.count() == 4
    assert PossibleDuplicate.objects.count() == 6
