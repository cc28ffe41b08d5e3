"""The link in a mail: one call, moved or cancelled by a button, and nothing else of the record."""

import logging
import re
import threading
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from bookings import links
from bookings.models import Booking, SlotRules
from bookings.tests.factories import BookingFactory, TimeOffFactory
from patients.models import Patient
from patients.tests.factories import PatientFactory
from portal.core.models import User
from portal.public.tests.filling_in import at_work, free_times, visitor
from portal.throttle import LINKS

CANCELLED = "/start/call/cancelled/"

pytestmark = pytest.mark.django_db


def page(response: Any) -> str:
    return unescape(response.content.decode())


def booked(navigator: User, **fields: Any) -> Booking:
    """A call of a patient with everything that a link must not show."""
    patient = PatientFactory(
        first_name="Philippa",
        last_name="Lovelace",
        email="philippa@example.org",
        phone="+31612345678",
    )
    Patient.objects.filter(pk=patient.pk).update(language="nl", country="NL")
    starts_at = fields.get("starts_at") or free_times(1)[0]
    made: Booking = BookingFactory(
        **{
            "patient": patient,
            "navigator": navigator,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=1),
            "patient_time_zone": "Asia/Kathmandu",
            **fields,
        }
    )
    return made


def test_link_shows_the_call_and_nothing_else_and_changes_nothing(client: Client) -> None:
    booking = booked(at_work("Bart de Boer"))
    link = links.path_to_change(booking)

    shown = [page(client.get(link)) for _time in range(2)]
    client.head(link)

    for said in ("Your call", "time in Kathmandu", "Bart calls you"):
        assert said in shown[0]
    for secret in ("Philippa", "Lovelace", "philippa@", "12345678", "de Boer"):
        assert secret not in shown[0]
    assert client.get(link)["X-Robots-Tag"] == "noindex"
    assert "no-store" in client.get(link)["Cache-Control"]
    version = booking.version
    booking.refresh_from_db()
    assert (booking.status, booking.version) == ("booked", version)


def test_call_is_moved_by_the_button_and_the_link_dies(client: Client) -> None:
    navigator = at_work()
    booking = booked(navigator)
    link = links.path_to_change(booking)
    moment = free_times(1)[0]

    response = client.post(link, {"slot": moment.isoformat(), "zone": "Asia/Tokyo"})

    new = Booking.objects.get(status="booked")
    assert response.status_code == 303
    assert response["Location"] == f"{links.path_to_change(new)}?moved=1"
    assert (new.starts_at, new.navigator) == (moment, navigator)
    assert new.patient_time_zone == "Asia/Tokyo"
    booking.refresh_from_db()
    assert booking.rescheduled_to == new
    assert "has been moved" in page(client.get(response["Location"]))
    for answer in (client.get(link), client.post(link, {"cancel": "yes"})):
        assert answer.status_code == 410
        assert "This call was changed" in page(answer)
        assert "Bart" not in page(answer)
    new.refresh_from_db()
    assert new.status == "booked"


def test_call_is_cancelled_by_the_button_and_the_link_dies(client: Client) -> None:
    booking = booked(at_work())
    link = links.path_to_change(booking)

    response = client.post(link, {"cancel": "yes"})

    assert (response.status_code, response["Location"]) == (303, CANCELLED)
    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by) == ("cancelled", "patient")
    shown = page(client.get(CANCELLED))
    assert "Ask for another call" in shown
    assert 'href="/start/"' in shown
    assert "Choose another time" not in shown
    assert client.get(link).status_code == 410


def test_whoever_cancels_where_they_booked_may_choose_another_time() -> None:
    at_work()
    browser, _form = visitor()
    browser.post("/start/next/", {"slot": free_times(1)[0].isoformat()})
    link = browser.get("/start/next/").context["appointment"].link

    browser.post(link, {"cancel": "yes"})

    assert "Choose another time" in page(browser.get(CANCELLED))
    assert 'name="slot"' in page(browser.get("/start/next/"))


@pytest.mark.parametrize("token", ["guess", "a.b", "0" * 32 + ".sig", "cut/off", "%00.x"])
def test_link_that_is_none_is_answered_without_any_data(client: Client, token: str) -> None:
    response = client.get(f"/start/call/{token}/")

    assert response.status_code == 410
    assert "This call was changed" in page(response)


