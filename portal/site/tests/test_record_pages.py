"""The base of every page: bounded lists, the optimistic lock, constraints, history, deletion."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from psycopg import errors as postgres

from patients.models import ContactPoint, Hospital, Patient
from patients.tests.factories import (
    ContactPointFactory,
    HospitalFactory,
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core import history_log
from portal.core.admin.display import waiting
from portal.core.admin.lists import BoundedPaginator
from portal.core.history import acting
from portal.core.history_log import Action
from portal.core.models import RoleGiven, User
from portal.core.tests.factories import UserFactory
from portal.roles import Role

pytestmark = pytest.mark.django_db


def change_url(record: Any) -> str:
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])


def posted(hospital: Hospital, **changes: Any) -> dict[str, Any]:
    return {
        "name": hospital.name,
        "city": hospital.city,
        "country": hospital.country,
        "version": hospital.version,
        **changes,
    }


# --- lists ----------------------------------------------------------------------------------------


@pytest.fixture
def hospitals() -> list[Hospital]:
    return [HospitalFactory(name=f"Hospital {number:03}") for number in range(30)]


def test_paginator_of_few_rows_counts_exactly(hospitals: list[Hospital]) -> None:
    paginator = BoundedPaginator(Hospital.objects.order_by("name", "id"), 25)

    assert paginator.count == 30
    assert not paginator.is_capped
    assert [row.name for row in paginator.page(2)] == [h.name for h in hospitals[25:]]


def test_paginator_of_many_filtered_rows_stops_counting(
    hospitals: list[Hospital], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.core.admin.lists.COUNT_LIMIT", 20)
    queryset = Hospital.objects.filter(country="NL").order_by("name", "id")

    with CaptureQueriesContext(connection) as queries:
        paginator = BoundedPaginator(queryset, 10)
        count = paginator.count

    assert count == 20
    assert paginator.is_capped
    assert [row.name for row in paginator.page(2)] == [h.name for h in hospitals[10:20]]
    assert "LIMIT 21" in queries[0]["sql"]


def test_paginator_of_a_large_table_trusts_the_estimate_and_reads_the_end_backwards(
    hospitals: list[Hospital], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.core.admin.lists.COUNT_LIMIT", 20)
    monkeypatch.setattr("portal.core.admin.lists._estimated_rows", lambda table: 30)
    paginator = BoundedPaginator(Hospital.objects.order_by("name", "id"), 10)

    assert paginator.count == 30
    with CaptureQueriesContext(connection) as queries:
        page = paginator.page(3)
        names = [row.name for row in page]

    assert names == [h.name for h in hospitals[20:]]
    assert "DESC" in queries[0]["sql"]
    assert "OFFSET" not in queries[0]["sql"]


def test_page_beyond_the_last_one_is_refused_without_an_error(
    admin_client: Client, hospitals: list[Hospital]
) -> None:
    response = admin_client.get(reverse("admin:patients_hospital_changelist"), {"p": 99})

    assert response.status_code == 302


def test_list_shows_25_rows_and_counts_nothing_without_limit(
    admin_client: Client, hospitals: list[Hospital]
) -> None:
    url = reverse("admin:patients_hospital_changelist")

    with CaptureQueriesContext(connection) as queries:
        content = admin_client.get(url).content.decode()

    assert sum(f"Hospital {number:03}" in content for number in range(30)) == 25
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counts
    assert all("LIMIT" in sql for sql in counts)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"created_at_from": "2026-03-01", "created_at_to": "2026-03-01"}, True),
        ({"created_at_from": "2026-03-02"}, False),
        ({"created_at_to": "2026-02-28"}, False),
        ({"created_at_from": "no date"}, True),
    ],
    ids=["that day", "from the next day", "up to the day before", "typed by hand"],
)
def test_date_filter_takes_whole_days_of_the_viewers_clock(
    query: dict[str, str], found: bool, client: Client, navigator: User
) -> None:
    patient = PatientFactory(last_name="Midnight", created_at="2026-02-28T23:30:00Z")
    client.force_login(navigator)  # in Amsterdam it was the first of March

    content = client.get(reverse("admin:patients_patient_changelist"), query).content.decode()

    assert (change_url(patient) in content) is found


def test_filter_with_an_id_that_is_none_finds_nothing(admin_client: Client) -> None:
    PatientFactory(last_name="Somebody")

    response = admin_client.get(
        reverse("admin:patients_patient_changelist"), {"owner__id__exact": "nonsense"}
    )

    assert response.status_code in {200, 302}
    assert "Somebody" not in response.content.decode()


# --- forms ----------------------------------------------------------------------------------------


def test_save_with_the_current_version_is_saved(admin_client: Client) -> None:
    hospital = HospitalFactory(city="Utrecht")
    hospital.refresh_from_db()

    admin_client.post(change_url(hospital), posted(hospital, city="Leiden"))

    hospital.refresh_from_db()
    assert hospital.city == "Leiden"
    assert hospital.version == 2


@pytest.mark.parametrize("version", [1, ""], ids=["an old version", "no version"])
def test_stale_save_is_refused_and_names_who_changed_what(
    version: Any, admin_client: Client, navigator: User
) -> None:
    hospital = HospitalFactory(name="Old name", city="Utrecht")
    with acting(by=navigator):
        Hospital.objects.filter(pk=hospital.pk).update(city="Leiden")
    seen = posted(hospital, name="New name", version=version)

    content = admin_client.post(change_url(hospital), seen).content.decode()

    hospital.refresh_from_db()
    assert (hospital.name, hospital.city) == ("Old name", "Leiden")
    assert "changed this record while you were editing it" in content
    if version:
        assert "Aisha Okafor" in content
        assert "City" in content


def test_stale_save_stays_refused_when_it_is_sent_again(admin_client: Client) -> None:
    hospital = HospitalFactory(city="Utrecht")
    Hospital.objects.filter(pk=hospital.pk).update(city="Leiden")
    url, seen = change_url(hospital), posted(hospital, name="New name")

    first = admin_client.post(url, seen).content.decode()
    admin_client.post(url, seen)

    hospital.refresh_from_db()
    assert hospital.city == "Leiden"
    assert 'name="version" value="1"' in first


def test_stale_part_is_refused(admin_client: Client) -> None:
    point = ContactPointFactory(kind="email", value="old@example.org")
    condition = point.patient.medical_condition
    ContactPoint.objects.filter(pk=point.pk).update(remark="the mother's")
    data = {
        "first_name": point.patient.first_name,
        "last_name": point.patient.last_name,
        "medical_condition": condition.pk,
        "sex": "unknown",
        "voicemail": "no_name",
        "version": point.patient.version,
        "notes-TOTAL_FORMS": 0,
        "notes-INITIAL_FORMS": 0,
        "contact_points-TOTAL_FORMS": 1,
        "contact_points-INITIAL_FORMS": 1,
        "contact_points-0-id": point.pk,
        "contact_points-0-patient": point.patient.pk,
        "contact_points-0-kind": "email",
        "contact_points-0-value": "new@example.org",
        "contact_points-0-version": 1,
    }

    admin_client.post(change_url(point.patient), data)

    point.refresh_from_db()
    assert (point.value, point.remark) == ("old@example.org", "the mother's")


def test_broken_constraint_is_an_error_of_the_form(admin_client: Client) -> None:
    condition = MedicalConditionFactory(name="Somnolence")

    response = admin_client.post(
        reverse("admin:patients_medicalcondition_add"),
        {
            "name": "SOMNOLENCE",
            "names-TOTAL_FORMS": 0,
            "names-INITIAL_FORMS": 0,
        },
    )

    assert response.status_code == 200
    assert "already a condition of this name" in response.content.decode()
    assert condition.names.count() == 0


def test_constraint_that_only_the_database_sees_is_an_error_of_the_form(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody else saves the same name a moment earlier."""
    MedicalConditionFactory(name="Somnolence")
    monkeypatch.setattr("django.db.models.Model.validate_constraints", lambda *_, **__: None)

    response = admin_client.post(
        reverse("admin:patients_medicalcondition_add"),
        {"name": "Somnolence", "names-TOTAL_FORMS": 0, "names-INITIAL_FORMS": 0},
    )

    assert response.status_code == 200
    assert "already a condition of this name" in response.content.decode()


