"""Later exports write what is the import's own, and leave what people did here."""

from collections.abc import Callable
from typing import Any

import pytest

from crm_import.importing import Result
from crm_import.models import FieldConflict
from crm_import.tests import exports
from crm_import.tests.checksums import checksums
from crm_import.tests.exports import (
    ANNA,
    DMD,
    GBM,
    NEWER,
    contact,
    dossier,
    guid,
    patient,
    physician,
)
from crm_import.tests.told import changed
from patients import conversion
from patients.models import Patient, Specialist
from portal.core.history import acting
from portal.core.tests.factories import UserFactory
from referrals.models import CTReferral, EAPDossier, ExpandedAccessProgram

Bring = Callable[..., Result]

NEWEST = {"modifiedon": "2024-07-01T00:00:00Z", "versionnumber": "9500"}
DAY = "2024-03-20T00:00:00Z"


def edit(rows: Any, **values: Any) -> None:
    """What a person does on a record's page."""
    with acting(by=UserFactory(), reason="told on the phone"):
        rows.update(**values)


def updated(result: Result) -> dict[str, int]:
    further = {"updated": result.updated, "undecided": result.undecided}
    assert result.run.report == {**result.report, **further}
    return {key: rows for key, rows in result.updated.items() if rows}


# --- what nobody touched follows the CRM -------------------------------------------------------


def test_fields_of_a_patient_follow_the_crm(bring: Bring) -> None:
    ida = physician(9, "Ida", "Vos")
    row = patient(1, "Anna", "Berg", of=1, medical_condition=guid(60))
    lists = {
        "conditions": [
            {"medicalconditionid": guid(60), "name": "Glioblastoma"},
            {"medicalconditionid": guid(61), "name": "Duchenne Muscular Dystrophy"},
        ]
    }
    bring(**lists, contacts=[ANNA, ida], patients=[row])

    again = bring(
        **lists,
        contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}, ida],
        patients=[
            {
                **row,
                **NEWER,
                "lastname": "Bergman",
                "medical_condition": guid(61),
                "physician": guid(9),
                "first_contact_date": "2023-12-20T00:00:00Z",
                "initial_consult_date": DAY,
            }
        ],
    )

    anna = Patient.objects.get()
    assert (anna.last_name, anna.physician) == ("Bergman", Specialist.objects.get())
    assert str(anna.medical_condition) == "Duchenne Muscular Dystrophy"
    assert f"{anna.first_contact_at:%Y-%m-%d}" == "2023-12-20"
    assert f"{anna.initial_consult_at:%Y-%m-%d}" == "2024-03-20"
    assert updated(again) == {"patients": 1}
    assert again.report["tables"]["Patient"]["merged"] == 1
    assert changed() == []
    assert not FieldConflict.objects.exists()


def test_version_that_was_in_quarantine_is_no_former_value(bring: Bring) -> None:
    bring(contacts=[ANNA])
    bring(contacts=[{**ANNA, **NEWER, "email": "b@example.org", "contact_type": ""}])

    bring(contacts=[{**ANNA, **NEWEST, "email": "b@example.org"}])

    assert Patient.objects.get().email == "b@example.org"


def test_change_is_in_the_history_with_its_run(bring: Bring) -> None:
    bring(contacts=[ANNA])

    again = bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}])

    before, after = Patient.pgh_event_model.objects.order_by("pgh_id")  # type: ignore[attr-defined]
    assert (before.last_name, after.last_name) == ("Berg", "Bergman")
    assert after.pgh_context.metadata["run"] == str(again.run.pk)


def test_old_address_becomes_a_further_contact_point(bring: Bring) -> None:
    bring(contacts=[ANNA])

    bring(contacts=[{**ANNA, **NEWER, "email": "a.berg@example.org"}])

    anna = Patient.objects.get()
    assert anna.email == "a.berg@example.org"
    assert [point.value for point in anna.contact_points.all()] == ["anna@example.org"]
    assert not anna.consents.exists()

    bring(contacts=[{**ANNA, **NEWEST}])

    anna.refresh_from_db()
    assert anna.email == "anna@example.org"
    assert [point.value for point in anna.contact_points.all()] == ["a.berg@example.org"]


def test_address_that_the_crm_emptied_is_empty_here(bring: Bring) -> None:
    bring(contacts=[ANNA])

    bring(contacts=[{**ANNA, **NEWER, "email": ""}])

    anna = Patient.objects.get()
    assert anna.email == ""
    assert anna.contact_points.get().value == "anna@example.org"


def test_address_of_somebody_else_stays_theirs(bring: Bring) -> None:
    ben = contact(2, "Ben", "Smit", "ben@example.org")
    bring(contacts=[ANNA, ben])

    bring(contacts=[ANNA, {**ben, **NEWER, "email": "anna@example.org"}])

    one = Patient.objects.get(first_name="Ben")
    assert one.email == "ben@example.org"
    assert one.contact_points.get().value == "anna@example.org"


