"""What legacy rows become: calls, referrals, dossiers, addresses, dates, conditions, notes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pghistory.models
import pytest
from django.apps import apps
from django.utils import timezone

from bookings.models import Booking
from crm_import.importing import Result
from crm_import.models import Crosswalk, OptionValue, PendingLink, Problem, RowOutcome
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
from patients.models import (
    ConditionName,
    Hospital,
    MedicalCondition,
    Note,
    Patient,
    PossibleDuplicate,
    Specialist,
    Specialization,
    Submission,
)
from referrals.models import ClinicalTrial, CTReferral, EAPDossier, ExpandedAccessProgram

Bring = Callable[..., Result]

PAST, AHEAD = timezone.now() - timedelta(days=30), timezone.now() + timedelta(days=30)


def codes() -> set[str]:
    return {
        f"{code}:{field}" if field else code
        for code, field in Problem.objects.values_list("code", "field")
    }


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


# --- rows ---


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"contactid": "12345"}, "bad_id"),
        ({"contactid": ""}, "bad_id"),
        ({"contactid": "00000000-0000-0000-0000-000000000000"}, "bad_id"),
        ({"firstname": " ", "lastname": ""}, "no_name"),
        ({"firstname": "-", "lastname": "n/a"}, "no_name"),
        ({"firstname": "Unknown", "lastname": "ONBEKEND"}, "no_name"),
        ({"lastname": "x" * 201}, "too_long"),
        ({"email": f"{'x' * 250}@example.org"}, "too_long"),
        ({"contact_type": ""}, "routing_missing"),
        ({"contact_type": "100000099"}, "routing_unmapped"),
    ],
)
def test_row_that_cannot_be_placed_is_quarantined(
    bring: Bring, cells: dict[str, str], reason: str
) -> None:
    result = bring(contacts=[{**contact(1, "Anna", "Berg"), **cells}])

    outcome = RowOutcome.objects.get()
    assert (outcome.outcome, outcome.reason) == ("quarantined", reason)
    assert result.quarantined == 1
    assert not Patient.objects.exists()
    assert Problem.objects.get(severity="error").code == reason


@pytest.mark.parametrize("cell", ["", "100000099"])
def test_contact_without_a_type_is_what_its_patient_row_says(bring: Bring, cell: str) -> None:
    bring(
        contacts=[contact(1, "Anna", "Berg", contact_type=cell)],
        patients=[patient(1, "Anna", "Berg", of=1)],
    )

    assert Patient.objects.get().submissions.count() == 1
    assert "routed_by_patient_row:contact_type" in codes()


@pytest.mark.parametrize("written", ["{%s}", " %s ", "%s"], ids=["braces", "blanks", "capitals"])
def test_legacy_id_is_found_however_it_is_written(bring: Bring, written: str) -> None:
    odd = written % guid(1).upper()
    bring(
        contacts=[contact(1, "Anna", "Berg", contactid=odd)],
        patients=[patient(1, "Anna", "Berg", of=1)],
    )

    assert Patient.objects.count() == 1
    assert Crosswalk.objects.filter(entity="Contact", legacy_id=guid(1)).exists()


def test_labels_in_place_of_option_values_are_understood(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", contact_type="Patient - Lead", medical_condition="GBM"),
            contact(2, "Ida", "Vos", contact_type="Arzt"),
        ]
    )

    assert Patient.objects.get().medical_condition == MedicalCondition.objects.get(
        abbreviation="GBM"
    )
    assert Specialist.objects.count() == 1


def test_inactive_rows_are_closed(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Anna", "Berg", statecode="1"),
            physician(2, "Ida", "Vos", statecode="1"),
        ]
    )

    anna = Patient.objects.get()
    assert (anna.stage, anna.closed_reason) == ("closed", "legacy_inactive")
    assert not Specialist.objects.get().is_active
    assert "inactive:statecode" in codes()


def test_every_change_is_in_the_history_with_its_run(bring: Bring) -> None:
    result = bring(contacts=[contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z")])

    for table in ("patients.PatientEvent", "bookings.BookingEvent", "patients.SubmissionEvent"):
        event = apps.get_model(table)._default_manager.get()
        assert event.pgh_label == "insert"
        assert event.pgh_context.metadata["reason"] == "import of the legacy CRM"
        assert event.pgh_context.metadata["run"] == str(result.run.pk)
    assert pghistory.models.Context.objects.count() == 1


# --- addresses and names ---


@pytest.mark.parametrize(
    ("raw", "email", "further", "code"),
    [
        ("Anna@Example.ORG", "anna@example.org", [], None),
        ("anna@example.org; b@example.org", "anna@example.org", ["b@example.org"], "two_emails"),
        ("anna@example.org, b@example.org", "anna@example.org", ["b@example.org"], "two_emails"),
        ("Anna <anna@example.org>", "anna@example.org", [], None),
        ("anna @ example.org", "anna@example.org", [], None),
        ("post@bücher.example.org", "post@bücher.example.org", [], None),
        ("anna.berg", "", ["anna.berg"], "email_invalid"),
        ("anna@home", "", ["anna@home"], "email_invalid"),
        ("anna@example..org", "", ["anna@example..org"], "email_invalid"),
        (".a@example.org", "a@example.org", [], None),
        ("a@b.-c.nl", "", ["a@b.-c.nl"], "email_invalid"),
        ("test@test.example.org", "", [], "email_placeholder"),
        ("test@example.org", "test@example.org", [], None),
        ("n/a", "", [], "email_placeholder"),
        ("ONBEKEND", "", [], "email_placeholder"),
    ],
)
def test_address_is_read_and_nothing_of_it_lost(
    bring: Bring, raw: str, email: str, further: list[str], code: str | None
) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", raw)])

    anna = Patient.objects.get()
    assert anna.email == email
    assert list(anna.contact_points.values_list("value", flat=True)) == further
    assert codes() == ({f"{code}:email"} if code else set())


@pytest.mark.parametrize(
    ("raw", "stored", "code"),
    [
        ("MÃ¼ller", "Müller", "encoding_repaired:name"),
        ("ÃƒÂ©tienne", "étienne", "encoding_repaired:name"),
        ("Ãngel", "Ãngel", None),
        ("SÃO", "SÃO", None),
        ("M?ller", "M?ller", "lossy_text:name"),
        ("Mu\u0308ller", "Müller", None),
        ("=HYPERLINK(1)", "=HYPERLINK(1)", None),
        ("n/a", "", None),
        ("Na", "Na", None),
        ("Unknown", "Unknown", None),
    ],
)
def test_name_is_stored_as_it_was_meant(
    bring: Bring, raw: str, stored: str, code: str | None
) -> None:
    bring(contacts=[contact(1, "Anna", raw)])

    assert Patient.objects.get().last_name == stored
    assert codes() == ({code} if code else set())


def test_repaired_name_of_a_patient_row_is_told_too(bring: Bring) -> None:
    bring(patients=[patient(1, "Anna", "MÃ¼ller")])

    assert "encoding_repaired:name" in codes()


@pytest.mark.parametrize(
    ("cells", "code"),
    [({"no_show": "perhaps"}, "unmapped:no_show"), ({"statecode": "2"}, "unmapped:statecode")],
)
def test_word_that_is_neither_yes_nor_no_is_told(
    bring: Bring, cells: dict[str, str], code: str
) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", booking_date=iso(PAST), **cells)])

    assert code in codes()
    assert Booking.objects.get().status == "booked"


@pytest.mark.parametrize("label", ["Inactive", "inactief"])
def test_label_of_the_state_is_understood(bring: Bring, label: str) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", statecode=label)])

    assert Patient.objects.get().stage == "closed"


# --- calls ---


@pytest.mark.parametrize(
    ("when", "no_show", "status", "code"),
    [
        (PAST, "true", "no_show", None),
        (PAST, "false", "completed", None),
        (PAST, "", "booked", None),
        (AHEAD, "", "booked", None),
        (AHEAD, "false", "booked", None),
        (AHEAD, "true", "booked", "no_show_future:no_show"),
    ],
)
def test_call_has_the_status_the_crm_recorded(
    bring: Bring, when: datetime, no_show: str, status: str, code: str | None
) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", booking_date=iso(when), no_show=no_show)])

    call = Booking.objects.get()
    assert call.status == status
    assert call.no_show_by == ("patient" if status == "no_show" else "")
    assert call.navigator is None
    assert call.ends_at - call.starts_at == timedelta(minutes=30)
    assert codes() == ({code} if code else set())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("1900-01-01T00:00:00Z", "sentinel_date"),
        ("1753-01-01T00:00:00Z", "sentinel_date"),
        ("1970-01-01T00:00:00Z", "sentinel_date"),
        ("9999-12-31T23:59:59Z", "sentinel_date"),
        ("2212-03-04T10:00:00Z", "implausible_date"),
        ("now", "invalid_date"),
        ("tomorrow", "invalid_date"),
        ("infinity", "invalid_date"),
        ("2024-02-30T10:00:00Z", "invalid_date"),
        ("03/04/2023", "invalid_date"),
        ("45228.1", "invalid_date"),
    ],
)
def test_date_that_is_none_makes_no_call(bring: Bring, raw: str, code: str) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", booking_date=raw)])

    assert not Booking.objects.exists()
    assert codes() == {f"{code}:booking_date"}


def test_time_that_was_overwritten_before_it_came_was_moved(bring: Bring) -> None:
    later = {"booking_date": "2024-01-27T10:00:00Z", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z"),
            contact(1, "Anna", "Berg", modifiedon="2024-01-19T10:00:00Z", **later),
        ]
    )

    first, second = Booking.objects.order_by("starts_at")
    assert (first.status, first.rescheduled_to) == ("rescheduled", second)
    assert second.status == "booked"
    assert sorted(RowOutcome.objects.values_list("outcome", flat=True)) == [
        "imported",
        "superseded",
    ]
    assert Submission.objects.count() == 2


def test_time_that_was_overwritten_afterwards_has_no_outcome(bring: Bring) -> None:
    later = {"booking_date": "2024-01-27T10:00:00Z", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z"),
            contact(1, "Anna", "Berg", modifiedon="2024-01-21T10:00:00Z", **later),
        ]
    )

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "booked",
        "booked",
    ]


def test_no_show_beside_a_time_ahead_is_of_the_call_before(bring: Bring) -> None:
    later = {"booking_date": iso(AHEAD), "no_show": "true", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z", no_show="false"),
            contact(1, "Anna", "Berg", modifiedon=iso(PAST), **later),
        ]
    )

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "completed",  # said after the call, so it did take place
        "booked",
    ]
    assert "no_show_future:no_show" in codes()


@pytest.mark.parametrize("said", ["", "false"])
def test_no_show_beside_a_time_ahead_is_of_the_open_call_before(bring: Bring, said: str) -> None:
    first = {"modifiedon": "2024-01-05T10:00:00Z", "no_show": said}
    later = {"booking_date": iso(AHEAD), "no_show": "true", "versionnumber": "2000"}
    bring(
        contacts=[
            contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z", **first),
            contact(1, "Anna", "Berg", modifiedon=iso(PAST), **later),
        ]
    )

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "no_show",
        "booked",
    ]
    assert codes() == set()


def test_call_ahead_of_an_inactive_row_is_cancelled(bring: Bring) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", statecode="1", booking_date=iso(AHEAD))])

    call = Booking.objects.get()
    assert (call.status, call.cancel_reason) == ("cancelled", "Inactive in the legacy CRM.")
    assert "rule_6:booking_date" in codes()


def test_calls_of_rows_without_dates_leave_one_standing(bring: Bring) -> None:
    undated = {"createdon": "", "modifiedon": "", "booking_date": iso(AHEAD)}
    bring(contacts=[contact(n, "Anna", "Berg", "anna@example.org", **undated) for n in (1, 2)])

    assert sorted(Booking.objects.values_list("status", flat=True)) == ["booked", "cancelled"]


def test_overwritten_call_keeps_what_is_known_of_it(bring: Bring) -> None:
    cells = {"booking_date": "2024-01-20T10:00:00Z", "no_show": "true"}
    later = {"booking_date": "2024-01-27T10:00:00Z", "versionnumber": "2000"}
    bring(contacts=[contact(1, "Anna", "Berg", **cells), contact(1, "Anna", "Berg", **later)])

    assert list(Booking.objects.order_by("starts_at").values_list("status", flat=True)) == [
        "no_show",
        "booked",
    ]


def test_same_row_again_is_counted_and_not_imported_twice(bring: Bring) -> None:
    row = contact(1, "Anna", "Berg", booking_date="2024-01-20T10:00:00Z")
    result = bring(contacts=[row, row])

    assert result.report["tables"]["Contact"]["exact_repeat"] == 1
    assert (Submission.objects.count(), Booking.objects.count()) == (1, 1)


def test_older_version_is_no_part_of_a_conflict(bring: Bring) -> None:
    older = contact(1, "Ann", "Berg", versionnumber="5")
    result = bring(contacts=[contact(1, "Anna", "Berg"), contact(1, "Anna", "Smit"), older])

    counts = result.report["tables"]["Contact"]
    assert (counts["quarantined"], counts["superseded"]) == (2, 1)


def test_physician_who_became_a_lead_is_both(bring: Bring) -> None:
    result = bring(
        contacts=[
            physician(1, "Ida", "Vos", booking_date="2024-01-20T10:00:00Z"),
            contact(1, "Ida", "Vos", versionnumber="2000"),
        ],
        patients=[patient(1, "Anna", "Berg", physician=guid(1))],
    )

    ida = Specialist.objects.get()
    assert Patient.objects.get(first_name="Anna").physician == ida
    assert Patient.objects.get(first_name="Ida").submissions.count() == 1
    assert not Booking.objects.exists()
    assert PossibleDuplicate.objects.get(first_specialist=ida).tier == "R5"
    assert {"both_roles:contact_type", "role_mismatch:booking_date"} <= codes()
    assert result.report["tables"]["Contact"]["superseded"] == 1


def test_lead_who_became_a_physician_is_both(bring: Bring) -> None:
    bring(
        contacts=[
            contact(1, "Ida", "Vos", booking_date="2024-01-20T10:00:00Z"),
            physician(1, "Ida", "Vos", versionnumber="2000"),
        ]
    )

    assert Specialist.objects.count() == 1
    ida = Patient.objects.get()
    assert (ida.submissions.count(), ida.bookings.count()) == (1, 1)
    assert RowOutcome.objects.filter(entity="Contact").count() == 2


def test_two_contents_of_one_version_wait_for_somebody(bring: Bring) -> None:
    result = bring(contacts=[contact(1, "Anna", "Berg"), contact(1, "Anna", "Smit")])

    assert result.report["tables"]["Contact"]["quarantined"] == 2
    assert not Patient.objects.exists()


def test_two_forms_for_one_time_leave_one_call_standing(bring: Bring) -> None:
    rows = [contact(n, "Anna", "Berg", "anna@example.org", booking_date=iso(AHEAD)) for n in (1, 2)]
    bring(contacts=rows)

    assert sorted(Booking.objects.values_list("status", flat=True)) == ["booked", "cancelled"]
    assert "overlapping_bookings:booking_date" in codes()


def test_a_specialist_has_no_call(bring: Bring) -> None:
    bring(contacts=[physician(1, "Ida", "Vos", booking_date="2024-01-20T10:00:00Z")])

    assert not Booking.objects.exists()
    assert codes() == {"role_mismatch:booking_date"}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"no_show": "true"}, "no_show_without_booking:no_show"),
        ({"reminder_date": "2024-01-19T10:00:00Z"}, "reminder_without_booking:reminder_date"),
        (
            {"booking_date": "2024-01-18T10:00:00Z", "reminder_date": "2024-01-19T10:00:00Z"},
            "reminder_after_booking:reminder_date",
        ),
    ],
)
def test_what_contradicts_itself_is_reported(
    bring: Bring, cells: dict[str, str], code: str
) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", **cells)])

    assert codes() == {code}
    assert Submission.objects.get().payload.items() >= cells.items()


# --- conditions and lists ---


def test_conditions_of_option_set_and_table_are_one(bring: Bring) -> None:
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


def test_two_conditions_of_one_patient_are_a_conflict(bring: Bring) -> None:
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
    ("cell", "code"), [("100000077", "unmapped"), ("100000000,100000001", "multi_value")]
)
def test_condition_that_is_not_known_is_left_open(bring: Bring, cell: str, code: str) -> None:
    bring(contacts=[contact(1, "Anna", "Berg", medical_condition=cell)])

    assert Patient.objects.get().medical_condition is None
    assert codes() == {f"{code}:medical_condition"}


def test_specialist_has_hospital_and_specialization(bring: Bring) -> None:
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


@pytest.mark.parametrize(
    ("raw", "trials", "code"),
    [
        ("NCT01234567", {"NCT01234567": "NCT"}, None),
        ("nct 0123 4567;NCT01234567\nNCT01234567", {"NCT01234567": "NCT"}, None),
        (
            "NCT01234567 / 2014-000123-45 | 2022-500000-10-00, ISRCTN12345678",
            {
                "NCT01234567": "NCT",
                "2014-000123-45": "EUDRACT",
                "2022-500000-10-00": "EUCT",
                "ISRCTN12345678": "ISRCTN",
            },
            None,
        ),
        ("NCT1234567", {}, "trial_malformed"),
        ("NCT0123456O", {}, "trial_malformed"),
        ("NTC01234567; NCT01234567", {"NCT01234567": "NCT"}, "trial_malformed"),
        ("TBD", {}, "trial_text"),
    ],
)
def test_trial_numbers_are_found_in_free_text(
    bring: Bring, raw: str, trials: dict[str, str], code: str | None
) -> None:
    bring(patients=[patient(1, "Anna", "Berg", trial_id=raw)])

    assert dict(ClinicalTrial.objects.values_list("registry_id", "registry")) == trials
    assert CTReferral.objects.count() == len(trials)
    assert ({f"{code}:trial_id"} if code else set()) == codes() & {
        "trial_malformed:trial_id",
        "trial_text:trial_id",
    }
    assert Note.objects.filter(text__contains=raw).exists() == bool(code)


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
        ("100000099", "100000077", "", "draft", ("unknown", "", "other")),
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


def test_enrolled_though_not_eligible_keeps_both_facts(bring: Bring) -> None:
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


@pytest.mark.parametrize(
    ("role", "code"),
    [(exports.PHYSICIAN, None), (exports.PHARMACIST, "wrong_role_target:physician")],
)
def test_physician_of_a_patient_must_be_one(bring: Bring, role: str, code: str | None) -> None:
    bring(
        contacts=[contact(1, "Ida", "Vos", contact_type=role)],
        patients=[patient(1, "Anna", "Berg", physician=guid(1))],
    )

    assert (Patient.objects.get().physician is None) == bool(code)
    assert (code in codes()) == bool(code)


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2024-05-10T00:00:00Z", "2024-05-10"),
        ("2024-05-09T22:00:00Z", "2024-05-10"),
        ("2024-01-09T23:00:00Z", "2024-01-10"),
    ],
)
def test_day_is_the_local_one(bring: Bring, raw: str, day: str) -> None:
    bring(
        patients=[patient(1, "Anna", "Berg", initial_consult_date=raw)],
        dossiers=[dossier(1, "EAP-1", 1, eap_enrollment_date=raw)],
    )

    consult = Patient.objects.get().initial_consult_at
    assert consult is not None
    assert f"{consult:%Y-%m-%d}" == day
    assert str(EAPDossier.objects.get().enrolled_on) == day


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
            [dossier(1, "EAP-1", 1), dossier(2, " eap1", 1)],
            [("imported", ""), ("merged", "")],
            1,
            id="the same again in other spelling",
        ),
        pytest.param(
            [dossier(1, "EAP-1", 1), dossier(2, "EAP-1", 1, **GLIOVANCE)],
            [("imported", ""), ("quarantined", "dossier_conflict")],
            1,
            id="other product",
        ),
        pytest.param(
            [dossier(1, "EAP-1", 1), dossier(2, "EAP-1", 2)],
            [("quarantined", "dossier_conflict")] * 2,
            0,
            id="two patients",
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
            id="unknown product",
        ),
        pytest.param(
            [dossier(1, " - ", 1)], [("quarantined", "no_number")], 0, id="without a number"
        ),
        pytest.param([dossier(1, "EAP-1", 9)], [("imported", "parked")], 0, id="without a patient"),
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


def test_enrolment_day_of_the_dossier_wins(bring: Bring) -> None:
    bring(
        patients=[patient(1, "Anna", "Berg", eap_enrollment_date="2024-06-01T00:00:00Z")],
        dossiers=[dossier(1, "EAP-1", 1)],
    )

    assert str(EAPDossier.objects.get().enrolled_on) == "2024-05-01"
    assert "eap_date_conflict:eap_enrollment_date" in codes()
    assert "2024-06-01" in Note.objects.get().text


def test_links_that_lead_nowhere_are_kept_as_pending(bring: Bring) -> None:
    bring(
        contacts=[physician(1, "Ida", "Vos", hospital=guid(70), specialization=guid(71))],
        patients=[
            patient(1, "Anna", "Berg", of=99, physician=guid(72), medical_condition=guid(73))
        ],
        dossiers=[dossier(1, "EAP-1", 9)],
    )

    assert set(PendingLink.objects.values_list("entity", "field")) == {
        ("Contact", "hospital"),
        ("Contact", "specialization"),
        ("Patient", "contact_record"),
        ("Patient", "physician"),
        ("Patient", "medical_condition"),
        ("EAPDossier", "patient"),
    }
    assert Problem.objects.filter(code="pending_link").count() == 6
