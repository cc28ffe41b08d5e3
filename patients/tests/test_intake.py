"""Receiving forms: everything kept, one person once, and nothing given away."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from patients import intake, matching
from patients.intake import KeyReused, Receipt, receive
from patients.models import (
    Consent,
    ContactPoint,
    FieldProposal,
    MedicalCondition,
    Patient,
    PossibleDuplicate,
    Submission,
)
from patients.tests.factories import (
    ConditionNameFactory,
    ContactPointFactory,
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.errors import Refused
from portal.core.tests.factories import UserFactory

CONSENTS = [
    {"purpose": "navigation", "decision": "given", "text_version": "2026-01", "language": "nl"},
    {"purpose": "research", "decision": "refused", "text_version": "2026-01"},
]
FORM: dict[str, Any] = {
    "on_behalf_of": "parent",
    "filled_in_by": "Lars Berg",
    "first_name": " Anna ",
    "last_name": "Berg",
    "email": "anna@example.org",
    "phone": "06 1234 5678",
    "country": "NL",
    "language": "nl",
    "time_zone": "Europe/Amsterdam",
    "condition_text": "something rare",
    "hope": "A trial.\nOr anything.",
    "voicemail": "full",
    "date_of_birth": "2015-02-03",
    "consents": CONSENTS,
    "utm_source": {"kept": ["as", 1, None, True]},
}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def send(key: str = "", source: str = "landing_page", **fields: Any) -> Receipt:
    return receive(payload={**FORM, **fields}, source=source, idempotency_key=key, received_at=NOON)


def submission(receipt: Receipt) -> Submission:
    return Submission.objects.get(pk=receipt.submission_id)


def proposed(patient: Patient) -> dict[str, tuple[str, str]]:
    return {
        proposal.field: (proposal.current_value, proposal.proposed_value)
        for proposal in patient.proposals.all()
    }


# --- somebody new


@pytest.mark.django_db
def test_receive_from_a_stranger_makes_a_lead_and_keeps_the_form_word_for_word() -> None:
    receipt = send(key="k1")

    kept = submission(receipt)
    assert receipt == Receipt(submission_id=kept.pk, received_at=NOON)
    assert (kept.payload, kept.match, kept.idempotency_key) == (FORM, "new", "k1")
    lead = kept.patient
    assert (lead.stage, lead.owner, lead.first_contact_at) == ("lead", None, NOON)
    assert (lead.first_name, lead.last_name, lead.email) == ("Anna", "Berg", "anna@example.org")
    assert (lead.phone, lead.country, lead.language) == ("+31612345678", "NL", "nl")
    assert (lead.time_zone, lead.voicemail) == ("Europe/Amsterdam", "full")
    assert lead.date_of_birth == date(2015, 2, 3)
    assert (lead.on_behalf_of_relation, lead.on_behalf_of_name) == ("parent", "Lars Berg")


@pytest.mark.django_db
def test_receive_keeps_each_decision_about_consent() -> None:
    navigator = UserFactory()

    lead = submission(receive(payload=FORM, source="api", by=navigator, received_at=NOON)).patient

    assert list(
        lead.consents.order_by("purpose").values_list(
            "purpose", "decision", "text_version", "language", "method", "decided_at", "obtained_by"
        )
    ) == [
        ("navigation", "given", "2026-01", "nl", "api", NOON, navigator.pk),
        ("research", "refused", "2026-01", "nl", "api", NOON, navigator.pk),
    ]


@pytest.mark.django_db
def test_receive_a_condition_by_any_of_its_names_or_by_id() -> None:
    alias = ConditionNameFactory(name="Spierdystrofie van Ons")
    chosen = MedicalConditionFactory()

    by_name = send(condition_text="spierdystrofie VAN ons", email="a@example.org")
    by_id = send(condition_id=str(chosen.pk), email="b@example.org", first_name="Lars")

    assert submission(by_name).patient.medical_condition == alias.condition
    assert submission(by_id).patient.medical_condition == chosen
    assert not FieldProposal.objects.exists()


@pytest.mark.django_db
def test_receive_an_unknown_condition_is_queued_for_a_navigator() -> None:
    lead = submission(send()).patient

    assert lead.medical_condition is None
    assert proposed(lead) == {"medical_condition": ("", "something rare")}


@pytest.mark.django_db
def test_receive_the_least_there_can_be() -> None:
    payload = {"last_name": "Sukarno", "phone": "+62 812 3456 789"}

    lead = submission(receive(payload=payload, source="api")).patient

    assert (lead.full_name, lead.voicemail, lead.email) == ("Sukarno", "no_name", "")
    assert not lead.consents.exists()


@pytest.mark.django_db
def test_receive_records_who_brought_it() -> None:
    by = UserFactory()

    kept = submission(receive(payload=FORM, source="api", by=by))

    [event] = kept.patient.events.all()
    assert event.pgh_context.metadata == {"user": str(by.pk), "reason": "submission"}


# --- somebody known


@pytest.mark.django_db
def test_receive_from_a_known_person_joins_and_changes_nothing() -> None:
    owner = UserFactory()
    condition = MedicalConditionFactory(name="Known condition")
    anna = PatientFactory(
        converted=True,
        owner=owner,
        first_name="Ánna",
        last_name="BERG",
        email="anna@example.org",
        phone="+31699999999",
        country="BE",
        language="nl",
        medical_condition=condition,
    )
    before = Patient.objects.values().get(pk=anna.pk)

    kept = submission(send())

    assert (kept.patient, kept.match) == (anna, "joined")
    assert kept.match_evidence["certain"][0]["patient"] == str(anna.pk)
    assert Patient.objects.values().get() == before
    assert proposed(anna) == {
        "first_name": ("Ánna", "Anna"),
        "phone": ("+31699999999", "+31612345678"),
        "country": ("BE", "NL"),
        "time_zone": ("", "Europe/Amsterdam"),
        "medical_condition": ("Known condition", "something rare"),
        "date_of_birth": ("", "2015-02-03"),
        "voicemail": ("no_name", "full"),
        "on_behalf_of_name": ("", "Lars Berg"),
        "on_behalf_of_relation": ("", "parent"),
    }
    assert set(FieldProposal.objects.values_list("submission", flat=True)) == {kept.pk}
    assert anna.consents.count() == 2


@pytest.mark.django_db
def test_receive_the_same_words_again_proposes_nothing_twice() -> None:
    anna = PatientFactory(first_name="Anna", last_name="Berg", email="anna@example.org")

    send()
    once = anna.proposals.count()
    send()

    assert (anna.proposals.count(), anna.submissions.count()) == (once, 2)


@pytest.mark.django_db
def test_receive_a_further_address_that_is_known_proposes_nothing() -> None:
    anna = submission(send(condition_text="")).patient
    ContactPointFactory(patient=anna, kind="phone", value="+31687654321")
    ContactPointFactory(patient=anna, kind="email", value="other@example.org")

    send(condition_text="", phone="+31687654321", email="Other@example.org")

    assert (Patient.objects.count(), proposed(anna)) == (1, {})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "stage"),
    [
        ({"closed_reason": "unreachable"}, "lead"),
        ({"closed_reason": "completed", "converted_at": NOON}, "patient"),
    ],
    ids=["a lead", "a patient"],
)
def test_receive_from_a_closed_person_offers_to_reopen(fields: dict[str, Any], stage: str) -> None:
    anna = PatientFactory(
        first_name="Anna", last_name="Berg", email="anna@example.org", stage="closed", **fields
    )

    send()

    anna.refresh_from_db()
    assert anna.stage == "closed"
    assert proposed(anna)["stage"] == ("closed", stage)


@pytest.mark.django_db
def test_receive_from_the_dead_and_from_who_wanted_no_contact_is_a_question() -> None:
    anna = PatientFactory(
        first_name="Anna",
        last_name="Berg",
        email="anna@example.org",
        deceased_on=date(2026, 1, 1),
        do_not_contact=True,
    )
    contact = {"purpose": "contact", "decision": "given", "text_version": "1", "language": "nl"}

    send(consents=[contact])

    asked = proposed(anna)
    assert asked["deceased_on"] == ("2026-01-01", "")
    assert asked["do_not_contact"] == ("yes", "")


@pytest.mark.django_db
def test_receive_from_a_restricted_person_keeps_the_form_and_touches_nothing() -> None:
    anna = PatientFactory(
        first_name="Anna", last_name="Berg", email="anna@example.org", processing_restricted=True
    )

    kept = submission(send())

    anna_now = Patient.objects.get()
    assert (kept.patient, anna_now.version) == (anna, anna.version)


# --- family, and other people who look alike


@pytest.mark.django_db
def test_receive_for_a_second_child_makes_a_second_patient_and_a_pair() -> None:
    anna = submission(send()).patient

    kept = submission(send(first_name="Lotte"))

    lotte = kept.patient
    assert (kept.match, lotte.email) == ("ambiguous", "")
    point = lotte.contact_points.get()
    assert (point.kind, point.value, point.origin) == ("email", "anna@example.org", "submission")
    pair = PossibleDuplicate.objects.get()
    assert (pair.first_patient, pair.second_patient, pair.tier) == (anna, lotte, "R2")


@pytest.mark.django_db
def test_receive_for_each_child_again_joins_each_child() -> None:
    anna = submission(send()).patient
    lotte = submission(send(first_name="Lotte")).patient

    again = [submission(send(first_name=name)).patient for name in ("Anna", "Lotte", "Anna")]

    assert again == [anna, lotte, anna]
    assert PossibleDuplicate.objects.count() == 1


@pytest.mark.django_db
def test_receive_with_another_address_makes_a_pair() -> None:
    anna = submission(send()).patient

    other = submission(send(email="new@example.org", date_of_birth="")).patient

    assert other.email == "new@example.org"
    assert PossibleDuplicate.objects.values_list(
        "tier", "first_patient", "second_patient"
    ).get() == (
        "R3",
        anna.pk,
        other.pk,
    )


@pytest.mark.django_db
def test_receive_what_fits_two_people_makes_one_record_to_review_however_often() -> None:
    first = submission(send(date_of_birth="")).patient
    second = PatientFactory(first_name="Anna", last_name="Berg", email="second@example.org")
    ContactPointFactory(patient=second, value="anna@example.org")

    receipts = [send(date_of_birth="") for _ in range(3)]

    patients = {submission(receipt).patient_id for receipt in receipts}
    assert len(patients) == 1
    assert patients.isdisjoint({first.pk, second.pk})
    assert PossibleDuplicate.objects.filter(second_patient__in=patients).count() == 2


@pytest.mark.django_db
def test_receive_with_a_physicians_address_leaves_it_to_the_physician() -> None:
    physician = SpecialistFactory(email="anna@example.org")

    kept = submission(send(on_behalf_of="physician"))

    assert (kept.match, kept.patient.email) == ("new", "")
    assert kept.patient.contact_points.get().value == "anna@example.org"
    pair = PossibleDuplicate.objects.get()
    assert (pair.first_specialist, pair.tier) == (physician, "R5")


# --- keys


@pytest.mark.django_db
def test_receive_the_same_key_again_gives_the_same_receipt_and_nothing_more() -> None:
    first = send(key="k1")

    second = receive(
        payload=dict(reversed(FORM.items())), source="landing_page", idempotency_key="k1"
    )

    assert second == first
    assert (Submission.objects.count(), Consent.objects.count()) == (1, 2)


@pytest.mark.django_db
def test_receive_the_same_key_with_other_words_is_refused_not_lost() -> None:
    send(key="k1")

    with pytest.raises(KeyReused) as refused:
        send(key="k1", hope="something else")

    assert refused.value.code == "idempotency_key_reused"
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_receive_the_same_key_of_another_source_is_another_submission() -> None:
    assert send(key="k1") != send(key="k1", source="api")


@pytest.mark.django_db
def test_receive_answers_the_same_way_for_the_known_and_the_unknown() -> None:
    stranger, known = send(), send()

    assert submission(known).match == "joined"
    assert {type(value) for value in (stranger.received_at, known.received_at)} == {datetime}
    assert Receipt.__slots__ == ("submission_id", "received_at")
    assert stranger.received_at == known.received_at


# --- what cannot be kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"first_name": " ", "last_name": "\u200b"}, {"first_name": ["no_name"]}),
        ({"email": "", "phone": None}, {"email": ["unreachable"]}),
        ({"email": "anna"}, {"email": ["invalid"]}),
        ({"phone": "12"}, {"phone": ["invalid_phone"]}),
        ({"phone": "0612345678", "country": ""}, {"phone": ["invalid_phone"]}),
        ({"country": "XX"}, {"country": ["invalid_choice"]}),
        ({"language": "klingon"}, {"language": ["invalid_choice"]}),
        ({"voicemail": "loud"}, {"voicemail": ["invalid_choice"]}),
        ({"on_behalf_of": "dog"}, {"on_behalf_of": ["invalid_choice"]}),
        ({"first_name": "x" * 201}, {"first_name": ["too_long"]}),
        ({"hope": "x" * 10_001}, {"hope": ["too_long"]}),
        ({"first_name": ["Anna"]}, {"first_name": ["not_text"]}),
        ({"condition_id": "nonsense"}, {"condition_id": ["unknown_condition"]}),
        (
            {"condition_id": "01a1fcb2-4c08-7983-b525-3af1ad8d8517"},
            {"condition_id": ["unknown_condition"]},
        ),
        ({"date_of_birth": "3-2-2015"}, {"date_of_birth": ["invalid_date"]}),
        ({"date_of_birth": "2026-03-03"}, {"date_of_birth": ["implausible_date"]}),
        ({"date_of_birth": "1015-02-03"}, {"date_of_birth": ["implausible_date"]}),
        ({"consents": {"navigation": True}}, {"consents": ["not_a_list"]}),
        ({"consents": [{"purpose": "x"}]}, {"consents": ["invalid_consent"]}),
        ({"consents": [CONSENTS[0] | {"decision": "y"}]}, {"consents": ["invalid_consent"]}),
        ({"consents": [CONSENTS[0] | {"text_version": " "}]}, {"consents": ["invalid_consent"]}),
        ({"consents": [CONSENTS[0] | {"language": "xx"}]}, {"consents": ["invalid_consent"]}),
        ({"consents": [CONSENTS[0], CONSENTS[0]]}, {"consents": ["invalid_consent"]}),
        (
            {"email": "anna", "phone": "+x", "country": "??"},
            {"email": ["invalid"], "phone": ["invalid_phone"], "country": ["invalid_choice"]},
        ),
    ],
)
def test_receive_what_is_wrong_is_said_by_field_and_nothing_is_kept(
    fields: dict[str, Any], codes: dict[str, list[str]]
) -> None:
    with pytest.raises(ValidationError) as refused:
        send(**fields)

    found = {
        name: [error.code for error in errors] for name, errors in refused.value.error_dict.items()
    }
    assert found == codes
    assert not Submission.objects.exists()
    assert not Patient.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ([FORM], "not_an_object"),
        ("text", "not_an_object"),
        ({**FORM, "hope": object()}, "not_json"),
        ({**FORM, "hope": "\ud800"}, "not_json"),
        ({**FORM, "deep": {"er": ["a\x00b"]}}, "null_character"),
        ({**FORM, "more": "x" * 70_000}, "too_large"),
    ],
    ids=["list", "text", "object", "half a character", "null character", "too large"],
)
def test_receive_what_no_database_can_keep_is_refused(payload: Any, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        receive(payload=payload, source="api")

    assert refused.value.code == code


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "key"), [("fax", "k"), ("api", "k" * 201), ("api", "k\x00"), ("api", "k\n")]
)
def test_receive_with_an_odd_source_or_key_is_refused(source: str, key: str) -> None:
    with pytest.raises(ValidationError):
        receive(payload=FORM, source=source, idempotency_key=key)


@pytest.mark.django_db
def test_receive_keeps_what_looks_like_an_escape_and_cleans_what_is_not_seen() -> None:
    kept = submission(
        send(hope="a \\u0000 typed", first_name="\u202eAn\u200bna", time_zone="Mars/Olympus")
    )

    assert kept.payload["hope"] == "a \\u0000 typed"
    assert kept.payload["first_name"] == "\u202eAn\u200bna"
    assert (kept.patient.first_name, kept.patient.time_zone) == ("Anna", "")


# --- at the same time


def race(attempts: int, attempt: Callable[[int], Any]) -> list[Any]:
    """What each of `attempts` threads got that began at the same moment: a result or an error."""
    start = threading.Barrier(attempts)
    results: list[Any] = [None] * attempts

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = attempt(number)
        except Exception as error:  # noqa: BLE001 - the error is what the test looks at
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(attempts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock, and time between looking and acting for somebody else to do the same."""
    find = matching.find

    def find_and_wait(person: matching.Person) -> matching.Match:
        match = find(person)
        time.sleep(0.2)
        return match

    monkeypatch.setattr(matching, "lock", lambda person, *others: None)
    monkeypatch.setattr(matching, "find", find_and_wait)