# --- history --------------------------------------------------------------------------------------


def test_history_names_who_changed_what_in_words(navigator: User) -> None:
    physician = SpecialistFactory(first_name="Gregory", last_name="House")
    patient = PatientFactory(phone="+31612345678", voicemail="no_name")
    with acting(by=navigator, reason="told on the phone"):
        patient.physician = physician
        patient.phone = "+31687654321"
        patient.voicemail = "full"
        patient.save()

    entry, created = history_log.read(Patient, patient.pk).entries

    assert (entry.actor, entry.actor_id) == ("Aisha Okafor", navigator.pk)
    assert entry.reason == "told on the phone"
    assert {change.label: (change.old, change.new) for change in entry.changes} == {
        "Phone": ("+31 6 12345678", "+31 6 87654321"),
        "Physician": ("", "Gregory House"),
        "Voicemail": (
            "Voicemail without the company's name",
            "Voicemail with name and company",
        ),
    }
    assert created.action is Action.CREATED
    assert created.actor == "directly in the database"


def test_history_tells_parts_that_came_and_went(navigator: User) -> None:
    patient = PatientFactory()
    with acting(by=navigator):
        point = ContactPointFactory(patient=patient, kind="phone", value="+31612345678")
        point.delete()

    page = history_log.read(Patient, patient.pk, parts=("contact_points",))
    gone, came = (entry for entry in page.entries if entry.is_part)

    assert (gone.action, came.action) == (Action.DELETED, Action.CREATED)
    values = {change.label: change.new for change in came.changes}
    assert values["Address or number"] == "+31 6 12345678"
    assert "Patient" not in values


