"""Calendar links: who has one, and what stops it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from bookings import feeds
from bookings.models import CalendarFeed
from bookings.tests.factories import CalendarFeedFactory
from portal.core.errors import Refused
from portal.core.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_made_link_is_found_by_its_secret_which_is_not_stored(navigator: User) -> None:
    feed, secret = feeds.make(by=navigator)

    assert feeds.found(secret) == feed
    assert len(secret) >= 43
    row = CalendarFeed.objects.values().get()
    assert secret not in str(row)
    assert CalendarFeed.pgh_event_model.objects.get().pgh_context.metadata["user"] == str(
        navigator.pk
    )


def test_new_link_stops_the_earlier_one_of_the_same_person(
    navigator: User, member: Callable[..., User]
) -> None:
    _colleague, of_colleague = feeds.make(by=member("navigator"))
    _first, earlier = feeds.make(by=navigator)

    _second, later = feeds.make(by=navigator)

    assert feeds.found(earlier) is None
    assert feeds.found(later) is not None
    assert feeds.found(of_colleague) is not None


def test_stopped_link_is_not_found_and_stopping_again_changes_nothing(navigator: User) -> None:
    feed, secret = feeds.make(by=navigator)

    stopped = feeds.stop(feed_id=feed.pk, by=navigator)
    again = feeds.stop(feed_id=feed.pk, by=navigator)

    assert feeds.found(secret) is None
    assert stopped.stopped_at == again.stopped_at is not None


def test_link_of_somebody_else_is_stopped_by_a_team_lead_only(
    navigator: User, member: Callable[..., User]
) -> None:
    feed, secret = feeds.make(by=navigator)

    with pytest.raises(Refused, match="somebody else's"):
        feeds.stop(feed_id=feed.pk, by=member("navigator"))
    assert feeds.found(secret) is not None
    feeds.stop(feed_id=feed.pk, by=member("team lead"))

    assert feeds.found(secret) is None


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_link_of_an_account_that_is_switched_off_is_dead(navigator: User, field: str) -> None:
    _feed, secret = feeds.make(by=navigator)

    User.objects.filter(pk=navigator.pk).update(**{field: False})

    assert feeds.found(secret) is None


def test_link_of_somebody_who_may_not_see_calls_any_more_is_dead(navigator: User) -> None:
    _feed, secret = feeds.make(by=navigator)

    navigator.groups.clear()

    assert feeds.found(secret) is None


def test_unknown_secret_finds_nothing() -> None:
    CalendarFeedFactory()

    assert feeds.found("") is None
    assert feeds.found("guess") is None


def test_reading_is_noted_but_is_no_change_of_the_link(navigator: User) -> None:
    feed, _secret = feeds.make(by=navigator)
    later = NOW + timedelta(hours=1)

    first = feeds.note_reading(feed, content_hash="a", now=NOW)
    same = feeds.note_reading(feed, content_hash="a", now=later)
    other = feeds.note_reading(feed, content_hash="b", now=later)

    assert (first, same, other) == (NOW, NOW, later)
    feed.refresh_from_db()
    assert feed.last_read_at == later
    assert feed.version == 1
    assert CalendarFeed.pgh_event_model.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_leave_one_link(member: Callable[..., User]) -> None:
    user, barrier, failed = member("navigator"), threading.Barrier(2), []

    def click() -> None:
        try:
            barrier.wait()
            feeds.make(by=user)
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    threads: list[Any] = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert CalendarFeed.objects.filter(user=user, stopped_at=None).count() == 1
    assert CalendarFeed.objects.filter(user=user).count() == 2
