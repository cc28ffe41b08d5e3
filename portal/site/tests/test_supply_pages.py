"""Shipments, follow-ups and safety reports in the workplace: buttons, forms, clocks, home."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.tests.factories import PatientFactory
from portal.core.models import User
from referrals import supplying
from referrals.admin.due import due_badge
from referrals.admin.safety import clock
from referrals.models import EAPDossier, FollowUp, SafetyReport, SafetyReportChange, Shipment
from referrals.tests.factories import (
    CTReferralFactory,
    FollowUpFactory,
    SafetyReportFactory,
    ShipmentFactory,
)
from referrals.tests.parts import dossier, untreated

pytestmark = pytest.mark.django_db

KNOWN = datetime(2026, 6, 15, 9, tzinfo=UTC)


@pytest.fixture
def pages(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def url(record: Any, page: str = "change") -> str:
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[record.pk])


def add_url(model: Any, made: EAPDossier) -> str:
    return f"{reverse(f'admin:referrals_{model}_add')}?dossier={made.pk}"


def html(pages: Client, address: str) -> str:
    return pages.get(address).content.decode()


# --- one HTTP walk for each -----------------------------------------------------------------------


def test_shipment_is_planned_from_the_dossier_and_goes_its_way(pages: Client) -> None:
    made = dossier()

    planned = pages.post(
        add_url("shipment", made),
        {
            "dossier": made.pk,
            "product": "Hopeximab",
            "quantity": 6,
            "unit": "vials",
            "lasts_days": 28,
        },
    )

    assert planned["Location"] == f"{made.get_absolute_url()}#shipments"
    shipment = Shipment.objects.get()
    said = {"on": "2026-06-01", "remark": ""}
    for verb, more in (
        ("release", {"batch": "H-17"}),
        ("ship", {"carrier": "Cold Express"}),
        ("deliver", {"lasts_days": 28, "received_by": "Pharmacy"}),
    ):
        assert pages.post(url(shipment, verb), {**said, **more}).status_code == 302
    shipment.refresh_from_db()
    assert (shipment.status, shipment.batch) == ("delivered", "H-17")
    assert shipment.runs_out_on == date(2026, 6, 29)
    assert "29 Jun 2026" in html(pages, made.get_absolute_url())


def test_correction_of_a_delivery_counts_the_stock_anew(pages: Client) -> None:
    shipment = ShipmentFactory(dossier=dossier(), status="delivered")
    supplying.recount(dossier_id=shipment.dossier_id)
    shipment.refresh_from_db()

    pages.post(
        url(shipment),
        {
            "product": shipment.product,
            "quantity": 6,
            "unit": "vials",
            "lasts_days": 14,
            "version": shipment.version,
        },
    )

    shipment.refresh_from_db()
    assert (shipment.lasts_days, shipment.runs_out_on) == (14, date(2026, 6, 29))


def test_clock_runs_for_the_last_stock_only(pages: Client) -> None:
    made, address = dossier(), reverse("admin:referrals_shipment_changelist")
    stock = ShipmentFactory(dossier=made, status="delivered")
    supplying.recount(dossier_id=made.pk)

    shown = [html(pages, page) for page in (address, url(stock))]
    ShipmentFactory(dossier=made, status="planned")
    ordered = [html(pages, page) for page in (address, url(stock))]

    assert ["days late" in page for page in shown] == [True, True]
    assert ["days late" in page for page in ordered] == [False, False]


def test_page_says_what_is_missing_before_a_shipment_can_go(pages: Client) -> None:
    shipment = ShipmentFactory(dossier=untreated())

    page = html(pages, url(shipment, "release"))
    refused = pages.post(url(shipment, "release"), {"on": "2026-06-01"})

    assert "The patient has no physician." in page
    assert refused.status_code == 409
    shipment.refresh_from_db()
    assert shipment.status == "planned"


def test_nothing_is_planned_for_a_closed_dossier_and_the_form_says_so(pages: Client) -> None:
    made = dossier("dossier_closed")
    said = {"dossier": made.pk, "product": "Hopeximab", "quantity": 6, "unit": "vials"}

    answer = pages.post(add_url("shipment", made), said)

    assert "The dossier is closed." in answer.content.decode()
    assert not Shipment.objects.exists()


def test_what_comes_back_asks_for_a_reason(pages: Client) -> None:
    shipment = ShipmentFactory(dossier=dossier(), status="shipped")

    page = html(pages, url(shipment, "send-back"))
    pages.post(
        url(shipment, "send-back"), {"on": "2026-06-15", "reason": "cold_chain", "remark": ""}
    )

    assert "Cold chain broken" in page
    assert "Returned: Cold chain broken" in html(pages, url(shipment))


def test_follow_up_is_put_down_done_and_comes_again(pages: Client) -> None:
    made = dossier()
    pages.post(
        add_url("followup", made),
        {
            "dossier": made.pk,
            "kind": "lab",
            "responsible": "physician",
            "due_on": "2026-06-15",
            "repeats_days": 28,
        },
    )
    follow_up = FollowUp.objects.get()
    assert "The next one is put down" in html(pages, url(follow_up, "finish"))

    pages.post(url(follow_up, "finish"), {"on": "2026-06-15", "outcome_text": "Normal."})

    assert FollowUp.objects.open().get().due_on == date(2026, 7, 13)
    coming = FollowUp.objects.open().get()
    form = html(pages, url(coming, "cancel"))
    assert "Why it is not done" in form
    pages.post(url(coming, "cancel"), {"outcome_text": "Moved."})
    coming.refresh_from_db()
    assert coming.status == "cancelled"


def test_date_of_a_follow_up_is_moved_in_its_form(pages: Client) -> None:
    follow_up = FollowUpFactory(dossier=dossier())

    pages.post(
        url(follow_up),
        {
            "kind": "lab",
            "responsible": "navigator",
            "due_on": "2026-07-01",
            "version": follow_up.version,
        },
    )

    follow_up.refresh_from_db()
    assert follow_up.due_on == date(2026, 7, 1)


def event(made: EAPDossier, **said: Any) -> dict[str, Any]:
    return {
        "dossier": made.pk,
        "description": "Raised liver enzymes.",
        "seriousness": ["hospitalisation"],
        "expectedness": "unexpected",
        "relatedness": "possible",
        "aware_at_0": "2026-06-15",
        "aware_at_1": "09:00",
        **said,
    }


def test_safety_report_is_raised_for_somebody_who_died_told_and_closed(pages: Client) -> None:
    made = dossier("deceased")
    with timezone.override("UTC"):
        raised = pages.post(add_url("safetyreport", made), event(made))
    assert raised.status_code == 302, raised.content.decode()
    report = SafetyReport.objects.get()
    assert report.authority_due_at == report.aware_at + timedelta(days=15)
    assert "without names" in html(pages, url(report, "tell-sponsor"))

    told = {"at": "2026-06-16T09:00", "reference": "S-1", "remark": ""}
    pages.post(url(report, "tell-sponsor"), told)
    pages.post(url(report, "tell-authority"), {**told, "authority": "IGJ"})
    pages.post(url(report, "close"), {"outcome": "recovered", "remark": ""})

    report.refresh_from_db()
    assert (report.status, report.outcome, report.authority) == ("closed", "recovered", "IGJ")
    page = html(pages, url(report))
    assert "Sponsor told" in page
    assert "Written down" in page
    told_change = SafetyReportChange.objects.get(action="tell-sponsor")
    assert "Raised liver enzymes." in html(pages, url(told_change))
    refused = pages.post(url(report), event(made, version=report.version))
    assert refused.status_code == 200
    report.refresh_from_db()
    assert report.description == "Raised liver enzymes."


def test_open_safety_report_is_corrected_in_its_form(pages: Client) -> None:
    report = SafetyReportFactory(dossier=dossier())

    answer = pages.post(
        url(report), event(report.dossier, version=report.version, seriousness=["death"])
    )

    assert answer.status_code == 302
    report.refresh_from_db()
    assert report.authority_due_at == report.aware_at + timedelta(days=7)


def test_only_who_may_set_a_rule_aside_is_asked_why(pages: Client, admin_client: Client) -> None:
    report = SafetyReportFactory(
        dossier=dossier(), status="reported", sponsor_told_at=KNOWN + timedelta(hours=1)
    )

    assert "Ask a team lead" in html(pages, url(report, "close")) or (
        "A team lead" in html(pages, url(report, "close"))
    )
    assert "Why it goes ahead anyway" in html(admin_client, url(report, "close"))


# --- clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "words", "tone"),
    [
        (-2, "2 days late", "red"),
        (-1, "1 day late", "red"),
        (0, "today", "amber"),
        (3, "in 3 days", "amber"),
        (4, "in 4 days", "grey"),
    ],
)
def test_day_is_shown_in_words_and_colour(days: int, words: str, tone: str) -> None:
    shown = str(due_badge(timezone.localdate() + timedelta(days=days)))

    assert words in shown
    assert f"portal-badge-{tone}" in shown


@pytest.mark.parametrize(
    ("due", "told", "words", "tone"),
    [
        (None, None, "–", ""),
        (-3, None, "3 h late", "red"),
        (30, None, "29 h left", "amber"),
        (24 * 10, None, "9 days left", "grey"),
        (-3, -5, "told", "green"),
        (-3, -2, "told late", "amber"),
        (None, -2, "told", "green"),
    ],
)
def test_clock_is_shown_in_words_and_colour(
    due: int | None, told: int | None, words: str, tone: str
) -> None:
    now = timezone.now()
    moments = [None if hours is None else now + timedelta(hours=hours) for hours in (due, told)]

    shown = str(clock(*moments))

    assert words in shown
    assert f"portal-badge-{tone}" in shown or not tone


# --- the home page --------------------------------------------------------------------------------


def test_home_says_who_keeps_silent_and_what_is_due(pages: Client, navigator: User) -> None:
    today, now = timezone.localdate(), timezone.now()
    mine = dossier()
    others = dossier()
    others.patient.owner = User.objects.create_user("somebody")
    others.patient.save()
    for made in (mine, others):
        day = today - timedelta(days=25)
        ShipmentFactory(
            dossier=made,
            status="delivered",
            released_on=day,
            shipped_on=day,
            delivered_on=day,
        )
        supplying.recount(dossier_id=made.pk)
        FollowUpFactory(dossier=made, due_on=today)
        SafetyReportFactory(dossier=made, aware_at=now - timedelta(days=2))
        SafetyReportFactory(
            dossier=made,
            aware_at=now - timedelta(days=3),
            sponsor_told_at=now,
            status="reported",
        )
        CTReferralFactory(
            patient=made.patient,
            status="referred",
            referred_at=now - timedelta(days=9),
            status_since=now - timedelta(days=9),
            due_on=today - timedelta(days=2),
        )
    keys = ("safety", "silent", "resupply", "dossier-follow-ups")

    for whose, count in (("mine", 1), ("everybody", 2)):
        home = pages.get(f"{reverse('admin:index')}?whose={whose}").context_data["home"]  # type: ignore[attr-defined]
        blocks = {block.key: block for block in home.blocks}
        behind = {
            key: pages.get(blocks[key].url).context_data["cl"].result_count  # type: ignore[attr-defined]
            for key in keys
        }
        expected = {key: count * (2 if key == "safety" else 1) for key in keys}
        assert {key: int(blocks[key].count) for key in keys} == expected == behind
    [line] = [one for one in blocks["silent"].lines if one.name == mine.patient.full_name]
    assert "9 days" in line.detail
    assert line.action_url == url(mine.patient.ct_referrals.get(), "chase")
    first = blocks["safety"].lines[0]
    assert (first.lead, first.action) == ("24 h late", "Tell")
    assert first.action_url.endswith("/tell-sponsor/")
    assert blocks["safety"].lines[-1].action_url.endswith("/tell-authority/")
    assert blocks["resupply"].lines[0].action_url == add_url("shipment", mine)


def test_home_offers_an_auditor_nothing_to_do(client: Client, member: Any) -> None:
    FollowUpFactory(dossier=dossier(), due_on=timezone.localdate())
    client.force_login(member("auditor"))

    home = client.get(reverse("admin:index")).context_data["home"]  # type: ignore[attr-defined]

    assert {line.action for block in home.blocks for line in block.lines} == {""}


def test_list_of_whose_patients_is_the_viewers_and_nobodys(pages: Client) -> None:
    FollowUpFactory(dossier=dossier())
    FollowUpFactory(
        dossier=dossier(patient=PatientFactory(owner=User.objects.create_user("somebody")))
    )
    address = reverse("admin:referrals_followup_changelist")

    found = [
        pages.get(f"{address}{query}").context_data["cl"].result_count  # type: ignore[attr-defined]
        for query in ("", "?whose=mine_or_nobodys")
    ]

    assert found == [2, 1]