@pytest.mark.django_db(transaction=True)
def test_receive_forty_times_the_same_key_at_once_is_one_submission() -> None:
    results = race(40, lambda number: send(key="k1"))

    assert results == [results[0]] * 40
    assert isinstance(results[0], Receipt)
    counts = [model.objects.count() for model in (Submission, Patient, Consent)]
    assert counts == [1, 1, 2]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked")
def test_receive_the_same_key_at_once_without_the_lock_would_fail_for_most() -> None:
    results = race(8, lambda number: send(key="k1", email="", phone=f"+3161234567{number}"))

    assert any(isinstance(result, IntegrityError) for result in results)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(lambda number: {}, id="the same words"),
        pytest.param(
            lambda number: {
                "email": ["anna@example.org", "ANNA@example.org"][number % 2],
                "first_name": ["Anna", "Berg"][number % 2],
                "last_name": ["Berg", "ánna"][number % 2],
                "phone": f"+316{number:08}",
            },
            id="the same person in other words",
        ),
    ],
)
def test_receive_forty_keys_of_one_person_at_once_is_one_patient(
    fields: Callable[[int], dict[str, Any]],
) -> None:
    results = race(40, lambda number: send(key=f"k{number}", **fields(number)))

    assert [result for result in results if not isinstance(result, Receipt)] == []
    assert (Patient.objects.count(), Submission.objects.count()) == (1, 40)
    assert Submission.objects.filter(match="joined").count() == 39
    assert not PossibleDuplicate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_receive_a_family_at_once_is_one_patient_each_and_every_pair() -> None:
    names = ["Anna", "Lotte", "Sem", "Noor"]

    results = race(20, lambda number: send(key=f"k{number}", first_name=names[number % 4]))

    assert [result for result in results if not isinstance(result, Receipt)] == []
    assert sorted(Patient.objects.values_list("first_name", flat=True)) == sorted(names)
    assert PossibleDuplicate.objects.filter(tier="R2").count() == 6
    assert ContactPoint.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked")
