"""The frame of the workplace: home, menu, palette, autocompletes, log-in, theme scripts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.tests.factories import BookingFactory, CallFactory
from patients.closing import ATTEMPTS_NEEDED
from patients.tests.factories import (
    MedicalConditionFactory,
    PatientFactory,
    SpecialistFactory,
)
from portal.core.models import User
from portal.core.tests.factories import UserFactory
from portal.roles import Role
from portal.site.home import home
from portal.site.navigation import navigation
from referrals.tests.factories import (
    CTReferralFactory,
    EAPDossierFactory,
    FollowUpFactory,
    SafetyReportFactory,
    ShipmentFactory,
)

pytestmark = pytest.mark.django_db

TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def at_ten(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """A Monday morning, 10:00 UTC, 11:00 in Amsterdam."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: TEN)
    return TEN


def blocks(request: Any) -> dict[str, Any]:
    return {block.key: block for block in home(request).blocks}


def request_of(rf: RequestFactory, user: User, **query: str) -> Any:
    request = rf.get("/admin/", query)
    request.user = user
    return request


def book(navigator: User, *, hours: float, **fields: Any) -> Any:
    starts = TEN + timedelta(hours=hours)
    return BookingFactory(
        navigator=navigator, starts_at=starts, ends_at=starts + timedelta(minutes=30), **fields
    )


def test_home_shows_the_viewers_calls_of_today_by_time(
    rf: RequestFactory, navigator: User, at_ten: datetime
) -> None:
    late = book(navigator, hours=4)
    early = book(navigator, hours=1)
    book(navigator, hours=30)
    book(navigator, hours=2, status="cancelled", cancelled_by="patient")
    book(UserFactory(), hours=3)

    with timezone.override("Europe/Amsterdam"):
        today = blocks(request_of(rf, navigator))["today"]

    assert [line.name for line in today.lines] == [
        early.patient.full_name,
        late.patient.full_name,
    ]
    assert [line.lead for line in today.lines] == ["12:00", "15:00"]
    assert today.note == "next at 12:00"


def test_home_lists_leads_that_nobody_called_oldest_first(
    rf: RequestFactory, navigator: User, at_ten: datetime
) -> None:
    new = PatientFactory(first_contact_at=TEN - timedelta(hours=5))
    old = PatientFactory(first_contact_at=TEN - timedelta(days=3))
    CallFactory(
        patient=PatientFactory(first_contact_at=TEN - timedelta(days=9)), outcome="no_answer"
    )
    PatientFactory(converted=True)

    leads = blocks(request_of(rf, navigator))["leads"]

    assert [(line.name, line.lead) for line in leads.lines] == [
        (old.full_name, "3 days"),
        (new.full_name, "5 h"),
    ]
    assert leads.count == "2"


def test_home_lists_calls_without_outcome(
    rf: RequestFactory, navigator: User, at_ten: datetime
) -> None:
    over = book(navigator, hours=-26)
    book(navigator, hours=-27, status="completed")
    book(navigator, hours=2)

    missing = blocks(request_of(rf, navigator))["missing"]

    assert [line.name for line in missing.lines] == [over.patient.full_name]


def test_home_lists_follow_ups_that_nobody_did(
    rf: RequestFactory, navigator: User, at_ten: datetime
) -> None:
    yesterday = TEN.date() - timedelta(days=1)
    promise = {"next_action": "Send the brochure", "next_action_due": yesterday}
    open_one = CallFactory(navigator=navigator, started_at=TEN - timedelta(days=3), **promise)
    done = CallFactory(navigator=navigator, started_at=TEN - timedelta(days=3), **promise)
    CallFactory(patient=done.patient, started_at=TEN - timedelta(hours=1))

    due = blocks(request_of(rf, navigator))["follow-ups"]

    assert [line.name for line in due.lines] == [open_one.patient.full_name]


