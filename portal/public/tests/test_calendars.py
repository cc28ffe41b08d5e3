"""Calendar links over HTTP, as a calendar program reads them."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from ical.calendar_stream import IcsCalendarStream
from pytest_django import DjangoAssertNumQueries

from bookings import feeds
from bookings.models import Booking
from bookings.tests.factories import BookingFactory, TimeOffFactory
from portal.core.models import User
from portal.throttle import FEEDS, Limit

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(navigator: User) -> str:
    return f"/calendar/{feeds.make(by=navigator)[1]}.ics"


def tomorrow(hour: int = 9) -> Any:
    now = timezone.now() + timedelta(days=1)
    return now.replace(hour=hour, minute=0, second=0, microsecond=0)


def events(response: Any) -> dict[str, Any]:
    """Summary → event; raises what the parser finds wrong."""
    calendar = IcsCalendarStream.calendar_from_ics(response.content.decode())
    return {event.summary: event for event in calendar.events}


def test_feed_holds_calls_and_time_off_of_its_maker(
    client: Client, navigator: User, address: str
) -> None:
    booking = BookingFactory(
        navigator=navigator,
        starts_at=tomorrow(),
        patient__first_name="Ivan",
        patient__last_name="Zelowood",
    )
    away = TimeOffFactory(
        navigator=navigator,
        starts_at=tomorrow(0),
        ends_at=tomorrow(8),
        reason="Operation on a knee",
    )
    BookingFactory(starts_at=tomorrow())  # somebody else's
    TimeOffFactory(starts_at=tomorrow(), ends_at=tomorrow(10))

    response = client.get(address)

    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    found = events(response)
    assert set(found) == {"Call: I.Z. (lead)", "Time off"}
    call, off = found["Call: I.Z. (lead)"], found["Time off"]
    assert call.uid == f"{booking.ics_uid}@patient-navigation-portal"
    assert (call.sequence, call.status) == (0, "CONFIRMED")
    assert (call.dtstart, call.dtend) == (booking.starts_at, booking.ends_at)
    assert call.dtstamp == booking.updated_at.replace(microsecond=0)
    assert call.description == f"http://testserver/admin/bookings/booking/{booking.pk}/change/"
    assert (off.dtstart, off.dtend) == (away.starts_at, away.ends_at)


def test_feed_tells_nothing_of_a_patient_but_initials_and_stage(
    client: Client, navigator: User, address: str
) -> None:
    booking = BookingFactory(
        navigator=navigator,
        starts_at=tomorrow(),
        patient__first_name="Wilhelmina",
        patient__last_name="Vandersteen",
        patient__email="w@example.org",
        patient__phone="+31612345678",
        patient__medical_condition__name="Ewing sarcoma",
    )
    TimeOffFactory(
        navigator=navigator, starts_at=tomorrow(), ends_at=tomorrow(10), reason="Operation"
    )

    text = client.get(address).content.decode().replace("\r\n ", "")

    told = ("Wilhelmina", "Vandersteen", "w@example.org", "612345678", "Ewing", "Operation")
    assert [word for word in told if word in text] == []
    assert str(booking.patient_id) not in text


@pytest.mark.parametrize("status", ["cancelled", "held"])
def test_call_that_is_off_or_not_booked_yet_is_not_in_the_feed(
    client: Client, navigator: User, address: str, status: str
) -> None:
    more = {
        "cancelled": {"cancelled_by": "patient"},
        "held": {"held_until": timezone.now() + timedelta(minutes=10)},
    }[status]
    BookingFactory(navigator=navigator, starts_at=tomorrow(), status=status, **more)

    assert events(client.get(address)) == {}


def test_moved_call_is_in_the_feed_once_at_its_new_time(
    client: Client, navigator: User, address: str
) -> None:
    old = BookingFactory(navigator=navigator, starts_at=tomorrow())
    new = BookingFactory(
        navigator=navigator,
        patient=old.patient,
        starts_at=tomorrow(14),
        ics_uid=old.ics_uid,
        ics_sequence=1,
    )
    Booking.objects.filter(pk=old.pk).update(status="rescheduled", rescheduled_to=new)

    (event,) = events(client.get(address)).values()

    assert (event.dtstart, event.sequence) == (new.starts_at, 1)


def test_feed_reaches_two_weeks_back_and_twelve_ahead(
    client: Client, navigator: User, address: str
) -> None:
    for name, days in {"long ago": -16, "past": -13, "far": 82, "too far": 86}.items():
        BookingFactory(
            navigator=navigator,
            starts_at=tomorrow() + timedelta(days=days),
            patient__first_name=name,
            patient__last_name="",
        )

    assert set(events(client.get(address))) == {"Call: p. (lead)", "Call: f. (lead)"}


def test_calendar_that_has_it_already_is_told_so_until_something_changes(
    client: Client, navigator: User, address: str
) -> None:
    booking = BookingFactory(navigator=navigator, starts_at=tomorrow())
    first = client.get(address)

    same = client.get(address, headers={"If-None-Match": first["ETag"]})
    unchanged = client.get(address, headers={"If-Modified-Since": first["Last-Modified"]})
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", cancelled_by="patient")
    changed = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert unchanged.status_code == 304
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert "private" in first["Cache-Control"]


def test_cancelled_call_moves_the_date_of_the_feed(
    client: Client, navigator: User, address: str
) -> None:
    booking = BookingFactory(navigator=navigator, starts_at=tomorrow())
    client.get(address)
    feed = navigator.calendar_feeds.get()
    long_ago = timezone.now() - timedelta(days=3)
    navigator.calendar_feeds.update(content_changed_at=long_ago)
    seen = client.get(address)["Last-Modified"]
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", cancelled_by="patient")

    response = client.get(address, headers={"If-Modified-Since": seen})

    assert response.status_code == 200
    feed.refresh_from_db()
    assert feed.last_read_at - feed.content_changed_at < timedelta(seconds=5)


def test_head_answers_without_a_body(client: Client, address: str) -> None:
    response = client.head(address)

    assert (response.status_code, response.content) == (200, b"")


def test_stopped_unknown_and_cut_off_links_are_alike(
    client: Client, navigator: User, address: str
) -> None:
    cut = client.get(address.removesuffix(".ics"))
    unknown = client.get("/calendar/guess.ics")
    feeds.stop(feed_id=navigator.calendar_feeds.get().pk, by=navigator)
    stopped = client.get(address)

    assert [r.status_code for r in (cut, unknown, stopped)] == [404, 404, 404]
    assert {r.content for r in (cut, unknown, stopped)} == {b""}


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize("tail", [".ics", "", ".ics/"])
def test_address_is_never_logged(
    navigator: User,
    address: str,
    caplog: pytest.LogCaptureFixture,
    method: str,
    tail: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    name = address.removesuffix(".ics")
    navigator.groups.clear()

    response = getattr(Client(enforce_csrf_checks=True), method)(name + tail)

    assert response.status_code == (404 if method == "get" else 405)
    assert name.rpartition("/")[2] not in caplog.text


def test_address_is_not_logged_when_the_portal_fails(
    address: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> bytes:
        raise RuntimeError("out of paper")

    monkeypatch.setattr("portal.public.calendars.agenda", broken)

    response = Client(raise_request_exception=False).get(address)

    assert response.status_code == 500
    assert "out of paper" in caplog.text
    assert address.rpartition("/")[2].removesuffix(".ics") not in caplog.text


def test_too_many_readings_are_told_when_to_come_again(
    client: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.public.calendars.FEEDS", Limit(FEEDS.name, times=1, per=FEEDS.per))
    assert client.get(address).status_code == 200

    response = client.get(address)

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_feed_is_read_in_as_many_queries_however_long_it_is(
    client: Client,
    member: Callable[..., User],
    address: str,
    navigator: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for hour in range(9, 17):
        BookingFactory(navigator=navigator, starts_at=tomorrow(hour))

    # The count of the sender, the link, two for the permission, calls, time off, and the note.
    with django_assert_num_queries(7):
        client.get(address)
