"""Who is this? Sure answers, doubtful ones, and nobody at all."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import matching
from patients.matching import Match, Person, Verdict
from patients.models import ContactPoint, Patient, PossibleDuplicate
from patients.tests.factories import (
    ContactPointFactory,
    MedicalConditionFactory,
    MergedPatientFactory,
    PatientFactory,
    PossibleDuplicateFactory,
    SpecialistFactory,
    SubmissionFactory,
)

pytestmark = pytest.mark.django_db

ANNA: dict[str, Any] = {
    "first_name": "Anna",
    "last_name": "Berg",
    "email": "anna@example.org",
    "phone": "+31612345678",
}
BORN = date(1970, 5, 4)


def known(**fields: Any) -> Patient:
    return PatientFactory(**{**ANNA, **fields})


def find(**fields: Any) -> Match:
    return matching.find(Person(**{**ANNA, **fields}))


def tiers(match: Match) -> dict[Any, str]:
    return {candidate.patient.pk: str(candidate.tier) for candidate in match.review}


# --- one


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="as on record"),
        pytest.param({"email": " ANNA@Example.org "}, id="e-mail in capitals"),
        pytest.param({"first_name": "berg", "last_name": "ÀNNA"}, id="name in another spelling"),
        pytest.param({"phone": "+31688888888"}, id="another phone"),
        pytest.param({"phone": "", "condition_id": None}, id="nothing but e-mail and name"),
    ],
)
def test_find_same_email_and_name_is_that_patient(fields: dict[str, Any]) -> None:
    anna = known()

    match = find(**fields)

    assert (match.verdict, match.patient) == (Verdict.ONE, anna)
    assert "email" in match.certain[0].agree


def test_find_by_a_further_address_is_that_patient() -> None:
    anna = known(email="")
    ContactPointFactory(patient=anna, value="Anna@Example.org")

    assert find().patient == anna


@pytest.mark.parametrize(
    "fields",
    [
        {"stage": "closed", "closed_reason": "unreachable"},
        {"stage": "closed", "closed_reason": "deceased", "deceased_on": date(2026, 1, 1)},
        {"processing_restricted": True},
        {"do_not_contact": True},
    ],
    ids=["closed", "deceased", "restricted", "do not contact"],
)
def test_find_whoever_may_not_be_worked_on_is_still_that_patient(fields: dict[str, Any]) -> None:
    anna = known(**fields)

    assert find().patient == anna


def test_find_full_name_birth_and_phone_without_email_is_that_patient() -> None:
    anna = known(email="", date_of_birth=BORN)

    assert find(date_of_birth=BORN).patient == anna
    assert find(date_of_birth=BORN, email="").patient == anna


def test_find_full_name_birth_and_phone_with_another_email_is_a_question() -> None:
    anna = known(email="other@example.org", date_of_birth=BORN)

    match = find(date_of_birth=BORN)

    assert (match.verdict, tiers(match)) == (Verdict.AMBIGUOUS, {anna.pk: "R3"})


def test_find_a_name_from_before_a_merge_is_the_survivor() -> None:
    anna = known(last_name="Jansen")
    MergedPatientFactory(survivor=anna, losing_values={"last_name": "Berg"})

    assert find().patient == anna


def test_find_leaves_out_the_record_being_edited() -> None:
    anna = known()

    assert matching.find(Person.of(anna), exclude=anna.pk).verdict is Verdict.NOBODY


# --- ambiguous


@pytest.mark.parametrize(
    ("record", "fields", "tier"),
    [
        ({}, {"first_name": "Lars"}, "R2"),
        ({}, {"first_name": "A."}, "R4"),
        ({}, {"last_name": "Bergg"}, "R4"),
        ({}, {"first_name": "Anna Maria"}, "R4"),
        ({"date_of_birth": date(1940, 1, 1)}, {"date_of_birth": BORN}, "R4"),
        ({"email": "x@example.org"}, {}, "R3"),
        ({"email": "x@example.org"}, {"first_name": "Hannah"}, "R4"),
        (
            {"email": "x@example.org", "phone": "", "date_of_birth": BORN},
            {"date_of_birth": BORN},
            "R3",
        ),
        (
            {"email": "x@example.org", "phone": "", "date_of_birth": BORN},
            {"date_of_birth": BORN, "last_name": "Bergg"},
            "R4",
        ),
        (
            {"email": "x@example.org", "date_of_birth": BORN},
            {"date_of_birth": BORN, "last_name": "Jansen", "first_name": "Petra"},
            "R2",
        ),
    ],
    ids=[
        "family at one address",
        "initial",
        "one letter",
        "middle name",
        "same name, born on another day",
        "same phone",
        "same phone, nickname",
        "same birth",
        "same birth, one letter",
        "same phone and birth, other name",
    ],
)
def test_find_what_may_be_the_same_person_is_for_review(
    record: dict[str, Any], fields: dict[str, Any], tier: str
) -> None:
    anna = known(**record)

    match = find(**fields)

    assert (match.verdict, match.patient) == (Verdict.AMBIGUOUS, None)
    assert tiers(match) == {anna.pk: tier}


def test_find_same_name_and_condition_is_for_review() -> None:
    condition = MedicalConditionFactory()
    anna = known(email="x@example.org", phone="", medical_condition=condition)

    match = find(condition_id=condition.pk)

    assert tiers(match) == {anna.pk: "R3"}
    assert match.review[0].evidence == {
        "name": "same",
        "agree": ["condition"],
        "differ": ["email"],
    }


def test_find_two_who_fit_equally_is_ambiguous() -> None:
    father, son = known(), known(email="son@example.org")
    ContactPointFactory(patient=son, value="anna@example.org")

    match = find()

    assert (match.verdict, match.patient) == (Verdict.AMBIGUOUS, None)
    assert {candidate.patient for candidate in match.certain} == {father, son}


def test_find_two_who_fit_is_the_one_born_on_that_day() -> None:
    known()
    son = known(email="son@example.org", date_of_birth=BORN)
    ContactPointFactory(patient=son, value="anna@example.org")

    match = find(date_of_birth=BORN)

    assert (match.patient, match.reason) == (son, "date_of_birth")


def test_find_two_decided_to_be_one_person_is_the_older_record() -> None:
    first, second = known(), known(email="")
    ContactPointFactory(patient=second, value="anna@example.org")
    PossibleDuplicateFactory(
        first_patient=first,
        second_patient=second,
        state="same",
        decided_at="2026-01-01T00:00Z",
    )

    match = find()

    assert (match.patient, match.reason) == (first, "decided_same")


def test_find_a_record_closed_as_duplicate_leads_to_the_one_it_duplicates() -> None:
    kept = known(email="kept@example.org", last_name="Jansen")
    aside = known(stage="closed", closed_reason="duplicate")
    PossibleDuplicateFactory(
        first_patient=kept, second_patient=aside, state="same", decided_at="2026-01-01T00:00Z"
    )

    assert find().patient == kept


def test_find_a_record_closed_as_duplicate_of_nobody_is_a_question() -> None:
    known(stage="closed", closed_reason="duplicate")

    assert find().verdict is Verdict.AMBIGUOUS


def test_find_a_record_closed_as_duplicate_beside_a_live_one_is_the_live_one() -> None:
    known(stage="closed", closed_reason="duplicate")
    live = known(email="")
    ContactPointFactory(patient=live, value="anna@example.org")

    assert find().patient == live


def test_find_a_question_that_waits_for_review_is_asked_once() -> None:
    for email in ("anna@example.org", "son@example.org"):
        patient = known(email=email)
        if email != "anna@example.org":
            ContactPointFactory(patient=patient, value="anna@example.org")
    first = find()
    asked = known(email="")
    ContactPointFactory(patient=asked, value="anna@example.org")
    SubmissionFactory(patient=asked, match="ambiguous")
    matching.propose(first, asked)

    match = find()

    assert (match.patient, match.reason) == (asked, "waiting_for_review")


# --- nobody


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        pytest.param(
            {"email": "x@example.org", "phone": "+31687654321"}, {}, id="nothing but the name"
        ),
        pytest.param(
            {"email": "x@example.org", "first_name": "Petra", "last_name": "Jansen"},
            {},
            id="nothing but the phone",
        ),
        pytest.param(
            {"email": "anna+1@example.org", "phone": ""}, {"phone": ""}, id="a tag in the address"
        ),
        pytest.param({"email": "", "phone": ""}, {"email": "", "phone": ""}, id="blank addresses"),
        pytest.param(
            {"email": "x@example.org", "phone": "", "first_name": "P", "date_of_birth": BORN},
            {"date_of_birth": BORN, "first_name": "Quirine"},
            id="nothing but the day of birth",
        ),
    ],
)
def test_find_too_little_in_common_is_nobody(
    record: dict[str, Any], fields: dict[str, Any]
) -> None:
    known(**record)

    match = find(**fields)

    assert match == Match(verdict=Verdict.NOBODY)


def test_find_same_condition_and_name_but_another_birth_is_nobody() -> None:
    condition = MedicalConditionFactory()
    known(
        email="x@example.org", phone="", medical_condition=condition, date_of_birth=date(1950, 1, 1)
    )

    assert find(condition_id=condition.pk, date_of_birth=BORN).verdict is Verdict.NOBODY


def test_find_one_word_and_a_condition_is_nobody() -> None:
    condition = MedicalConditionFactory()
    known(first_name="", email="", phone="", medical_condition=condition)

    match = find(first_name="", email="b@example.org", phone="", condition_id=condition.pk)

    assert match.verdict is Verdict.NOBODY


def test_find_a_mailbox_of_more_than_five_names_proves_nothing() -> None:
    clinic = {"email": "info@clinic.example", "phone": ""}
    people = [known(email="", phone="", first_name=f"Person{n}") for n in "abcde"]
    for person in people:
        ContactPointFactory(patient=person, value="info@clinic.example")

    five = find(**clinic, first_name="Persona")
    six = find(**clinic, first_name="Quite", last_name="Different")

    assert (five.patient, five.shared_mailbox) == (people[0], False)
    assert (six.verdict, six.shared_mailbox) == (Verdict.NOBODY, True)
    assert six.evidence == {"shared_mailbox": True}


# --- specialists, proposals, cost


def test_find_a_specialists_address_is_told_but_never_the_person() -> None:
    physician = SpecialistFactory(email="ANNA@example.org", first_name="Anna", last_name="Berg")
    colleague = SpecialistFactory(phone="+31612345678", first_name="Berg", last_name="Anna")
    SpecialistFactory(phone="+31612345678")

    match = find()

    assert (match.verdict, match.patient) == (Verdict.NOBODY, None)
    assert {(c.specialist, c.agree) for c in match.specialists} == {
        (physician, ("email",)),
        (colleague, ("phone",)),
    }


def test_propose_queues_each_pair_once_and_remembers_that_they_differ() -> None:
    lars = known(first_name="Lars")
    physician = SpecialistFactory(email="anna@example.org")
    anna = known(email="")
    match = matching.find(Person(**ANNA), exclude=anna.pk)

    matching.propose(match, anna)
    pair = PossibleDuplicate.objects.get(second_patient__isnull=False)
    PossibleDuplicate.objects.filter(pk=pair.pk).update(
        state="different", decided_at="2026-01-01T00:00Z"
    )
    matching.propose(match, anna)

    pair.refresh_from_db()
    assert (pair.first_patient, pair.second_patient, pair.tier) == (lars, anna, "R2")
    assert pair.state == "different"
    beside = PossibleDuplicate.objects.get(second_patient__isnull=True)
    assert (beside.first_patient, beside.first_specialist, beside.tier) == (anna, physician, "R5")


def test_evidence_names_facts_and_ids_and_nobodys_values() -> None:
    lars = known(first_name="Lars", date_of_birth=BORN)

    match = find(date_of_birth=BORN)

    assert match.evidence == {
        "review": [
            {
                "patient": str(lars.pk),
                "tier": "R2",
                "name": "other",
                "agree": ["email", "phone", "date_of_birth"],
                "differ": [],
            }
        ]
    }


def test_find_asks_the_same_number_of_questions_for_one_and_for_many() -> None:
    condition = MedicalConditionFactory()

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            find(condition_id=condition.pk, date_of_birth=BORN)
        return len(queries)

    known(medical_condition=condition)
    one = cost()
    for number in range(30):
        person = known(
            email=f"{number}@example.org", medical_condition=condition, date_of_birth=BORN
        )
        ContactPoint.objects.create(patient=person, kind="phone", value="+31612345678")

    assert cost() == one
    assert one <= 5


def test_find_proposes_no_more_pairs_than_a_person_can_look_at() -> None:
    for number in range(15):
        known(email=f"{number}@example.org")

    match = find()

    assert len(match.review) == matching.PROPOSED


@pytest.mark.parametrize(
    "raw",
    [r"a\b' & !n:x", "a:* | b", "'); DROP TABLE", "\\", "'", "(", "!", "::", "\u2028", "a\tb"],
)
def test_find_takes_any_name_as_a_name(raw: str) -> None:
    condition = MedicalConditionFactory()
    person = known(first_name=raw, email="x@example.org", medical_condition=condition)

    match = find(first_name=raw, condition_id=condition.pk, phone="+31612345678")

    assert tiers(match) == {person.pk: "R3"}


def test_find_uses_an_index_for_each_way_of_finding() -> None:
    """With sequential scans priced out, none must be left in the plan."""
    person = Person(**ANNA, condition_id=MedicalConditionFactory().pk, date_of_birth=BORN)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection) as queries:
        matching.find(person)

    plans = []
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute("EXPLAIN " + query["sql"])
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    assert len(plans) >= 2
    for plan in plans:
        assert "Seq Scan" not in plan, plan
