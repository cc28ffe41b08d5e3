"""The rate limit: exact over threads, blind to addresses, small."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from portal.models import RateWindow
from portal.throttle import KEPT, Limit, TooMany, count, sender_address

NOW = datetime(2026, 11, 21, 10, 20, tzinfo=UTC)
FIVE = Limit("test", times=5, per=timedelta(minutes=30))


def coming(address: str = "203.0.113.7", **headers: str) -> Any:
    return RequestFactory().get("/start/", REMOTE_ADDR=address, headers=headers)


@pytest.mark.django_db
def test_one_too_many_is_told_how_long_to_wait() -> None:
    for _time in range(5):
        count(coming(), FIVE, now=NOW)

    with pytest.raises(TooMany) as refused:
        count(coming(), FIVE, now=NOW)

    assert refused.value.wait == timedelta(minutes=10)


@pytest.mark.django_db
def test_others_other_limits_and_the_next_window_are_counted_apart() -> None:
    for _time in range(5):
        count(coming(), FIVE, now=NOW)

    count(coming("203.0.113.8"), FIVE, now=NOW)
    count(coming(), Limit("other", times=5, per=FIVE.per), now=NOW)
    count(coming(), FIVE, now=NOW + timedelta(minutes=10))


@pytest.mark.django_db(transaction=True)
def test_threads_at_once_are_counted_exactly() -> None:
    ready = threading.Barrier(20)
    outcomes: list[bool] = []

    def come() -> None:
        ready.wait()
        try:
            count(coming(), FIVE, now=NOW)
            outcomes.append(True)
        except TooMany:
            outcomes.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=come) for _number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False] * 15 + [True] * 5
    assert RateWindow.objects.get().hits == 20


@pytest.mark.django_db
def test_no_address_is_kept() -> None:
    count(coming("203.0.113.7"), FIVE, now=NOW)

    sender = RateWindow.objects.get().sender
    assert len(sender) == 64
    assert "203" not in sender.split("a")[0][:3]
    with connection.cursor() as cursor:
        cursor.execute("SELECT portal_ratewindow::text FROM portal_ratewindow")
        assert "203.0.113.7" not in cursor.fetchone()[0]


@pytest.mark.django_db
def test_secret_decides_about_the_hash(settings: Any) -> None:
    count(coming(), FIVE, now=NOW)
    settings.SECRET_KEY = "another secret of at least fifty characters, so to say, yes"
    count(coming(), FIVE, now=NOW)

    assert RateWindow.objects.values("sender").distinct().count() == 2


@pytest.mark.django_db
def test_old_rows_go_as_new_ones_come() -> None:
    count(coming(), FIVE, now=NOW - KEPT - FIVE.per)

    count(coming("203.0.113.8"), FIVE, now=NOW)

    assert RateWindow.objects.get().starts_at == NOW - timedelta(minutes=20)


@pytest.mark.django_db
def test_sender_that_cannot_be_told_from_others_is_let_through(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1

    for _time in range(6):
        count(coming("10.0.0.1"), FIVE, now=NOW)

    assert not RateWindow.objects.exists()


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "address"),
    [
        (0, "203.0.113.7", "", "203.0.113.7"),
        (0, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (1, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (2, "10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "10.0.0.1", "198.51.100.1", ""),
        (1, "10.0.0.1", "unknown", ""),
        (0, "", "", ""),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        (0, "::ffff:203.0.113.7", "", "203.0.113.7"),
    ],
    ids=[
        "no proxy",
        "made up without proxy",
        "proxy",
        "made up before the proxy",
        "two proxies",
        "one of two proxies",
        "no address",
        "socket",
        "a network of IPv6",
        "IPv4 written as IPv6",
    ],
)
def test_sender_is_who_our_own_proxies_saw(
    settings: Any, proxies: int, remote: str, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert sender_address(coming(remote, **headers)) == address
