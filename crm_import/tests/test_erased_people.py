"""People who were erased are not brought back by later exports of the CRM."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from crm_import.importing import Result
from crm_import.models import (
    Crosswalk,
    ForgottenRow,
    LegacyContact,
    LegacyDossier,
    LegacyPatient,
    RowOutcome,
    TakenBack,
)
from crm_import.rolling_back import roll_back
from crm_import.tests.exports import NEWER, contact, dossier, patient
from crm_import.verifying import verify
from patients import erasure
from patients.models import ErasureRequest, Patient
from portal.core.tests.factories import UserFactory

Bring = Callable[..., Result]

ANNA = contact(1, "Anna", "Berg", "anna@example.org")
HER_ROW = patient(1, "Anna", "Berg", "anna@example.org", of=1)
HER_DOSSIER = dossier(1, "EAP-1", of=1)
EVA = contact(2, "Eva", "Holm", "eva@example.org")


def erase(person: Patient) -> ErasureRequest:
    wanted = erasure.request(patient_id=person.pk, by=UserFactory(), ground="consent_withdrawn")
    erasure.approve(request_id=wanted.pk, by=UserFactory())
    return erasure.execute(request_id=wanted.pk, by=UserFactory())


def words_in_archive() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(string_agg(t::text, ' '), '') FROM ("
            "SELECT a::text AS t FROM crm_import_legacycontact a "
            "UNION ALL SELECT a::text FROM crm_import_legacypatient a "
            "UNION ALL SELECT a::text FROM crm_import_legacydossier a) x"
        )
        return str(cursor.fetchone()[0])


@pytest.fixture
def gone(bring: Bring) -> ErasureRequest:
    """Anna came from the CRM with a dossier and was erased; Eva stays."""
    bring(contacts=[ANNA, EVA], patients=[HER_ROW], dossiers=[HER_DOSSIER])
    return erase(Patient.objects.get(first_name="Anna"))


def test_erasure_takes_the_legacy_rows_along(gone: ErasureRequest) -> None:
    assert gone.state == ErasureRequest.State.VERIFIED
    assert LegacyContact.objects.count() == 1
    assert not LegacyPatient.objects.exists()
    assert not LegacyDossier.objects.exists()
    assert "anna" not in words_in_archive().lower()
    assert not Crosswalk.objects.filter(legacy_id=ANNA["contactid"]).exists()
    assert sorted(ForgottenRow.objects.values_list("entity", flat=True)) == [
        "Contact",
        "EAPDossier",
        "Patient",
    ]


def test_views_for_the_old_systems_have_forgotten_the_person(gone: ErasureRequest) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT string_agg(firstname, ',') FROM legacy_contact), "
            "(SELECT count(*) FROM legacy_patient), (SELECT count(*) FROM legacy_eap_dossier)"
        )
        assert cursor.fetchone() == ("Eva", 0, 0)


@pytest.mark.parametrize("changed", [{}, {"versionnumber": "9000", "email": "new@example.org"}])
def test_later_export_does_not_bring_the_person_back(
    bring: Bring, gone: ErasureRequest, changed: dict[str, Any]
) -> None:
    third = contact(3, "Third", "Person")
    result = bring(
        contacts=[{**ANNA, **changed}, EVA, third], patients=[HER_ROW], dossiers=[HER_DOSSIER]
    )

    assert set(Patient.objects.values_list("first_name", flat=True)) == {"Eva", "Third"}
    assert "anna" not in words_in_archive().lower()
    counts = result.report["tables"]["Contact"]
    assert (counts["read"], counts["ignored"]) == (3, 1)
    assert result.report["tables"]["Patient"]["ignored"] == 1
    assert result.report["tables"]["EAPDossier"]["ignored"] == 1
    assert set(RowOutcome.objects.filter(reason="erased").values_list("legacy_id")) == {(None,)}


def test_new_dossier_of_an_erased_person_is_passed_over(bring: Bring, gone: ErasureRequest) -> None:
    bring(contacts=[EVA], dossiers=[dossier(2, "EAP-2", of=1)])

    assert not LegacyDossier.objects.exists()


def test_somebody_else_with_the_same_name_is_brought_in(bring: Bring, gone: ErasureRequest) -> None:
    bring(contacts=[EVA, contact(9, "Anna", "Berg", "another@example.org")])

    assert Patient.objects.filter(first_name="Anna", email="another@example.org").exists()


def test_everything_adds_up_after_an_erasure_and_the_next_export(
    bring: Bring, gone: ErasureRequest
) -> None:
    assert verify(is_deep=True)[0].adds_up

    bring(contacts=[ANNA, EVA], patients=[HER_ROW], dossiers=[HER_DOSSIER])

    assert verify(is_deep=True)[0].adds_up


def test_rows_that_a_rollback_took_back_are_erased_as_well(bring: Bring) -> None:
    bring(contacts=[ANNA])
    again = bring(contacts=[{**ANNA, **NEWER}])
    roll_back(run_id=again.run.pk, by=None, apply=True)
    assert TakenBack.objects.count() > 0

    erase(Patient.objects.get())

    assert not TakenBack.objects.filter(entity="Contact").exists()
    assert not LegacyContact.objects.exists()
