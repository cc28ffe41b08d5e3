"""Decisions about pairs outlive the records that they were about."""

from collections.abc import Callable

import pytest
from django.db import connection

from crm_import.importing import Result
from crm_import.models import Crosswalk, PairDecision
from crm_import.tests.exports import contact, guid, patient, physician
from patients import reviewing
from patients.models import Patient, PossibleDuplicate, Specialist
from portal.core.history import history_unsealed
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]
State = PossibleDuplicate.State

ANNA = contact(1, "Anna", "Berg", "us@example.org")
ANNE = contact(2, "Anne", "Berg", "us@example.org")  # one address, nearly the same name
ALIKE = {**ANNE, "firstname": "Anna"}  # the certain evidence of one person


def decide(decision: State) -> None:
    pair = PossibleDuplicate.objects.get()
    reviewing.decide(duplicate_id=pair.pk, decision=decision, by=UserFactory())


def take_back() -> None:
    """Everything that runs made is gone, and with it the pairs; decisions and archive stay."""
    with history_unsealed("rollback"), connection.cursor() as cursor:
        PossibleDuplicate.objects.all().delete()
        for model in (Patient, Specialist):
            for table in ("patients_submission", "patients_contactpoint"):
                cursor.execute(f"DELETE FROM {table}")
            model.objects.all().delete()
        Crosswalk.objects.all().delete()
        cursor.execute("DELETE FROM crm_import_rowoutcome")


def test_decision_is_kept_by_the_legacy_ids(bring: Bring) -> None:
    bring(contacts=[ANNA, ANNE])

    decide(State.DIFFERENT)

    kept = PairDecision.objects.get()
    assert [str(kept.first_id), str(kept.second_id)] == sorted([guid(1), guid(2)])
    assert kept.decision == "different"


def test_pair_that_did_not_come_from_the_crm_is_not_kept(db: None) -> None:
    one, other = sorted(
        (Patient.objects.create(first_name=name, last_name="Berg") for name in ("Ada", "Ida")),
        key=lambda person: person.pk,
    )
    PossibleDuplicate.objects.create(first_patient=one, second_patient=other, tier="R3")

    decide(State.DIFFERENT)

    assert not PairDecision.objects.exists()


@pytest.mark.parametrize("decision", [State.DIFFERENT, State.LATER])
def test_after_a_rollback_the_pair_comes_back_as_it_was_decided(
    bring: Bring, decision: State
) -> None:
    bring(contacts=[ANNA, ANNE])
    decide(decision)
    take_back()

    bring(contacts=[ANNA, ANNE, contact(3, "Cas", "Bos")])

    assert Patient.objects.count() == 3
    assert PossibleDuplicate.objects.get().state == decision


def test_after_a_rollback_the_same_person_is_one_record(bring: Bring) -> None:
    bring(contacts=[ANNA, ANNE])
    decide(State.SAME)
    take_back()

    bring(contacts=[ANNA, ANNE, contact(3, "Cas", "Bos")])

    assert Patient.objects.count() == 2
    assert Crosswalk.objects.get(legacy_id=guid(2), slot="").rule == "decided"
    assert not PossibleDuplicate.objects.exists()


def test_two_who_were_told_apart_stay_two_whatever_joins_them_later(bring: Bring) -> None:
    bring(contacts=[ANNA, ANNE])
    decide(State.DIFFERENT)
    take_back()

    bring(contacts=[ANNA, {**ALIKE, "versionnumber": "9000"}])

    assert Patient.objects.count() == 2
    assert PossibleDuplicate.objects.get().state == "different"


def test_told_apart_though_a_row_links_both(bring: Bring) -> None:
    bring(contacts=[ANNA, ANNE])
    decide(State.DIFFERENT)
    take_back()
    newer = {**ALIKE, "versionnumber": "9000", "email": ""}

    bring(
        contacts=[ANNA, newer],
        patients=[
            patient(1, "Anna", "Berg", "us@example.org", of=1),
            patient(2, "Anna", "Berg", "us@example.org", of=2),
        ],
    )

    first, second = (Crosswalk.objects.get(legacy_id=guid(n), slot="").target_id for n in (1, 2))
    assert first != second


def test_last_decision_counts(bring: Bring) -> None:
    bring(contacts=[ANNA, ANNE])
    decide(State.DIFFERENT)
    decide(State.SAME)
    take_back()

    bring(contacts=[ANNA, ANNE, contact(3, "Cas", "Bos")])

    assert Patient.objects.count() == 2


def test_specialists_who_were_told_apart_stay_two(bring: Bring) -> None:
    ida = physician(1, "Ida", "Vos", "ida@example.org", medical_license_number="BIG-1")
    ina = physician(2, "Ina", "Vos", "ida@example.org", medical_license_number="BIG-2")
    bring(contacts=[ida, ina])
    decide(State.DIFFERENT)
    take_back()

    bring(contacts=[ida, {**ina, "medical_license_number": "BIG-1", "versionnumber": "9000"}])

    assert Specialist.objects.count() == 2
    assert PossibleDuplicate.objects.get().state == "different"


def test_specialists_who_are_one_become_one(bring: Bring) -> None:
    ida = physician(1, "Ida", "Vos", "ida@example.org", medical_license_number="BIG-1")
    ina = physician(2, "Ina", "Vos", "ida@example.org", medical_license_number="BIG-2")
    bring(contacts=[ida, ina])
    decide(State.SAME)
    take_back()

    bring(contacts=[ida, ina, contact(3, "Cas", "Bos")])

    assert Specialist.objects.count() == 1
