"""Calendar links in the workplace: made on a page of one's own, stopped from there or a list."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from bookings import feeds
from bookings.models import CalendarFeed
from portal.core.models import User

pytestmark = pytest.mark.django_db
MINE = "/admin/bookings/calendarfeed/add/"


@pytest.fixture
def desk(client: Client, navigator: User) -> Client:
    client.force_login(navigator)
    return client


def test_link_is_shown_once_and_works(desk: Client, navigator: User) -> None:
    assert "Make a link" in desk.get(MINE).content.decode()

    made = desk.post(MINE)
    again = desk.get(MINE).content.decode()

    address = re.search(r"http://testserver(/calendar/[^<]+\.ics)<", made.content.decode())
    assert address is not None
    assert Client().get(address[1]).status_code == 200
    assert "no-store" in made["Cache-Control"]
    assert "/calendar/" not in again
    assert "Make a new link instead" in again


def test_looking_makes_no_link(desk: Client) -> None:
    desk.get(MINE)
    desk.head(MINE)

    assert not CalendarFeed.objects.exists()


def test_own_link_is_stopped(desk: Client, navigator: User) -> None:
    feed, secret = feeds.make(by=navigator)
    stop = reverse("admin:bookings_calendarfeed_stop", args=[feed.pk])
    assert stop in desk.get(MINE).content.decode()
    assert "find nothing there any more" in desk.get(stop).content.decode()

    response = desk.post(stop, follow=True)

    assert "The link was stopped." in response.content.decode()
    assert feeds.found(secret) is None
    assert "Stopped" in desk.get(reverse("admin:bookings_calendarfeed_changelist")).content.decode()


def test_link_of_a_colleague_is_stopped_by_a_team_lead(
    client: Client, navigator: User, member: Callable[..., User]
) -> None:
    feed, secret = feeds.make(by=navigator)
    stop = reverse("admin:bookings_calendarfeed_stop", args=[feed.pk])

    client.force_login(member("navigator"))
    client.post(stop)
    assert feeds.found(secret) is not None
    client.force_login(member("team lead"))
    client.post(stop)

    assert feeds.found(secret) is None


@pytest.mark.parametrize("role", ["auditor", "data steward"])
def test_who_takes_no_calls_makes_no_link_and_sees_that_there_are_some(
    client: Client, navigator: User, member: Callable[..., User], role: str
) -> None:
    feed, _secret = feeds.make(by=navigator)
    User.objects.filter(pk=navigator.pk).update(is_active=False)
    client.force_login(member(role))

    assert client.get(MINE).status_code == 403
    assert client.post(MINE).status_code == 403
    page = client.get(reverse("admin:bookings_calendarfeed_change", args=[feed.pk]))
    assert "Account switched off" in page.content.decode()
    assert feed.secret_hash not in page.content.decode()