def test_every_number_of_home_is_that_of_the_list_behind_it(
    client: Client, navigator: User
) -> None:
    now = timezone.now()
    hour = timedelta(hours=1)
    called = {"navigator": navigator, "started_at": now - 30 * hour}
    client.force_login(navigator)
    PatientFactory()
    CallFactory(outcome="no_answer", **called)  # called, though not reached
    CallFactory(patient=PatientFactory(initial_consult_at=now), outcome="reached", **called)
    day = {"navigator": navigator, "starts_at": now, "ends_at": now + hour}
    BookingFactory(**day)
    BookingFactory(**day, status="cancelled", cancelled_by="patient")
    BookingFactory(navigator=navigator, starts_at=now - 50 * hour, ends_at=now - 49 * hour)
    missed = {"status": "no_show", "no_show_by": "patient"}
    BookingFactory(
        navigator=navigator, starts_at=now - 60 * hour, ends_at=now - 59 * hour, **missed
    )
    tried = PatientFactory()
    for _attempt in range(ATTEMPTS_NEEDED):
        CallFactory(patient=tried, outcome="no_answer", **called)
    due = {"next_action": "Call again", "next_action_due": timezone.localdate()}
    wrong = CallFactory(**called, **due)
    CallFactory(patient=wrong.patient, supersedes=wrong, **called, **due)
    CallFactory(patient=PatientFactory(stage="closed", closed_reason="withdrawn"), **called, **due)

    with timezone.override("Europe/Amsterdam"):
        home = client.get(reverse("admin:index")).context_data["home"]  # type: ignore[attr-defined]
        counted = {
            block.key: (int(block.count), client.get(block.url).context_data["cl"].result_count)  # type: ignore[attr-defined]
            for block in home.blocks
        }

    assert counted == {
        "today": (1, 1),
        "leads": (5, 5),
        "missing": (1, 1),
        "rebook": (1, 1),
        "follow-ups": (1, 1),
        "unreachable": (1, 1),
        "safety": (0, 0),
        "silent": (0, 0),
        "resupply": (0, 0),
        "dossier-follow-ups": (0, 0),
    }


def test_home_of_everybody_shows_the_calls_of_others(
    rf: RequestFactory, navigator: User, at_ten: datetime
) -> None:
    other = book(UserFactory(), hours=1)

    today = blocks(request_of(rf, navigator, whose="everybody"))["today"]

    assert [line.name for line in today.lines] == [other.patient.full_name]


def test_home_when_nothing_waits_says_what_to_do_next(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    content = client.get(reverse("admin:index")).content.decode()

    assert "No call is planned today." in content
    assert reverse("admin:bookings_booking_add") in content
    assert "Europe/Amsterdam" in content


def test_home_needs_as_many_queries_for_many_rows_as_for_few(
    client: Client, navigator: User, at_ten: datetime
) -> None:
    def fill(start: int, count: int) -> None:
        for number in range(start, start + count):
            book(navigator, hours=-60 - number)
            book(navigator, hours=-8 + number * 0.6)
            PatientFactory()
            CallFactory(
                navigator=navigator,
                started_at=TEN - timedelta(days=2),
                next_action="Call again",
                next_action_due=TEN.date(),
            )
            book(navigator, hours=-200 - number, status="no_show", no_show_by="patient")
            tried = PatientFactory()
            for days in range(ATTEMPTS_NEEDED):
                at = TEN - timedelta(days=days + 1)
                CallFactory(patient=tried, started_at=at, outcome="voicemail")
            dossier = EAPDossierFactory()
            FollowUpFactory(dossier=dossier)
            SafetyReportFactory(dossier=dossier)
            ShipmentFactory(
                dossier=dossier,
                status="delivered",
                runs_out_on=TEN.date(),
                resupply_by=TEN.date(),
            )
            CTReferralFactory(status="referred", due_on=TEN.date() - timedelta(days=1))

    client.force_login(navigator)
    fill(0, 1)
    client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("admin:index"))
    fill(1, 10)

    with CaptureQueriesContext(connection) as many:
        client.get(reverse("admin:index"))

    assert len(many) == len(few)
    # Six lists; five are counted besides, today's is shown whole.
    assert sum("bookings_" in query["sql"] for query in many) == 11


def test_home_of_a_team_lead_shows_everybodys_work(
    rf: RequestFactory, member: Callable[..., User], at_ten: datetime
) -> None:
    other = book(UserFactory(), hours=1)

    shown = home(request_of(rf, member(Role.TEAM_LEAD)))

    assert shown.is_everybody
    assert [line.name for line in shown.blocks[0].lines] == [other.patient.full_name]


