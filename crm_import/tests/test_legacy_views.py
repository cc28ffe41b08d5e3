"""The views in the CRM's shape: what a report or an integration written against it reads."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from bookings.tests.factories import BookingFactory
from crm_import.models import Crosswalk
from crm_import.tests import exports
from crm_import.tests.exports import contact, dossier, guid, patient, physician
from patients import merging
from patients.models import Patient, Specialist
from patients.tests.factories import (
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.models import User
from referrals.models import CTReferral
from referrals.tests.factories import CTReferralFactory, EAPDossierFactory

Bring = Callable[..., Any]
SYSTEM = ("createdon", "modifiedon", "statecode", "versionnumber")
VIEWS = {
    "legacy_contact": "contactid",
    "legacy_patient": "patientid",
    "legacy_eap_dossier": "eap_dossier_id",
    "legacy_medical_condition": "medicalconditionid",
    "legacy_hospital": "hospitalid",
    "legacy_specialization": "specializationid",
}


def rows(view: str) -> dict[str, dict[str, Any]]:
    """Id → the row's cells by column."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {view}")
        columns = [column.name for column in cursor.description]
        found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    by_id = {str(row[VIEWS[view]]): row for row in found}
    assert len(by_id) == len(found), "one row for each id"
    return by_id


def row(view: str, key: Any) -> dict[str, Any]:
    return rows(view)[str(key)]


