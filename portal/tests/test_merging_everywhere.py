"""Merging with the tables of every app: nothing is lost, and it can be taken back whole."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pghistory.models
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bookings.models import Booking
from bookings.tests.factories import MONDAY_NINE, BookingFactory, CallFactory
from bookings.tests.test_scheduling import race
from crm_import.tests.factories import FieldConflictFactory
from patients import merging, relations, reviewing
from patients.choosing import CHOSEN, Side
from patients.journal import ids_in
from patients.locking import survivor_of
from patients.merging import merge, plan
from patients.models import MergedPatient, Patient, PatientMerge
from patients.tests.factories import (
    ConsentFactory,
    ContactPointFactory,
    DocumentFactory,
    MergedPatientFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PossibleDuplicateFactory,
    RuleOverrideFactory,
    SpecialistFactory,
    StageChangeFactory,
    SubmissionFactory,
)
from patients.unmerging import undo
from portal.core.errors import Refused
from portal.core.tests.factories import UserFactory
from referrals import dossier_closing
from referrals.models import CTReferral, EAPDossier
from referrals.tests.factories import (
    ClinicalTrialFactory,
    CTReferralFactory,
    DossierStepFactory,
    EAPDossierFactory,
    ExpandedAccessProgramFactory,
)

HOUR = timedelta(hours=1)


def resolve(patient_id: UUID) -> UUID:
    """The id under which they are found today. Raises Patient.DoesNotExist."""
    return survivor_of(patient_id) or Patient.objects.get(pk=patient_id).pk


def test_policies_are_applied_in_this_order() -> None:
    assert [relation for policy in relations.policies() for relation in policy.relations] == [
        "patients.ContactPoint.patient",
        "patients.Submission.patient",
        "patients.Consent.patient",
        "patients.Note.patient",
        "patients.Document.patient",
        "patients.Observation.patient",
        "patients.Message.patient",
        "patients.FieldProposal.patient",
        "patients.StageChange.patient",
        "patients.RuleOverride.patient",
        "patients.PossibleDuplicate.first_patient",
        "patients.PossibleDuplicate.second_patient",
        "patients.MergedPatient.survivor",
        "patients.PatientMerge.survivor",
        "bookings.Booking.patient",
        "bookings.Call.patient",
        "referrals.CTReferral.patient",
        "referrals.EAPDossier.patient",
        "referrals.CriterionAnswer.patient",
        "referrals.Assessed.patient",
        "referrals.OptionsReport.patient",
        "crm_import.FieldConflict.patient",
    ]


def test_what_follows_a_merge_for_the_survivor() -> None:
    assert [step.name for step in relations.steps()] == ["eligibility"]


def test_what_follows_a_decision_about_a_pair() -> None:
    assert [step.name for step in reviewing.steps()] == ["remember for the next import"]


def join(survivor: Patient, loser: Patient, **options: Any) -> PatientMerge:
    return merge(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory(), **options)


# --- collisions


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("booked", "booked", ("booked", "cancelled")),
        ("held", "booked", ("cancelled", "booked")),
        ("booked", "held", ("booked", "cancelled")),
        ("held", "held", ("held", "cancelled")),
        ("cancelled", "booked", ("cancelled", "booked")),
        ("booked", "completed", ("booked", "completed")),
    ],
)
def test_merge_of_people_with_calls_at_one_time_keeps_one_of_them(
    ours: str, theirs: str, expected: tuple[str, str]
) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    own = booking(survivor, MONDAY_NINE, ours)
    other = booking(loser, MONDAY_NINE + timedelta(minutes=15), theirs)
    apart = booking(loser, MONDAY_NINE + HOUR, "booked")

    join(survivor, loser)

    for row in (own, other, apart):
        row.refresh_from_db()
        assert row.patient == survivor
    assert (own.status, other.status) == expected
    assert apart.status == "booked"


def booking(patient: Patient, starts_at: datetime, status: str) -> Booking:
    fields: dict[str, Any] = {"status": status}
    if status == "held":
        fields["held_until"] = starts_at
    if status == "cancelled":
        fields["cancelled_by"] = "patient"
    made: Booking = BookingFactory(
        patient=patient, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), **fields
    )
    return made


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("draft", "draft", ("draft", "withdrawn")),
        ("draft", "screening", ("withdrawn", "screening")),
        ("enrolled", "referred", ("enrolled", "withdrawn")),
        ("screen_failed", "draft", ("screen_failed", "draft")),
    ],
)
def test_merge_of_people_referred_to_one_trial_keeps_the_further_one_active(
    ours: str, theirs: str, expected: tuple[str, str]
) -> None:
    survivor, loser, trial = PatientFactory(), PatientFactory(), ClinicalTrialFactory()
    own = CTReferralFactory(patient=survivor, trial=trial, status=ours)
    other = CTReferralFactory(patient=loser, trial=trial, status=theirs)
    found = plan(survivor_id=survivor.pk, loser_id=loser.pk, by=UserFactory())

    join(survivor, loser)

    statuses = CTReferral.objects.in_bulk([own.pk, other.pk])
    assert (statuses[own.pk].status, statuses[other.pk].status) == expected
    assert {row.patient_id for row in statuses.values()} == {survivor.pk}
    assert bool(found.gave_way) is ("withdrawn" in expected)


@pytest.mark.django_db
@pytest.mark.parametrize("further", ["survivor", "loser"])
def test_merge_of_people_in_one_program_keeps_the_further_dossier_open(further: str) -> None:
    people = {"survivor": PatientFactory(), "loser": PatientFactory()}
    program = ExpandedAccessProgramFactory()
    both = {
        who: EAPDossierFactory(patient=person, program=program) for who, person in people.items()
    }
    for who, dossier in both.items():
        DossierStepFactory(dossier=dossier, status="submitted" if who == further else "not_started")

    join(people["survivor"], people["loser"])

    for who, dossier in both.items():
        dossier.refresh_from_db()
        assert dossier.patient == people["survivor"]
        assert dossier.state == ("open" if who == further else "closed")
        assert dossier.closed_reason == ("" if who == further else "duplicate")
        step = dossier.steps.get()
        assert step.status == ("submitted" if who == further else "cancelled")
        ways = [] if who == further else ["close", "close"]
        assert [change.action for change in dossier.changes.all()] == ways


@pytest.mark.django_db
def test_dossier_that_gave_way_is_opened_again_with_its_steps_and_undoing_leaves_no_trace() -> None:
    people = [PatientFactory(converted=True) for _each in range(2)]
    program, by = ExpandedAccessProgramFactory(), UserFactory()
    further, behind = (EAPDossierFactory(patient=each, program=program) for each in people)
    DossierStepFactory(dossier=further, status="submitted")
    step = DossierStepFactory(dossier=behind)

    done = join(*people)
    undo(merge_id=done.pk, by=by)
    assert not behind.changes.exists()
    join(*people)
    dossier_closing.close(dossier_id=further.pk, reason="treated", by=by)
    dossier_closing.reopen(dossier_id=behind.pk, by=by, remark="It goes on")

    step.refresh_from_db()
    assert step.status == "not_started"


@pytest.mark.django_db
def test_undo_sends_a_later_call_back_with_the_booking_it_belongs_to() -> None:
    survivor, loser, navigator = PatientFactory(), PatientFactory(), UserFactory()
    moved = booking(loser, MONDAY_NINE, "booked")
    done = join(survivor, loser)
    onward = booking(survivor, MONDAY_NINE + HOUR, "booked")
    Booking.objects.filter(pk=moved.pk).update(status="rescheduled", rescheduled_to=onward)
    of_booking = CallFactory(patient=survivor, booking=onward, navigator=navigator)
    unplanned = CallFactory(patient=survivor, navigator=navigator)

    with pytest.raises(Refused) as refused:
        undo(merge_id=done.pk, by=navigator)
    undo(merge_id=done.pk, by=navigator, keep_later=True)

    assert {one.code for one in refused.value.missing} == {"added_later"}
    for row in (moved, onward, of_booking):
        row.refresh_from_db()
        assert row.patient == loser
    unplanned.refresh_from_db()
    assert unplanned.patient == survivor


# --- random people

# Kept by a trigger: a row that went and came back is two versions on, because whoever holds an
# old version or follows changes must see both. So it is with the sequence that calendars follow.
# Everything else has to be equal.
MOVES_ON = "{version,updated_at,ics_sequence}"


def dump() -> dict[str, list[str]]:
    """Every row of every table, as PostgreSQL writes it.

    Without history and the list of merges, which say what was done and undone, so only grow; and
    without the queue of the worker, where a job for a message that is gone does nothing.
    """
    growing = {
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, pghistory.models.Event | pghistory.models.Context | PatientMerge)
    }
    tables = sorted(
        table
        for table in set(connection.introspection.table_names()) - growing
        if not table.startswith("procrastinate_")
    )
    query = " UNION ALL ".join(
        f"SELECT '{table}', (to_jsonb(t) - '{MOVES_ON}'::text[])::text FROM {table} t"
        for table in tables
    )
    found: dict[str, list[str]] = {table: [] for table in tables}
    with connection.cursor() as cursor:
        cursor.execute(query)
        for table, row in cursor.fetchall():
            found[table].append(row)
    return {table: sorted(rows) for table, rows in found.items()}


PEOPLE = 3

# What just goes along: who has it, and its kind.
plain = st.sets(st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from("abcdefghino")), max_size=8)
# What can be in the way: who has it, its kind, and which of a few slots, so that they collide.
children = st.lists(
    st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from("jklm"), st.integers(0, 5)),
    min_size=4,
    max_size=16,
)
person = st.fixed_dictionaries(
    {
        "first_name": st.sampled_from(["", "Jon", "John", "Žofie d’Été"]),
        "phone": st.sampled_from(["", "+31612345678", "+31687654321"]),
        "mailbox": st.booleans(),
        "sex": st.sampled_from(["unknown", "female", "male"]),
        "voicemail": st.sampled_from(["full", "no_name", "none"]),
        "do_not_contact": st.booleans(),
        "on_behalf_of_relation": st.sampled_from(["", "parent"]),
        "life": st.sampled_from(["lead", "patient", "closed", "completed"]),
        "microsecond": st.integers(0, 999_999),
    }
)
pairs = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.integers(0, PEOPLE),
        st.sampled_from(["open", "later", "same", "different"]),
    ),
    max_size=4,
)
choices = st.dictionaries(st.sampled_from(sorted(CHOSEN)), st.sampled_from(list(Side)))
# Two merges one after the other, each of a living pair.
orders = st.sampled_from(
    [((0, 1),), ((1, 0),), ((0, 1), (0, 2)), ((0, 1), (2, 0)), ((1, 0), (2, 1)), ((2, 1), (0, 2))]
)


@contextmanager
def thrown_away() -> Iterator[None]:
    """A world of its own for each example."""
    try:
        with transaction.atomic():
            yield
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    # Shrinking what went wrong would take minutes; the example is small as it is.
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    people=st.lists(person, min_size=PEOPLE, max_size=PEOPLE),
    plain=plain,
    children=children,
    pairs=pairs,
    order=orders,
    choices=choices,
)
def test_merging_and_undoing_random_people_leaves_everything_byte_for_byte(
    people: list[dict[str, Any]],
    plain: set[tuple[int, str]],
    children: list[tuple[int, str, int]],
    pairs: list[tuple[int, int, str]],
    order: tuple[tuple[int, int], ...],
    choices: dict[str, Side],
) -> None:
    with thrown_away():
        world = World(people)
        world.populate([*[(who, kind, 0) for who, kind in sorted(plain)], *children], pairs)
        dumps, held, done = [dump()], everything(), []

        for survivor, loser in order:
            ids = {"survivor_id": world.people[survivor].pk, "loser_id": world.people[loser].pk}
            found = plan(**ids, by=world.by, choices=choices)
            assert dump() == dumps[-1]
            done.append(merge(**ids, by=world.by, choices=choices, versions=found.versions))
            dumps.append(dump())

        gone = world.check_merged(done, order)
        assert held - everything() == gone
        for one in reversed(done):
            dumps.pop()
            undo(merge_id=one.pk, by=world.by)
            assert dump() == dumps[-1]
        assert [resolve(p.pk) for p in world.people] == [p.pk for p in world.people]
        assert everything() == held


def everything() -> set[tuple[str, str]]:
    """(model, id) of every row that hangs on a patient."""
    found = set()
    for relation in relations.declared() - {"patients.PatientMerge.survivor"}:
        model, _column = relations.resolved(relation)
        keys = model._base_manager.values_list("pk", flat=True)
        found |= {(model._meta.label, str(pk)) for pk in keys}
    # The aliases of these merges are the only rows that a merge adds and undoing removes.
    return {row for row in found if row[0] != MergedPatient._meta.label}


class World:
    """Three people who may all be one, and whatever hangs on them."""

    def __init__(self, people: list[dict[str, Any]]) -> None:
        self.by = UserFactory()
        self.specialist = SpecialistFactory()
        self.trials = ClinicalTrialFactory.create_batch(2)
        self.programs = ExpandedAccessProgramFactory.create_batch(2)
        self.stranger = PatientFactory()
        self.people = [self._person(number, dict(about)) for number, about in enumerate(people)]

    def _person(self, number: int, about: dict[str, Any]) -> Patient:
        life, moment = about.pop("life"), datetime(2026, 1, 1 + number, 9, tzinfo=UTC)
        moment = moment.replace(microsecond=about.pop("microsecond"))
        about["email"] = f"Person{number}@example.org" if about.pop("mailbox") else ""
        about["last_name"] = f"Smit{number}"
        if about["on_behalf_of_relation"]:
            about["on_behalf_of_name"] = "A parent"
        if life in ("closed", "completed"):
            reason = "completed" if life == "completed" else "unreachable"
            about |= {"stage": "closed", "closed_reason": reason}
        if life in ("patient", "completed"):
            about |= {"converted_at": moment, "converted_by": self.by, "physician": self.specialist}
        if life == "patient":
            about["stage"] = "patient"
        made: Patient = PatientFactory(first_contact_at=moment, created_at=moment, **about)
        return made

    def populate(
        self, children: list[tuple[int, str, int]], pairs: list[tuple[int, int, str]]
    ) -> None:
        """Make what may be there; what the constraints refuse for one person is left out."""
        makers: dict[str, Callable[[Patient, int], Any]] = {
            "a": lambda p, n: NoteFactory(patient=p, author=self.by, text=f"Note {n}"),
            "b": lambda p, n: SubmissionFactory(patient=p, payload={"n": n, "deep": [None, 1.5]}),
            "c": lambda p, n: ConsentFactory(patient=p, scope=str(n)),
            "d": lambda p, _n: DocumentFactory(patient=p, uploaded_by=self.by),
            "n": lambda p, _n: ObservationFactory(patient=p, recorded_by=self.by),
            "o": lambda p, _n: FieldConflictFactory(patient=p),
            "j": self._contact_point,
            "k": self._booking,
            "e": lambda p, _n: CallFactory(patient=p, navigator=self.by),
            "l": self._referral,
            "m": self._dossier,
            "f": lambda p, _n: StageChangeFactory(patient=p, changed_by=self.by),
            "g": lambda p, _n: RuleOverrideFactory(patient=p, overridden_by=self.by),
            "h": lambda p, _n: MergedPatientFactory(survivor=p, losing_values={"sex": "male"}),
            "i": self._with_specialist,
        }
        for who, kind, slot in children:
            attempted(lambda who=who, kind=kind, slot=slot: makers[kind](self.people[who], slot))
        for one, other, state in pairs:
            attempted(lambda one=one, other=other, state=state: self._pair(one, other, state))

    def _contact_point(self, patient: Patient, slot: int) -> Any:
        value = ["one@example.net", "One@example.net", "two@example.net"][slot % 3]
        return ContactPointFactory(patient=patient, value=value, remark=["", "x", "y"][slot // 2])

    def _booking(self, patient: Patient, slot: int) -> Any:
        starts_at = MONDAY_NINE + timedelta(minutes=20 * (slot % 3))
        navigator = UserFactory()
        statuses = ["booked", "held", "booked", "held", "cancelled", "completed"]
        made = booking(patient, starts_at, statuses[slot])
        Booking.objects.filter(pk=made.pk).update(navigator=navigator)
        if slot % 2:
            CallFactory(patient=patient, booking=made, navigator=navigator)

    def _referral(self, patient: Patient, slot: int) -> Any:
        status = ["draft", "screening", "enrolled", "screen_failed", "eligible", "withdrawn"][slot]
        return CTReferralFactory(patient=patient, trial=self.trials[slot % 2], status=status)

    def _dossier(self, patient: Patient, slot: int) -> Any:
        closed = {"state": "closed", "closed_reason": "rejected"} if slot == 0 else {}
        made = EAPDossierFactory(patient=patient, program=self.programs[slot % 2], **closed)
        for status in ["not_started", "submitted", "approved"][: slot // 2 + 1]:
            DossierStepFactory(dossier=made, status=status)

    def _with_specialist(self, patient: Patient, slot: int) -> Any:
        return PossibleDuplicateFactory(
            first_patient=patient,
            second_patient=None,
            first_specialist=self.specialist,
            tier="R5",
            evidence={"score": slot / 7},
        )

    def _pair(self, one: int, other: int, state: str) -> None:
        """Any decision about a stranger; between these three nobody said "different"."""
        between = other < PEOPLE
        two = {self.people[one], self.people[other] if between else self.stranger}
        if len(two) == 1:
            return
        first, second = sorted(two, key=lambda person: person.pk)
        state = "later" if between and state == "different" else state
        decided = MONDAY_NINE if state in ("same", "different") else None
        PossibleDuplicateFactory(
            first_patient=first, second_patient=second, state=state, decided_at=decided
        )

    def check_merged(
        self, done: list[PatientMerge], order: tuple[tuple[int, int], ...]
    ) -> set[tuple[str, str]]:
        """Every old id answers with somebody living; returns the rows that gave way."""
        last = self.people[order[-1][0]].pk
        joined = {number for two in order for number in two}
        assert {resolve(self.people[number].pk) for number in joined} == {last}
        assert Patient.objects.filter(pk__in=[self.people[n].pk for n in joined]).count() == 1
        gone: set[tuple[str, str]] = set()
        for one in done:
            removed = ids_in(one.journal, "remove")
            gone |= {(label, pk) for label, pks in removed.items() for pk in pks}
        may_give_way = {"patients.Patient", "patients.ContactPoint", "patients.PossibleDuplicate"}
        assert {label for label, _pk in gone} <= may_give_way
        return {row for row in gone if row[0] != "patients.Patient"}


def attempted(make: Callable[[], Any]) -> None:
    """Make something, unless a constraint of one person's rows forbids it."""
    try:
        with transaction.atomic():
            make()
    except IntegrityError:
        pass