def test_home_offers_what_to_do_about_each_line(
    rf: RequestFactory, navigator: User, at_ten: datetime
) -> None:
    over = book(navigator, hours=-26)
    missed = book(navigator, hours=-50, status="no_show", no_show_by="patient")
    tried = PatientFactory()
    for days in (1, 2, 3):
        CallFactory(patient=tried, started_at=TEN - timedelta(days=days), outcome="no_answer")

    found = blocks(request_of(rf, navigator))

    assert [(line.action, line.action_url) for line in found["missing"].lines] == [
        ("Complete", reverse("admin:bookings_booking_complete", args=[over.pk]))
    ]
    assert [(line.action, line.action_url) for line in found["rebook"].lines] == [
        ("Book a call", f"{reverse('admin:bookings_booking_add')}?patient={missed.patient_id}")
    ]
    assert [(line.lead, line.action, line.action_url) for line in found["unreachable"].lines] == [
        (
            "3 times",
            "Close as unreachable",
            reverse("admin:patients_patient_close", args=[tried.pk]),
        )
    ]


def test_home_offers_an_auditor_nothing_to_do(
    rf: RequestFactory, member: Callable[..., User], at_ten: datetime
) -> None:
    book(UserFactory(), hours=-26)
    book(UserFactory(), hours=-50, status="no_show", no_show_by="patient")

    found = blocks(request_of(rf, member(Role.AUDITOR)))

    lines = [line for block in found.values() for line in block.lines]
    assert {line.action for line in lines} == {""}


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        (Role.NAVIGATOR, {"Today", "People", "Calls", "Referrals", "Catalogue"}, "Administration"),
        (Role.AUDITOR, {"Today", "People", "Calls", "Administration"}, "Nothing"),
        (Role.DATA_STEWARD, {"Today", "People", "Administration"}, "Nothing"),
    ],
    ids=["navigator", "auditor", "data steward"],
)
def test_menu_shows_what_the_role_may_open(
    role: Role, shown: set[str], hidden: str, rf: RequestFactory, member: Callable[..., User]
) -> None:
    groups = {str(group["title"]) for group in navigation(request_of(rf, member(role)))}

    assert shown <= groups
    assert hidden not in groups


def test_menu_entries_all_open(client: Client, rf: RequestFactory, navigator: User) -> None:
    client.force_login(navigator)
    items = [item for group in navigation(request_of(rf, navigator)) for item in group["items"]]

    answers = {item["link"]: client.get(item["link"]).status_code for item in items}

    assert set(answers.values()) == {200}


def palette(client: Client, term: str) -> str:
    return client.get(reverse("admin:search"), {"s": term, "extended": 1}).content.decode()


def test_palette_finds_people_and_lists(client: Client, navigator: User) -> None:
    als = MedicalConditionFactory(name="Some rare disorder")
    PatientFactory(first_name="Zoë", last_name="Vermeulen", medical_condition=als)
    SpecialistFactory(first_name="Zoe", last_name="Doctor")
    client.force_login(navigator)

    people, lists = palette(client, "zoe"), palette(client, "bookings")

    assert "Zoë Vermeulen" in people
    assert "Some rare disorder" in people
    assert "Zoe Doctor" in people
    assert reverse("admin:bookings_booking_changelist") in lists


def test_palette_says_what_each_person_is(client: Client, navigator: User) -> None:
    PatientFactory(first_name="Zoë", last_name="Lead", medical_condition=None)
    PatientFactory(first_name="Zoë", last_name="Patient", converted=True, medical_condition=None)
    PatientFactory(first_name="Zoë", last_name="Closed", stage="closed", closed_reason="withdrawn")
    SpecialistFactory(first_name="Zoë", last_name="Doctor", contact_type="physician")
    SpecialistFactory(first_name="Zoë", last_name="Pill", contact_type="pharmacist")
    client.force_login(navigator)

    found = re.findall(
        r'data-title="Zoë (.+?)"\s+data-description="(\w+)', palette(client, "zoe"), re.DOTALL
    )

    assert dict(found) == {
        "Lead": "Lead",
        "Patient": "Patient",
        "Closed": "Closed",
        "Doctor": "Physician",
        "Pill": "Pharmacist",
    }


