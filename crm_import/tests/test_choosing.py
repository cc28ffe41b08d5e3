"""A person decides a conflict, and later imports respect it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from crm_import import choosing
from crm_import.importing import Result
from crm_import.models import FieldConflict
from crm_import.tests.exports import ANNA, NEWER, contact, guid, patient
from crm_import.tests.factories import FieldConflictFactory, said
from crm_import.tests.test_deltas import NEWEST, edit, updated
from patients.merging import merge
from patients.models import Hospital, Patient, Specialist
from patients.tests.factories import (
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.errors import Refused
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from referrals.models import CTReferral
from referrals.tests.factories import CTReferralFactory, EAPDossierFactory

Bring = Callable[..., Result]

ROWS = {"patients": [patient(1, "Anna", "Berg", "b@example.org", of=1)]}


def take(value: Any, conflict: FieldConflict | None = None) -> FieldConflict:
    """Take this value of the one open conflict."""
    one = conflict or FieldConflict.objects.open().get()
    place = [known["value"] for known in one.values].index(value)
    return choosing.take(conflict_id=one.pk, place=place, by=UserFactory())


# --- later imports -----------------------------------------------------------------------------


def test_flipped_winner_is_respected_by_later_deltas(bring: Bring) -> None:
    bring(**ROWS, contacts=[ANNA])

    conflict = take("anna@example.org")

    anna = Patient.objects.get()
    assert anna.email == "anna@example.org"
    assert [point.value for point in anna.contact_points.all()] == ["b@example.org"]
    assert (conflict.state, conflict.rule, conflict.winner) == (
        *("decided", "person"),
        "anna@example.org",
    )
    again = bring(
        contacts=[{**ANNA, **NEWER}], patients=[{**ROWS["patients"][0], **NEWER, "email": ""}]
    )
    assert Patient.objects.get().email == "anna@example.org"
    assert updated(again) == {}
    assert FieldConflict.objects.count() == 1

    bring(**ROWS, contacts=[{**ANNA, **NEWEST, "email": "c@example.org"}])

    assert Patient.objects.get().email == "anna@example.org"
    new = FieldConflict.objects.open().get()
    assert [one["value"] for one in new.values] == ["c@example.org", "anna@example.org"]


def test_confirmed_winner_is_respected_by_later_deltas(bring: Bring) -> None:
    bring(**ROWS, contacts=[ANNA])
    take("b@example.org")

    again = bring(**ROWS, contacts=[{**ANNA, **NEWER, "email": "c@example.org"}])

    assert Patient.objects.get().email == "b@example.org"
    assert updated(again) == {}
    assert FieldConflict.objects.open().count() == 1


def test_value_of_the_crm_taken_over_an_edit_is_decided(bring: Bring) -> None:
    bring(contacts=[ANNA])
    edit(Patient.objects.all(), last_name="van der Berg")
    bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}])

    take({"first_name": "Anna", "last_name": "Bergman"})

    assert Patient.objects.get().last_name == "Bergman"
    bring(contacts=[{**ANNA, **NEWEST}])
    assert Patient.objects.get().last_name == "Bergman"
    assert FieldConflict.objects.open().get().winner["last_name"] == "Bergman"


def test_decision_survives_the_same_export_again(bring: Bring) -> None:
    bring(**ROWS, contacts=[ANNA])
    take("anna@example.org")

    bring(**ROWS, contacts=[ANNA])
    bring(**ROWS, contacts=[ANNA, contact(2, "Ben", "Smit")])

    assert Patient.objects.get(first_name="Anna").email == "anna@example.org"
    assert not FieldConflict.objects.open().exists()


def test_conflict_of_a_merged_patient_is_the_survivors(bring: Bring) -> None:
    bring(contacts=[ANNA, contact(2, "Anne", "Berg", "anne@example.org")])
    edit(Patient.objects.filter(first_name="Anna"), last_name="van der Berg")
    bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}])
    anna, anne = Patient.objects.order_by("first_name")
    merge(survivor_id=anne.pk, loser_id=anna.pk, by=UserFactory())

    take({"first_name": "Anna", "last_name": "Bergman"})

    assert Patient.objects.get().last_name == "Bergman"


# --- what may be taken -------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["medical_condition", "physician", "first_contact_at"])
def test_value_of_a_patient_is_written(field: str) -> None:
    anna = PatientFactory()
    value: Any = {
        "medical_condition": lambda: str(MedicalConditionFactory().pk),
        "physician": lambda: str(SpecialistFactory(contact_type="physician").pk),
        "first_contact_at": lambda: "2024-03-20T12:00:00+00:00",
    }[field]()
    conflict = FieldConflictFactory(patient=anna, field=field, values=[said("Patient", value)])

    take(value, conflict)

    anna.refresh_from_db()
    assert choosing.is_held(conflict, value, anna)


@pytest.mark.django_db
def test_value_of_a_specialist_is_written() -> None:
    ida = SpecialistFactory(hospital=None)
    hospital = Hospital.objects.create(name="UMC", city="Utrecht")
    conflict = FieldConflictFactory(
        patient=None,
        target_model="patients.specialist",
        target_id=ida.pk,
        field="hospital",
        values=[said("Contact", str(hospital.pk)), said("portal", None)],
    )

    take(str(hospital.pk), conflict)

    assert Specialist.objects.get().hospital == hospital


@pytest.mark.django_db
def test_day_of_a_dossier_is_written() -> None:
    one = EAPDossierFactory()
    conflict = FieldConflictFactory(
        patient=one.patient,
        target_model="referrals.eapdossier",
        target_id=one.pk,
        field="enrolled_on",
        values=[said("Patient", "2024-03-20"), said("EAPDossier", None)],
    )

    take("2024-03-20", conflict)

    one.refresh_from_db()
    assert f"{one.enrolled_on:%Y-%m-%d}" == "2024-03-20"


@pytest.mark.django_db
def test_course_of_a_referral_can_only_be_confirmed() -> None:
    referral = CTReferralFactory(outcome="pending")
    conflict = FieldConflictFactory(
        patient=referral.patient,
        target_model="referrals.ctreferral",
        target_id=referral.pk,
        field="outcome",
        values=[said("Patient", "screen_failed"), said("portal", "pending")],
    )

    with pytest.raises(Refused) as refused:
        take("screen_failed", conflict)
    take("pending", conflict)

    assert refused.value.code == "not_written_here"
    assert CTReferral.objects.get().outcome == "pending"
    conflict.refresh_from_db()
    assert conflict.state == "decided"


@pytest.mark.django_db
def test_what_somebody_wrote_since_is_one_of_the_values() -> None:
    referral = CTReferralFactory(outcome="withdrawn")
    conflict = FieldConflictFactory(
        patient=referral.patient,
        target_model="referrals.ctreferral",
        target_id=referral.pk,
        field="outcome",
        values=[said("Patient", "screen_failed"), said("portal", "pending")],
    )

    decided = choosing.take(conflict_id=conflict.pk, place=2, by=UserFactory())

    assert (decided.state, decided.winner) == ("decided", "withdrawn")
    assert [one["value"] for one in decided.values] == ["screen_failed", "pending", "withdrawn"]
    assert CTReferral.objects.get().outcome == "withdrawn"


@pytest.mark.django_db
def test_address_that_is_somebody_elses_is_refused() -> None:
    PatientFactory(email="anna@example.org")
    conflict = FieldConflictFactory(field="email", values=[said("Contact", "anna@example.org")])

    with pytest.raises(ValidationError):
        take("anna@example.org", conflict)

    conflict.refresh_from_db()
    assert conflict.is_open


@pytest.mark.django_db
def test_restricted_patient_is_refused() -> None:
    conflict = FieldConflictFactory(patient__processing_restricted=True)

    with pytest.raises(Refused) as refused:
        choosing.take(conflict_id=conflict.pk, place=0, by=UserFactory())

    assert refused.value.code == "restricted"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"state": "decided", "decided_at": "2024-06-01T00:00:00Z"}, 0, "already_decided"),
        ({}, 9, "no_such_value"),
        ({"target_model": "patients.specialist"}, 0, "gone"),
        ({"field": "physician", "values": [said("Patient", guid(9))]}, 0, "gone"),
    ],
    ids=["decided", "no such value", "record gone", "value gone"],
)
def test_what_cannot_be_decided_is_refused(change: dict[str, Any], place: int, code: str) -> None:
    conflict = FieldConflictFactory()
    FieldConflict.objects.filter(pk=conflict.pk).update(**{"state": "open", **change})

    with pytest.raises(Refused) as refused:
        choosing.take(conflict_id=conflict.pk, place=place, by=UserFactory())

    assert refused.value.code == code


# --- the page ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_values_stand_side_by_side_and_one_click_takes_one(
    client: Client, member: Callable[..., User]
) -> None:
    anna = PatientFactory(first_name="Anna", last_name="Bergman")
    conflict = FieldConflictFactory(patient=anna)
    client.force_login(member("data steward"))
    address = reverse("admin:crm_import_fieldconflict_decide", args=[conflict.pk])

    listed = client.get(reverse("admin:crm_import_fieldconflict_changelist")).content.decode()
    page = client.get(address).content.decode()
    answer = client.post(address, {"place": "0"}, follow=True)

    assert address in listed
    assert page.count("Take this one") == 2
    assert "Anna Berg" in page
    assert "1 Jun 2024" in page
    assert conflict.values[0]["legacy_id"] in page
    assert "Decided: name." in answer.content.decode()
    anna.refresh_from_db()
    assert anna.last_name == "Berg"
    assert AccessEvent.objects.filter(record_ids=[anna.pk]).exists()
    again = client.get(address, follow=True).content.decode()
    assert "Somebody has decided on this already." in again


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("navigator", 403)])
def test_who_may_not_decide_gets_no_page(
    role: str, status: int, client: Client, member: Callable[..., User]
) -> None:
    conflict = FieldConflictFactory()
    client.force_login(member(role))

    answer = client.post(
        reverse("admin:crm_import_fieldconflict_decide", args=[conflict.pk]), {"place": "0"}
    )

    assert answer.status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "anna@example.org", "anna@example.org"),
        ("physician", guid(9), "(no longer there)"),
        ("first_contact_at", "2024-03-20T12:00:00+00:00", "20 Mar 2024"),
        ("stage", "patient", "Patient"),
        ("email", None, "–"),
    ],
)
def test_values_are_shown_in_words(
    field: str, value: Any, words: str, admin_client: Client
) -> None:
    conflict = FieldConflictFactory(field=field, values=[said("Patient", value)])

    page = admin_client.get(conflict.get_absolute_url()).content.decode()

    assert f">{words}</td>" in page
