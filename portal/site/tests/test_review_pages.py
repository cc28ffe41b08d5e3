"""Reviewing possible duplicates: the queue, the two side by side, and the decision."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.tests.factories import BookingFactory, CallFactory
from patients.models import PossibleDuplicate
from patients.reviewing import decide
from patients.tests.factories import (
    ContactPointFactory,
    NoteFactory,
    PatientFactory,
    PossibleDuplicateFactory,
    SpecialistFactory,
)
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from portal.roles import Role
from referrals.tests.factories import CTReferralFactory

pytestmark = pytest.mark.django_db

QUEUE = "admin:patients_possibleduplicate_changelist"
State = PossibleDuplicate.State


def pair_url(pair: PossibleDuplicate) -> str:
    return reverse("admin:patients_possibleduplicate_change", args=[pair.pk])


def send(client: Client, pair: PossibleDuplicate, decision: str, **more: Any) -> Any:
    pair.refresh_from_db()
    query = more.pop("query", "")
    data = {"decision": decision, "version": pair.version, **more}
    return client.post(f"{pair_url(pair)}{query}", data)


def said(client: Client, response: Any) -> str:
    """What the page that one is led to says."""
    return str(client.get(response.url).content.decode())


def of_specialists(**fields: Any) -> PossibleDuplicate:
    first, second = SpecialistFactory(), SpecialistFactory()
    pair: PossibleDuplicate = PossibleDuplicateFactory(
        first_patient=None,
        second_patient=None,
        first_specialist=first,
        second_specialist=second,
        **fields,
    )
    return pair


def mixed(**fields: Any) -> PossibleDuplicate:
    pair: PossibleDuplicate = PossibleDuplicateFactory(
        second_patient=None, first_specialist=SpecialistFactory(), tier="R5", **fields
    )
    return pair


# --- queue ----------------------------------------------------------------------------------------


def order(client: Client, *pairs: PossibleDuplicate, **query: str) -> list[int]:
    """Which of the pairs the list shows, by number, in its order."""
    content = client.get(reverse(QUEUE), query).content.decode()
    places = {number: content.find(str(pair.pk)) for number, pair in enumerate(pairs)}
    return sorted((number for number in places if places[number] >= 0), key=places.__getitem__)


def test_queue_shows_what_waits_the_strongest_evidence_first(
    client: Client, navigator: User
) -> None:
    weak, strong = PossibleDuplicateFactory(tier="R2"), PossibleDuplicateFactory(tier="R4")
    later = PossibleDuplicateFactory(tier="R4", state="later")
    to_merge, different = PossibleDuplicateFactory(tier="R2"), PossibleDuplicateFactory()
    decide(duplicate_id=to_merge.pk, decision=State.SAME, by=navigator)
    decide(duplicate_id=different.pk, decision=State.DIFFERENT, by=navigator)
    client.force_login(navigator)

    assert order(client, weak, strong, later, to_merge, different) == [3, 1, 0, 2]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"state": "open"}, [0, 3, 4]),
        ({"state": "later"}, [1]),
        ({"state": "different"}, [2]),
        ({"state": "all"}, [0, 3, 4, 1, 2]),
        ({"tier": "R3"}, [3]),
        ({"tier": "R2", "state": "all"}, [0, 1, 2]),
        ({"who": "patients"}, [0, 1]),
        ({"who": "specialists"}, [3]),
        ({"who": "mixed"}, [4]),
        ({"state": "nonsense"}, [0, 3, 4, 1]),
    ],
    ids=str,
)
def test_queue_is_filtered_by_state_evidence_and_kind(
    query: dict[str, str], shown: list[int], client: Client, navigator: User
) -> None:
    pairs = [
        PossibleDuplicateFactory(tier="R2"),
        PossibleDuplicateFactory(tier="R2", state="later"),
        PossibleDuplicateFactory(tier="R2"),
        of_specialists(tier="R3"),
        mixed(),
    ]
    decide(duplicate_id=pairs[2].pk, decision=State.DIFFERENT, by=navigator)
    client.force_login(navigator)

    assert sorted(order(client, *pairs, **query)) == sorted(shown)


@pytest.mark.parametrize("typed", ["zoe", "@krakow", "87654321", "gregory"])
def test_queue_is_searched_by_either_person(typed: str, client: Client, navigator: User) -> None:
    zoe = PatientFactory(first_name="Zoë", email="zoe@krakow.example.org", phone="+31687654321")
    house = SpecialistFactory(
        first_name="Gregory", last_name="House", email="house@clinic.example.com"
    )
    wanted = PossibleDuplicateFactory(
        first_patient=zoe, second_patient=None, first_specialist=house, tier="R5"
    )
    other = PossibleDuplicateFactory(
        first_patient=PatientFactory(first_name="Ana", last_name="Silva", email="", phone=""),
        second_patient=PatientFactory(first_name="Ann", last_name="Silva", email="", phone=""),
    )
    client.force_login(navigator)

    assert order(client, wanted, other, q=typed) == [0]
    assert order(client, wanted, other, q="nobodyatall") == []


# --- page -----------------------------------------------------------------------------------------


def test_page_shows_both_side_by_side_and_what_hangs_on_each(
    client: Client, navigator: User
) -> None:
    first = PatientFactory(
        first_name="Zoë", last_name="Berg", date_of_birth=date(1980, 5, 1), phone="+31687654321"
    )
    second = PatientFactory(
        first_name="ZOE", last_name="Berg", date_of_birth=date(1981, 5, 1), owner=navigator
    )
    ContactPointFactory(patient=second, kind="email", value="shared@example.net")
    BookingFactory.create_batch(2, patient=first)
    CTReferralFactory(patient=second)
    pair = PossibleDuplicateFactory(
        first_patient=first,
        second_patient=second,
        tier="R3",
        evidence={"name": "same", "agree": ["condition"], "differ": ["date_of_birth"]},
    )
    client.force_login(navigator)

    content = client.get(pair_url(pair)).content.decode()

    for shown in ("same name", "same condition", "other date of birth", "shared@example.net"):
        assert shown in content
    rows = {row.label: row for group in _groups(client, pair) for row in group.rows}
    assert rows["Name"].verdict == "same"
    assert rows["Date of birth"].verdict == "differs"
    assert rows["Phone"].verdict == "one"
    assert rows["Phone"].values == ("+31 6 87654321", "–")
    assert rows["Bookings"].values == ("2", "–")
    assert rows["Clinical-trial referrals"].values == ("–", "1")
    for person in (first, second):
        assert f'href="{person.get_absolute_url()}" target="_blank"' in content


def test_addresses_that_are_partly_the_same_are_neither_equal_nor_different(
    client: Client, navigator: User
) -> None:
    first = PatientFactory(email="ada@example.org", phone="+31612345678")
    second = PatientFactory(email="", phone="")
    for kind, value in (("email", "ada@example.org"), ("phone", "+31612345678")):
        ContactPointFactory(patient=second, kind=kind, value=value)
    ContactPointFactory(patient=second, kind="email", value="bea@example.org")
    pair = PossibleDuplicateFactory(first_patient=first, second_patient=second)
    client.force_login(navigator)

    rows = {row.label: row.verdict for group in _groups(client, pair) for row in group.rows}

    assert (rows["E-mail"], rows["Phone"]) == ("shared", "same")


def _groups(client: Client, pair: PossibleDuplicate) -> Any:
    return client.get(pair_url(pair)).context["groups"]


def test_page_writes_both_people_to_the_access_log(client: Client, navigator: User) -> None:
    pair = PossibleDuplicateFactory()
    client.force_login(navigator)

    client.get(pair_url(pair))

    event = AccessEvent.objects.get()
    assert set(event.record_ids) == {pair.first_patient_id, pair.second_patient_id}
    assert (event.actor_id, event.record_type) == (navigator.pk, "patients.Patient")


def test_page_needs_as_many_queries_for_many_rows_as_for_few(
    client: Client, navigator: User
) -> None:
    pair = PossibleDuplicateFactory()
    client.force_login(navigator)
    client.get(pair_url(pair))
    with CaptureQueriesContext(connection) as few:
        client.get(pair_url(pair))
    for person in (pair.first_patient, pair.second_patient):
        NoteFactory.create_batch(5, patient=person)
        CallFactory.create_batch(5, patient=person)
        ContactPointFactory.create_batch(5, patient=person)

    with CaptureQueriesContext(connection) as many:
        client.get(pair_url(pair))

    assert len(many) == len(few) <= 20


@pytest.mark.parametrize("made", [of_specialists, mixed])
def test_page_opens_for_pairs_with_specialists(
    made: Callable[..., PossibleDuplicate], client: Client, navigator: User
) -> None:
    pair = made()
    PatientFactory(physician=pair.first_specialist)
    client.force_login(navigator)

    content = client.get(pair_url(pair)).content.decode()

    assert pair.first_specialist.full_name in content
    assert pair.first_specialist.hospital.name in content


def test_auditor_looks_and_decides_nothing(client: Client, member: Callable[..., User]) -> None:
    pair = PossibleDuplicateFactory()
    client.force_login(member(Role.AUDITOR))

    content = client.get(pair_url(pair)).content.decode()
    answer = send(client, pair, "different")

    assert 'name="decision"' not in content
    assert answer.status_code == 403
    pair.refresh_from_db()
    assert pair.state == State.OPEN


# --- deciding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.NAVIGATOR, Role.TEAM_LEAD, Role.DATA_STEWARD], ids=str)
def test_decision_is_signed_and_leads_to_the_next_pair(
    role: Role, client: Client, member: Callable[..., User]
) -> None:
    user = member(role)
    following = PossibleDuplicateFactory(tier="R2")
    pair = PossibleDuplicateFactory(tier="R4")
    client.force_login(user)

    answer = send(client, pair, "different", reason="twins")

    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == (State.DIFFERENT, user)
    assert answer.url == pair_url(following)
    assert "Not the same person" in said(client, answer)
    assert pair.events.order_by("-pgh_id")[0].pgh_context.metadata["reason"] == "twins"


def test_next_pair_is_the_one_behind_then_an_open_one_before(
    client: Client, navigator: User
) -> None:
    strong = PossibleDuplicateFactory(tier="R4")
    middle = PossibleDuplicateFactory(tier="R3")
    weak = PossibleDuplicateFactory(tier="R2")
    client.force_login(navigator)

    assert send(client, middle, "later").url == pair_url(weak)
    assert send(client, weak, "different").url == pair_url(middle)
    assert send(client, middle, "different").url == pair_url(strong)


def test_next_pair_is_of_the_list_one_came_from(client: Client, navigator: User) -> None:
    pair, following = PossibleDuplicateFactory(tier="R2"), PossibleDuplicateFactory(tier="R2")
    PossibleDuplicateFactory(tier="R4")
    client.force_login(navigator)
    query = "?_changelist_filters=tier%3DR2%26p%3D2"
    newest, oldest = following, pair

    on = send(client, newest, "different", query=query)
    end = send(client, oldest, "different", query=query)

    assert on.url.startswith(pair_url(oldest))
    assert "tier%3DR2" in on.url
    assert end.url == f"{reverse(QUEUE)}?tier=R2&p=2"


def test_list_that_is_no_list_is_the_whole_queue(client: Client, navigator: User) -> None:
    following, pair = PossibleDuplicateFactory(), PossibleDuplicateFactory()
    client.force_login(navigator)

    answer = send(client, pair, "different", query="?_changelist_filters=shoe_size__exact%3D1")

    assert answer.url.startswith(pair_url(following))


def test_last_pair_leads_back_to_the_queue(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    answer = send(client, PossibleDuplicateFactory(), "different")

    assert answer.url == reverse(QUEUE)
    assert "No further pair waits in this list" in said(client, answer)


def test_decision_can_be_changed(client: Client, navigator: User) -> None:
    pair = PossibleDuplicateFactory()
    client.force_login(navigator)
    send(client, pair, "different")

    send(client, pair, "later")

    pair.refresh_from_db()
    assert (pair.state, pair.decided_at) == (State.LATER, None)


@pytest.mark.parametrize("version", ["1", "", "x"])
def test_decision_about_what_somebody_decided_meanwhile_is_refused(
    version: str, client: Client, navigator: User
) -> None:
    pair = PossibleDuplicateFactory()
    client.force_login(navigator)
    decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=UserFactory())

    answer = client.post(pair_url(pair), {"decision": "same", "version": version})

    pair.refresh_from_db()
    assert pair.state == State.DIFFERENT
    assert answer.url == pair_url(pair)
    assert "Somebody decided about this pair meanwhile" in said(client, answer)


def test_same_person_leads_to_the_merge_of_the_two(client: Client, navigator: User) -> None:
    lead, patient = PatientFactory(), PatientFactory(converted=True)
    pair = PossibleDuplicateFactory(first_patient=lead, second_patient=patient)
    client.force_login(navigator)

    answer = send(client, pair, "same")

    merge = reverse("admin:patients_patientmerge_join", args=[patient.pk, lead.pk])
    assert answer.url == f"{merge}?review=1"
    assert merge in client.get(pair_url(pair)).content.decode()


def test_patient_and_specialist_are_never_the_same(client: Client, navigator: User) -> None:
    pair = mixed()
    client.force_login(navigator)

    content = client.get(pair_url(pair)).content.decode()
    answer = send(client, pair, "same")

    assert 'value="same"' not in content
    assert "stay two records, always" in content
    assert "stay two records, always" in said(client, answer)
    pair.refresh_from_db()
    assert pair.state == State.OPEN


def test_specialists_are_decided_and_said_not_to_be_merged(client: Client, navigator: User) -> None:
    pair = of_specialists()
    client.force_login(navigator)

    content = client.get(pair_url(pair)).content.decode()
    send(client, pair, "same")

    assert "cannot be merged yet" in content
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == (State.SAME, navigator)


@pytest.mark.parametrize("decision", ["open", "", "nonsense"])
def test_no_decision_changes_nothing(decision: str, client: Client, navigator: User) -> None:
    pair = PossibleDuplicateFactory()
    client.force_login(navigator)

    answer = send(client, pair, decision)

    assert "Say same, different or later" in said(client, answer)
    pair.refresh_from_db()
    assert (pair.state, pair.version) == (State.OPEN, 1)


def test_pair_that_is_gone_leads_to_the_queue(client: Client, navigator: User) -> None:
    pair = PossibleDuplicateFactory()
    url = pair_url(pair)
    pair.delete()
    client.force_login(navigator)

    answer = client.get(url)

    assert answer.url == reverse(QUEUE)
    assert "This pair is settled" in said(client, answer)


# --- on a person's own page -----------------------------------------------------------------------


def page_of(client: Client, person: Any) -> str:
    return str(client.get(person.get_absolute_url()).content.decode())


def test_person_says_whom_they_may_be_the_same_as(client: Client, navigator: User) -> None:
    patient, twin = PatientFactory(), PatientFactory()
    pair = PossibleDuplicateFactory(first_patient=patient, second_patient=twin)
    client.force_login(navigator)

    for one, other in ((patient, twin), (twin, patient)):
        content = page_of(client, one)
        assert f"May be the same person as {other.full_name}" in content
        assert pair_url(pair) in content

    decide(duplicate_id=pair.pk, decision=State.DIFFERENT, by=navigator)
    assert "<aside" not in page_of(client, patient)


def test_person_who_is_to_be_merged_leads_to_the_merge_or_to_the_pair(
    client: Client, navigator: User, member: Callable[..., User]
) -> None:
    pair = PossibleDuplicateFactory()
    decide(duplicate_id=pair.pk, decision=State.SAME, by=navigator)

    client.force_login(navigator)
    for_navigator = page_of(client, pair.first_patient)
    client.force_login(member(Role.AUDITOR))
    for_auditor = page_of(client, pair.first_patient)

    assert "not merged yet" in for_navigator
    assert "/admin/patients/patientmerge/join/" in for_navigator
    assert pair_url(pair) in for_auditor
    assert "/admin/patients/patientmerge/join/" not in for_auditor


def test_person_tells_nothing_of_pairs_to_who_may_not_see_them(client: Client) -> None:
    pair = PossibleDuplicateFactory()
    viewer = UserFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_patient"))
    client.force_login(viewer)

    content = page_of(client, pair.first_patient)

    assert pair.second_patient.full_name not in content


def test_page_counts_nothing_that_the_viewer_may_not_see(client: Client) -> None:
    pair = PossibleDuplicateFactory()
    NoteFactory(patient=pair.first_patient)
    viewer = UserFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_possibleduplicate"))
    client.force_login(viewer)

    assert [row.label for row in _groups(client, pair)[-1].rows] == ["Last activity"]


def test_person_names_the_first_three_of_many_pairs(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)
    page_of(client, patient)
    for _number in range(5):
        PossibleDuplicateFactory(first_patient=patient, second_patient=PatientFactory())

    content = page_of(client, patient)

    assert content.count("May be the same person as") == 3
    assert "There are more such pairs" in content


def test_specialist_says_whom_they_may_be_the_same_as(client: Client, navigator: User) -> None:
    pair = of_specialists()
    client.force_login(navigator)

    content = page_of(client, pair.first_specialist)

    assert f"May be the same person as {pair.second_specialist.full_name}" in content