@pytest.mark.parametrize(
    ("view", "columns"),
    [
        (
            "legacy_contact",
            (
                *("contactid", "firstname", "lastname", "email", "contact_type"),
                *("medical_condition", "booking_date", "reminder_date", "no_show", "job_title"),
                *("specialization", "medical_license_number", "hospital", *SYSTEM),
            ),
        ),
        (
            "legacy_patient",
            (
                *("patientid", "firstname", "lastname", "email", "first_contact_date"),
                *("initial_consult_date", "medical_condition", "trial_id", "eligible"),
                *("ineligible_reason", "ct_referral_date", "eap_enrollment_date"),
                *("contact_record", "physician", "ct_outcome", *SYSTEM),
            ),
        ),
        (
            "legacy_eap_dossier",
            (
                *("eap_dossier_id", "eap_number", "patient", "product", "eap_enrollment_date"),
                *SYSTEM,
            ),
        ),
        ("legacy_medical_condition", ("medicalconditionid", "name", "abbreviation", *SYSTEM)),
        ("legacy_hospital", ("hospitalid", "name", "city", *SYSTEM)),
        ("legacy_specialization", ("specializationid", "name", *SYSTEM)),
    ],
)
def test_view_has_the_columns_of_the_crm(db: None, view: str, columns: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {view} LIMIT 0")
        assert tuple(column.name for column in cursor.description) == columns


def test_contact_shows_what_came_in_under_its_legacy_id(bring: Bring) -> None:
    bring(
        contacts=[
            contact(
                1,
                "Anna",
                "Berg",
                "anna@example.org",
                medical_condition=exports.GBM,
                booking_date="2024-01-10T09:00:00Z",
                reminder_date="2024-01-09T09:00:00Z",
                no_show="true",
            )
        ]
    )

    found = row("legacy_contact", guid(1))

    assert {name: found[name] for name in found if name not in SYSTEM} == {
        "contactid": UUID(guid(1)),
        "firstname": "Anna",
        "lastname": "Berg",
        "email": "anna@example.org",
        "contact_type": exports.LEAD,
        "medical_condition": exports.GBM,
        "booking_date": datetime(2024, 1, 10, 9, tzinfo=UTC),
        "reminder_date": datetime(2024, 1, 9, 9, tzinfo=UTC),
        "no_show": True,
        "job_title": None,
        "specialization": None,
        "medical_license_number": None,
        "hospital": None,
    }
    assert (found["createdon"], found["statecode"]) == (datetime(2024, 1, 2, 9, tzinfo=UTC), 0)


def test_edit_in_the_portal_is_seen_at_once_and_dates_the_row(bring: Bring) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", "anna@example.org")])

    Patient.objects.update(last_name="Berg-Vos")

    found = row("legacy_contact", guid(1))
    assert found["lastname"] == "Berg-Vos"
    assert found["modifiedon"] == Patient.objects.get().updated_at
    assert found["versionnumber"] == round(found["modifiedon"].timestamp() * 1_000_000)


def test_specialist_points_at_lists_by_their_legacy_ids(bring: Bring) -> None:
    bring(
        contacts=[
            physician(
                1,
                "Ben",
                "Vos",
                job_title="Neurologist",
                medical_license_number="BIG 1",
                hospital=guid(501),
                specialization=guid(601),
                statecode="1",
            )
        ],
        hospitals=[{"hospitalid": guid(501), "name": "UZ Leuven", "city": "Leuven"}],
        specializations=[{"specializationid": guid(601), "name": "Neurology"}],
    )

    found = row("legacy_contact", guid(1))

    assert found["contact_type"] == exports.PHYSICIAN
    assert (found["hospital"], found["specialization"]) == (UUID(guid(501)), UUID(guid(601)))
    assert (found["job_title"], found["medical_license_number"]) == ("Neurologist", "BIG 1")
    assert (found["statecode"], found["booking_date"]) == (1, None)
    assert row("legacy_hospital", guid(501))["city"] == "Leuven"
    assert row("legacy_specialization", guid(601))["name"] == "Neurology"


def test_patient_row_has_all_its_trials_and_the_one_that_went_furthest(bring: Bring) -> None:
    bring(
        contacts=[contact(1, "Anna", "Berg"), physician(2, "Ben", "Vos")],
        patients=[
            patient(
                1,
                "Anna",
                "Berg",
                of=1,
                first_contact_date="2023-03-04T00:00:00Z",
                initial_consult_date="2023-03-05T23:00:00Z",
                medical_condition=guid(701),
                trial_id="NCT01234567; NCT00000001",
                eligible=exports.YES,
                ct_referral_date="2024-04-01T22:00:00Z",
                physician=guid(2),
            )
        ],
        dossiers=[dossier(1, "EAP-1", 1)],
        conditions=[{"medicalconditionid": guid(701), "name": "Glioblastoma"}],
    )
    CTReferral.objects.filter(trial__registry_id="NCT01234567").update(
        status="enrolled", outcome="enrolled"
    )

    found = row("legacy_patient", guid(10_001))

    assert {name: found[name] for name in found if name not in SYSTEM} == {
        "patientid": UUID(guid(10_001)),
        "firstname": "Anna",
        "lastname": "Berg",
        "email": None,
        "first_contact_date": datetime(2023, 3, 4, tzinfo=UTC).date(),
        "initial_consult_date": datetime(2023, 3, 6, tzinfo=UTC).date(),
        "medical_condition": UUID(guid(701)),
        "trial_id": "NCT00000001; NCT01234567",
        "eligible": exports.YES,
        "ineligible_reason": None,
        "ct_referral_date": datetime(2024, 4, 2, tzinfo=UTC).date(),
        "eap_enrollment_date": datetime(2024, 5, 1, tzinfo=UTC).date(),
        "contact_record": UUID(guid(1)),
        "physician": UUID(guid(2)),
        "ct_outcome": exports.ENROLLED,
    }
    assert row("legacy_medical_condition", guid(701))["name"] == "Glioblastoma"
    paper = row("legacy_eap_dossier", guid(20_001))
    assert (paper["eap_number"], paper["patient"]) == ("EAP-1", UUID(guid(10_001)))
    assert (paper["product"], paper["statecode"]) == ("100000000", 0)


def test_person_of_several_rows_is_in_each_with_its_own_call(bring: Bring) -> None:
    one, two = "2024-02-01T09:00:00Z", "2024-03-01T09:00:00Z"
    bring(
        contacts=[
            contact(1, "Anna", "Berg", "anna@example.org", booking_date=one, no_show="false"),
            contact(2, "anna", "berg", "anna@example.org", booking_date=two),
        ]
    )
    person = Patient.objects.get()
    BookingFactory(patient=person, starts_at=exports.SOON)

    found = rows("legacy_contact")

    assert found.keys() == {guid(1), guid(2)}
    assert {found[guid(n)]["lastname"] for n in (1, 2)} == {"Berg"}
    assert found[guid(1)]["booking_date"] == exports.SOON  # the newest, made here
    assert found[guid(2)]["booking_date"] == datetime(2024, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "more", "no_show"),
    [
        ("booked", {}, None),
        ("completed", {}, False),
        ("no_show", {"no_show_by": "patient"}, True),
        ("no_show", {"no_show_by": "navigator"}, None),
    ],
)
def test_last_call_that_stands_is_the_booking_date(
    db: None, status: str, more: dict[str, str], no_show: bool | None
) -> None:
    person = PatientFactory(email="anna@example.org")
    last = BookingFactory(patient=person, status=status, **more)
    BookingFactory(patient=person, status="cancelled", cancelled_by="patient")

    found = row("legacy_contact", person.pk)

    assert (found["booking_date"], found["no_show"]) == (last.starts_at, no_show)