def test_value_that_the_crm_takes_back_is_taken_back(bring: Bring) -> None:
    bring(contacts=[ANNA])
    bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}])

    again = bring(contacts=[{**ANNA, **NEWEST}])

    assert Patient.objects.get().last_name == "Berg"
    assert updated(again) == {"patients": 1}
    assert Patient.objects.get().submissions.count() == 3


def test_lead_that_the_crm_converted_becomes_a_patient(bring: Bring) -> None:
    bring(contacts=[ANNA])

    again = bring(contacts=[ANNA], patients=[patient(1, "Anna", "Berg", of=1)])

    anna = Patient.objects.get()
    assert (anna.stage, f"{anna.converted_at:%Y-%m-%d}") == ("patient", "2024-03-02")
    assert updated(again) == {"patients": 1}
    assert changed() == []


def test_row_that_was_deactivated_and_activated_is_followed(bring: Bring) -> None:
    row = patient(1, "Anna", "Berg", booking_date="")
    rows = {"patients": [row], "dossiers": [dossier(1, "EAP-1", 1)]}
    bring(**rows)

    inactive = {**NEWER, "statecode": "1"}
    bring(patients=[{**row, **inactive}], dossiers=[{**rows["dossiers"][0], **inactive}])

    assert Patient.objects.get().closed_reason == "legacy_inactive"
    assert EAPDossier.objects.get().closed_reason == "legacy_inactive"

    bring(patients=[{**row, **NEWEST}], dossiers=[{**rows["dossiers"][0], **NEWEST}])

    assert Patient.objects.get().stage == "patient"
    assert EAPDossier.objects.get().state == "open"
    assert changed() == []


def test_fields_of_a_specialist_follow_the_crm(bring: Bring) -> None:
    ida = physician(1, "Ida", "Vos", "ida@example.org", job_title="Neurologist")
    lists = {"hospitals": [{"hospitalid": guid(70), "name": "UMC", "city": "Utrecht"}]}
    bring(**lists, contacts=[ida])

    again = bring(
        **lists,
        contacts=[
            {
                **ida,
                **NEWER,
                "job_title": "",
                "email": "vos@example.org",
                "medical_license_number": "BIG 1",
                "hospital": guid(70),
                "statecode": "1",
            }
        ],
    )

    now = Specialist.objects.get()
    assert (now.job_title, now.email, now.medical_license_number) == (
        "",
        "vos@example.org",
        "BIG 1",
    )
    assert (now.hospital and now.hospital.name, now.is_active) == ("UMC", False)
    assert updated(again) == {"specialists": 1}
    assert changed() == []


def test_referral_that_nobody_touched_follows_the_crm(bring: Bring) -> None:
    row = patient(1, "Anna", "Berg", trial_id="NCT01234567", eligible=exports.YES)
    bring(patients=[row])

    again = bring(
        patients=[
            {**row, **NEWER, "ct_referral_date": DAY, "ct_outcome": exports.SCREEN_FAILED},
        ]
    )

    referral = CTReferral.objects.get()
    assert (referral.status, referral.outcome) == ("screen_failed", "screen_failed")
    assert f"{referral.referred_at:%Y-%m-%d}" == "2024-03-20"
    assert updated(again) == {"ct_referrals": 1}
    assert changed() == []


def test_dossier_and_its_program_follow_the_crm(bring: Bring) -> None:
    rows = {"patients": [patient(1, "Anna", "Berg")]}
    row = dossier(1, "EAP-1", 1)
    bring(**rows, dossiers=[row])

    again = bring(
        **rows,
        dossiers=[
            {
                **row,
                **NEWER,
                "eap_number": "EAP-2",
                "product": "100000001",
                "eap_enrollment_date": DAY,
            }
        ],
    )

    now = EAPDossier.objects.get()
    assert (now.number, f"{now.enrolled_on:%Y-%m-%d}") == ("EAP-2", "2024-03-20")
    assert (now.program.eap_number, now.program.product.name) == ("EAP-2", "Gliovance")
    assert ExpandedAccessProgram.objects.count() == 1
    assert updated(again) == {"eap_dossiers": 1, "eap_programs": 1}
    assert changed() == []


@pytest.mark.parametrize("further", [NEWER, NEWEST], ids=["the same", "another version"])
def test_export_that_says_the_same_again_changes_no_person(
    bring: Bring, further: exports.Row
) -> None:
    row = {**ANNA, **NEWER, "lastname": "Bergman"}
    bring(contacts=[ANNA])
    bring(contacts=[row])
    version = Patient.objects.get().version
    before = checksums()

    again = bring(contacts=[{**row, **further}])

    assert updated(again) == {}
    assert Patient.objects.get().version == version
    assert (checksums() == before) is (further is NEWER)


