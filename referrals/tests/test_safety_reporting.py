"""Safety reports: the clocks of the law, who was told what, and when a report may be closed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.models import RuleOverride
from patients.tests.factories import HospitalFactory, PatientFactory
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from referrals import moves, safety_reporting
from referrals.models import SafetyReport, SafetyReportChange
from referrals.safety_reporting import CLOSE, MOVES, TELL_AUTHORITY, TELL_SPONSOR
from referrals.tests.factories import EAPDossierFactory, SafetyReportFactory
from referrals.tests.parts import dossier

pytestmark = pytest.mark.django_db

KNOWN = datetime(2026, 6, 15, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def read(report: SafetyReport) -> SafetyReport:
    """The row with its clocks, which the database works out."""
    return SafetyReport.objects.get(pk=report.pk)


def take(move: Any, report: SafetyReport, **said: Any) -> SafetyReport:
    by = said.pop("by", None) or UserFactory()
    return safety_reporting.take(move, report_id=report.pk, by=by, **said)


# --- the clocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seriousness", "expectedness", "relatedness", "sponsor", "authority"),
    [
        ([], "unexpected", "related", None, None),
        (["death"], "unexpected", "related", 1, 7),
        (["life_threatening"], "unexpected", "possible", 1, 7),
        (["hospitalisation"], "unexpected", "related", 1, 15),
        (["disability"], "unexpected", "related", 1, 15),
        (["congenital"], "unexpected", "related", 1, 15),
        (["medically_important"], "unexpected", "related", 1, 15),
        (["hospitalisation", "life_threatening"], "unexpected", "related", 1, 7),
        (["death"], "expected", "related", 1, None),
        (["death"], "unexpected", "not_related", 1, None),
        # Nobody has assessed it: the clock runs.
        (["death"], "unknown", "unknown", 1, 7),
        (["hospitalisation"], "unknown", "related", 1, 15),
        (["hospitalisation"], "unexpected", "unknown", 1, 15),
    ],
)
def test_days_to_tell_the_sponsor_and_the_authority(
    seriousness: list[str],
    expectedness: str,
    relatedness: str,
    sponsor: int | None,
    authority: int | None,
) -> None:
    report = read(
        SafetyReportFactory(
            seriousness=seriousness, expectedness=expectedness, relatedness=relatedness
        )
    )

    assert report.sponsor_due_at == (sponsor and KNOWN + sponsor * DAY)
    assert report.authority_due_at == (authority and KNOWN + authority * DAY)
    assert report.due_at == report.sponsor_due_at
    assert report.is_serious is bool(seriousness)


def test_clock_is_the_same_in_every_time_zone_and_over_the_change_of_the_clocks() -> None:
    known = datetime(2026, 10, 24, 9, tzinfo=UTC)  # the day before summer time ends in Europe

    with timezone.override("Europe/Amsterdam"):
        report = read(SafetyReportFactory(aware_at=known, seriousness=["death"]))

    assert report.authority_due_at == known + 7 * DAY


def test_next_clock_is_of_whom_nobody_has_told_yet() -> None:
    report = read(SafetyReportFactory(dossier=dossier(), seriousness=["death"]))
    assert report.is_overdue(now=KNOWN + 2 * DAY)
    assert not report.is_overdue(now=KNOWN)

    told = take(TELL_SPONSOR, report, at=KNOWN)
    assert told.due_at == KNOWN + 7 * DAY
    told = take(TELL_AUTHORITY, report, at=KNOWN, authority="FDA")
    assert told.due_at is None
    assert not told.is_overdue(now=KNOWN + 99 * DAY)

    assert not SafetyReport.objects.waiting().exists()


# --- every status and every move ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {"tell-sponsor": set(), "tell-authority": set(), "close": {"sponsor", "authority"}}),
        (
            {"status": "reported", "sponsor_told_at": KNOWN},
            {"tell-authority": set(), "close": {"authority"}},
        ),
        (
            {"status": "reported", "authority_told_at": KNOWN, "authority": "FDA"},
            {"tell-sponsor": set(), "close": {"sponsor"}},
        ),
        (
            {
                "status": "reported",
                "sponsor_told_at": KNOWN,
                "authority_told_at": KNOWN,
                "authority": "FDA",
            },
            {"close": set()},
        ),
        ({"status": "closed", "outcome": "recovered"}, {}),
        (
            {"seriousness": []},
            {"tell-sponsor": set(), "tell-authority": set(), "close": set()},
        ),
    ],
    ids=["draft", "sponsor told", "authority told", "both told", "closed", "not serious"],
)
def test_what_is_listed_as_possible_is_what_succeeds(
    said: dict[str, Any], expected: dict[str, set[str]]
) -> None:
    made = dossier()
    for move in MOVES:
        report = read(SafetyReportFactory(dossier=made, **said))
        listed = {
            each.action.name: {lack.code.removesuffix("_not_told") for lack in each.missing}
            for each in moves.possible(report, MOVES)
        }
        assert listed == expected
        words = {"authority": "FDA"} if move is TELL_AUTHORITY else {}
        words |= {"outcome": "recovered"} if move is CLOSE else {}
        if listed.get(move.name) == set() or move.is_done(report):
            assert move.is_done(take(move, report, **words))
        else:
            with pytest.raises(Refused):
                take(move, report, **words)
            assert read(report).version == report.version


def test_telling_keeps_what_was_told_without_a_name_and_needs_no_consent() -> None:
    patient = PatientFactory(converted=True)
    made = EAPDossierFactory(patient=patient, hospital=HospitalFactory(country="NL"), number="D-17")
    patient.first_name, patient.date_of_birth = "Rosalinde", date(1980, 6, 16)
    patient.sex, patient.country = "female", "NL"
    patient.save()
    assert not patient.consents.exists()
    report = SafetyReportFactory(dossier=made, onset_on=date(2026, 6, 14))

    told = take(TELL_SPONSOR, report, at=KNOWN + timedelta(hours=3), reference="S-1")

    change = SafetyReportChange.objects.get()
    assert (told.status, told.sponsor_reference) == ("reported", "S-1")
    assert change.happened_at == told.sponsor_told_at == KNOWN + timedelta(hours=3)
    assert change.packet == {
        "report": str(report.pk),
        "goes_on_from": "",
        "subject": "D-17",
        "program": made.program.eap_number,
        "product": made.program.product.name,
        "age": 45,
        "sex": "female",
        "country": "NL",
        "event": report.description,
        "began_on": "2026-06-14",
        "known_since": "2026-06-15T09:00:00+00:00",
        "seriousness": ["hospitalisation"],
        "expectedness": "unknown",
        "relatedness": "unknown",
    }


def test_packet_of_somebody_of_whom_little_is_known() -> None:
    report = SafetyReportFactory(dossier=dossier())

    told = safety_reporting.packet(report)

    assert (told["age"], told["began_on"]) == (None, "")
    assert told["subject"] == str(report.dossier_id)


@pytest.mark.parametrize(
    ("role", "code"), [("navigator", "override_not_allowed"), ("team lead", "")]
)
def test_close_without_the_authority_is_for_a_team_lead_who_says_why(
    role: str, code: str, member: Callable[..., User]
) -> None:
    report = SafetyReportFactory(dossier=dossier(), status="reported", sponsor_told_at=KNOWN)
    said = {"outcome": "recovered", "override": "The sponsor assessed it as expected."}

    try:
        take(CLOSE, report, by=member(role), **said)
        answer = ""
    except Refused as refused:
        answer = refused.code

    assert answer == code
    rules = list(RuleOverride.objects.values_list("rule", flat=True))
    assert rules == ([] if code else ["authority_not_told"])


def test_close_without_the_sponsor_is_for_nobody(member: Callable[..., User]) -> None:
    with pytest.raises(Refused) as refused:
        take(
            CLOSE,
            SafetyReportFactory(dossier=dossier()),
            by=member("team lead"),
            outcome="recovered",
            override="Because.",
        )

    assert refused.value.code == "sponsor_not_told"


@pytest.mark.parametrize(
    ("move", "said", "field", "code"),
    [
        (TELL_SPONSOR, {"at": KNOWN - DAY}, "at", "backwards"),
        (TELL_SPONSOR, {"at": KNOWN + 36500 * DAY}, "at", "in_the_future"),
        (TELL_AUTHORITY, {"authority": " "}, "authority", "required"),
        (CLOSE, {"outcome": ""}, "outcome", "required"),
    ],
    ids=["before it was known", "to come", "which authority", "no outcome"],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    move: Any, said: dict[str, Any], field: str, code: str
) -> None:
    report = SafetyReportFactory(dossier=dossier(), seriousness=[])

    with pytest.raises(ValidationError) as refused:
        take(move, report, **said)

    assert refused.value.error_dict[field][0].code == code


# --- raising --------------------------------------------------------------------------------------


def event(made: Any, **fields: Any) -> SafetyReport:
    return SafetyReport(**{"dossier": made, "description": "A rash.", "aware_at": KNOWN, **fields})


@pytest.mark.parametrize(
    ("ending", "answer"),
    [
        ("", "kept"),
        ("closed", "kept"),
        ("deceased", "kept"),
        ("dossier_closed", "kept"),
        ("restricted", "restricted"),
    ],
)
def test_report_is_raised_after_the_end_as_well(ending: str, answer: str) -> None:
    try:
        safety_reporting.raise_report(event(dossier(ending)), by=UserFactory())
        found = SafetyReportChange.objects.get().action.replace("raise", "kept")
    except Refused as refused:
        found = refused.code

    assert found == answer


def test_what_is_learnt_later_has_a_clock_of_its_own() -> None:
    first = SafetyReportFactory(dossier=dossier())
    later = event(first.dossier, follows=first, aware_at=KNOWN + 3 * DAY, seriousness=["death"])

    safety_reporting.raise_report(later, by=UserFactory())

    assert read(later).authority_due_at == KNOWN + 10 * DAY
    assert read(first).authority_due_at == KNOWN + 15 * DAY


@pytest.mark.parametrize(
    ("aware_at", "code"),
    [(KNOWN - DAY, "backwards"), (KNOWN + 36500 * DAY, "in_the_future")],
)
def test_raise_at_a_moment_that_cannot_be_is_refused(aware_at: datetime, code: str) -> None:
    first = SafetyReportFactory(dossier=dossier())

    with pytest.raises(ValidationError) as refused:
        safety_reporting.raise_report(
            event(first.dossier, follows=first, aware_at=aware_at), by=UserFactory()
        )

    assert refused.value.error_dict["aware_at"][0].code == code


def test_report_goes_on_from_one_of_its_own_dossier() -> None:
    stranger = SafetyReportFactory()
    report = event(dossier(), follows=stranger)

    with pytest.raises(ValidationError, match="another dossier"):
        report.clean()
    with pytest.raises(IntegrityError, match="one_dossier"), transaction.atomic():
        SafetyReportFactory(follows=stranger)


def test_closed_report_is_not_rewritten() -> None:
    with pytest.raises(Refused) as refused:
        safety_reporting.refuse_closed(SafetyReportFactory(status="closed", outcome="recovered"))

    assert refused.value.code == "report_closed"
    safety_reporting.refuse_closed(SafetyReportFactory())


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"outcome": "Nonsense"}, "outcome_known"),
        ({"expectedness": "Nonsense"}, "expectedness_known"),
        ({"relatedness": "Nonsense"}, "relatedness_known"),
        ({"seriousness": ["Nonsense"]}, "seriousness_known"),
        ({"description": ""}, "described"),
        ({"onset_on": date(2026, 6, 17)}, "known_after_onset"),
        ({"sponsor_told_at": KNOWN - DAY, "status": "reported"}, "told_after_known"),
        ({"status": "reported"}, "reported_says_when"),
        ({"sponsor_told_at": KNOWN}, "reported_says_when"),
        ({"authority_told_at": KNOWN, "status": "reported"}, "names_authority"),
        ({"status": "closed"}, "closed_has_outcome"),
    ],
)
def test_database_refuses_a_report_that_cannot_be(fields: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"referrals_safetyreport_{constraint}"):
        SafetyReportFactory(**fields)


def test_name_of_a_long_report_is_cut() -> None:
    assert str(event(None, description="A rash.")) == "A rash."
    assert len(str(event(None, description="word " * 40))) == 60
