"""Step 2: a time is picked, once, on the visitor's own clock."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from bookings.availability import Slot
from bookings.models import Booking, SlotRules
from bookings.scheduling import reschedule
from bookings.tests.factories import BookingFactory
from patients.models import Patient, Submission
from patients.tests.factories import ConsentFactory, PatientFactory
from portal.core.history import unsealed
from portal.core.models import User
from portal.public import offers, picking
from portal.public.drafts import Draft
from portal.public.tests.filling_in import answers, at_work, draft_begun, free_times, visitor
from portal.public.zones import choices
from portal.throttle import TRIES

NEXT = "/start/next/"

pytestmark = pytest.mark.django_db


def page(response: Any) -> str:
    return unescape(response.content.decode())


def picked(browser: Client, moment: datetime, **also: str) -> Any:
    return browser.post(NEXT, {"slot": moment.isoformat(), **also})


def sent(draft: Draft) -> Submission:
    """The form, sent in a browser of its own."""
    Client().post("/start/", answers(draft))
    return Submission.objects.get(idempotency_key=draft.key)


def live() -> Booking:
    booking: Booking = Booking.objects.blocking().get()
    return booking


# --- what is offered ------------------------------------------------------------------------------


def test_free_times_are_shown_by_day_on_the_clock_of_the_visitor() -> None:
    at_work()
    browser, _form = visitor(time_zone="Asia/Kathmandu")

    response = browser.get(NEXT)

    offered = response.context["offer"]
    assert len(offered.days) == offers.DAYS
    assert [time.label for time in offered.days[1].times] == ["14:45", "15:45"]
    assert "Time zone: Kathmandu" in page(response)
    assert page(response).count('type="radio"') == sum(len(day.times) for day in offered.days)
    assert '<option value="Asia/Kathmandu" selected>' in page(response)
    assert "data-guessed" not in page(response)


@pytest.mark.parametrize(
    ("said", "query", "zone", "guessed"),
    [
        ({"time_zone": "Asia/Calcutta"}, "", "Asia/Calcutta", False),
        ({"time_zone": "Asia/Tokyo"}, "?zone=Asia/Kathmandu", "Asia/Kathmandu", False),
        ({"time_zone": "Asia/Tokyo"}, "?zone=Mars/Olympus", "Asia/Tokyo", False),
        ({"country": "NP"}, "", "Asia/Kathmandu", True),
        ({"country": "US"}, "", "UTC", True),
    ],
    ids=["of the browser", "chosen", "no zone", "of the country", "of a country with many"],
)
def test_zone_of_the_times(said: dict[str, str], query: str, zone: str, guessed: bool) -> None:
    at_work()
    browser, _form = visitor(**said)

    response = browser.get(NEXT + query)

    assert response.context["offer"].zone.key == zone
    assert response.context["is_guessed"] is guessed
    assert f'<option value="{zone}" selected>' in page(response)


def test_zones_of_the_country_come_first_and_every_zone_once() -> None:
    groups = choices(chosen="Asia/Calcutta", country="US")

    zones = [zone for _name, group in groups for zone, _label in group]
    assert groups[0][0] == "United States of America"
    assert "America/New_York" in dict(groups[0][1])
    assert len(zones) == len(set(zones)) > 400
    assert {"UTC", "Asia/Calcutta", "America/Argentina/Buenos_Aires"} <= set(zones)


def test_more_days_are_a_link_away_and_the_way_back_too() -> None:
    at_work()
    browser, _form = visitor(time_zone="UTC")
    first = browser.get(NEXT).context["offer"]

    further = browser.get(NEXT, {"from": first.later.isoformat(), "zone": "UTC"})

    assert f"from={first.later.isoformat()}" in page(browser.get(NEXT)).replace("&amp;", "&")
    assert further.context["offer"].days[0].date == first.later
    assert "First free days" in page(further)
    for nonsense in ("2026-02-31", "yesterday", "1999-01-01", "9999-12-31"):
        assert browser.get(NEXT, {"from": nonsense}).context["offer"].days == first.days
    beyond = timezone.now().date() + timedelta(days=200)
    assert browser.get(NEXT, {"from": beyond.isoformat()}).context["offer"].days == first.days


def test_days_are_found_beyond_a_long_time_without_any() -> None:
    at_work()
    SlotRules.objects.update(notice_hours=40 * 24, horizon_days=60)
    browser, _form = visitor()

    assert browser.get(NEXT).context["offer"].days


def test_hour_that_the_clock_shows_twice_says_which_one_is_meant() -> None:
    navigator, zone = User(), ZoneInfo("Europe/Amsterdam")
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    moments = [twice, twice + timedelta(hours=1), twice + timedelta(hours=2)]

    def find(start: datetime, end: datetime) -> list[Slot]:
        return [Slot(navigator, at, at + timedelta(hours=1)) for at in moments if start <= at < end]

    now = datetime(2026, 10, 20, tzinfo=UTC)
    [day] = offers.offer(find, zone=zone, since=None, now=now).days

    assert [time.label for time in day.times] == ["02:30 CEST", "02:30 CET", "03:30"]
    assert [time.value for time in day.times] == [moment.isoformat() for moment in moments]


def test_page_asks_for_slots_in_a_fixed_number_of_queries(
    django_assert_max_num_queries: Any,
) -> None:
    for _number in range(3):
        at_work()
    browser, _form = visitor()

    with django_assert_max_num_queries(10):
        browser.get(NEXT)


def test_nobody_who_speaks_the_language_is_said_and_a_call_promised() -> None:
    at_work(speaks=["en"])
    browser, _form = visitor(language="nl")

    shown = page(browser.get(NEXT))

    assert "No navigator who speaks it has a free time" in shown
    assert "will call you" in shown
    assert 'name="slot"' not in shown


@pytest.mark.parametrize(
    "said",
    [{"phone": ""}, {"consents": [{"purpose": "contact", "decision": "refused"}]}],
    ids=["no phone", "no contact"],
)
def test_whoever_is_not_called_is_offered_no_time_and_gets_none(said: dict[str, Any]) -> None:
    at_work()
    browser, _form = visitor(**said)

    assert 'name="slot"' not in page(browser.get(NEXT))
    assert picked(browser, free_times(1)[0]).status_code == 409
    assert not Booking.objects.exists()


def test_consent_that_was_taken_back_later_counts() -> None:
    at_work()
    browser, form = visitor()
    ConsentFactory(patient=form.patient, purpose="contact", decision="withdrawn")

    assert 'name="slot"' not in page(browser.get(NEXT))
    response = picked(browser, free_times(1)[0])
    assert response.status_code == 409
    assert "could not be booked here" in page(response)


# --- picking --------------------------------------------------------------------------------------


def test_picked_time_is_booked_with_somebody_who_speaks_the_language() -> None:
    at_work("Anna Smit", speaks=["en"])
    navigator = at_work("Bart de Boer")
    browser, form = visitor(time_zone="Asia/Kathmandu")
    moment = free_times(2)[1]

    response = picked(browser, moment)

    assert (response.status_code, response["Location"]) == (303, NEXT)
    booking = live()
    assert (booking.status, booking.starts_at) == ("booked", moment)
    assert (booking.patient_id, booking.submission_id) == (form.patient_id, form.pk)
    assert booking.navigator == navigator
    assert booking.patient_time_zone == "Asia/Kathmandu"
    shown = page(browser.get(NEXT))
    assert f"{moment.astimezone(ZoneInfo('Asia/Kathmandu')):%H:%M}" in shown
    for said in ("Your call is booked", "time in Kathmandu", "Bart, a patient navigator"):
        assert said in shown
    assert "de Boer" not in shown
    assert "at hand" in shown
    assert 'name="slot"' not in shown


def test_chosen_zone_is_kept_with_the_call() -> None:
    at_work()
    browser, _form = visitor(time_zone="Europe/Amsterdam")

    picked(browser, free_times(1)[0], zone="Asia/Kathmandu")

    assert live().patient_time_zone == "Asia/Kathmandu"
    assert browser.get(NEXT).context["appointment"].clock == "time in Kathmandu"
    assert browser.get(NEXT, {"zone": "Asia/Tokyo"}).context["appointment"].clock == "time in Tokyo"


def test_time_picked_again_is_the_same_call_and_another_time_moves_it() -> None:
    at_work()
    browser, form = visitor()
    first, second = free_times(2)

    for _click in range(2):
        assert picked(browser, first).status_code == 303
    booking = live()
    assert picked(browser, second, zone="Asia/Tokyo").status_code == 303

    moved = live()
    assert (moved.starts_at, moved.submission_id) == (second, form.pk)
    assert moved.ics_uid == booking.ics_uid
    assert moved.patient_time_zone == "Asia/Tokyo"
    assert set(Booking.objects.values_list("status", flat=True)) == {"rescheduled", "booked"}


def test_call_moved_by_staff_is_still_the_one_of_the_visitor(navigator: User) -> None:
    at_work()
    browser, _form = visitor()
    first, second = free_times(2)
    picked(browser, first)

    reschedule(
        booking_id=live().pk,
        starts_at=second,
        ends_at=second + timedelta(hours=1),
        by=navigator,
    )

    assert browser.get(NEXT).context["appointment"].starts_at == second


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tabs", ["one time", "two times"])
def test_parallel_clicks_are_one_call(tabs: str) -> None:
    at_work()
    at_work("Carla Vos")
    browser, _form = visitor()
    moments = free_times(2)
    ready = threading.Barrier(6)
    statuses: list[int] = []

    def click(number: int) -> None:
        ready.wait()
        tab = Client()
        tab.cookies = browser.cookies
        moment = moments[number % 2 if tabs == "two times" else 0]
        statuses.append(picked(tab, moment).status_code)
        connection.close()

    clicks = [threading.Thread(target=click, args=(number,)) for number in range(6)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert statuses == [303] * 6
    assert live().starts_at in moments
    if tabs == "one time":
        assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_visitors_want_one_time_and_one_of_them_is_told() -> None:
    at_work()
    browsers = [visitor(last_name=name)[0] for name in ("Lovelace", "Byron")]
    moment = free_times(1)[0]
    ready = threading.Barrier(2)
    statuses: list[int] = []

    def click(browser: Client) -> None:
        ready.wait()
        statuses.append(picked(browser, moment).status_code)
        connection.close()

    clicks = [threading.Thread(target=click, args=(browser,)) for browser in browsers]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert sorted(statuses) == [303, 409]
    assert live().starts_at == moment


def test_time_taken_meanwhile_is_said_and_the_next_ones_are_shown() -> None:
    navigator = at_work(until="10:00")
    browser, form = visitor(time_zone="UTC")
    moment, following = free_times(2)
    BookingFactory(navigator=navigator, starts_at=moment, ends_at=moment + timedelta(hours=1))

    response = picked(browser, moment, zone="UTC")

    assert response.status_code == 409
    shown = page(response)
    assert "has just been taken" in shown
    assert moment.isoformat() not in shown
    assert response.context["offer"].days[0].times[0].value == following.isoformat()
    assert "Ada Lovelace" in shown
    assert not Booking.objects.filter(submission=form).exists()
    assert picked(browser, following).status_code == 303


def test_losing_the_time_to_move_to_keeps_the_call() -> None:
    navigator = at_work()
    browser, _form = visitor()
    first, second = free_times(2)
    picked(browser, first)
    BookingFactory(navigator=navigator, starts_at=second, ends_at=second + timedelta(hours=1))

    response = picked(browser, second)

    assert response.status_code == 409
    assert "has just been taken" in page(response)
    assert response.context["appointment"].starts_at == first


@pytest.mark.parametrize("slot", ["", "tomorrow", "2026-11-24T09:00", "9999-12-31T23:59:59+00:00"])
def test_choosing_nothing_is_explained(slot: str) -> None:
    at_work()
    browser, _form = visitor()

    response = browser.post(NEXT, {"slot": slot})

    assert response.status_code == 422
    assert "Choose a time first" in page(response)


@pytest.mark.parametrize("offset", [timedelta(minutes=1), timedelta(days=-7), timedelta(days=300)])
def test_time_that_was_never_offered_is_refused(offset: timedelta) -> None:
    at_work()
    browser, _form = visitor()

    assert picked(browser, free_times(1)[0] + offset).status_code == 409
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    "state",
    [{"do_not_contact": True}, {"processing_restricted": True}, {"deceased_on": "2026-01-01"}],
    ids=lambda state: next(iter(state)),
)
def test_person_who_is_not_to_be_called_is_booked_by_nobody(state: dict[str, Any]) -> None:
    at_work()
    browser, form = visitor()
    Patient.objects.filter(pk=form.patient_id).update(**state)

    response = picked(browser, free_times(1)[0])

    assert response.status_code == 409
    assert "could not be booked here" in page(response)
    assert not Booking.objects.exists()


def test_too_many_tries_from_one_address_are_stopped() -> None:
    browser, _form = visitor()
    for _time in range(TRIES.times):
        browser.post(NEXT, {})

    response = browser.post(NEXT, {})

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_step_2_without_a_sent_form_leads_to_the_form(client: Client) -> None:
    for response in (client.post(NEXT), client.get(f"{NEXT}call.ics")):
        assert response.status_code == 303
    assert client.get(f"{NEXT}call.ics", follow=True).redirect_chain[-1] == ("/start/", 303)


# --- whose call it is -----------------------------------------------------------------------------


def test_calls_planned_in_another_way_are_neither_shown_nor_touched() -> None:
    navigator = at_work()
    first, second = free_times(2)
    browser, form = visitor()
    other = BookingFactory(
        patient=form.patient,
        navigator=navigator,
        starts_at=first,
        ends_at=first + timedelta(hours=1),
    )

    assert "appointment" not in browser.get(NEXT).context
    picked(browser, second)

    other.refresh_from_db()
    assert other.status == "booked"
    assert Booking.objects.get(submission=form).starts_at == second


def test_person_who_picks_in_a_second_browser_moves_the_call_of_the_first() -> None:
    at_work()
    browsers = []
    for moment in free_times(2):
        browsers.append(Client())
        draft = draft_begun()
        browsers[-1].post("/start/", answers(draft))
        response = picked(browsers[-1], moment, draft=draft.token)
        assert response.status_code == 303
    first, second = Submission.objects.order_by("received_at")

    assert Patient.objects.count() == 1
    assert (live().submission, live().starts_at) == (second, moment)
    [earlier] = first.bookings.all()
    assert (earlier.status, earlier.rescheduled_to) == ("rescheduled", live())
    assert "appointment" not in browsers[0].get(NEXT).context
    assert browsers[1].get(NEXT).context["appointment"].starts_at == moment


@pytest.mark.django_db(transaction=True)
def test_person_who_picks_in_two_browsers_at_once_has_one_call() -> None:
    at_work()
    at_work("Carla Vos")
    forms = [sent(draft_begun()) for _browser in range(2)]
    ready = threading.Barrier(4)

    def click(number: int) -> None:
        ready.wait()
        try:
            picking.pick(
                forms[number % 2],
                moments[number],
                language="nl",
                zone="Europe/Amsterdam",
                now=timezone.now(),
            )
        finally:
            connection.close()

    moments = free_times(4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(click, range(4)))

    assert forms[0].patient_id == forms[1].patient_id
    assert live().starts_at in moments


def test_correction_that_says_no_to_calls_cancels_the_call(client: Client) -> None:
    at_work()
    draft = draft_begun()
    client.post("/start/", answers(draft))
    picked(client, free_times(1)[0])

    client.post("/start/", answers(draft, contact="refused"))

    booking = Booking.objects.get()
    assert (booking.status, booking.cancelled_by) == ("cancelled", "patient")
    assert "nobody will" in page(client.get(NEXT))


def test_no_without_a_call_has_nothing_to_cancel() -> None:
    picking.give_up(Draft.new())

    assert not Booking.objects.exists()


# --- afterwards -----------------------------------------------------------------------------------


def past(form: Submission, days_ago: int = 1, **fields: Any) -> None:
    starts_at = timezone.now() - timedelta(days=days_ago)
    BookingFactory(
        patient=form.patient,
        submission=form,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        **fields,
    )


@pytest.mark.parametrize(
    ("status", "ago"),
    [("booked", 1), ("completed", 1), ("completed", -1)],
    ids=["begun", "completed", "completed early"],
)
def test_after_the_call_no_other_is_offered(status: str, ago: int) -> None:
    at_work()
    browser, form = visitor()
    past(form, days_ago=ago, status=status)

    shown = page(browser.get(NEXT))

    assert "has come or is over" in shown
    assert 'name="slot"' not in shown
    assert "Add to calendar" not in shown
    assert picked(browser, free_times(1)[0]).status_code == 409


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "no_show", "no_show_by": "patient"},
        {"status": "cancelled", "cancelled_by": "navigator"},
    ],
    ids=["missed", "cancelled"],
)
def test_after_a_call_that_did_not_happen_another_may_be_picked(fields: dict[str, str]) -> None:
    at_work()
    browser, form = visitor()
    past(form, **fields)

    assert 'name="slot"' in page(browser.get(NEXT))
    assert picked(browser, free_times(1)[0]).status_code == 303


def test_calendar_file_holds_the_call_and_no_address_of_the_patient() -> None:
    at_work()
    browser, form = visitor()
    Patient.objects.filter(pk=form.patient_id).update(email="another@example.org")
    assert browser.get(f"{NEXT}call.ics").status_code == 303
    moment = free_times(1)[0]
    picked(browser, moment)

    response = browser.get(f"{NEXT}call.ics")

    assert response["Content-Type"].startswith("text/calendar")
    assert "no-store" in response["Cache-Control"]
    assert 'filename="call.ics"' in response["Content-Disposition"]
    text = response.content.decode()
    assert f"DTSTART:{moment:%Y%m%dT%H%M%SZ}" in text
    assert "METHOD:PUBLISH" in text
    assert "another@example.org" not in text.replace("\r\n ", "")


def test_patient_who_was_merged_keeps_the_call_of_the_visitor() -> None:
    at_work()
    browser, form = visitor()
    survivor = PatientFactory()
    ConsentFactory(patient=survivor, purpose="contact")
    with unsealed("test"):
        Submission.objects.filter(pk=form.pk).update(patient=survivor)

    picked(browser, free_times(1)[0])

    assert live().patient == survivor