def test_history_is_cut_into_pages(navigator: User) -> None:
    hospital = HospitalFactory()
    for number in range(30):
        Hospital.objects.filter(pk=hospital.pk).update(city=f"City {number}")

    newest = history_log.read(Hospital, hospital.pk, limit=25)
    oldest = history_log.read(Hospital, hospital.pk, limit=25, offset=25)

    assert (len(newest.entries), newest.has_older) == (25, True)
    assert (len(oldest.entries), oldest.has_older) == (6, False)
    assert newest.entries[0].changes[0].new == "City 29"
    # The oldest of a page is told from the one before it, which is on the next page.
    assert newest.entries[-1].changes[0].old == "City 4"


def test_history_needs_as_many_queries_for_many_changes_as_for_few(navigator: User) -> None:
    patient = PatientFactory()

    def change(times: int) -> None:
        for number in range(times):
            with acting(by=UserFactory()):
                ContactPointFactory(patient=patient, value=f"{times}-{number}@example.org")
                patient.owner = UserFactory()
                patient.save()

    change(1)
    with CaptureQueriesContext(connection) as few:
        history_log.read(Patient, patient.pk, parts=("contact_points",), limit=50)
    change(10)

    with CaptureQueriesContext(connection) as many:
        history_log.read(Patient, patient.pk, parts=("contact_points",), limit=50)

    assert len(many) == len(few)


def test_history_tells_that_a_password_was_changed_and_keeps_none() -> None:
    user = UserFactory()
    user.set_password("a password that is long")
    user.save()
    user.refresh_from_db()
    version = user.version
    user.last_login = timezone.now()
    user.save()

    changed = history_log.read(User, user.pk).entries[0].changes
    user.refresh_from_db()
    kept = {field.name for field in User.pgh_event_model._meta.fields}

    assert [change.field for change in changed] == ["password_changed_at"]
    assert kept.isdisjoint({"password", "last_login"})
    assert user.version == version, "logging in changes nothing that somebody edits"


def test_history_is_on_the_page_and_on_its_own(client: Client, navigator: User) -> None:
    patient = PatientFactory(first_name="Zoe")
    with acting(by=UserFactory(name="Karl Petrova")):
        patient.first_name = "Zoë"
        patient.save()
    client.force_login(navigator)

    page = client.get(change_url(patient)).content.decode()
    own = client.get(reverse("admin:patients_patient_history", args=[patient.pk]))

    assert "Karl Petrova" in page
    assert "Karl Petrova" in own.content.decode()
    assert "<del>Zoe</del>" in own.content.decode()


def test_change_in_the_workplace_is_recorded_with_user_and_request(
    client: Client, member: Callable[..., User]
) -> None:
    steward = member(Role.DATA_STEWARD, name="Marta Weber")
    hospital = HospitalFactory(city="Utrecht")
    hospital.refresh_from_db()
    client.force_login(steward)

    response = client.post(change_url(hospital), posted(hospital, city="Leiden"))

    entry = history_log.read(Hospital, hospital.pk).entries[0]
    assert entry.actor == "Marta Weber"
    assert entry.request_id == response["X-Request-ID"]


# --- deleting -------------------------------------------------------------------------------------


