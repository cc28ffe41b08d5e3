"""What the tables of people refuse, and the questions they answer."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.models import Consent, ContactPoint, MedicalCondition, Patient
from patients.tests.factories import (
    ConditionNameFactory,
    ConsentFactory,
    ContactPointFactory,
    MedicalConditionFactory,
    PatientFactory,
    PossibleDuplicateFactory,
    SpecialistFactory,
    SubmissionFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)

REFUSED_PATIENTS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"first_name": "", "last_name": ""}, "patients_patient_named"),
    "phone not E.164": ({"phone": "0612345678"}, "patients_patient_phone_e164"),
    "closed without reason": ({"stage": "closed"}, "patients_patient_closed_has_reason"),
    "open with reason": ({"closed_reason": "withdrawn"}, "patients_patient_closed_has_reason"),
    "patient never converted": ({"stage": "patient"}, "patients_patient_converted_when_patient"),
    "lead converted": ({"converted_at": NOW}, "patients_patient_converted_when_patient"),
    "on behalf without relation": (
        {"on_behalf_of_name": "Ada"},
        "patients_patient_on_behalf_has_relation",
    ),
    "dies before birth": (
        {"date_of_birth": date(2000, 1, 2), "deceased_on": date(2000, 1, 1)},
        "patients_patient_dies_after_birth",
    ),
}


@pytest.mark.parametrize(
    ("fields", "constraint"), REFUSED_PATIENTS.values(), ids=REFUSED_PATIENTS.keys()
)
def test_patient_that_cannot_be_is_refused_by_the_database(
    fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        PatientFactory(**fields)


def test_email_of_somebody_else_is_refused_ignoring_case_and_space() -> None:
    PatientFactory(email="Ada@example.org")

    with pytest.raises(ValidationError) as refused:
        PatientFactory.build(email="ada@EXAMPLE.org", medical_condition=None).full_clean()
    with pytest.raises(IntegrityError, match="email_unique"), transaction.atomic():
        PatientFactory(email="ada@example.org ")

    assert "Somebody else has this e-mail address" in str(refused.value)


def test_blank_emails_do_not_meet() -> None:
    PatientFactory(email="")
    PatientFactory(email="")

    assert Patient.objects.filter(email="").count() == 2


def test_specialist_and_patient_may_have_one_address() -> None:
    PatientFactory(email="ada@example.org")

    assert SpecialistFactory(email="ada@example.org").pk


def test_clean_brings_name_and_phone_into_their_form() -> None:
    patient = PatientFactory.build(
        first_name="  Ada ", last_name="van  der\tBerg", phone="06 12345678", country="NL"
    )

    patient.clean()

    assert (patient.full_name, patient.phone) == ("Ada van der Berg", "+31612345678")


def test_pharmacist_as_physician_is_refused() -> None:
    patient = PatientFactory(physician=SpecialistFactory(contact_type="pharmacist"))

    with pytest.raises(ValidationError) as refused:
        patient.full_clean()

    assert list(refused.value.message_dict) == ["physician"]


def test_lead_and_patient_are_stages_of_one_row() -> None:
    lead, patient = PatientFactory(), PatientFactory(converted=True)

    lead.refresh_from_db()
    patient.refresh_from_db()

    assert (lead.is_lead, patient.is_lead) == (True, False)
    assert list(Patient.objects.leads()) == [lead]
    assert list(Patient.objects.without_physician()) == []


@pytest.mark.parametrize(
    ("today", "age"),
    [(date(2026, 3, 1), 21), (date(2026, 2, 28), 20), (date(2005, 3, 1), 0)],
)
def test_age_counts_completed_years(today: date, age: int) -> None:
    assert PatientFactory.build(date_of_birth=date(2005, 3, 1)).age(today=today) == age


def test_age_without_birth_date_is_unknown_and_stops_at_death() -> None:
    assert PatientFactory.build().age(today=date(2026, 1, 1)) is None
    dead = PatientFactory.build(date_of_birth=date(1950, 1, 1), deceased_on=date(2000, 1, 1))
    assert dead.age(today=date(2026, 1, 1)) == 50


@pytest.mark.parametrize(
    "fields",
    [
        {"do_not_contact": True},
        {"deceased_on": date(2026, 1, 1)},
        {"processing_restricted": True},
    ],
)
def test_nobody_is_contacted_who_may_not_be(fields: dict[str, Any]) -> None:
    assert PatientFactory.build().may_be_contacted
    assert not PatientFactory.build(**fields).may_be_contacted


def test_two_people_share_an_address_but_one_has_it_once() -> None:
    first = ContactPointFactory(value="family@example.net")
    ContactPointFactory(value="family@example.net")

    with pytest.raises(IntegrityError, match="once_per_patient"):
        ContactPointFactory(patient=first.patient, value="Family@example.net")


def test_phone_contact_point_is_cleaned_with_the_patients_country() -> None:
    point = ContactPoint(patient=PatientFactory(country="BE"), kind="phone", value="02 555 12 34")

    point.full_clean()

    assert point.value == "+3225551234"


def test_condition_name_belongs_to_one_condition_whatever_the_spelling() -> None:
    ConditionNameFactory(name="Morbus Ådler")

    with pytest.raises(IntegrityError, match="names_one_condition"):
        ConditionNameFactory(name="morbus  adler")


def test_condition_code_needs_its_system_and_is_unique_in_it() -> None:
    MedicalConditionFactory(code="77", code_system="http://www.orpha.net")

    with pytest.raises(IntegrityError, match="code_unique"), transaction.atomic():
        MedicalConditionFactory(code="77", code_system="http://www.orpha.net")
    with pytest.raises(IntegrityError, match="code_has_system"), transaction.atomic():
        MedicalConditionFactory(code="77")


def test_legacy_spellings_are_seeded_with_their_codes() -> None:
    codes = {
        spelling: MedicalCondition.objects.named(spelling).get().code
        for spelling in ("Idiopatic Pulmonary Fibrosis", "duchenne", "Glioblastoom")
    }

    assert codes == {
        "Idiopatic Pulmonary Fibrosis": "2032",
        "duchenne": "98896",
        "Glioblastoom": "360",
    }


def test_last_decision_about_consent_counts() -> None:
    given = ConsentFactory(decided_at=datetime(2026, 1, 1, tzinfo=UTC))
    other = ConsentFactory(patient=given.patient, purpose="contact")
    assert list(Consent.objects.active("navigation")) == [given]

    ConsentFactory(
        patient=given.patient, decision="withdrawn", decided_at=datetime(2026, 2, 1, tzinfo=UTC)
    )

    assert list(Consent.objects.active("navigation")) == []
    assert list(Consent.objects.active("contact")) == [other]


def test_consent_dated_ahead_does_not_outlive_its_withdrawal() -> None:
    given = ConsentFactory(decided_at=timezone.now() - timedelta(days=1))
    ahead = ConsentFactory.build(
        patient=given.patient, decided_at=timezone.now() + timedelta(days=365)
    )

    with pytest.raises(ValidationError, match="future"):
        ahead.clean()
    ahead.save()  # past the check, as SQL could
    ConsentFactory(patient=given.patient, decision="withdrawn")

    assert not Consent.objects.active("navigation").exists()


@pytest.mark.parametrize(
    ("decisions", "allowed"),
    [
        ([("", "given")], True),
        ([("NCT1", "given")], True),
        ([("NCT2", "given")], False),
        ([("", "given"), ("NCT1", "withdrawn")], False),
        ([("NCT1", "given"), ("", "withdrawn")], False),
        ([("", "refused"), ("NCT1", "given")], True),
    ],
)
def test_consent_without_a_scope_is_about_every_trial(
    decisions: list[tuple[str, str]], allowed: bool
) -> None:
    patient = PatientFactory()
    for day, (scope, decision) in enumerate(decisions, start=1):
        ConsentFactory(
            patient=patient,
            purpose="trial_site",
            scope=scope,
            decision=decision,
            decided_at=datetime(2026, 1, day, tzinfo=UTC),
        )

    assert Consent.objects.active("trial_site", scope="NCT1").exists() is allowed


def test_contact_point_without_a_patient_or_with_no_address_is_refused_in_words() -> None:
    ContactPoint(kind="phone", value="+31 6 12345678").clean()

    with pytest.raises(ValidationError, match="valid email"):
        ContactPoint(kind="email", value="no address").clean()


def test_submission_key_is_taken_once_per_source() -> None:
    SubmissionFactory(idempotency_key="k")
    SubmissionFactory(idempotency_key="k", source="api")

    with pytest.raises(IntegrityError, match="key_once"):
        SubmissionFactory(idempotency_key="k")


def test_pair_is_proposed_once_and_lower_id_first() -> None:
    low, high = sorted([PatientFactory(), PatientFactory()], key=lambda patient: patient.pk)
    PossibleDuplicateFactory(first_patient=low, second_patient=high)

    with pytest.raises(IntegrityError, match="pair_once"), transaction.atomic():
        PossibleDuplicateFactory(first_patient=low, second_patient=high)
    with pytest.raises(IntegrityError, match="is_a_pair"), transaction.atomic():
        PossibleDuplicateFactory(first_patient=high, second_patient=low)
    mixed = PossibleDuplicateFactory(
        first_patient=low, second_patient=None, first_specialist=SpecialistFactory(), tier="R5"
    )
    assert mixed.pk