def test_nothing_logged_about_a_request_holds_the_key(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = links.path_to_change(booked(at_work()))
    key = link.rstrip("/").rpartition("/")[2]

    assert client.put(link).status_code == 405
    assert client.post(link, {"slot": ""}).status_code == 422
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403
    client.post(link, {"cancel": "yes"})
    assert client.get(link).status_code == 410

    assert "/start/" in caplog.text
    assert key not in caplog.text
    assert key.partition(".")[2] not in caplog.text


def test_button_without_the_forgery_token_changes_nothing_and_says_so() -> None:
    booking = booked(at_work())

    response = Client(enforce_csrf_checks=True).post(
        links.path_to_change(booking), {"cancel": "yes"}
    )

    assert response.status_code == 403
    assert "Please go back and try once more" in page(response)
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_links_cannot_be_tried_out(client: Client) -> None:
    for _time in range(LINKS.times):
        client.get("/start/call/guess/")

    assert client.get("/start/call/guess/").status_code == 429


def test_time_taken_meanwhile_is_said_and_the_call_stays(client: Client) -> None:
    navigator = at_work()
    booking = booked(navigator)
    moment = free_times(1)[0]
    BookingFactory(navigator=navigator, starts_at=moment, ends_at=moment + timedelta(hours=1))

    response = client.post(links.path_to_change(booking), {"slot": moment.isoformat()})

    assert response.status_code == 409
    assert "has just been taken" in page(response)
    assert response.context["offer"].days
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_time_lost_at_the_last_moment_is_said(client: Client, monkeypatch: Any) -> None:
    from bookings.placing import refused
    from portal.public import changing

    def lose(*_arguments: Any, **_named: Any) -> None:
        raise refused("navigator_busy", ())

    booking = booked(at_work())
    monkeypatch.setattr(changing.picking, "move", lose)

    response = client.post(links.path_to_change(booking), {"slot": free_times(1)[0].isoformat()})

    assert response.status_code == 409
    assert "has just been taken" in page(response)


def test_nothing_chosen_is_explained(client: Client) -> None:
    response = client.post(links.path_to_change(booked(at_work())), {})

    assert response.status_code == 422
    assert "Choose a time first" in page(response)


def test_restricted_person_moves_nothing_and_may_cancel(client: Client) -> None:
    booking = booked(at_work())
    Patient.objects.filter(pk=booking.patient_id).update(processing_restricted=True)
    link = links.path_to_change(booking)

    moving = client.post(link, {"slot": free_times(1)[0].isoformat()})
    assert moving.status_code == 409
    assert "could not be changed here" in page(moving)

    assert client.post(link, {"cancel": "yes"})["Location"] == CANCELLED


def test_cancelling_that_is_refused_is_said(client: Client, monkeypatch: Any) -> None:
    from portal.core.errors import Refused
    from portal.public import changing

    def refuse(**_arguments: Any) -> None:
        raise Refused("Too many people write this record at once.", code="busy")

    link = links.path_to_change(booked(at_work()))
    monkeypatch.setattr(changing, "cancel", refuse)

    response = client.post(link, {"cancel": "yes"})

    assert response.status_code == 409
    assert "could not be changed here" in page(response)


@pytest.mark.parametrize("button", ["move", "cancel"])
def test_call_that_staff_changed_a_moment_ago_is_not_shown_as_it_was(
    client: Client, monkeypatch: Any, button: str
) -> None:
    """Between the look at the link and the lock, others cancel the call."""
    from portal.core.errors import Refused
    from portal.public import changing

    booking = booked(at_work())
    link = links.path_to_change(booking)

    def overtaken(*_said: Any, **_arguments: Any) -> None:
        Booking.objects.filter(pk=booking.pk).update(
            status="cancelled", cancelled_by="navigator", ics_sequence=1
        )
        raise Refused("This call is not planned any more.", code="booking_not_in_force")

    monkeypatch.setattr(changing, "cancel", overtaken)
    monkeypatch.setattr(changing.picking, "move", overtaken)
    said = {"cancel": "yes"} if button == "cancel" else {"slot": free_times(1)[0].isoformat()}

    response = client.post(link, said)

    assert response.status_code == 410
    assert "could not be changed here" not in page(response)


def test_navigator_who_speaks_another_language_keeps_their_call(client: Client) -> None:
    navigator = at_work(speaks=["en"])
    booking = booked(navigator, starts_at=free_times(1, language="en")[0])

    moment = free_times(2, language="en")[-1]
    client.post(links.path_to_change(booking), {"slot": moment.isoformat()})

    assert Booking.objects.get(status="booked").navigator == navigator


def test_another_who_speaks_the_language_takes_over_when_the_first_is_away(client: Client) -> None:
    first = at_work(speaks=["en"])
    booking = booked(first, starts_at=free_times(1, language="en")[0])
    away = booking.starts_at + timedelta(hours=2)
    TimeOffFactory(navigator=first, starts_at=away, ends_at=away + timedelta(days=60))
    second = at_work(speaks=["nl"])

    moment = booking.starts_at + timedelta(days=3)
    client.post(links.path_to_change(booking), {"slot": moment.isoformat()})

    assert Booking.objects.get(status="booked").navigator == second


def test_call_without_a_navigator_is_shown_and_can_be_moved(client: Client) -> None:
    navigator = at_work()
    booking = booked(navigator)
    Booking.objects.filter(pk=booking.pk).update(navigator=None, patient_time_zone="")
    booking.refresh_from_db()
    link = links.path_to_change(booking)

    assert "time in Amsterdam" in page(client.get(link))
    client.post(link, {"slot": free_times(2)[1].isoformat()})

    assert Booking.objects.get(status="booked").navigator == navigator


def test_no_other_time_is_said(client: Client) -> None:
    navigator = at_work()
    booking = booked(navigator)
    now = timezone.now()
    TimeOffFactory(navigator=navigator, starts_at=now, ends_at=now + timedelta(days=90))

    shown = page(client.get(links.path_to_change(booking)))

    assert "no other free time" in shown
    assert 'name="slot"' not in shown


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_move_the_call_once() -> None:
    booking = booked(at_work())
    link = links.path_to_change(booking)
    moment = free_times(1)[0]
    ready = threading.Barrier(4)
    statuses: list[int] = []

    def click() -> None:
        ready.wait()
        statuses.append(Client().post(link, {"slot": moment.isoformat()}).status_code)
        connection.close()

    clicks = [threading.Thread(target=click) for _number in range(4)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()

    assert 303 in statuses
    assert set(statuses) <= {303, 409, 410}
    assert Booking.objects.blocking().get().starts_at == moment
    assert Booking.objects.count() == 2


def test_pages_of_a_call_are_translated(client: Client) -> None:
    from portal.public.tests.test_pages import sentences

    at_work()
    browser, form = visitor(time_zone="UTC")
    unlucky, _other = visitor(last_name="Byron", language="de")
    Patient.objects.filter(pk=form.patient_id).update(language="nl")

    def everything(language: str) -> set[str]:
        found = set()
        for answer in (
            unlucky.get(f"/start/next/?lang={language}"),
            browser.get("/start/next/", {"lang": language, "from": "2026-01-01"}),
            browser.post(f"/start/next/?lang={language}", {}),
            client.get(f"{CANCELLED}?lang={language}"),
            browser.get(f"{CANCELLED}?lang={language}"),
            client.get(f"/start/call/guess/?lang={language}"),
            client.get(f"/start/call/guess/?lang={language}"),
        ):
            found |= sentences(answer.content.decode())
        return found

    def booked_pages(language: str) -> set[str]:
        link = browser.get(f"/start/next/?lang={language}").context["appointment"].link
        answers = (
            browser.get(f"/start/next/?lang={language}"),
            client.get(f"{link}?lang={language}&moved=1"),
        )
        return set().union(*(sentences(answer.content.decode()) for answer in answers))

    said = {language: everything(language) for language in ("en", "nl", "es")}
    browser.post("/start/next/", {"slot": free_times(1)[0].isoformat()})
    for language, sentences_of in said.items():
        sentences_of |= booked_pages(language)

    assert len(said["en"]) > 40
    own = {"Go to the content", "A trial near home."}
    for language in ("nl", "es"):
        left = {text for text in said["en"] & said[language] if re.search("[a-z]{3}", text)}
        assert left - own == set()


def test_own_call_leaves_the_other_times_of_its_day_and_its_own_time_is_not_offered(
    client: Client,
) -> None:
    navigator = at_work("Bart de Boer")
    first, second = free_times(2)
    booking = booked(navigator, starts_at=first)
    SlotRules.objects.update(per_day=1)

    shown = page(client.get(links.path_to_change(booking)))

    assert f'value="{first.isoformat()}"' not in shown
    assert f'value="{second.isoformat()}"' in shown