# --- what people did stays ---------------------------------------------------------------------


def test_edit_between_two_deltas_is_a_conflict_and_stays(bring: Bring) -> None:
    first = bring(contacts=[ANNA])
    bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}])
    edit(Patient.objects.all(), last_name="van der Berg")

    again = bring(contacts=[{**ANNA, **NEWEST, "lastname": "Bergsma", "email": "b@example.org"}])

    anna = Patient.objects.get()
    assert (anna.last_name, anna.email) == ("van der Berg", "b@example.org")
    conflict = FieldConflict.objects.get()
    assert (conflict.patient, conflict.field, conflict.rule) == (anna, "name", "portal")
    assert conflict.winner == {"first_name": "Anna", "last_name": "van der Berg"}
    assert [
        (one["source"], one["legacy_id"], one["value"]["last_name"]) for one in conflict.values
    ] == [("Contact", guid(1), "Bergsma"), ("portal", None, "van der Berg")]
    assert changed() == ["name"]
    assert updated(again) == {"patients": 1}
    assert first.updated.keys() == again.updated.keys()


def test_edit_that_the_crm_makes_too_is_no_conflict(bring: Bring) -> None:
    bring(contacts=[ANNA])
    edit(Patient.objects.all(), last_name="Bergman")

    bring(contacts=[{**ANNA, **NEWER, "lastname": "BERGMAN"}])

    assert Patient.objects.get().last_name == "Bergman"
    assert not FieldConflict.objects.exists()


def test_row_that_changes_elsewhere_makes_no_conflict_of_an_edit(bring: Bring) -> None:
    bring(contacts=[ANNA])
    edit(Patient.objects.all(), last_name="Bergman", email="new@example.org")

    bring(contacts=[{**ANNA, **NEWER, "medical_condition": DMD}])

    assert Patient.objects.get().medical_condition is not None
    assert not FieldConflict.objects.exists()


def test_edit_that_was_undone_is_none(bring: Bring) -> None:
    bring(contacts=[ANNA])
    edit(Patient.objects.all(), last_name="Bergman")
    edit(Patient.objects.all(), last_name="Berg")

    bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergsma"}])

    assert Patient.objects.get().last_name == "Bergsma"


def test_field_that_a_person_emptied_stays_empty(bring: Bring) -> None:
    bring(contacts=[ANNA])
    edit(Patient.objects.all(), email="")

    bring(contacts=[{**ANNA, **NEWER, "email": "b@example.org"}])

    assert Patient.objects.get().email == ""
    conflict = FieldConflict.objects.get()
    assert [(one["source"], one["value"]) for one in conflict.values] == [
        ("Contact", "b@example.org"),
        ("portal", None),
    ]
    assert changed() == ["email"]


def test_row_with_another_name_altogether_is_not_followed(bring: Bring) -> None:
    """It may be another person by now: names, and what came with them, are for people."""
    bring(contacts=[ANNA])

    bring(contacts=[{**ANNA, **NEWER, "firstname": "Ben", "lastname": "Smit", "email": "b@x.org"}])

    anna = Patient.objects.get()
    assert (anna.first_name, anna.email) == ("Anna", "anna@example.org")
    conflicts = FieldConflict.objects.order_by("field").values_list("field", "rule")
    assert list(conflicts) == [("email", "doubtful"), ("name", "doubtful")]


def test_restricted_patient_is_not_changed(bring: Bring) -> None:
    bring(contacts=[ANNA])
    edit(Patient.objects.all(), processing_restricted=True)

    bring(contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}])

    assert Patient.objects.get().last_name == "Berg"
    assert FieldConflict.objects.get().field == "name"


def test_stage_that_people_decided_on_stays(bring: Bring) -> None:
    row = {**ANNA, "booking_date": ""}
    bring(contacts=[row])
    edit(Patient.objects.all(), initial_consult_at="2024-03-01T12:00:00Z")
    conversion.convert(patient_id=Patient.objects.get().pk, by=UserFactory())

    bring(contacts=[{**row, **NEWER, "statecode": "1"}])

    assert Patient.objects.get().stage == "patient"
    assert changed() == ["statecode"]


def test_referral_that_somebody_worked_on_is_not_changed(bring: Bring) -> None:
    row = patient(1, "Anna", "Berg", trial_id="NCT01234567", eligible=exports.YES)
    bring(patients=[row])
    edit(CTReferral.objects.all(), status="acknowledged", referred_at="2024-03-01T12:00:00Z")

    again = bring(patients=[{**row, **NEWER, "ct_outcome": exports.SCREEN_FAILED}])

    referral = CTReferral.objects.get()
    assert (referral.status, referral.outcome) == ("acknowledged", "pending")
    conflict = FieldConflict.objects.get()
    assert (conflict.target_id, conflict.patient_id) == (referral.pk, referral.patient_id)
    assert [one["value"] for one in conflict.values] == ["screen_failed", "pending"]
    assert changed() == ["ct_outcome"]
    assert updated(again) == {}