def test_people_of_the_portal_are_there_under_their_own_ids(db: None) -> None:
    condition = MedicalConditionFactory(name="Fabry disease", abbreviation="FD")
    hospital = HospitalFactory()
    doctor = SpecialistFactory(hospital=hospital)
    lead = PatientFactory(medical_condition=condition)
    pursued = PatientFactory(stage="patient", converted_at=timezone.now(), physician=doctor)
    referral = CTReferralFactory(
        patient=pursued, status="ineligible", eligible="no", ineligible_reason="criteria"
    )
    paper = EAPDossierFactory(patient=pursued, state="closed", closed_reason="treated")

    assert rows("legacy_contact").keys() == {str(p.pk) for p in (lead, pursued, doctor)}
    found = row("legacy_contact", lead.pk)
    assert (found["contact_type"], found["medical_condition"]) == (
        "patient - lead",
        "Fabry disease",
    )
    assert row("legacy_contact", doctor.pk)["contact_type"] == "physician"
    assert row("legacy_contact", doctor.pk)["hospital"] == hospital.pk
    assert rows("legacy_patient").keys() == {str(pursued.pk)}
    found = row("legacy_patient", pursued.pk)
    assert (found["contact_record"], found["physician"]) == (pursued.pk, doctor.pk)
    assert (found["trial_id"], found["eligible"]) == (referral.trial.registry_id, "No")
    assert (found["ineligible_reason"], found["ct_outcome"]) == ("criteria", "Pending")
    paper_row = row("legacy_eap_dossier", paper.pk)
    assert (paper_row["eap_number"], paper_row["patient"], paper_row["statecode"]) == (
        paper.program.eap_number,
        pursued.pk,
        1,
    )
    assert row("legacy_medical_condition", condition.pk)["abbreviation"] == "FD"


def test_shared_address_is_shown_for_each_who_has_it(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", "family@example.org"),
            contact(2, "Ben", "Berg", "family@example.org"),
        ]
    )

    found = rows("legacy_contact")

    assert sorted(Patient.objects.values_list("email", flat=True)) == ["", "family@example.org"]
    assert {found[guid(n)]["email"] for n in (1, 2)} == {"family@example.org"}


def test_contact_that_was_both_is_the_patient(bring: Bring) -> None:
    bring(
        contacts=[
            physician(1, "Anna", "Berg"),
            contact(1, "Anna", "Berg", **exports.NEWER),
        ]
    )
    doctor = Specialist.objects.get()

    found = rows("legacy_contact")

    assert found[guid(1)]["contact_type"] == exports.LEAD
    assert found[str(doctor.pk)]["contact_type"] == exports.PHYSICIAN
    assert len(found) == 2


def test_ids_of_merged_people_show_the_one_who_stayed(bring: Bring, admin_user: User) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", "anna@example.org"),
            contact(2, "Anneke", "Berg", "anneke@example.org"),
        ],
        patients=[patient(1, "Anneke", "Berg", "anneke@example.org", of=2)],
    )
    anna, anneke = (Patient.objects.get(first_name=name) for name in ("Anna", "Anneke"))

    merging.merge(survivor_id=anna.pk, loser_id=anneke.pk, by=admin_user)

    found = rows("legacy_contact")
    assert {found[guid(n)]["firstname"] for n in (1, 2)} == {"Anna"}
    assert rows("legacy_patient")[guid(10_001)]["contact_record"] == UUID(guid(1))


def test_restricted_people_and_what_is_theirs_are_left_out(db: None) -> None:
    person = PatientFactory(
        stage="patient", converted_at=timezone.now(), processing_restricted=True
    )
    EAPDossierFactory(patient=person)

    for view in ("legacy_contact", "legacy_patient", "legacy_eap_dossier"):
        assert rows(view) == {}


def test_record_that_was_deleted_leaves_no_row(bring: Bring) -> None:
    bring(contacts=[physician(1, "Ben", "Vos")])

    Specialist.objects.get().delete()

    assert Crosswalk.objects.filter(legacy_id=guid(1)).exists()
    assert rows("legacy_contact") == {}