def test_receive_one_person_at_once_without_the_lock_would_make_several() -> None:
    """Without an e-mail address not even a constraint would notice."""
    birth_and_phone = {"email": "", "phone": "+31612345678", "date_of_birth": "1970-01-01"}

    race(8, lambda number: send(key=f"k{number}", **birth_and_phone))

    assert Patient.objects.count() > 1


@pytest.mark.django_db(transaction=True)
def test_receive_an_address_that_was_typed_in_meanwhile_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The workplace takes no lock on addresses: the constraint speaks, and we look again."""
    find = intake._is_of_somebody_else
    typed: list[Any] = []

    def look_then_lose(said: Any, match: matching.Match) -> bool:
        answer = find(said, match)
        if not typed:
            names = {"first_name": "Anna", "last_name": "Berg", "email": "anna@example.org"}
            typed.extend(race(1, lambda number: PatientFactory(**names)))
        return answer

    monkeypatch.setattr(intake, "_is_of_somebody_else", look_then_lose)

    kept = submission(send())

    assert (kept.patient, kept.match) == (typed[0], "joined")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("state", "outcome"),
    [("40P01", Receipt), ("57014", OperationalError)],
    ids=["deadlock", "other"],
)
def test_receive_tries_again_after_a_deadlock_only(
    monkeypatch: pytest.MonkeyPatch, state: str, outcome: type
) -> None:
    hold = intake._hold
    cause = psycopg.errors.lookup(state)("said by the database")
    failures = [OperationalError()]
    failures[0].__cause__ = cause

    def hold_in_vain(match: matching.Match) -> None:
        if failures:
            raise failures.pop()
        hold(match)

    monkeypatch.setattr(intake, "_hold", hold_in_vain)

    [result] = race(1, lambda number: send())

    assert isinstance(result, outcome)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [1, 5], ids=["once", "always"])
def test_receive_a_patient_who_was_merged_away_meanwhile_looks_again(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    find = matching.find
    found: list[Patient] = []

    def find_somebody_gone(person: matching.Person) -> matching.Match:
        found.append(PatientFactory.build())
        if len(found) <= times:
            return matching.Match(verdict=matching.Verdict.ONE, patient=found[-1])
        return find(person)

    monkeypatch.setattr(matching, "find", find_somebody_gone)

    if times == 1:
        assert submission(send()).match == "new"
    else:
        with pytest.raises(Refused) as refused:
            send()
        assert refused.value.code == "busy"


@pytest.mark.django_db
def test_receive_asks_the_same_number_of_questions_whether_or_not_much_is_known() -> None:
    def cost(**fields: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            send(**fields)
        return len(queries)

    send(email="warm@example.org", phone="+31611111111", first_name="Warm")
    one = cost(first_name="Lotte")
    for number in range(10):
        send(first_name=f"Child{number}", email=f"{number}@example.org", phone="+31612345678")

    assert cost(first_name="Lotte") <= one


def test_every_condition_of_the_seed_is_found_by_its_name(db: None) -> None:
    condition = MedicalCondition.objects.exclude(code="").first()

    kept = submission(send(condition_text=condition.name.upper()))

    assert kept.patient.medical_condition == condition
