"""Deciding on what a form said differently."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from patients import merging, proposals
from patients.intake import receive
from patients.locking import MergedAway
from patients.models import ContactPoint, FieldProposal, Patient
from patients.proposals import Decided, Outdated, accept, reject
from patients.tests.factories import (
    ConditionNameFactory,
    ContactPointFactory,
    FieldProposalFactory,
    PatientFactory,
)
from patients.tests.test_intake import race
from patients.unmerging import undo
from portal.core.errors import Refused
from portal.core.models import User
from portal.core.tests.factories import UserFactory

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def propose(patient: Patient, field: str, value: str) -> FieldProposal:
    return FieldProposalFactory(
        patient=patient, field=field, current_value="", proposed_value=value
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "said", "expected"),
    [
        ({}, "first_name", "Ánna", {"first_name": "Ánna"}),
        ({}, "country", "BE", {"country": "BE"}),
        ({}, "voicemail", "none", {"voicemail": "none"}),
        ({}, "date_of_birth", "1970-05-04", {"date_of_birth": date(1970, 5, 4)}),
        ({"deceased_on": date(2026, 1, 1)}, "deceased_on", "", {"deceased_on": None}),
        ({"do_not_contact": True}, "do_not_contact", "", {"do_not_contact": False}),
        (
            {"stage": "closed", "closed_reason": "unreachable"},
            "stage",
            "lead",
            {"stage": "lead", "closed_reason": ""},
        ),
        (
            {"stage": "closed", "closed_reason": "completed", "converted_at": NOON},
            "stage",
            "patient",
            {"stage": "patient", "closed_reason": ""},
        ),
        ({}, "on_behalf_of_relation", "parent", {"on_behalf_of_relation": "parent"}),
    ],
)
def test_accept_takes_the_value_over(
    fields: dict[str, Any], field: str, said: str, expected: dict[str, Any]
) -> None:
    navigator = UserFactory()
    patient = PatientFactory(**fields)

    decided = accept(proposal_id=propose(patient, field, said).pk, by=navigator)

    patient.refresh_from_db()
    assert {name: getattr(patient, name) for name in expected} == expected
    decided.refresh_from_db()
    assert (decided.state, decided.decided_by) == ("accepted", navigator)
    assert decided.decided_at is not None
    context = patient.events.last().pgh_context.metadata
    assert context == {"user": str(navigator.pk), "reason": "proposal accepted"}


@pytest.mark.django_db
def test_accept_an_address_keeps_the_old_one() -> None:
    patient = PatientFactory(email="old@example.org")
    ContactPointFactory(patient=patient, value="new@example.org")
    proposal = propose(patient, "email", "new@example.org")

    accept(proposal_id=proposal.pk, by=UserFactory())

    patient.refresh_from_db()
    assert patient.email == "new@example.org"
    assert [point.value for point in patient.contact_points.all()] == ["old@example.org"]


@pytest.mark.django_db
def test_accept_a_phone_where_there_was_none_adds_no_contact_point() -> None:
    patient = PatientFactory(phone="")

    accept(proposal_id=propose(patient, "phone", "+31612345678").pk, by=UserFactory())

    patient.refresh_from_db()
    assert patient.phone == "+31612345678"
    assert not ContactPoint.objects.exists()


@pytest.mark.django_db
def test_accept_somebody_elses_address_is_refused_and_changes_nothing() -> None:
    PatientFactory(email="taken@example.org")
    patient = PatientFactory(email="own@example.org")
    proposal = propose(patient, "email", "taken@example.org")

    with pytest.raises(ValidationError):
        accept(proposal_id=proposal.pk, by=UserFactory())

    patient.refresh_from_db()
    proposal.refresh_from_db()
    assert (patient.email, proposal.state) == ("own@example.org", "open")
    assert not ContactPoint.objects.exists()


@pytest.mark.django_db
def test_accept_a_condition_waits_until_it_has_a_name() -> None:
    patient = PatientFactory(medical_condition=None)
    proposal = propose(patient, "medical_condition", "spierziekte")

    with pytest.raises(Refused) as refused:
        accept(proposal_id=proposal.pk, by=UserFactory())
    name = ConditionNameFactory(name="Spierziekte")
    accept(proposal_id=proposal.pk, by=UserFactory())

    assert refused.value.code == "unknown_condition"
    patient.refresh_from_db()
    assert patient.medical_condition == name.condition


@pytest.mark.django_db
def test_accept_for_a_restricted_person_is_refused_but_reject_is_not() -> None:
    patient = PatientFactory(processing_restricted=True)
    proposal = propose(patient, "country", "BE")

    with pytest.raises(Refused) as refused:
        accept(proposal_id=proposal.pk, by=UserFactory())

    assert refused.value.code == "restricted"
    assert reject(proposal_id=proposal.pk, by=UserFactory()).state == "rejected"


@pytest.mark.django_db
def test_accept_what_was_shown_beside_another_value_is_refused() -> None:
    patient = PatientFactory(country="NL")
    proposal = propose(patient, "country", "BE")
    shown = proposals.current(proposal)
    Patient.objects.filter(pk=patient.pk).update(country="DE")

    with pytest.raises(Outdated):
        accept(proposal_id=proposal.pk, by=UserFactory(), seen=shown)

    assert (shown, proposals.current(proposal, Patient.objects.get())) == ("NL", "DE")
    assert accept(proposal_id=proposal.pk, by=UserFactory(), seen="DE").state == "accepted"


@pytest.mark.django_db
def test_accept_shows_the_new_value_beside_the_others_that_wait() -> None:
    patient = PatientFactory(country="NL")
    first, second = propose(patient, "country", "BE"), propose(patient, "country", "DE")

    accept(proposal_id=first.pk, by=UserFactory())

    second.refresh_from_db()
    assert (second.state, second.current_value) == ("open", "BE")


@pytest.mark.django_db
@pytest.mark.parametrize("again", [accept, reject])
def test_decide_twice_is_refused(again: Any) -> None:
    proposal = propose(PatientFactory(), "country", "BE")
    reject(proposal_id=proposal.pk, by=UserFactory())

    with pytest.raises(Decided):
        again(proposal_id=proposal.pk, by=UserFactory())


@pytest.mark.django_db
def test_reject_leaves_the_record_and_is_remembered() -> None:
    patient = PatientFactory(first_name="Anna", last_name="Berg", email="anna@example.org")
    form = {
        "first_name": "Anna",
        "last_name": "Berg",
        "email": "anna@example.org",
        "country": "BE",
    }
    receive(payload=form, source="api")
    reject(proposal_id=patient.proposals.get().pk, by=UserFactory())

    receive(payload=form, source="api")
    still = list(patient.proposals.values_list("state", flat=True))
    Patient.objects.update(country="DE")
    receive(payload=form, source="api")

    assert still == ["rejected"]
    assert patient.proposals.open().values_list("current_value", "proposed_value").get() == (
        "DE",
        "BE",
    )


@pytest.mark.django_db(transaction=True)
def test_accept_by_two_at_once_is_decided_once() -> None:
    proposal = propose(PatientFactory(), "country", "BE")
    navigators: list[User] = [UserFactory() for _ in range(6)]
    start = threading.Barrier(len(navigators))
    results: list[Any] = []

    def run(navigator: User, pk: UUID) -> None:
        start.wait()
        try:
            results.append(accept(proposal_id=pk, by=navigator))
        except Decided as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one, proposal.pk)) for one in navigators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(isinstance(result, FieldProposal) for result in results) == 1
    assert sum(isinstance(result, Decided) for result in results) == 5


def accepted_while(moving: Callable[[], Any], proposal: FieldProposal, by: User) -> Any:
    """What accepting gave that began before `moving`, a merge or its undoing, was committed."""
    moved_not_committed = threading.Event()

    def move_slowly() -> None:
        with transaction.atomic():
            moving()
            moved_not_committed.set()
            time.sleep(0.3)

    def accept_meanwhile() -> Any:
        assert moved_not_committed.wait(10)
        return accept(proposal_id=proposal.pk, by=by)

    moved, accepted = race(2, lambda number: (move_slowly, accept_meanwhile)[number]())
    assert moved is None
    return accepted


@pytest.mark.django_db(transaction=True)
def test_accept_while_the_patient_is_merged_waits_and_is_refused() -> None:
    survivor, loser, by = PatientFactory(), PatientFactory(), UserFactory()
    proposal = propose(loser, "country", "BE")

    accepted = accepted_while(
        lambda: merging.merge(survivor_id=survivor.pk, loser_id=loser.pk, by=by), proposal, by
    )

    assert isinstance(accepted, MergedAway)
    proposal.refresh_from_db()
    assert (proposal.patient_id, proposal.state) == (survivor.pk, "open")
    survivor.refresh_from_db()
    assert survivor.country == "NL"


@pytest.mark.django_db(transaction=True)
def test_accept_while_a_merge_is_undone_is_not_done_to_the_other_patient() -> None:
    survivor, loser, by = PatientFactory(), PatientFactory(), UserFactory()
    proposal = propose(loser, "country", "BE")
    done = merging.merge(survivor_id=survivor.pk, loser_id=loser.pk, by=by)

    accepted = accepted_while(lambda: undo(merge_id=done.pk, by=by), proposal, by)

    assert isinstance(accepted, Outdated)
    proposal.refresh_from_db()
    assert (proposal.patient_id, proposal.state) == (loser.pk, "open")
    survivor.refresh_from_db()
    assert survivor.country == "NL"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [{"state": "accepted"}, {"decided_at": NOON}],
    ids=["a decision without a time", "a time without a decision"],
)
def test_the_database_refuses_half_a_decision(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="decision_has_time"):
        FieldProposalFactory(**fields)


@pytest.mark.django_db
def test_the_database_refuses_the_same_open_proposal_twice() -> None:
    proposal = propose(PatientFactory(), "country", "BE")

    with pytest.raises(IntegrityError, match="open_once"):
        propose(proposal.patient, "country", "BE")