def test_product_of_a_program_that_others_use_stays(bring: Bring) -> None:
    rows = {"patients": [patient(1, "Anna", "Berg"), patient(2, "Ben", "Smit")]}
    row = dossier(1, "EAP-1", 1)
    bring(**rows, dossiers=[row])
    program = ExpandedAccessProgram.objects.get()
    ben = Patient.objects.get(first_name="Ben")
    with acting(by=UserFactory()):
        EAPDossier.objects.create(patient=ben, program=program)

    bring(**rows, dossiers=[{**row, **NEWER, "product": "100000001"}])

    program.refresh_from_db()
    assert program.product.name == "Dystrazen"
    assert FieldConflict.objects.get().field == "product"
    assert changed() == ["product"]


# --- rows that disagree with each other --------------------------------------------------------


def test_contact_and_patient_row_that_disagree_are_a_conflict(bring: Bring) -> None:
    """Rows 47 and 81 of the specification, and two addresses: the losing value is kept."""
    bring(
        contacts=[{**ANNA, "medical_condition": DMD}],
        conditions=[{"medicalconditionid": guid(60), "name": "Glioblastoma"}],
        patients=[
            patient(
                *(1, "Anna", "Berg", "b@example.org"),
                of=1,
                medical_condition=guid(60),
                eap_enrollment_date=DAY,
            )
        ],
        dossiers=[dossier(1, "EAP-1", 1)],
    )

    anna = Patient.objects.get()
    found = {conflict.field: conflict for conflict in FieldConflict.objects.filter(patient=anna)}
    assert {field: one.rule for field, one in found.items()} == {
        "email": "newest",
        "medical_condition": "clinical",
        "enrolled_on": "dossier",
    }
    assert anna.email == found["email"].winner == "b@example.org"
    assert [one["value"] for one in found["email"].values] == ["b@example.org", "anna@example.org"]
    assert str(anna.medical_condition_id) == found["medical_condition"].winner
    assert {one["source"] for one in found["medical_condition"].values} == {"Contact", "Patient"}
    assert found["enrolled_on"].target_id == EAPDossier.objects.get().pk
    assert found["enrolled_on"].winner == "2024-05-01"


def test_patient_row_counts_more_than_the_contact(bring: Bring) -> None:
    rows = {"patients": [patient(1, "Anna", "Berg", of=1)]}
    bring(**rows, contacts=[ANNA])

    bring(**rows, contacts=[{**ANNA, **NEWER, "lastname": "Bergman"}])

    assert Patient.objects.get().last_name == "Berg"
    conflict = FieldConflict.objects.get()
    assert (conflict.field, conflict.rule) == ("name", "clinical")
    assert changed() == ["name"]


def test_contact_that_is_a_year_younger_counts_more(bring: Bring) -> None:
    rows = {"patients": [patient(1, "Anna", "Berg", of=1)]}
    bring(**rows, contacts=[ANNA])
    younger = {"modifiedon": "2025-08-01T00:00:00Z", "versionnumber": "9000"}

    bring(**rows, contacts=[{**ANNA, **younger, "lastname": "Bergman"}])

    assert Patient.objects.get().last_name == "Bergman"
    assert FieldConflict.objects.get().rule == "newest"


def test_rows_that_agree_again_settle_their_conflict(bring: Bring) -> None:
    rows = {"patients": [patient(1, "Anna", "Berg", "b@example.org", of=1)]}
    bring(**rows, contacts=[ANNA])
    assert FieldConflict.objects.get().is_open

    bring(**rows, contacts=[{**ANNA, **NEWER, "email": "b@example.org"}])

    assert FieldConflict.objects.get().state == "settled"


def test_open_conflict_takes_up_a_newer_value(bring: Bring) -> None:
    rows = {"patients": [patient(1, "Anna", "Berg", "b@example.org", of=1)]}
    bring(**rows, contacts=[ANNA])

    bring(**rows, contacts=[{**ANNA, **NEWER, "email": "c@example.org"}])

    conflict = FieldConflict.objects.get()
    assert [one["value"] for one in conflict.values] == ["c@example.org", "b@example.org"]
    assert conflict.winner == Patient.objects.get().email == "c@example.org"


def test_spelling_is_no_conflict(bring: Bring) -> None:
    bring(
        contacts=[contact(1, "ZOE", "BERG", "zoe@example.org", medical_condition=GBM)],
        patients=[patient(1, "Zoë", "Berg", "ZOE@example.org", of=1)],
    )

    assert Patient.objects.get().first_name == "Zoë"
    assert not FieldConflict.objects.exists()