# --- at the same time


def merges(pairs: list[tuple[UUID, UUID]]) -> list[Any]:
    """What threads get who merge these (survivor, loser) at the same moment."""
    by = UserFactory()
    return race(
        len(pairs),
        lambda number: merge(survivor_id=pairs[number][0], loser_id=pairs[number][1], by=by),
    )


@pytest.mark.django_db(transaction=True)
def test_same_merge_by_many_at_once_is_done_once_and_all_get_it() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    NoteFactory.create_batch(3, patient=loser)

    results = merges([(survivor.pk, loser.pk)] * 6)

    assert {result.pk for result in results} == {PatientMerge.objects.get().pk}
    assert survivor.notes.count() == 3


@pytest.mark.django_db(transaction=True)
def test_crossing_merges_at_once_have_one_winner_and_lose_nobody() -> None:
    one, other = PatientFactory(), PatientFactory()
    NoteFactory(patient=one)
    NoteFactory(patient=other)

    results = merges([(one.pk, other.pk), (other.pk, one.pk)] * 3)

    won = {result for result in results if isinstance(result, PatientMerge)}
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(won) == 1
    assert {error.code for error in refused} == {"merged"}
    assert len(refused) == 3
    assert Patient.objects.get().notes.count() == 2


@pytest.mark.django_db(transaction=True)
def test_merges_in_a_ring_at_once_leave_everybody_findable() -> None:
    people = PatientFactory.create_batch(4)
    for somebody in people:
        NoteFactory(patient=somebody)
    ids = [somebody.pk for somebody in people]

    results = merges([(ids[n], ids[(n + 1) % 4]) for n in range(4)])

    assert all(isinstance(result, PatientMerge | Refused) for result in results)
    assert {getattr(result, "code", "merged") for result in results} == {"merged"}
    living = set(Patient.objects.values_list("pk", flat=True))
    assert {resolve(pk) for pk in ids} == living
    assert sum(p.notes.count() for p in Patient.objects.all()) == 4