def test_deletion_that_others_stand_in_the_way_of_names_the_first_of_them(
    admin_client: Client,
) -> None:
    hospital = HospitalFactory()
    for _number in range(25):
        SpecialistFactory(hospital=hospital)
    url = reverse("admin:patients_hospital_delete", args=[hospital.pk])

    with CaptureQueriesContext(connection) as queries:
        content = admin_client.get(url).content.decode()
    bounded = [query["sql"] for query in queries if "LIMIT 20" in query["sql"]]
    admin_client.post(url, {"post": "yes"})

    assert content.count("Specialist:") == 20
    assert bounded
    assert Hospital.objects.filter(pk=hospital.pk).exists()


def test_deletion_of_what_nothing_points_at_is_done(admin_client: Client) -> None:
    hospital = HospitalFactory()

    admin_client.post(
        reverse("admin:patients_hospital_delete", args=[hospital.pk]), {"post": "yes"}
    )

    assert not Hospital.objects.filter(pk=hospital.pk).exists()


# --- accounts -------------------------------------------------------------------------------------


def test_superuser_makes_an_account_and_gives_it_a_role(admin_client: Client) -> None:
    admin_client.post(
        reverse("admin:core_user_add"),
        {
            "username": "karl",
            "name": "Karl Petrova",
            "email": "karl@example.org",
            "usable_password": "true",
            "password1": "correct horse battery",
            "password2": "correct horse battery",
        },
    )
    karl = User.objects.get(username="karl")
    admin_client.post(
        change_url(karl),
        {
            "username": "karl",
            "name": "Karl Petrova",
            "is_active": "on",
            "is_staff": "on",
            "groups": [Group.objects.get(name="navigator").pk],
            "language": "en",
            "time_zone": "Europe/Madrid",
            "version": karl.version,
        },
    )

    karl.refresh_from_db()
    assert karl.check_password("correct horse battery")
    assert [group.name for group in karl.groups.all()] == ["navigator"]
    assert karl.time_zone == "Europe/Madrid"


def test_nobody_deletes_an_account(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = UserFactory(is_superuser=True)

    assert not admin.site._registry[User].has_delete_permission(request)


def test_access_log_is_searched_by_the_id_of_a_record(
    admin_client: Client, client: Client, navigator: User
) -> None:
    seen, other = PatientFactory(), PatientFactory()
    client.force_login(navigator)
    client.get(change_url(seen))
    url = reverse("admin:core_accessevent_changelist")

    assert "Aisha Okafor" in admin_client.get(url, {"q": str(seen.pk)}).content.decode()
    assert "Aisha Okafor" not in admin_client.get(url, {"q": str(other.pk)}).content.decode()
    assert "Aisha Okafor" not in admin_client.get(url, {"q": "nonsense"}).content.decode()


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=3183), "8 years"),
    ],
    ids=str,
)
def test_waiting_time_is_told_in_one_unit(passed: timedelta, shown: str) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)

    assert waiting(now - passed, now=now) == shown


def test_history_tells_who_gave_and_took_which_role(admin_client: Client, admin_user: User) -> None:
    account = UserFactory(name="New Navigator")
    page = reverse("admin:core_user_change", args=[account.pk])
    steward = Group.objects.get(name="data steward")

    with acting(by=admin_user):
        account.groups.add(steward)
        account.groups.remove(steward)

    parts = ((RoleGiven, "user_id"),)
    told = [
        (entry.action, entry.actor, {change.new or change.old for change in entry.changes})
        for entry in history_log.read(User, account.pk, parts=parts).entries
        if entry.is_part
    ]
    assert told == [
        (Action.DELETED, str(admin_user), {"data steward"}),
        (Action.CREATED, str(admin_user), {"data steward"}),
    ]
    assert "data steward" in admin_client.get(page).content.decode()


def test_deadlock_is_said_in_words_and_a_lost_database_is_not_hidden(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reverse("admin:patients_hospital_change", args=[HospitalFactory().pk])
    causes: list[Exception] = [postgres.DeadlockDetected(), postgres.AdminShutdown()]

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError from causes.pop(0)

    monkeypatch.setattr(Hospital, "save", refuse)
    filled = {"name": "Changed", "version": 1}

    busy = admin_client.post(page, filled)

    assert "Try again" in busy.content.decode()
    with pytest.raises(OperationalError):
        admin_client.post(page, filled)
