"""Merging two patients in the workplace: choosing, merging, old ids, and taking it back."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.tests.factories import BookingFactory, CallFactory
from patients.merging import merge
from patients.models import Patient, PatientMerge, PossibleDuplicate
from patients.reviewing import decide
from patients.tests.factories import (
    ContactPointFactory,
    MergedPatientFactory,
    NoteFactory,
    PatientFactory,
    PossibleDuplicateFactory,
)
from patients.unmerging import undo
from portal.core.ids import uuid7
from portal.core.models import AccessEvent, User
from portal.core.tests.factories import UserFactory
from portal.roles import Role

pytestmark = pytest.mark.django_db

MERGING = (Role.NAVIGATOR, Role.TEAM_LEAD, Role.DATA_STEWARD)


def join_url(survivor: Patient, loser: Patient) -> str:
    return reverse("admin:patients_patientmerge_join", args=[survivor.pk, loser.pk])


def undo_url(done: PatientMerge) -> str:
    return reverse("admin:patients_patientmerge_undo", args=[done.pk])


def patient_url(patient_id: UUID) -> str:
    return reverse("admin:patients_patient_change", args=[patient_id])


def send(client: Client, survivor: Patient, loser: Patient, **choices: str) -> Any:
    """Open the page and send it back with these choices."""
    url = join_url(survivor, loser)
    versions = client.get(url).context["versions"]
    posted = {f"choose-{name}": side for name, side in choices.items() if name != "reason"}
    reason = choices.get("reason", "")
    shown = {"survivor_version": versions[0], "loser_version": versions[1], "reason": reason}
    return client.post(url, {**shown, **posted})


def said(client: Client, response: Any) -> str:
    return str(client.get(response.url).content.decode())


@pytest.fixture
def merged(navigator: User) -> PatientMerge:
    """Ada stays, Bea gave way."""
    survivor = PatientFactory(first_name="Ada", last_name="Berg")
    loser = PatientFactory(first_name="Bea", last_name="Berg")
    NoteFactory.create_batch(2, patient=loser)
    return merge(survivor_id=survivor.pk, loser_id=loser.pk, by=navigator)


# --- what is kept ---------------------------------------------------------------------------------


def test_page_offers_each_difference_and_says_what_moves(client: Client, navigator: User) -> None:
    survivor = PatientFactory(first_name="Jon", phone="", country="NL")
    loser = PatientFactory(first_name="John", phone="+31687654321", country="NL")
    NoteFactory.create_batch(3, patient=loser)
    BookingFactory(patient=loser)
    client.force_login(navigator)

    page = client.get(join_url(survivor, loser))

    content = page.content.decode()
    choices = {choice.name: choice for choice in page.context["choices"]}
    assert (choices["first_name"].survivor, choices["first_name"].loser) == ("Jon", "John")
    assert choices["first_name"].kept == "survivor"
    assert choices["phone"].kept == "loser"
    assert "country" not in choices
    assert dict(page.context["outcome"].moved) == {"Notes": 3, "Bookings": 1}
    assert 'name="choose-first_name" value="survivor" checked' in content
    assert 'name="choose-phone" value="loser" checked' in content
    assert "+31 6 87654321" in content


def test_page_says_what_is_known_besides_the_address_to_choose(
    client: Client, navigator: User
) -> None:
    survivor, loser = PatientFactory(email="ada@example.org"), PatientFactory(email="", phone="")
    ContactPointFactory(patient=loser, kind="email", value="ada@example.org")
    client.force_login(navigator)

    page = client.get(join_url(survivor, loser))

    [choice] = [each for each in page.context["choices"] if each.name == "email"]
    assert choice.survivor == "ada@example.org"
    assert choice.loser == "nothing; further contact point: ada@example.org"


def test_page_writes_both_people_to_the_access_log_and_changes_nothing(
    client: Client, navigator: User
) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    NoteFactory(patient=loser)
    client.force_login(navigator)

    client.get(join_url(survivor, loser))

    assert set(AccessEvent.objects.get().record_ids) == {survivor.pk, loser.pk}
    assert loser.notes.count() == 1
    assert Patient.objects.filter(version=1).count() == 2


@pytest.mark.parametrize("role", MERGING, ids=str)
def test_merge_keeps_what_was_chosen_and_leads_to_the_survivor(
    role: Role, client: Client, member: Callable[..., User]
) -> None:
    user = member(role)
    survivor = PatientFactory(first_name="Jon", last_name="Berg", date_of_birth=date(1980, 5, 1))
    loser = PatientFactory(first_name="John", last_name="Bergh", date_of_birth=date(1980, 5, 2))
    note = NoteFactory(patient=loser)
    client.force_login(user)

    answer = send(
        client, survivor, loser, first_name="loser", last_name="survivor", reason="one person"
    )

    survivor.refresh_from_db()
    note.refresh_from_db()
    done = PatientMerge.objects.get()
    assert (survivor.first_name, survivor.last_name) == ("John", "Berg")
    assert survivor.date_of_birth == date(1980, 5, 1)
    assert note.patient == survivor
    assert (done.merged_by, done.reason) == (user, "one person")
    assert answer.url == patient_url(survivor.pk)
    content = said(client, answer)
    assert "are one now" in content
    assert undo_url(done) in content


def test_merge_of_a_reviewed_pair_leads_on_to_the_next(client: Client, navigator: User) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    following = PossibleDuplicateFactory()
    client.force_login(navigator)

    answer = client.post(
        f"{join_url(survivor, loser)}?review=1", {"survivor_version": 1, "loser_version": 1}
    )

    content = said(client, answer)
    assert "Next pair to review" in content
    assert following.get_absolute_url() in content


def test_merge_sent_twice_is_one_merge(client: Client, navigator: User) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    client.force_login(navigator)
    first = send(client, survivor, loser)

    again = client.post(join_url(survivor, loser), {"survivor_version": 1, "loser_version": 1})

    assert again.url == first.url
    assert PatientMerge.objects.count() == 1


@pytest.mark.parametrize("changed", ["survivor", "loser"])
def test_merge_of_somebody_who_was_changed_meanwhile_is_refused_and_shown_anew(
    changed: str, client: Client, navigator: User
) -> None:
    people = {"survivor": PatientFactory(), "loser": PatientFactory()}
    Patient.objects.filter(pk=people[changed].pk).update(first_name="Changed")
    client.force_login(navigator)

    page = client.post(
        join_url(people["survivor"], people["loser"]),
        {"survivor_version": 1, "loser_version": 1, "choose-last_name": "loser"},
    )

    content = page.content.decode()
    assert page.status_code == 409
    assert "Somebody changed one of the two records meanwhile" in content
    assert "Changed" in content
    assert 'name="choose-last_name" value="loser" checked' in content
    assert Patient.objects.count() == 2


@pytest.mark.parametrize("posted", [{}, {"survivor_version": "x", "loser_version": "1"}])
def test_merge_without_what_was_looked_at_is_refused(
    posted: dict[str, str], client: Client, navigator: User
) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    client.force_login(navigator)

    assert client.post(join_url(survivor, loser), posted).status_code == 409
    assert Patient.objects.count() == 2


def test_merge_of_two_who_were_decided_to_be_different_says_what_is_in_the_way(
    client: Client, navigator: User
) -> None:
    pair = PossibleDuplicateFactory()
    decide(duplicate_id=pair.pk, decision=PossibleDuplicate.State.DIFFERENT, by=navigator)
    client.force_login(navigator)

    content = client.get(join_url(pair.first_patient, pair.second_patient)).content.decode()
    answer = send(client, pair.first_patient, pair.second_patient)

    assert "Somebody decided that these are two persons" in content
    assert pair.get_absolute_url() in content
    assert 'class="portal-button">Merge<' not in content
    assert answer.status_code == 409
    assert Patient.objects.count() == 2


def test_merge_of_values_that_do_not_fit_is_refused_with_the_reason(
    client: Client, navigator: User
) -> None:
    dead = {"stage": "closed", "closed_reason": "deceased"}
    survivor = PatientFactory(date_of_birth=date(1950, 1, 1), **dead)
    loser = PatientFactory(date_of_birth=date(1940, 1, 1), deceased_on=date(1945, 1, 1), **dead)
    client.force_login(navigator)

    shown = client.get(join_url(survivor, loser))
    refused = send(client, survivor, loser)
    done = send(client, survivor, loser, date_of_birth="loser")

    assert "The date of death is before the date of birth" in shown.content.decode()
    assert refused.status_code == 409
    assert done.status_code == 302


def test_merge_page_of_ids_that_are_not_two_people(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)

    def answer(survivor_id: UUID, loser_id: UUID) -> Any:
        url = reverse("admin:patients_patientmerge_join", args=[survivor_id, loser_id])
        return client.get(url)

    assert answer(patient.pk, patient.pk).url == patient_url(patient.pk)
    assert answer(patient.pk, uuid7()).status_code == 404


def test_merge_page_of_somebody_who_was_merged_meanwhile_leads_on(
    client: Client, navigator: User, merged: PatientMerge
) -> None:
    other = PatientFactory()
    gone = Patient(pk=merged.loser_id)
    client.force_login(navigator)

    assert client.get(join_url(other, gone)).url == join_url(other, merged.survivor)
    assert client.get(join_url(merged.survivor, gone)).url == patient_url(merged.survivor_id)


def test_auditor_may_neither_merge_nor_take_back(
    client: Client, member: Callable[..., User], merged: PatientMerge
) -> None:
    survivor, loser = PatientFactory(), PatientFactory()
    client.force_login(member(Role.AUDITOR))

    for url in (
        join_url(survivor, loser),
        undo_url(merged),
        reverse("admin:patients_patientmerge_add"),
    ):
        assert client.get(url).status_code == 403
        assert client.post(url).status_code == 403
    assert Patient.objects.count() == 3


def test_merge_page_needs_as_many_queries_for_many_rows_as_for_few(
    client: Client, navigator: User
) -> None:
    survivor, loser = PatientFactory(), PatientFactory()

    def fill(count: int) -> None:
        NoteFactory.create_batch(count, patient=loser)
        CallFactory.create_batch(count, patient=loser)

    client.force_login(navigator)
    fill(1)
    client.get(join_url(survivor, loser))
    with CaptureQueriesContext(connection) as few:
        client.get(join_url(survivor, loser))
    fill(10)

    with CaptureQueriesContext(connection) as many:
        client.get(join_url(survivor, loser))

    assert len(many) == len(few)


# --- whom -----------------------------------------------------------------------------------------


def test_patient_page_leads_to_the_choice_of_another(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)
    choose = f"{reverse('admin:patients_patientmerge_add')}?one={patient.pk}"

    page = client.get(patient_url(patient.pk)).content.decode()
    chosen = client.get(choose).content.decode()

    assert choose in page
    assert f'<option value="{patient.pk}" selected>' in chosen


def test_choosing_two_leads_to_their_merge_with_the_better_survivor(
    client: Client, navigator: User
) -> None:
    lead, patient = PatientFactory(), PatientFactory(converted=True)
    client.force_login(navigator)

    answer = client.get(
        reverse("admin:patients_patientmerge_add"), {"one": lead.pk, "other": patient.pk}
    )

    assert answer.url == join_url(patient, lead)


@pytest.mark.parametrize("other", ["self", "nobody", ""])
def test_choosing_nobody_else_is_refused(other: str, client: Client, navigator: User) -> None:
    patient = PatientFactory()
    chosen = {"self": str(patient.pk), "nobody": str(uuid7()), "": ""}[other]
    client.force_login(navigator)

    page = client.get(
        reverse("admin:patients_patientmerge_add"), {"one": patient.pk, "other": chosen}
    )

    assert page.status_code == 200
    assert not page.context["form"].is_valid()


# --- old ids --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [*MERGING, Role.AUDITOR], ids=str)
def test_page_of_an_old_id_leads_to_the_person_through_a_chain(
    role: Role, client: Client, member: Callable[..., User], merged: PatientMerge
) -> None:
    last = PatientFactory()
    merge(survivor_id=last.pk, loser_id=merged.survivor_id, by=UserFactory())
    client.force_login(member(role))

    for old_id in (merged.loser_id, merged.survivor_id):
        for page in ("change", "history"):
            answer = client.get(reverse(f"admin:patients_patient_{page}", args=[old_id]))
            assert answer.url == patient_url(last.pk)
    assert "was merged into this person on" in said(client, answer)


def test_page_of_an_old_id_tells_nothing_to_who_may_see_nobody(
    client: Client, merged: PatientMerge
) -> None:
    client.force_login(UserFactory())

    assert client.get(patient_url(merged.loser_id)).status_code == 403
    assert (
        "patient/"
        not in client.get(reverse("admin:patients_patient_history", args=[merged.loser_id])).url
    )


@pytest.mark.parametrize("object_id", ["019a0000-0000-7000-8000-000000000000", "none"])
def test_page_of_an_id_that_nobody_had_says_so(
    object_id: str, client: Client, navigator: User
) -> None:
    client.force_login(navigator)

    answer = client.get(reverse("admin:patients_patient_change", args=[object_id]))

    assert answer.url == reverse("admin:index")


def test_old_id_shows_what_gave_way_in_words(client: Client, navigator: User) -> None:
    owner = UserFactory(name="Karl Petrova")
    losing = {"sex": "male", "owner": str(owner.pk), "physician": str(uuid7())}
    old = MergedPatientFactory(losing_values={**losing, "date_of_birth": "1980-05-01"})
    client.force_login(navigator)

    content = client.get(
        reverse("admin:patients_mergedpatient_change", args=[old.pk])
    ).content.decode()

    for shown in ("Male", "Karl Petrova", "1 May 1980", losing["physician"]):
        assert shown in content


# --- taking it back -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", MERGING, ids=str)
def test_undo_says_what_goes_back_and_leads_to_who_came_back(
    role: Role, client: Client, member: Callable[..., User], merged: PatientMerge
) -> None:
    user = member(role)
    client.force_login(user)

    page = client.get(undo_url(merged)).content.decode()
    merged.refresh_from_db()
    answer = client.post(undo_url(merged), {"version": merged.version, "reason": "two after all"})

    assert "Bea Berg is a record of their own again" in page
    assert "2 notes" in page
    back = Patient.objects.get(pk=merged.loser_id)
    assert back.notes.count() == 2
    assert answer.url == patient_url(back.pk)
    assert "are two records again" in said(client, answer)
    merged.refresh_from_db()
    assert merged.undone_by == user


def test_undo_of_a_reviewed_pair_asks_to_decide_anew(client: Client, navigator: User) -> None:
    pair = PossibleDuplicateFactory()
    decide(duplicate_id=pair.pk, decision=PossibleDuplicate.State.SAME, by=navigator)
    done = merge(survivor_id=pair.first_patient_id, loser_id=pair.second_patient_id, by=navigator)
    client.force_login(navigator)

    page = client.get(undo_url(done)).content.decode()
    answer = client.post(undo_url(done), {"version": 1})

    assert "1 possible duplicate" in page
    assert "Say that they are not the same person" in said(client, answer)


def test_undo_lets_stay_what_happened_since_only_when_told(
    client: Client, navigator: User, merged: PatientMerge
) -> None:
    later = NoteFactory(patient=merged.survivor)
    client.force_login(navigator)

    page = client.get(undo_url(merged)).content.decode()
    refused = client.post(undo_url(merged), {"version": 1})
    done = client.post(undo_url(merged), {"version": 1, "keep_later": "on"})

    assert "Added since the merge: notes (1)" in page
    assert refused.status_code == 409
    assert done.status_code == 302
    later.refresh_from_db()
    assert later.patient == merged.survivor


def test_undo_that_cannot_be_has_no_button(
    client: Client, navigator: User, merged: PatientMerge
) -> None:
    merge(survivor_id=merged.survivor_id, loser_id=PatientFactory().pk, by=navigator)
    client.force_login(navigator)

    content = client.get(undo_url(merged)).content.decode()

    assert "Take that merge back first" in content
    assert '<form method="post" novalidate>' not in content


def test_undo_a_second_time_changes_nothing(
    client: Client, navigator: User, merged: PatientMerge
) -> None:
    undo(merge_id=merged.pk, by=navigator)
    client.force_login(navigator)

    answer = client.get(undo_url(merged))

    assert answer.url == patient_url(merged.loser_id)
    assert "taken back already" in said(client, answer)


def test_survivor_page_offers_to_undo(
    client: Client, member: Callable[..., User], merged: PatientMerge
) -> None:
    client.force_login(member(Role.NAVIGATOR))
    for_navigator = client.get(patient_url(merged.survivor_id)).content.decode()
    client.force_login(member(Role.AUDITOR))
    for_auditor = client.get(patient_url(merged.survivor_id)).content.decode()

    assert undo_url(merged) in for_navigator
    assert merged.get_absolute_url() in for_auditor
    assert undo_url(merged) not in for_auditor


def test_merge_page_has_the_button_to_undo(
    client: Client, navigator: User, merged: PatientMerge
) -> None:
    client.force_login(navigator)

    content = client.get(merged.get_absolute_url()).content.decode()

    assert undo_url(merged) in content
