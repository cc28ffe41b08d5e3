"""A lead becomes a patient: what it needs, what it writes, and the way back."""

from datetime import UTC, datetime

import pytest

from patients import conversion
from patients.conversion import Dependent, convert, missing, missing_to_undo, undo
from patients.merging import merge
from patients.models import Patient, RuleOverride, StageChange
from patients.tests.factories import PatientFactory
from portal.core.errors import Missing, Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

SPOKEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_convert_lead_who_was_reached_makes_a_patient(navigator: User) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)

    patient = convert(patient_id=lead.pk, by=navigator)

    assert (patient.pk, patient.stage, patient.is_lead) == (lead.pk, "patient", False)
    assert patient.converted_by == navigator
    assert patient.version == 2
    change = StageChange.objects.get()
    assert (change.from_stage, change.to_stage, change.changed_by) == ("lead", "patient", navigator)
    assert str(change) == "Lead → Patient"
    assert not RuleOverride.objects.exists()


def test_convert_repeated_changes_nothing(navigator: User) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)
    first = convert(patient_id=lead.pk, by=navigator)

    again = convert(patient_id=lead.pk, by=UserFactory())

    assert (again.converted_at, again.converted_by) == (first.converted_at, navigator)
    assert again.version == first.version
    assert StageChange.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({}, ["not_reached"]),
        (
            {"stage": "closed", "closed_reason": "unreachable", "initial_consult_at": SPOKEN},
            ["closed"],
        ),
        (
            {"stage": "closed", "closed_reason": "deceased"},
            ["closed", "deceased", "not_reached"],
        ),
    ],
    ids=["not reached", "closed", "deceased"],
)
def test_convert_lead_who_lacks_something_is_refused_with_all_of_it(
    fields: dict[str, object], codes: list[str], navigator: User
) -> None:
    lead = PatientFactory(**fields)

    with pytest.raises(Refused) as refused:
        convert(patient_id=lead.pk, by=navigator)

    assert [one.code for one in missing(lead)] == codes
    assert sorted(one.code for one in refused.value.missing) == sorted(codes)
    lead.refresh_from_db()
    assert lead.version == 1


def test_convert_lead_who_was_not_reached_with_a_reason_by_who_may() -> None:
    lead, by = PatientFactory(), UserFactory(may=["patients.add_ruleoverride"])

    patient = convert(patient_id=lead.pk, by=by, override="The physician called for them.")

    assert patient.stage == "patient"
    override = RuleOverride.objects.get()
    assert (override.rule, override.overridden_by) == ("not_reached", by)
    assert str(override) == "not_reached"
    assert override.reason == "The physician called for them."


def test_convert_with_a_reason_by_a_navigator_is_refused(navigator: User) -> None:
    with pytest.raises(Refused) as refused:
        convert(patient_id=PatientFactory().pk, by=navigator, override="I know them.")

    assert refused.value.code == "override_not_allowed"
    assert not RuleOverride.objects.exists()


def test_convert_closed_lead_cannot_be_overridden() -> None:
    lead = PatientFactory(stage="closed", closed_reason="withdrawn")
    by = UserFactory(may=["patients.add_ruleoverride"])

    with pytest.raises(Refused) as refused:
        convert(patient_id=lead.pk, by=by, override="Please.")

    assert refused.value.code == "closed"


def test_convert_restricted_person_is_refused(navigator: User) -> None:
    lead = PatientFactory(processing_restricted=True, initial_consult_at=SPOKEN)

    with pytest.raises(Refused) as refused:
        convert(patient_id=lead.pk, by=navigator)

    assert refused.value.code == "restricted"
    assert [one.code for one in missing(lead)] == ["restricted"]
    assert [one.code for one in missing_to_undo(lead)] == ["restricted"]


def test_convert_merged_away_id_is_refused_and_nobody_is_not_found(navigator: User) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    merge(survivor_id=survivor.pk, loser_id=loser.pk, by=navigator)

    with pytest.raises(Refused) as refused:
        convert(patient_id=loser.pk, by=navigator)
    with pytest.raises(Patient.DoesNotExist):
        convert(patient_id=navigator.pk, by=navigator)

    assert refused.value.code == "merged"


def test_undo_makes_the_patient_a_lead_again_and_says_so(navigator: User) -> None:
    lead = PatientFactory(initial_consult_at=SPOKEN)
    convert(patient_id=lead.pk, by=navigator)

    back = undo(patient_id=lead.pk, by=navigator, remark="Wrong row.")

    assert (back.stage, back.converted_at, back.converted_by) == ("lead", None, None)
    assert back.initial_consult_at == SPOKEN
    change = StageChange.objects.first()
    assert change is not None
    assert (change.to_stage, change.reason, change.remark) == ("lead", "mistake", "Wrong row.")


def test_undo_of_a_lead_changes_nothing(navigator: User) -> None:
    lead = PatientFactory()

    assert undo(patient_id=lead.pk, by=navigator).version == 1
    assert not StageChange.objects.exists()


def test_undo_of_a_closed_patient_is_refused(navigator: User) -> None:
    patient = PatientFactory(converted=True, stage="closed", closed_reason="completed")

    with pytest.raises(Refused) as refused:
        undo(patient_id=patient.pk, by=navigator)

    assert refused.value.code == "closed"


def test_undo_while_something_depends_on_it_is_refused_with_what_does(
    navigator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = PatientFactory(converted=True)
    blocking = Dependent("test", lambda _patient: Missing("in_use", "It is used."))
    monkeypatch.setattr(conversion, "_dependents", [blocking])

    with pytest.raises(Refused) as refused:
        undo(patient_id=patient.pk, by=navigator)

    assert refused.value.missing == (Missing("in_use", "It is used."),)
    assert missing_to_undo(patient) == refused.value.missing
