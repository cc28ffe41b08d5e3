"""The landing page in a real browser: on a phone and on a desk, in three languages, for everybody.

Whatever a person does between the first look and the answer (going back, reloading, sending
twice, a second tab, no JavaScript, a connection that fails, coming back by the link): one lead.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from bookings.models import Booking
from bookings.tests.factories import BookingFactory
from patients.models import Message, Patient, Submission
from patients.sending import deliver
from portal.core.models import User
from portal.public.drafts import COOKIE
from portal.public.tests.accessible import demand_accessible, demand_no_sideways_scrolling
from portal.public.tests.filling_in import at_work, visitor
from portal.tests.browser import CHROMIUM, FLAGS, MARKS

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
SENT = {
    "en": "Thank you. We have your request.",
    "nl": "Dank u wel. We hebben uw aanvraag.",
    "es": "Gracias. Tenemos su solicitud.",
}

pytestmark = MARKS

each_screen = pytest.mark.parametrize("screen", [PHONE, DESK], ids=["390 px", "1440 px"])
each_language = pytest.mark.parametrize("language", list(SENT))


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Any]:
    """One browser for all tests here; each of them visits with its own cookies."""
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # The driver runs an event loop in this thread; the ORM is only used outside of it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, live_server: Any, monkeypatch: Any) -> Iterator[Callable[..., Any]]:
    """`visit(screen, language)`: the form in a fresh browser. Its complaints fail the test."""
    monkeypatch.setattr("portal.public.views.FASTEST", timedelta(0))
    complaints: list[str] = []
    contexts = []

    def heard(message: Any) -> None:
        # A form that comes back with mistakes, and a page that is gone, are answers as they
        # should be; Chromium calls every status from 400 on an error.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def open_form(screen: dict[str, int], language: str = "en", *, script: bool = True) -> Any:
        context = chromium.new_context(
            viewport=screen,
            locale=language,
            java_script_enabled=script,
            timezone_id="Europe/Amsterdam",
            base_url=live_server.url,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        page.goto("/start/")
        return page

    yield open_form
    for context in contexts:
        context.close()
    assert complaints == []


def fill_in(page: Any, **changes: str) -> None:
    """The whole form, as a parent does it."""
    page.check("[name=on_behalf_of][value=parent]")
    typed = {
        "filled_in_by": "Ingrid de Vries",
        "first_name": "Łukasz",
        "last_name": "de Vries",
        "condition_text": "Duchenne",
        "hope": "A trial near home.",
        "phone": "+31 6 12345678",
        "email": "ingrid@example.org",
        **changes,
    }
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=country]", "NL")
    page.check("[name=navigation]")
    page.check("[name=contact][value=given]")


def send(page: Any) -> None:
    page.click(".send .primary")
    page.wait_for_url("**/start/next/")


@each_screen
@each_language
def test_form_filled_in_with_every_detour_is_one_lead(
    visit: Any, screen: dict[str, int], language: str
) -> None:
    page = visit(screen, language)
    assert page.get_attribute("html", "lang") == language

    # Sent too early, mended, looked at and accessible all the way.
    demand_accessible(page)
    demand_no_sideways_scrolling(page)
    page.click(".send .primary")
    page.wait_for_selector("#summary")
    assert page.evaluate("document.activeElement.id") == "summary"
    demand_accessible(page)
    demand_no_sideways_scrolling(page)
    fill_in(page)
    demand_accessible(page)
    send(page)
    assert page.inner_text("h1") == SENT[language]
    assert "+31 6 12345678" in page.inner_text("main")
    demand_accessible(page)
    demand_no_sideways_scrolling(page)

    # Reload, back, a second tab, the link on another device.
    page.reload()
    assert page.inner_text("h1") == SENT[language]
    page.go_back()
    assert page.url.endswith("/start/next/")
    assert page.inner_text("h1") == SENT[language]
    tab = page.context.new_page()
    tab.goto("/start/")
    assert tab.url.endswith("/start/next/")
    link = page.input_value("#link")
    other = visit(screen, language)
    other.goto(link)
    assert other.inner_text("h1") == SENT[language]
    other.goto("/start/")
    assert other.url.endswith("/start/next/")

    patient = Patient.objects.get()
    assert (patient.full_name, patient.on_behalf_of_name) == ("Łukasz de Vries", "Ingrid de Vries")
    assert patient.time_zone == "Europe/Amsterdam"
    submission = Submission.objects.get()
    assert [consent["language"] for consent in submission.payload["consents"]] == [language] * 2


@each_screen
@each_language
def test_form_without_javascript_is_one_lead(
    visit: Any, screen: dict[str, int], language: str
) -> None:
    page = visit(screen, language, script=False)
    page.press("[name=last_name]", "Enter")
    page.wait_for_selector("#summary")
    fill_in(page)

    page.press("[name=last_name]", "Enter")
    page.wait_for_url("**/start/next/")
    assert page.inner_text("h1") == SENT[language]
    page.reload()
    page.goto("/start/")

    assert page.url.endswith("/start/next/")
    assert Patient.objects.count() == Submission.objects.count() == 1


@each_screen
def test_two_tabs_and_an_answer_that_got_lost(visit: Any, screen: dict[str, int]) -> None:
    page = visit(screen)
    tab = page.context.new_page()
    tab.goto("/start/")
    fill_in(page)
    fill_in(tab, phone="+31 6 87654321")

    # The form arrives, its answer does not.
    def lose_the_answer(route: Any) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/start/", lose_the_answer)
    page.click(".send .primary")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "trouble"
    assert page.input_value("[name=hope]") == "A trial near home."
    demand_accessible(page)
    page.unroute("**/start/")
    send(page)
    assert page.inner_text("h1") == SENT["en"]

    send(tab)
    assert "+31 6 87654321" in tab.inner_text("main")

    assert Patient.objects.count() == 1
    assert Submission.objects.count() == 2


def pick(page: Any, number: int) -> str:
    """Choose the time of this number on the page and send it; what the browser sent."""
    times = page.locator("[name=slot]")
    value = str(times.nth(number).get_attribute("value"))
    times.nth(number).check()
    page.click(".times .primary")
    return value


def mailed_link(folder: Path) -> str:
    """The link to change the call, out of the one confirmation that the worker writes now."""
    now = timezone.now()
    for message_id in Message.objects.due(now=now).values_list("pk", flat=True):
        deliver(message_id, now=now)
    [written] = folder.glob("call-booked.*.eml")
    mail = message_from_bytes(written.read_bytes(), policy=policy.default)
    assert mail["To"] == "ingrid@example.org"
    bodies = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    [found] = {
        link
        for body in bodies
        for link in re.findall(r"https?://[^\s\"<>]+/start/call/[^\s\"<>]+", body)
    }
    return found


@pytest.mark.parametrize(
    ("screen", "language"), [(PHONE, "nl"), (DESK, "es")], ids=["390 px", "1440 px"]
)
def test_landing_page_to_patient_with_every_detour_of_the_call(
    visit: Any,
    screen: dict[str, int],
    language: str,
    client: Any,
    navigator: User,
    live_server: Any,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "portal.core.mailbox.Folder", tmp_path
    settings.PUBLIC_URL = live_server.url
    at_work("Bart de Boer", speaks=["nl", "es"])
    page = visit(screen, language)
    fill_in(page)
    send(page)
    assert page.input_value("[name=zone] >> nth=0") == "Europe/Amsterdam"
    demand_accessible(page)
    demand_no_sideways_scrolling(page)

    # Nothing chosen; further days and back; then a time.
    page.evaluate("document.querySelector('.times').noValidate = true")
    page.click(".times .primary")
    page.wait_for_selector("#notice")
    demand_accessible(page)
    page.click(".days a")
    page.wait_for_url("**from=**")
    page.click(".days a >> nth=0")
    value = pick(page, 2)
    page.wait_for_selector(".booked")
    assert page.url.endswith("/start/next/")
    assert "Bart" in page.inner_text(".booked")
    demand_accessible(page)
    demand_no_sideways_scrolling(page)
    with page.expect_download() as download:
        page.click(".actions .primary")
    assert "BEGIN:VEVENT" in download.value.path().read_text(encoding="utf-8")

    # Back and the same or another time again: the one call they have.
    page.go_back()
    page.goto("/start/")
    assert page.locator(".booked").count() == 1
    booking = Booking.objects.get()
    assert (booking.status, booking.starts_at.isoformat()) == ("booked", value)

    # The link of the confirmation that was mailed, in another browser.
    link = mailed_link(tmp_path)
    other = visit(screen, language)
    other.goto(link)
    demand_accessible(other)
    demand_no_sideways_scrolling(other)
    moved_to = pick(other, 0)
    other.wait_for_url("**moved=1")
    demand_accessible(other)
    page.reload()
    assert Booking.objects.get(status="booked").starts_at.isoformat() == moved_to
    assert page.locator(".booked").count() == 1
    page.goto(link)
    assert page.locator(".problem").count() == 1
    demand_accessible(page)

    # Cancelled, and another time may be chosen where it was booked.
    page.goto("/start/next/")
    page.click(".actions .secondary")
    page.locator("summary").last.click()
    page.click("[name=cancel]")
    page.wait_for_url("**/cancelled/")
    demand_accessible(page)
    page.click(".problem .primary")
    pick(page, 1)
    page.wait_for_selector(".booked")

    assert Patient.objects.count() == 1
    assert Booking.objects.blocking().count() == 1

    # The navigator calls a little early; the lead becomes a patient.
    booking = Booking.objects.blocking().get()
    client.force_login(navigator)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    desk = visit(screen, "en")
    desk.context.add_cookies([{**session, "url": live_server.url}])
    desk.goto(f"/admin/bookings/booking/{booking.pk}/complete/")
    # The frame around it is the theme's.
    demand_accessible(desk, within=".portal-verb")
    demand_no_sideways_scrolling(desk)
    desk.check("[name=outcome][value=reached]")
    desk.fill("[name=summary]", "Wants to look for a trial near home.")
    desk.select_option("[name=decision]", "pursue")
    desk.check("[name=convert]")
    desk.get_by_role("button", name="Save the call").click()
    desk.wait_for_url("**/admin/patients/patient/**")
    booking.refresh_from_db()
    assert booking.status == "completed"
    assert Patient.objects.get().stage == "patient"
    page.goto("/start/next/")
    assert page.locator(".booked, [name=slot]").count() == 0


@each_screen
def test_call_is_picked_without_javascript(visit: Any, screen: dict[str, int]) -> None:
    navigator = at_work()
    browser, _form = visitor(country="US")
    page = visit(screen, script=False)
    cookie = {"name": COOKIE, "value": browser.cookies[COOKIE].value, "url": page.url}
    page.context.add_cookies([cookie])
    page.goto("/start/next/")
    assert page.input_value("#zone") == "UTC"

    page.select_option("#zone", "Asia/Kathmandu")
    page.click(".zone button")
    page.wait_for_url("**zone=Asia**")
    taken = page.locator("[name=slot]").first.get_attribute("value")
    starts_at = datetime.fromisoformat(str(taken))
    BookingFactory(
        navigator=navigator, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30)
    )
    pick(page, 0)
    page.wait_for_selector("#notice")
    assert page.locator(f"[name=slot][value='{taken}']").count() == 0
    pick(page, 0)
    page.wait_for_selector(".booked")

    assert "Kathmandu" in page.inner_text(".when")
    assert Booking.objects.filter(submission__isnull=False).count() == 1


def test_clock_of_the_browser_replaces_the_one_that_was_guessed(visit: Any) -> None:
    at_work()
    browser, _form = visitor(country="US")
    page = visit(PHONE)
    cookie = {"name": COOKIE, "value": browser.cookies[COOKIE].value, "url": page.url}
    page.context.add_cookies([cookie])

    page.goto("/start/next/")
    page.wait_for_url("**zone=Europe%2FAmsterdam")

    assert page.input_value("#zone") == "Europe/Amsterdam"
    page.click(".clock-of summary")
    demand_accessible(page)


@each_screen
def test_no_to_calls_is_answered_with_one_thing(visit: Any, screen: dict[str, int]) -> None:
    at_work()
    page = visit(screen)
    fill_in(page)
    page.check("[name=contact][value=refused]")
    send(page)

    assert "nobody will" in page.inner_text("main")
    assert page.locator("[name=slot], .way, .steps").count() == 0
    demand_accessible(page)


@each_screen
@each_language
def test_language_is_switched_without_losing_input(
    visit: Any, screen: dict[str, int], language: str
) -> None:
    page = visit(screen, "nl" if language == "en" else "en")
    fill_in(page, hope="Één\nlijn", last_name="")

    page.click(f"button[name=switch_to][value={language}]")
    page.wait_for_selector(f"html[lang={language}]")

    assert page.input_value("[name=hope]") == "Één\nlijn"
    assert page.is_checked("[name=on_behalf_of][value=parent]")
    assert page.is_checked("[name=contact][value=given]")
    assert page.input_value("[name=language]") == language
    assert page.locator("#summary").count() == 0
    page.fill("[name=last_name]", "de Vries")
    send(page)
    assert page.inner_text("h1") == SENT[language]
    assert Patient.objects.count() == 1


def test_trouble_on_our_side_keeps_the_form(visit: Any, monkeypatch: Any) -> None:
    page = visit(PHONE)
    fill_in(page)

    with monkeypatch.context() as patch:
        patch.setattr("portal.public.views.send", None)
        page.click(".send .primary")
        page.wait_for_selector("#trouble:not([hidden])")

    assert page.input_value("[name=hope]") == "A trial near home."
    send(page)
    assert Patient.objects.count() == 1


def test_impatient_clicking_is_one_lead(visit: Any) -> None:
    page = visit(PHONE)
    fill_in(page)

    page.evaluate("for (let i = 0; i < 5; i++) document.querySelector('.send .primary').click()")
    page.wait_for_url("**/start/next/")

    assert Patient.objects.count() == Submission.objects.count() == 1


def test_condition_is_found_with_the_keyboard_alone(visit: Any) -> None:
    page = visit(DESK, "nl")
    field = page.get_by_role("combobox", name="Ziekte of aandoening")

    field.press_sequentially("longf")
    page.wait_for_selector("[role=option]")
    assert field.get_attribute("aria-expanded") == "true"
    demand_accessible(page)
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "suggestion-0"
    field.press("Enter")

    assert field.input_value() == "Idiopathische longfibrose"
    assert field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("x")
    field.fill("gli")
    page.wait_for_selector("[role=option]")
    field.press("Escape")
    assert field.input_value() == "gli"
    assert page.locator("[role=option]").count() == 0


def test_condition_is_picked_by_touch(visit: Any) -> None:
    page = visit(PHONE, "es")

    page.locator("[name=condition_text]").press_sequentially("pulmonar")
    page.click("[role=option]")

    assert page.input_value("[name=condition_text]") == "Fibrosis pulmonar idiopática"


def test_questions_follow_who_the_form_is_for(visit: Any) -> None:
    page = visit(PHONE)
    own_name = page.locator("[name=filled_in_by]")

    assert not own_name.is_visible()
    page.check("[name=on_behalf_of][value=partner]")
    assert own_name.is_visible()
    assert page.get_by_role("heading", name="About the patient").is_visible()
    page.check("[name=on_behalf_of][value=self]")
    assert not own_name.is_visible()
    assert page.get_by_role("heading", name="About you").is_visible()


def test_field_for_programs_is_met_by_nobody(visit: Any) -> None:
    page = visit(DESK)

    assert not page.locator("[name=comments_url]").is_visible()
    assert page.get_by_role("textbox", name="Leave this field empty").count() == 0


@each_screen
@each_language
def test_pages_beside_the_form_are_accessible(
    visit: Any, screen: dict[str, int], language: str
) -> None:
    page = visit(screen, language)

    for path in ("/start/privacy/", "/start/nowhere/", "/start/resume/made-up/"):
        page.goto(path)
        assert page.get_attribute("html", "lang") == language
        demand_accessible(page)
        demand_no_sideways_scrolling(page)


@each_screen
def test_notice_above_the_form_is_accessible(
    visit: Any, screen: dict[str, int], monkeypatch: Any
) -> None:
    page = visit(screen)
    monkeypatch.setattr("portal.public.views.FASTEST", timedelta(hours=1))
    fill_in(page)

    page.click(".send .primary")
    page.wait_for_selector("#notice")

    demand_accessible(page)
    assert page.evaluate("document.activeElement.id") == "notice"


def test_form_is_sent_with_the_keyboard_alone_and_focus_is_always_seen(visit: Any) -> None:
    page = visit(DESK)

    seen = []
    for _press in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e), "
            "o = e.closest('.option') ? getComputedStyle(e.closest('.option')) : s; "
            "return [e.name || e.className || e.tagName, "
            "parseFloat(s.outlineWidth) > 0 && s.outlineStyle !== 'none' "
            "|| parseFloat(o.outlineWidth) > 0 && o.outlineStyle !== 'none'] })()"
        )
        seen.append(focused[0])
        assert focused[1], f"{focused[0]} shows no focus"
        if "primary" in focused[0]:
            break

    for name in ("switch_to", "on_behalf_of", "last_name", "condition_text", "navigation"):
        assert name in seen
    assert "comments_url" not in seen