@pytest.mark.django_db(transaction=True)
def test_crossing_merges_that_lock_in_their_own_order_would_run_into_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Shows what the order of the locks is for."""
    both_hold_one = threading.Barrier(2, timeout=10)

    def survivor_first(survivor_id: UUID, loser_id: UUID) -> tuple[Patient, Patient]:
        survivor = Patient.objects.select_for_update(of=("self",)).get(pk=survivor_id)
        both_hold_one.wait()
        return survivor, Patient.objects.select_for_update(of=("self",)).get(pk=loser_id)

    monkeypatch.setattr(merging, "_lock", survivor_first)
    one, other = PatientFactory(), PatientFactory()

    results = merges([(one.pk, other.pk), (other.pk, one.pk)])

    assert "busy" in {getattr(result, "code", "") for result in results}


@pytest.mark.django_db(transaction=True)
def test_row_that_is_added_while_a_merge_runs_is_not_left_behind() -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    by, author = UserFactory(), UserFactory()
    actions: list[Callable[[], Any]] = [
        lambda: merge(survivor_id=survivor.pk, loser_id=loser.pk, by=by),
        *[lambda: NoteFactory(patient=loser, author=author)] * 5,
    ]

    results = race(len(actions), lambda number: actions[number]())

    added = [result for result in results[1:] if isinstance(result, models.Model)]
    assert isinstance(results[0], PatientMerge)
    assert survivor.notes.count() == len(added)
    assert resolve(loser.pk) == survivor.pk


@pytest.mark.django_db(transaction=True)
def test_undo_by_many_at_once_is_done_once() -> None:
    survivor, loser, by = PatientFactory(), PatientFactory(), UserFactory()
    NoteFactory.create_batch(2, patient=loser)
    done = join(survivor, loser)

    results = race(5, lambda _number: undo(merge_id=done.pk, by=by))

    assert {result.pk for result in results} == {loser.pk}
    assert loser.notes.count() == 2
    assert EAPDossier.objects.count() == 0
