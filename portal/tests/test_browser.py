"""A navigator's morning in a real browser: find somebody, look, add a number, find them by it."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bookings.tests.factories import (
    MONDAY_NINE,
    BookingFactory,
    TimeOffFactory,
    WorkingHoursFactory,
)
from patients.models import Patient
from portal.core.models import User
from portal.public.tests.accessible import demand_accessible
from portal.tests.browser import MARKS

pytestmark = MARKS

CONTACT = [
    "contactid", "firstname", "lastname", "email", "contact_type", "medical_condition",
    "booking_date", "reminder_date", "no_show", "job_title", "specialization",
    "medical_license_number", "hospital", "createdon", "modifiedon", "statecode", "versionnumber",
]  # fmt: skip
HEADERS = {
    "Contact": CONTACT,
    "Patient": [
        "patientid", "firstname", "lastname", "email", "first_contact_date",
        "initial_consult_date", "medical_condition", "trial_id", "eligible", "ineligible_reason",
        "ct_referral_date", "eap_enrollment_date", "contact_record", "physician", "ct_outcome",
        "createdon", "modifiedon", "statecode", "versionnumber",
    ],
    "EAPDossier": [
        "eap_dossier_id", "eap_number", "patient", "product", "eap_enrollment_date",
        "createdon", "modifiedon", "statecode", "versionnumber",
    ],
    "MedicalCondition": ["medicalconditionid", "name", "abbreviation"],
    "Hospital": ["hospitalid", "name", "city"],
    "Specialization": ["specializationid", "name"],
    "OptionSets": ["option_set", "value", "label", "language"],
}  # fmt: skip


def lead(number: int, first: str, last: str, email: str, booked: str) -> dict[str, str]:
    """A row of the legacy Contact table: a lead who booked a call."""
    return {
        "contactid": f"00000000-0000-4000-8000-{number:012d}",
        "firstname": first,
        "lastname": last,
        "email": email,
        "contact_type": "100000000",
        "medical_condition": "100000002",
        "booking_date": booked,
        "createdon": f"2025-0{number}-01T08:00:00Z",
        "modifiedon": f"2025-0{number}-01T08:00:00Z",
        "statecode": "0",
        "versionnumber": str(1000 + number),
    }


@pytest.fixture
def imported(tmp_path: Path) -> None:
    """A returning person and somebody else, out of a CRM export."""
    rows = {
        "Contact": [
            lead(1, "Zoë", "Łukasiewicz", "zoe@krakow.example.org", "2025-02-03T09:00:00Z"),
            lead(2, "ZOE", "Lukasiewicz", "Zoe@krakow.example.org", "2025-03-10T13:30:00Z"),
            lead(3, "Pieter", "de Vries", "pieter@home.example.net", "2025-04-01T10:00:00Z"),
        ],
        "OptionSets": [
            {
                "option_set": "contact_type",
                "value": "100000000",
                "label": "patient - lead",
                "language": "1033",
            },
            {
                "option_set": "medical_condition",
                "value": "100000002",
                "label": "Idiopatic Pulmonary Fibrosis",
                "language": "1033",
            },
        ],
    }
    for table, header in HEADERS.items():
        with (tmp_path / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(rows.get(table, []))
    try:
        call_command("crm_import", str(tmp_path))
    except CommandError as error:
        pytest.fail(f"the import said: {error}")
    assert Patient.objects.count() == 2


def test_navigator_finds_an_imported_patient_and_adds_a_phone_number(
    page: Any, live_server: Any, navigator: User, imported: None
) -> None:
    navigator.set_password("a password for today")
    navigator.save()

    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=username]", "navigator")
    page.fill("input[name=password]", "a password for today")
    page.click("button[type=submit]")
    page.wait_for_url(f"{live_server.url}/admin/")

    # By part of the name without its accents, and by the e-mail's domain.
    for typed in ("lukasi", "krakow.example"):
        page.goto(f"{live_server.url}/admin/patients/patient/")
        page.fill("input[name=q]", typed)
        page.press("input[name=q]", "Enter")
        page.wait_for_url("**q=**")
        assert page.get_by_text("Łukasiewicz").first.is_visible()
        assert page.get_by_text("de Vries").count() == 0

    page.get_by_role("link", name="Łukasiewicz").first.click()
    page.wait_for_url("**/change/**")
    page.click("[data-tab=bookings]")
    for day in ("3 Feb 2025", "10 Mar 2025"):
        assert page.get_by_text(day).locator("visible=true").count() > 0, day
    page.click("[data-tab=general]")
    page.fill("input[name=phone]", "+31 (0)6 1234 4321")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/patients/patient/**")

    page.goto(f"{live_server.url}/admin/patients/patient/?q=4321")
    page.get_by_role("link", name="Łukasiewicz").first.click()
    page.wait_for_url("**/change/**")
    assert page.locator("input[name=phone]").input_value() == "+31 6 12344321"
    page.goto(page.url.split("/change/")[0] + "/history/")
    history = page.inner_text("body")
    assert "Aisha Okafor" in history
    assert "12344321" in history


def test_navigator_plans_a_call_from_a_free_slot_of_the_week(
    page: Any, live_server: Any, navigator: User, client: Any
) -> None:
    WorkingHoursFactory(navigator=navigator, weekday=1)
    BookingFactory(navigator=navigator, starts_at=MONDAY_NINE)
    BookingFactory(navigator=navigator, starts_at=MONDAY_NINE - timedelta(days=21), status="booked")
    TimeOffFactory(
        navigator=navigator,
        starts_at=MONDAY_NINE + timedelta(days=1),
        ends_at=MONDAY_NINE + timedelta(days=2),
    )
    client.force_login(navigator)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    page.context.add_cookies([{**session, "url": live_server.url}])
    week = f"{live_server.url}/admin/bookings/booking/week/"
    seen = (MONDAY_NINE.date(), MONDAY_NINE.date() - timedelta(days=21))

    for query in [f"?on={day}&navigator={who}" for day in seen for who in (navigator.pk, "team")]:
        page.goto(week + query)
        for look in ("light", "dark"):
            page.evaluate(
                "look => document.documentElement.classList.toggle('dark', look === 'dark')", look
            )
            demand_accessible(page, ".week-page")
    page.goto(f"{live_server.url}/admin/bookings/calendarfeed/add/")
    page.get_by_role("button", name="Make a link").click()
    page.get_by_text("It is shown once").wait_for()
    demand_accessible(page, ".portal-verb")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{week}?on={MONDAY_NINE.date()}")
    demand_accessible(page, ".week-page")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()
    # Beside the hour at which it begins, as high as it is long.
    call, hour = page.locator(".week-booked").bounding_box(), page.locator(".week-axis span")
    beside = hour.get_by_text("10:00").bounding_box()
    assert abs(call["y"] - beside["y"]) < 12
    assert 30 <= call["height"] <= 40
    page.locator(".week-booked a").focus()
    page.keyboard.press("Tab")  # the next free slot
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/bookings/booking/add/?**")
    assert page.input_value("[name=starts_at_0]") == MONDAY_NINE.date().isoformat()
    assert page.input_value("[name=starts_at_1]").startswith("11:15")
