"""Later exports: rows that become alike or drift apart, and what people deleted."""

from collections.abc import Callable

from django.utils import timezone

from bookings.models import Booking
from crm_import.importing import Result
from crm_import.models import Problem, RowOutcome
from crm_import.tests import exports
from crm_import.tests.exports import ANNA, LATER, MOVED, NEWER, contact, guid, patient, physician
from patients.models import (
    ConditionName,
    ContactPoint,
    Hospital,
    Patient,
    PossibleDuplicate,
    Specialist,
    Specialization,
)
from referrals.models import ClinicalTrial, CTReferral, Product

Bring = Callable[..., Result]


# --- two records that one evidence joins -------------------------------------------------------

BEN = contact(2, "Ben", "Smit", "ben@example.org", booking_date=f"{LATER:%Y-%m-%dT%H:%M:%SZ}")


def test_two_people_whose_rows_become_alike_stay_two(bring: Bring) -> None:
    bring(contacts=[ANNA, BEN])
    anna, ben = Patient.objects.order_by("first_name")

    bring(
        contacts=[
            ANNA,
            {**BEN, **NEWER, "firstname": "Anna", "lastname": "Berg", "email": ANNA["email"]},
        ]
    )

    assert (anna.submissions.count(), ben.submissions.count()) == (1, 2)
    assert (anna.bookings.count(), ben.bookings.count()) == (1, 1)
    pair = PossibleDuplicate.objects.get()
    assert {pair.first_patient_id, pair.second_patient_id} == {anna.pk, ben.pk}


def test_new_row_that_fits_two_people_is_a_person_of_its_own(bring: Bring) -> None:
    bring(contacts=[ANNA, BEN])
    alike = {**BEN, **NEWER, "firstname": "Anna", "lastname": "Berg", "email": ANNA["email"]}
    bring(contacts=[ANNA, alike])

    bring(
        contacts=[ANNA, alike, contact(3, "Anna", "Berg", "anna@example.org")],
        patients=[patient(1, "Anna", "Berg", of=2)],
    )

    assert Patient.objects.count() == 3
    assert Patient.objects.get(first_name="Ben").submissions.count() == 2
    rows = RowOutcome.objects.filter(entity="Patient").values_list("outcome", flat=True)
    assert list(rows) == ["merged"]  # the row names Ben's contact, so it is his


def test_pair_that_somebody_parted_is_not_joined_by_a_new_row(bring: Bring) -> None:
    bring(contacts=[ANNA, {**BEN, "firstname": "Annie", "lastname": "Berg"}])
    first, second = Patient.objects.order_by("pk")
    PossibleDuplicate.objects.create(
        first_patient=first,
        second_patient=second,
        tier="R4",
        state="different",
        decided_at=timezone.now(),
    )

    bring(
        contacts=[
            ANNA,
            {**BEN, **NEWER, "firstname": "Anna", "lastname": "Berg", "email": ANNA["email"]},
        ]
    )

    assert Patient.objects.count() == 2
    assert PossibleDuplicate.objects.get().state == "different"


def test_two_specialists_whose_rows_become_alike_stay_two(bring: Bring) -> None:
    one = physician(1, "Ida", "Vos", "ida@example.org", medical_license_number="BIG-1")
    two = physician(2, "Udo", "Ott", "udo@example.org", medical_license_number="BIG-2")
    bring(contacts=[one, two])

    bring(
        contacts=[one, {**two, **NEWER, "lastname": "Vos", "medical_license_number": "BIG-1"}],
    )

    assert sorted(Specialist.objects.values_list("first_name", flat=True)) == ["Ida", "Udo"]
    assert PossibleDuplicate.objects.count() == 1


def test_rows_of_one_patient_that_drift_apart_share_one_referral(bring: Bring) -> None:
    rows = [patient(1, "Anna", "Berg", of=1), patient(2, "Anna", "Berg", of=1)]
    bring(contacts=[ANNA], patients=rows)
    trial = {**NEWER, "trial_id": "NCT01234567", "eligible": exports.YES}

    bring(
        contacts=[ANNA],
        patients=[{**rows[0], **trial}, {**rows[1], **trial, "contact_record": "", "email": ""}],
    )

    assert CTReferral.objects.get().patient == Patient.objects.get()


# --- what people deleted -----------------------------------------------------------------------


def test_hospital_that_was_deleted_is_no_workplace(bring: Bring) -> None:
    lists = {
        "hospitals": [{"hospitalid": guid(70), "name": "UMC", "city": "Utrecht"}],
        "specializations": [{"specializationid": guid(71), "name": "Neurology"}],
    }
    cells = {"hospital": guid(70), "specialization": guid(71)}
    bring(**lists)
    Hospital.objects.all().delete()
    Specialization.objects.all().delete()

    bring(**lists, contacts=[physician(1, "Ida", "Vos", **cells)])

    ida = Specialist.objects.get()
    assert (ida.hospital, ida.specialization) == (None, None)
    assert not Hospital.objects.exists()
    assert not Specialization.objects.exists()
    told = Problem.objects.filter(code="deleted_here").values_list("field", flat=True)
    assert sorted(told) == ["hospital", "specialization"]


def test_specialist_who_was_deleted_does_not_come_back(bring: Bring) -> None:
    ida = physician(1, "Ida", "Vos")
    bring(contacts=[ida])
    Specialist.objects.all().delete()

    again = bring(
        contacts=[{**ida, **NEWER}], patients=[patient(1, "Anna", "Berg", physician=guid(1))]
    )

    assert not Specialist.objects.exists()
    assert Patient.objects.get().physician is None
    assert again.report["tables"]["Contact"]["ignored"] == 1
    told = Problem.objects.filter(code="deleted_here").values_list("entity", "field")
    assert sorted(told) == [("Contact", ""), ("Patient", "physician")]


def test_what_people_removed_stays_removed(bring: Bring) -> None:
    lists = {
        "conditions": [{"medicalconditionid": guid(60), "name": "Rare One", "abbreviation": "RO"}],
        "specializations": [{"specializationid": guid(71), "name": "Neurology"}],
    }
    anna = {**ANNA, "email": "anna@example.org; anna@home.example.org"}
    rows = {"patients": [patient(1, "Anna", "Berg", of=1, trial_id="NCT01234567; TBD")]}
    bring(**lists, **rows, contacts=[anna])
    ContactPoint.objects.all().delete()
    ConditionName.objects.filter(origin="legacy_crm").delete()
    Specialization.objects.all().delete()
    Product.objects.all().delete()
    CTReferral.objects.all().delete()
    ClinicalTrial.objects.all().delete()

    bring(**lists, **rows, contacts=[anna, BEN])

    assert Patient.objects.count() == 2
    for left in (
        ContactPoint.objects.all(),
        ConditionName.objects.filter(origin="legacy_crm"),
        Specialization.objects.all(),
        Product.objects.all(),
        CTReferral.objects.all(),
        ClinicalTrial.objects.all(),
    ):
        assert not left.exists()


def test_call_that_was_deleted_does_not_come_back(bring: Bring) -> None:
    bring(contacts=[ANNA])
    Booking.objects.all().delete()

    bring(contacts=[MOVED])

    assert Booking.objects.get().status == "booked"
