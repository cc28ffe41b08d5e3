"""Two records become one and two again; what belongs to this app. All tables: portal.tests."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, transaction

from patients import merging
from patients.choosing import CHOSEN, FOLLOWS, STAYS, Side
from patients.locking import survivor_of
from patients.merging import merge, plan
from patients.models import (
    Consent,
    ContactPoint,
    MergedPatient,
    Note,
    Patient,
    PatientMerge,
    PossibleDuplicate,
    Submission,
)
from patients.tests.factories import (
    ConsentFactory,
    ContactPointFactory,
    MedicalConditionFactory,
    NoteFactory,
    PatientFactory,
    PossibleDuplicateFactory,
    SpecialistFactory,
    SubmissionFactory,
)
from patients.unmerging import missing_to_undo, undo
from portal.core.errors import Refused, StaleVersion
from portal.core.history import unsealed
from portal.core.ids import uuid7
from portal.core.models import User
from portal.core.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

EARLY = datetime(2026, 1, 1, 9, tzinfo=UTC)
LATE = datetime(2026, 2, 1, 9, tzinfo=UTC)


def resolve(patient_id: UUID) -> UUID:
    """The id under which they are found today. Raises Patient.DoesNotExist."""
    return survivor_of(patient_id) or Patient.objects.get(pk=patient_id).pk


@pytest.fixture
def steward() -> User:
    return UserFactory()


def join(survivor: Patient, loser: Patient, **options: Any) -> PatientMerge:
    by = options.pop("by", None) or UserFactory()
    return merge(survivor_id=survivor.pk, loser_id=loser.pk, by=by, **options)


def pair(one: Patient, other: Patient, **fields: Any) -> PossibleDuplicate:
    first, second = sorted((one, other), key=lambda person: person.pk)
    return PossibleDuplicateFactory(first_patient=first, second_patient=second, **fields)


def test_every_column_of_a_patient_says_what_a_merge_does_with_it() -> None:
    covered = [*(name for names in CHOSEN.values() for name in names), *FOLLOWS, *STAYS]

    columns = [f.name for f in Patient._meta.concrete_fields if not f.generated]

    assert sorted(covered) == sorted(columns)


def test_merge_moves_what_was_said_and_the_old_id_answers(steward: User) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    note, consent = NoteFactory(patient=loser), ConsentFactory(patient=loser)
    submission = SubmissionFactory(patient=loser)

    join(survivor, loser, by=steward, reason="called: one person")

    assert Note.objects.get(pk=note.pk).patient == survivor
    assert Consent.objects.get(pk=consent.pk).patient == survivor
    assert Submission.objects.get(pk=submission.pk).patient == survivor
    assert not Patient.objects.filter(pk=loser.pk).exists()
    assert resolve(loser.pk) == survivor.pk
    context = note.events.order_by("-pgh_id")[0].pgh_context.metadata
    assert context["user"] == str(steward.pk)
    assert context["reason"] == "called: one person"


def test_resolve_knows_living_ids_follows_chains_and_says_none_for_nobody() -> None:
    first, second, third = PatientFactory(), PatientFactory(), PatientFactory()
    join(second, first)
    join(third, second)

    assert resolve(third.pk) == third.pk
    assert resolve(second.pk) == third.pk
    assert resolve(first.pk) == third.pk
    assert survivor_of(uuid7()) is None


def test_merge_fills_gaps_keeps_the_survivors_values_and_remembers_the_others() -> None:
    condition = MedicalConditionFactory()
    survivor = PatientFactory(first_name="Jon", sex="unknown", medical_condition=None)
    loser = PatientFactory(
        first_name="John", sex="male", medical_condition=condition, date_of_birth=date(1980, 5, 1)
    )

    join(survivor, loser)

    survivor.refresh_from_db()
    assert survivor.first_name == "Jon"
    assert (survivor.sex, survivor.medical_condition) == ("male", condition)
    assert survivor.date_of_birth == date(1980, 5, 1)
    losing = MergedPatient.objects.get().losing_values
    assert losing["first_name"] == "John"
    assert "date_of_birth" not in losing


def test_merge_with_choices_keeps_the_losers_values() -> None:
    survivor = PatientFactory(first_name="Jon", phone="+31612345678")
    loser = PatientFactory(first_name="John", phone="+31687654321")

    join(survivor, loser, choices={"first_name": Side.LOSER, "phone": Side.LOSER})

    survivor.refresh_from_db()
    assert (survivor.first_name, survivor.phone) == ("John", "+31687654321")
    assert MergedPatient.objects.get().losing_values["first_name"] == "Jon"


@pytest.mark.parametrize("side", list(Side))
def test_merge_keeps_the_addresses_that_give_way_as_contact_points(side: Side) -> None:
    survivor = PatientFactory(email="one@example.org", phone="+31612345678")
    loser = PatientFactory(email="two@example.org", phone="+31687654321")

    join(survivor, loser, choices={"email": side, "phone": side})

    survivor.refresh_from_db()
    points = set(survivor.contact_points.values_list("kind", "value", "origin"))
    theirs = {("email", "two@example.org", "merge"), ("phone", "+31687654321", "merge")}
    ours = {("email", "one@example.org", "merge"), ("phone", "+31612345678", "merge")}
    assert points == (theirs if side == Side.SURVIVOR else ours)
    assert survivor.email == ("one@example.org" if side == Side.SURVIVOR else "two@example.org")


def test_merge_of_a_contact_point_that_both_have_keeps_one_and_both_remarks() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    kept = ContactPointFactory(patient=survivor, value="Shared@example.org", remark="mother")
    ContactPointFactory(patient=loser, value="shared@example.org", remark="evenings")

    found = plan(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())
    join(survivor, loser)

    kept.refresh_from_db()
    assert kept.remark == "mother; evenings"
    assert [row.code for row in found.gave_way] == ["contact_point_twice"]
    assert survivor.contact_points.filter(value__iexact="shared@example.org").count() == 1


def test_merge_takes_the_more_careful_wishes() -> None:
    survivor = PatientFactory(voicemail="full", do_not_contact=False)
    loser = PatientFactory(voicemail="none", do_not_contact=True)

    join(survivor, loser)

    survivor.refresh_from_db()
    assert (survivor.voicemail, survivor.do_not_contact) == ("none", True)


@pytest.mark.parametrize(
    ("ours", "theirs", "stage", "reason"),
    [
        ({}, {}, "lead", ""),
        ({}, {"converted": True}, "patient", ""),
        ({"converted": True}, {}, "patient", ""),
        ({"stage": "closed", "closed_reason": "unreachable"}, {}, "lead", ""),
        (
            {"converted": True, "stage": "closed", "closed_reason": "completed"},
            {},
            "patient",
            "",
        ),
        (
            {"stage": "closed", "closed_reason": "unreachable"},
            {"stage": "closed", "closed_reason": "withdrawn"},
            "closed",
            "unreachable",
        ),
        (
            {"stage": "closed", "closed_reason": "unreachable"},
            {"stage": "closed", "closed_reason": "deceased"},
            "closed",
            "deceased",
        ),
    ],
    ids=[
        "two leads",
        "lead and patient",
        "patient and lead",
        "closed and lead",
        "completed patient and lead",
        "both closed",
        "closed and deceased",
    ],
)
def test_merge_gives_the_stage_that_follows_from_both(
    ours: dict[str, Any], theirs: dict[str, Any], stage: str, reason: str
) -> None:
    survivor, loser = PatientFactory(**ours), PatientFactory(**theirs)

    join(survivor, loser)

    survivor.refresh_from_db()
    assert (survivor.stage, survivor.closed_reason) == (stage, reason)


def test_merge_keeps_the_earliest_dates_and_the_first_conversion() -> None:
    first, second = UserFactory(), UserFactory()
    survivor = PatientFactory(
        stage="patient", converted_at=LATE, converted_by=second, first_contact_at=EARLY
    )
    loser = PatientFactory(
        stage="patient",
        converted_at=EARLY,
        converted_by=first,
        first_contact_at=LATE,
        initial_consult_at=LATE,
    )

    join(survivor, loser)

    survivor.refresh_from_db()
    assert (survivor.converted_at, survivor.converted_by) == (EARLY, first)
    assert survivor.first_contact_at == EARLY
    assert survivor.initial_consult_at == LATE


def test_plan_says_what_differs_and_moves_and_changes_nothing() -> None:
    survivor = PatientFactory(first_name="Jon", last_name="Smit", email="")
    loser = PatientFactory(
        first_name="John",
        last_name="Smit",
        medical_condition=survivor.medical_condition,
        do_not_contact=True,
    )
    NoteFactory.create_batch(2, patient=loser)
    ConsentFactory(patient=loser)

    found = plan(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())

    assert {moved.relation: moved.count for moved in found.moved} == {
        "patients.Note.patient": 2,
        "patients.Consent.patient": 1,
    }
    differing = {one.name: (one.survivor, one.loser, one.kept) for one in found.differences}
    assert differing == {
        "first_name": ("Jon", "John", "survivor"),
        "email": ("", loser.email, "loser"),
        "do_not_contact": ("no", "yes", "loser"),
    }
    assert (found.versions, found.missing) == ((1, 1), ())
    assert Patient.objects.count() == 2
    assert loser.notes.count() == 2
    assert not PatientMerge.objects.exists()


def test_merge_after_somebody_changed_what_was_planned_is_refused() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    found = plan(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())
    Patient.objects.filter(pk=loser.pk).update(last_name="Changed")

    with pytest.raises(StaleVersion):
        join(survivor, loser, versions=found.versions)

    assert Patient.objects.count() == 2


def test_merge_repeated_returns_the_first_one() -> None:
    survivor, loser = PatientFactory(), PatientFactory()

    first = join(survivor, loser)

    assert join(survivor, loser) == first
    assert PatientMerge.objects.count() == 1


def test_merge_with_itself_somebody_unknown_or_a_specialist_is_refused() -> None:
    patient, specialist, by = PatientFactory(), SpecialistFactory(), UserFactory()

    codes = []
    for other in (patient.pk, uuid7(), specialist.pk):
        with pytest.raises(Refused) as refused:
            merge(survivor_id=patient.pk, loser_id=other, by=by)
        codes.append(refused.value.code)

    assert codes == ["same_record", "not_found", "not_a_patient"]


@pytest.mark.parametrize("restricted", ["survivor", "loser"])
def test_merge_of_a_restricted_person_is_refused(restricted: str) -> None:
    people = {who: PatientFactory(processing_restricted=who == restricted) for who in Side}

    with pytest.raises(Refused) as refused:
        join(people[Side.SURVIVOR], people[Side.LOSER])

    assert refused.value.code == "restricted"
    assert Patient.objects.count() == 2


def test_merge_of_two_who_were_said_to_be_different_is_refused() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    pair(survivor, loser, state="different", decided_at=EARLY)

    with pytest.raises(Refused) as refused:
        join(survivor, loser)

    assert refused.value.code == "decided_different"


def test_merge_of_an_open_and_a_deceased_record_is_refused() -> None:
    survivor = PatientFactory()
    loser = PatientFactory(stage="closed", closed_reason="deceased")

    with pytest.raises(Refused) as refused:
        join(survivor, loser)

    assert refused.value.code == "deceased_differs"
    assert plan(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory()).missing


def test_merge_with_an_unknown_choice_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        join(PatientFactory(), PatientFactory(), choices={"stage": Side.LOSER})

    assert refused.value.code == "unknown_choice"


def test_merge_whose_choices_do_not_fit_says_why() -> None:
    survivor = PatientFactory(
        stage="closed",
        closed_reason="deceased",
        deceased_on=date(2020, 1, 1),
        date_of_birth=date(1950, 1, 1),
    )
    loser = PatientFactory(
        stage="closed", closed_reason="unreachable", date_of_birth=date(2021, 1, 1)
    )

    with pytest.raises(Refused, match="before the date of birth") as refused:
        join(survivor, loser, choices={"date_of_birth": Side.LOSER})

    assert refused.value.code == "values_do_not_fit"
    assert Patient.objects.count() == 2


@pytest.mark.parametrize(
    ("ours", "theirs", "state"),
    [
        ("open", "different", "different"),
        ("different", "open", "different"),
        ("later", "same", "same"),
        ("same", "different", "open"),
        ("open", "later", "open"),
    ],
)
def test_merge_of_people_who_are_both_paired_with_a_third_keeps_one_pair(
    ours: str, theirs: str, state: str
) -> None:
    survivor, loser, third = PatientFactory(), PatientFactory(), PatientFactory()
    decided = {state: EARLY if state in ("same", "different") else None for state in (ours, theirs)}
    kept = pair(survivor, third, state=ours, decided_at=decided[ours])
    pair(loser, third, state=theirs, decided_at=decided[theirs])
    pair(survivor, loser, state="same", decided_at=EARLY)

    join(survivor, loser)

    assert PossibleDuplicate.objects.get() == kept
    kept.refresh_from_db()
    assert kept.state == state
    assert bool(kept.decided_at) is (state in ("same", "different"))


def test_merge_renames_pairs_with_the_lower_id_first_and_pairs_with_specialists() -> None:
    loser, third, survivor = PatientFactory(), PatientFactory(), PatientFactory()
    with_third = pair(loser, third)
    with_specialist = PossibleDuplicateFactory(
        first_patient=loser, second_patient=None, first_specialist=SpecialistFactory(), tier="R5"
    )

    join(survivor, loser)

    with_third.refresh_from_db()
    with_specialist.refresh_from_db()
    assert (with_third.first_patient, with_third.second_patient) == (third, survivor)
    assert with_specialist.first_patient == survivor


def test_database_refuses_to_bring_a_merged_away_row_back_by_another_way() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    join(survivor, loser)

    with pytest.raises(IntegrityError, match="merged into another"), transaction.atomic():
        Patient.objects.bulk_create([Patient(pk=loser.pk, first_name="Back")])

    with pytest.raises(Patient.DoesNotExist):
        loser.refresh_from_db()


def test_undo_brings_the_row_its_children_and_the_survivors_values_back(steward: User) -> None:
    survivor = PatientFactory(first_name="Jon", email="one@example.org")
    loser = PatientFactory(first_name="John", email="two@example.org")
    note, kept = NoteFactory(patient=loser), NoteFactory(patient=survivor)
    done = join(survivor, loser, choices={"first_name": Side.LOSER, "email": Side.LOSER})

    back = undo(merge_id=done.pk, by=steward)

    assert back == loser
    assert (back.first_name, back.email) == ("John", "two@example.org")
    assert back.created_at == loser.created_at
    assert back.version > loser.version
    survivor.refresh_from_db()
    assert (survivor.first_name, survivor.email) == ("Jon", "one@example.org")
    assert Note.objects.get(pk=note.pk).patient == loser
    assert Note.objects.get(pk=kept.pk).patient == survivor
    assert not ContactPoint.objects.exists()
    assert not MergedPatient.objects.exists()
    assert resolve(loser.pk) == loser.pk
    done.refresh_from_db()
    assert done.undone_by == steward


def test_undo_repeated_changes_nothing_and_merging_again_is_a_new_merge() -> None:
    survivor, loser, by = PatientFactory(), PatientFactory(), UserFactory()
    done = join(survivor, loser)
    undo(merge_id=done.pk, by=by)

    assert undo(merge_id=done.pk, by=by) == loser
    again = join(survivor, loser)

    assert again != done
    assert undo(merge_id=done.pk, by=by) == survivor
    assert resolve(loser.pk) == survivor.pk


def test_undo_of_an_earlier_merge_waits_for_the_later_one() -> None:
    first, second, third = PatientFactory(), PatientFactory(), PatientFactory()
    by = UserFactory()
    earlier = join(second, first)
    later = join(third, second)
    earlier.refresh_from_db()

    with pytest.raises(Refused) as refused:
        undo(merge_id=earlier.pk, by=by, keep_later=True)
    undo(merge_id=later.pk, by=by)
    undo(merge_id=earlier.pk, by=by)

    assert refused.value.code == "later_merge"
    assert [resolve(person.pk) for person in (first, second, third)] == [
        first.pk,
        second.pk,
        third.pk,
    ]


def test_undo_after_later_changes_is_refused_with_each_of_them() -> None:
    survivor = PatientFactory(first_name="", last_name="Smit")
    loser = PatientFactory(first_name="John")
    done = join(survivor, loser)
    Patient.objects.filter(pk=survivor.pk).update(first_name="Johan")
    NoteFactory(patient=survivor)

    with pytest.raises(Refused) as refused:
        undo(merge_id=done.pk, by=UserFactory())

    assert [one.code for one in refused.value.missing] == ["changed_later", "added_later"]
    assert [one.code for one in missing_to_undo(done)] == ["changed_later", "added_later"]
    assert resolve(loser.pk) == survivor.pk


def test_undo_that_keeps_what_came_later_leaves_it_with_the_survivor() -> None:
    survivor = PatientFactory(first_name="", last_name="Smit")
    loser = PatientFactory(first_name="John", email="two@example.org")
    point = ContactPointFactory(patient=loser)
    done = join(survivor, loser)
    Patient.objects.filter(pk=survivor.pk).update(first_name="Johan")
    made = ContactPoint.objects.get(value="two@example.org")
    made.remark = "work"
    made.save()
    note = NoteFactory(patient=survivor)

    back = undo(merge_id=done.pk, by=UserFactory(), keep_later=True)

    survivor.refresh_from_db()
    assert (survivor.first_name, back.first_name) == ("Johan", "John")
    assert Note.objects.get(pk=note.pk).patient == survivor
    assert set(survivor.contact_points.values_list("value", "remark")) == {
        ("two@example.org", "work")
    }
    point.refresh_from_db()
    assert point.patient == loser


def test_undo_leaves_what_was_deleted_since_deleted() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    point = ContactPointFactory(patient=loser)
    done = join(survivor, loser)
    point.delete()

    back = undo(merge_id=done.pk, by=UserFactory())

    assert not back.contact_points.exists()


def test_undo_when_somebody_else_took_the_address_is_refused() -> None:
    survivor, loser = PatientFactory(), PatientFactory(email="two@example.org")
    done = join(survivor, loser)
    PatientFactory(email="Two@example.org")

    with pytest.raises(Refused) as refused:
        undo(merge_id=done.pk, by=UserFactory(), keep_later=True)

    assert refused.value.code == "email_taken"


def test_undo_for_a_restricted_survivor_is_refused() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    done = join(survivor, loser)
    Patient.objects.filter(pk=survivor.pk).update(processing_restricted=True)

    with pytest.raises(Refused) as refused:
        undo(merge_id=done.pk, by=UserFactory())

    assert refused.value.code == "restricted"


def test_undo_that_the_database_refuses_changes_nothing() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    done = join(survivor, loser)
    with unsealed("test"):
        MergedPatient.objects.all().delete()
    PatientFactory(pk=loser.pk)

    with pytest.raises(Refused) as refused:
        undo(merge_id=done.pk, by=UserFactory())

    assert refused.value.code == "collides"
    done.refresh_from_db()
    assert done.undone_at is None


def test_other_database_errors_are_not_taken_for_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any) -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(merging, "_lock", gone)

    with pytest.raises(OperationalError):
        join(PatientFactory(), PatientFactory())