def test_palette_says_that_nobody_was_found(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    said = palette(client, "<Nobody>")

    assert '<div id="command-results-list">' in said
    assert "Nobody found for “&lt;Nobody&gt;”." in said


def test_palette_shows_nobody_to_who_may_see_nobody(client: Client) -> None:
    PatientFactory(first_name="Zoë", last_name="Vermeulen")
    client.force_login(UserFactory())

    assert "Vermeulen" not in palette(client, "vermeulen")


def choose(client: Client, model: str, field: str, term: str = "") -> Any:
    app_label, model_name = model.split(".")
    query = {"app_label": app_label, "model_name": model_name, "field_name": field, "term": term}
    return client.get(reverse("admin:autocomplete"), query)


def test_navigator_chooses_an_owner_among_active_staff_by_name_only(
    client: Client, navigator: User
) -> None:
    UserFactory(name="Aisha Gone", is_active=False)
    UserFactory(name="Aisha Client", is_staff=False)
    UserFactory(name="Karl Petrova", email="aisha@example.org")
    client.force_login(navigator)

    answer = choose(client, "patients.patient", "owner", "aisha").json()

    assert answer["results"] == [{"id": str(navigator.pk), "text": "Aisha Okafor"}]


def test_owner_is_not_told_to_who_may_not_see_patients(client: Client) -> None:
    client.force_login(UserFactory())

    assert choose(client, "patients.patient", "owner").status_code == 403


def test_autocomplete_tells_namesakes_apart(client: Client, navigator: User) -> None:
    condition = MedicalConditionFactory(name="Some rare disorder")
    PatientFactory(
        first_name="Ada", last_name="Twin", date_of_birth="1970-02-03", medical_condition=None
    )
    PatientFactory(first_name="Ada", last_name="Twin", medical_condition=condition)
    client.force_login(navigator)

    answer = choose(client, "bookings.booking", "patient", "twin").json()

    assert {result["text"] for result in answer["results"]} == {
        "Ada Twin · born 3 Feb 1970",
        "Ada Twin · Some rare disorder",
    }


def test_autocomplete_of_a_physician_offers_no_pharmacist(client: Client, navigator: User) -> None:
    SpecialistFactory(last_name="Pill", contact_type="pharmacist")
    client.force_login(navigator)

    assert choose(client, "patients.patient", "physician", "pill").json()["results"] == []


def test_log_in_page_tells_nothing_but_that_it_is_a_demonstration(
    client: Client, settings: Any
) -> None:
    settings.EMBEDDED = True
    demonstration = client.get(reverse("admin:login")).content.decode()
    settings.EMBEDDED = False
    installation = client.get(reverse("admin:login")).content.decode()

    assert "demonstration" in demonstration
    assert "-demo" not in demonstration
    assert "demonstration" not in installation


def test_log_in_leads_to_where_one_wanted_to_go(client: Client) -> None:
    user = UserFactory(username="karl", is_superuser=True)
    user.set_password("a password that is long")
    user.save()
    wanted = reverse("admin:patients_patient_changelist")

    page = client.get(wanted)
    response = client.post(
        page["Location"],
        {"username": "karl", "password": "a password that is long", "next": wanted},
    )

    assert response["Location"] == wanted


def test_refused_page_has_a_way_back(client: Client, navigator: User) -> None:
    client.force_login(navigator)

    response = client.get(reverse("admin:core_user_changelist"))

    assert response.status_code == 403
    assert f'href="{reverse("home")}"' in response.content.decode()


def test_script_policy_allows_no_inline_script_and_no_evaluation(client: Client) -> None:
    policy = client.get(reverse("admin:login"))["Content-Security-Policy"]

    assert "script-src 'self';" in f"{policy};"


def test_theme_runs_on_the_build_that_needs_no_evaluation() -> None:
    found = str(finders.find("unfold/js/alpine/alpine.js"))

    assert Path(found).is_relative_to(Path(__file__).parents[2] / "static")
    script = Path(found).read_text(encoding="utf-8")
    assert "CSP build" in script
    assert "new Function" not in script
    assert "AsyncFunction" not in script.replace("isAsyncFunction", "")


def test_pages_carry_no_inline_script(client: Client, navigator: User) -> None:
    patient = PatientFactory()
    client.force_login(navigator)

    for url in (
        reverse("admin:index"),
        reverse("admin:patients_patient_changelist"),
        reverse("admin:patients_patient_change", args=[patient.pk]),
        reverse("admin:patients_patient_add"),
    ):
        content = client.get(url).content.decode()
        inline = [piece for piece in content.split("<script")[1:] if " src=" not in piece[:200]]
        assert inline == [], url
        assert " onclick=" not in content
