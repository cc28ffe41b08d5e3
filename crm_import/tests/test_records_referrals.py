"""What legacy rows become: conditions, lists, trials, referrals and dossiers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm_import.importing import Result
from crm_import.models import OptionValue, Problem, RowOutcome
from crm_import.tests import exports
from crm_import.tests.exports import (
    ENROLLED,
    NO,
    PENDING,
    SCREEN_FAILED,
    UNKNOWN,
    WITHDRAWN,
    YES,
    contact,
    dossier,
    guid,
    patient,
    physician,
)
from crm_import.tests.tables import numbered, values
from crm_import.tests.told import codes, person, told
from patients.models import (
    ConditionName,
    Hospital,
    MedicalCondition,
    Note,
    Patient,
    Specialist,
    Specialization,
)
from referrals.models import ClinicalTrial, CTReferral, EAPDossier, ExpandedAccessProgram

Bring = Callable[..., Result]

PAST, AHEAD = timezone.now() - timedelta(days=30), timezone.now() + timedelta(days=30)


# --- conditions and lists ---


def test_row_46_conditions_of_option_set_and_table_are_one(bring: Bring) -> None:
    table = [
        {
            "medicalconditionid": guid(1),
            "name": "idiopathic  pulmonary fibrosis ",
            "abbreviation": "",
        },
        {
            "medicalconditionid": guid(2),
            "name": "Idiopatic Pulmonary Fibrosis",
            "abbreviation": "IPF",
        },
        {"medicalconditionid": guid(3), "name": "Spinal Muscular Atrophy", "abbreviation": "SMA"},
        {"medicalconditionid": guid(4), "name": "SMA type 2", "abbreviation": "sma"},
    ]
    result = bring(
        conditions=table,
        contacts=[contact(1, "Anna", "Berg", medical_condition=exports.IPF)],
        patients=[
            patient(1, "Anna", "Berg", of=1, medical_condition=guid(1)),
            patient(2, "Ben", "Smit", medical_condition=guid(4)),
        ],
    )

    ipf = MedicalCondition.objects.get(abbreviation="IPF")
    sma = MedicalCondition.objects.get(name="Spinal Muscular Atrophy")
    assert Patient.objects.get(first_name="Anna").medical_condition == ipf
    assert Patient.objects.get(first_name="Ben").medical_condition == sma
    assert MedicalCondition.objects.named("sma TYPE 2").get() == sma
    assert ConditionName.objects.filter(condition=sma, origin="legacy_crm").count() == 3
    assert result.report["created"]["medical_conditions"] == 1
    assert result.report["tables"]["MedicalCondition"] | {"read": 0} == {
        **dict.fromkeys(result.report["tables"]["MedicalCondition"], 0),
        "imported": 2,
        "merged": 2,
    }
    meaning = OptionValue.objects.get(option_set="medical_condition", value=exports.IPF).meaning
    assert meaning == str(ipf.pk)
    assert "condition_conflict:medical_condition" not in codes()


def test_row_47_two_conditions_of_one_patient_are_a_conflict(bring: Bring) -> None:
    bring(
        conditions=[{"medicalconditionid": guid(1), "name": "Glioblastoma", "abbreviation": "GBM"}],
        contacts=[contact(1, "Anna", "Berg", medical_condition=exports.DMD)],
        patients=[patient(1, "Anna", "Berg", of=1, medical_condition=guid(1))],
    )

    anna = Patient.objects.get()
    assert anna.medical_condition is not None
    assert anna.medical_condition.abbreviation == "GBM"  # the Patient row is the clinical one
    assert "Duchenne" in anna.notes.get().text
    assert Problem.objects.filter(code="condition_conflict").count() == 2


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("100000077", "unmapped"),
        pytest.param("100000000,100000001", "multi_value", id="row_45_two_values"),
    ],
)
def test_condition_that_is_not_known_is_left_open(bring: Bring, cell: str, code: str) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", medical_condition=cell)])

    assert Patient.objects.get().medical_condition is None
    assert codes() == {f"{code}:medical_condition"}


def test_row_49_specialist_has_the_hospital_that_is_named_among_two_alike(bring: Bring) -> None:
    bring(
        hospitals=[
            {"hospitalid": guid(1), "name": "UMC", "city": "Utrecht"},
            {"hospitalid": guid(2), "name": "umc", "city": "Utrecht"},
        ],
        specializations=[
            {"specializationid": guid(3), "name": "Neurology"},
            {"specializationid": guid(4), "name": "neurology "},
        ],
        contacts=[physician(1, "Ida", "Vos", hospital=guid(2), specialization=guid(4))],
    )

    ida = Specialist.objects.select_related("hospital", "specialization").get()
    assert ida.hospital is not None
    assert ida.hospital.name == "umc"
    assert ida.specialization == Specialization.objects.get()
    assert Hospital.objects.count() == 2  # proposed for merging, not merged
    assert Problem.objects.filter(code="duplicate_proposed").count() == 2


# --- trials and referrals ---


TRIALS = numbered(
    ("NCT01234567", {"NCT01234567": "NCT"}, None),
    pytest.param(
        "NCT01234567; nct 0765 4321,\nNCT01234567",
        {"NCT01234567": "NCT", "NCT07654321": "NCT"},
        None,
        id="row_70_two_trials_one_of_them_twice",
    ),
    pytest.param(
        "NCT01234567 / 2014-000123-45 | 2022-500000-10-00, ISRCTN12345678",
        {
            "NCT01234567": "NCT",
            "2014-000123-45": "EUDRACT",
            "2022-500000-10-00": "EUCT",
            "ISRCTN12345678": "ISRCTN",
        },
        None,
        id="row_72_other_registries",
    ),
    ("NCT1234567", {}, "trial_malformed"),
    ("NCT0123456O", {}, "trial_malformed"),
    ("NTC01234567; NCT01234567", {"NCT01234567": "NCT"}, "trial_malformed"),
    pytest.param("TBD", {}, "trial_text", id="word"),
)


@pytest.mark.parametrize(("number", "raw", "trials", "code"), TRIALS)
def test_trial_numbers_are_found_in_free_text(
    bring: Bring, number: int, raw: str, trials: dict[str, str], code: str | None
) -> None:
    # Of one name and trial they would be one person.
    bring(patients=[patient(n, f"Anna{n}", "Berg", trial_id=raw) for n, raw, *_ in values(TRIALS)])

    anna = person(number, "Patient")
    assert dict(anna.ct_referrals.values_list("trial__registry_id", "trial__registry")) == trials
    assert anna.ct_referrals.count() == len(trials)
    assert ClinicalTrial.objects.filter(registry_id__in=trials).count() == len(trials)
    said = told(number, "Patient")
    assert ("shared_by_trials:trial_id" in said) == (len(trials) > 1)
    assert ({f"{code}:trial_id"} if code else set()) == said & {
        "trial_malformed:trial_id",
        "trial_text:trial_id",
    }
    assert anna.notes.filter(text__contains=raw).exists() == bool(code)


@pytest.mark.parametrize(
    ("eligible", "outcome", "day", "status", "stored"),
    [
        (YES, ENROLLED, "2024-05-01", "enrolled", ("yes", "", "enrolled")),
        (NO, ENROLLED, "2024-05-01", "enrolled", ("unknown", "", "enrolled")),
        (YES, SCREEN_FAILED, "2024-05-01", "screen_failed", ("yes", "", "screen_failed")),
        (UNKNOWN, WITHDRAWN, "", "withdrawn", ("unknown", "", "withdrawn")),
        (YES, PENDING, "2024-05-01", "referred", ("yes", "", "pending")),
        (YES, "", "", "eligible", ("yes", "", "pending")),
        (NO, "", "", "ineligible", ("no", "other", "pending")),
        (NO, PENDING, "2024-05-01", "ineligible", ("no", "other", "pending")),
        ("", "", "", "draft", ("unknown", "", "pending")),
        pytest.param(
            "100000099",
            "100000077",
            "",
            "draft",
            ("unknown", "", "other"),
            id="row_74_unknown_values",
        ),
    ],
)
def test_referral_has_the_status_the_crm_recorded(
    bring: Bring, eligible: str, outcome: str, day: str, status: str, stored: tuple[str, ...]
) -> None:
    cells = {"trial_id": "NCT01234567", "eligible": eligible, "ct_outcome": outcome}
    cells["ct_referral_date"] = f"{day}T00:00:00Z" if day else ""
    bring(patients=[patient(1, "Anna", "Berg", **cells)])

    referral = CTReferral.objects.get()
    assert referral.status == status
    assert (referral.eligible, referral.ineligible_reason, referral.outcome) == stored
    assert (f"{referral.referred_at:%Y-%m-%d}" if referral.referred_at else "") == day


def test_row_73_enrolled_though_not_eligible_keeps_both_facts(bring: Bring) -> None:
    bring(
        patients=[
            patient(1, "Anna", "Berg", trial_id="NCT01234567", eligible=NO, ct_outcome=ENROLLED)
        ]
    )

    assert "contradiction:eligible" in codes()
    assert "Eligible: No (though enrolled)" in Note.objects.get().text


def test_what_has_no_trial_becomes_a_note(bring: Bring) -> None:
    reason = 'Said: "not now",\nasked again'
    bring(patients=[patient(1, "Anna", "Berg", eligible=NO, ineligible_reason=reason)])

    assert not CTReferral.objects.exists()
    text = Note.objects.get().text
    assert text.startswith("From the legacy CRM.")
    assert "Eligible: No" in text
    assert reason in text


def test_second_row_for_a_trial_is_a_note_beside_the_first(bring: Bring) -> None:
    bring(
        contacts=[contact(1, "Anna", "Berg")],
        patients=[
            patient(1, "Anna", "Berg", of=1, trial_id="NCT01234567", ct_outcome=PENDING),
            patient(2, "Anna", "Berg", of=1, trial_id="NCT01234567", ct_outcome=SCREEN_FAILED),
        ],
    )

    assert CTReferral.objects.get().status == "screen_failed"
    assert "Second row for the same trial, outcome: Pending" in Note.objects.get().text


ROLES = numbered(
    (exports.PHYSICIAN, None),
    (exports.PHARMACIST, "wrong_role_target:physician"),
    (exports.LEAD, "wrong_role_target:physician"),
)


@pytest.mark.parametrize(("number", "role", "code"), ROLES)
def test_row_54_physician_of_a_patient_must_be_one(
    bring: Bring, number: int, role: str, code: str | None
) -> None:
    bring(
        contacts=[contact(n, "Ida", "Vos", contact_type=role) for n, role, _ in values(ROLES)],
        patients=[patient(n, "Anna", "Berg", physician=guid(n)) for n, *_ in values(ROLES)],
    )

    assert (person(number, "Patient").physician is None) == bool(code)
    assert (code in told(number, "Patient")) == bool(code)


DAYS = numbered(
    ("2024-05-10T00:00:00Z", "2024-05-10"),
    ("2024-05-09T22:00:00Z", "2024-05-10"),
    ("2024-01-09T23:00:00Z", "2024-01-10"),
)


@pytest.mark.parametrize(("number", "raw", "day"), DAYS)
def test_row_60_day_is_the_local_one(bring: Bring, number: int, raw: str, day: str) -> None:
    rows = values(DAYS)
    bring(
        patients=[patient(n, "Anna", "Berg", initial_consult_date=raw) for n, raw, _ in rows],
        dossiers=[dossier(n, f"EAP-{n}", n, eap_enrollment_date=raw) for n, raw, _ in rows],
    )

    anna = person(number, "Patient")
    assert f"{anna.initial_consult_at:%Y-%m-%d}" == day
    assert str(anna.eap_dossiers.get().enrolled_on) == day


# --- dossiers ---


def outcomes() -> list[tuple[str, str]]:
    rows = RowOutcome.objects.filter(entity="EAPDossier").order_by("row")
    return list(rows.values_list("outcome", "reason"))


TWO = [patient(1, "Anna", "Berg", "a@example.org"), patient(2, "Ben", "Smit", "b@example.org")]
GLIOVANCE: dict[str, Any] = {"product": "100000001"}


@pytest.mark.parametrize(
    ("rows", "expected", "made"),
    [
        pytest.param(
            [dossier(1, "EAP-0012", 1), dossier(2, "EAP-0012", 1)],
            [("imported", ""), ("merged", "")],
            1,
            id="row_76_the_same_again",
        ),
        pytest.param(
            [dossier(1, "EAP-0012", 1), dossier(2, " eap 0012", 1)],
            [("imported", ""), ("merged", "")],
            1,
            id="row_79_the_same_again_in_other_spelling",
        ),
        pytest.param(
            [dossier(1, "EAP-1", 1), dossier(2, "EAP-1", 1, **GLIOVANCE)],
            [("imported", ""), ("quarantined", "dossier_conflict")],
            1,
            id="row_77_other_product",
        ),
        pytest.param(
            [dossier(1, "EAP-1", 1), dossier(2, "EAP-1", 2)],
            [("quarantined", "dossier_conflict")] * 2,
            0,
            id="row_78_two_patients",
        ),
        pytest.param(
            [dossier(1, "EAP-1", 1), dossier(2, "EAP-2", 2)],
            [("imported", "")] * 2,
            2,
            id="two numbers",
        ),
        pytest.param(
            [dossier(1, "EAP-1", 1, product="100000042")],
            [("quarantined", "unmapped_product")],
            0,
            id="row_82_unknown_product",
        ),
        pytest.param(
            [dossier(1, " - ", 1)], [("quarantined", "no_number")], 0, id="without a number"
        ),
        pytest.param(
            [dossier(1, "EAP-1", 9)], [("imported", "parked")], 0, id="row_80_without_a_patient"
        ),
        pytest.param(
            [dossier(1, "EAP-1", 1, patient="")], [("quarantined", "no_patient")], 0, id="of nobody"
        ),
        pytest.param(
            [dossier(1, "TBD", 1)], [("quarantined", "no_number")], 0, id="a word for a number"
        ),
    ],
)
def test_dossiers_of_one_number(
    bring: Bring, rows: list[exports.Row], expected: list[tuple[str, str]], made: int
) -> None:
    bring(patients=TWO, dossiers=rows)

    assert outcomes() == expected
    assert EAPDossier.objects.count() == ExpandedAccessProgram.objects.count() == made


def test_open_work_of_a_closed_patient_is_told(bring: Bring) -> None:
    bring(
        patients=[patient(1, "Anna", "Berg", statecode="1", trial_id="NCT01234567", eligible=YES)],
        dossiers=[dossier(1, "EAP-1", 1)],
    )

    told = Problem.objects.filter(code="rule_6").values_list("entity", flat=True)
    assert sorted(told) == ["EAPDossier", "Patient"]


def test_dossier_has_the_physician_and_hospital_of_its_patient_row(bring: Bring) -> None:
    bring(
        hospitals=[{"hospitalid": guid(7), "name": "UMC", "city": "Utrecht"}],
        contacts=[physician(1, "Ida", "Vos", hospital=guid(7))],
        patients=[patient(1, "Anna", "Berg", physician=guid(1))],
        dossiers=[dossier(1, "EAP-1", 1, statecode="1")],
    )

    made = EAPDossier.objects.get()
    assert (made.physician, made.hospital) == (Specialist.objects.get(), Hospital.objects.get())
    assert (made.state, made.closed_reason) == ("closed", "legacy_inactive")


def test_row_81_enrolment_day_of_the_dossier_wins(bring: Bring) -> None:
    bring(
        patients=[patient(1, "Anna", "Berg", eap_enrollment_date="2024-06-01T00:00:00Z")],
        dossiers=[dossier(1, "EAP-1", 1)],
    )

    assert str(EAPDossier.objects.get().enrolled_on) == "2024-05-01"
    assert "eap_date_conflict:eap_enrollment_date" in codes()
    assert "2024-06-01" in Note.objects.get().text
