"""How often one sender may come: counted in the database, so all processes count together.

The sender is an internet address, of which only a keyed hash is kept. Whole IPv6 networks of a
subscriber (/64) count as one sender.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in each window of `per`, for each sender."""

    name: str
    times: int
    per: timedelta

    def window(self, now: datetime) -> datetime:
        """When the window that holds `now` began."""
        seconds = int(self.per.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=UTC)


# A hospital's or a phone company's people share one address, so these are generous.
TRIES = Limit("tries", times=60, per=timedelta(minutes=30))
FORMS = Limit("forms", times=20, per=timedelta(hours=1))
SUGGESTIONS = Limit("suggestions", times=600, per=timedelta(minutes=10))
LINKS = Limit("links", times=60, per=timedelta(minutes=10))
# A house full of navigators, whose calendars read every few minutes.
FEEDS = Limit("calendar feeds", times=600, per=timedelta(minutes=10))
# Guessing a password: all of one sender, of those the ones at one account, and all at one account.
LOG_INS = Limit("log-ins", times=100, per=timedelta(minutes=10))
LOG_INS_OF_ONE = Limit("log-ins of one", times=10, per=timedelta(minutes=10))
LOG_INS_FROM_ANYWHERE = Limit("log-ins from anywhere", times=100, per=timedelta(minutes=10))
TOKENS = Limit("tokens", times=300, per=timedelta(minutes=10))
TOKENS_OF_ONE = Limit("tokens of one", times=60, per=timedelta(minutes=10))


class TooMany(Exception):
    """A sender came too often. `wait` says for how long it is no use to come again."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many requests from one sender")
        self.wait = wait


def count(request: HttpRequest, limit: Limit, *, now: datetime, at: str = "") -> None:
    """Count this request; raises TooMany when it is one too many.

    `at` narrows the count to what the sender knocks at: the name of an account, for example.

    A request whose sender cannot be told from others (no address, or a proxy that does not pass
    it on) is not limited: shutting out everybody would be worse.
    """
    address = sender_address(request)
    if not address:
        return
    window = limit.window(now)
    if _counted(_hashed(limit, f"{address} {at}"), window, now=now) > limit.times:
        raise TooMany(window + limit.per - now)


def count_all(limit: Limit, *, now: datetime, at: str) -> None:
    """Count one more knock at `at`, whoever it is from; raises TooMany as `count` does."""
    window = limit.window(now)
    if _counted(_hashed(limit, at), window, now=now) > limit.times:
        raise TooMany(window + limit.per - now)


def sender_address(request: HttpRequest) -> str:
    """The address of the sender as the outermost trusted proxy saw it; "" when unknown.

    Only the last `TRUSTED_PROXIES` entries of X-Forwarded-For were written by our own proxies;
    whatever stands before them can be made up.
    """
    proxies = settings.TRUSTED_PROXIES
    given = request.META.get("REMOTE_ADDR", "")
    if proxies:
        passed_on = request.headers.get("X-Forwarded-For", "").split(",")
        given = passed_on[-proxies] if len(passed_on) >= proxies else ""
    try:
        address = ip_address(given.strip())
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _hashed(limit: Limit, sender: str) -> str:
    return salted_hmac(f"portal.throttle.{limit.name}", sender, algorithm="sha256").hexdigest()


def _counted(sender: str, window: datetime, *, now: datetime) -> int:
    """How often the sender has come in this window, this time included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO portal_ratewindow (sender, starts_at, hits) VALUES (%s, %s, 1) "
            "ON CONFLICT (sender, starts_at) DO UPDATE SET hits = portal_ratewindow.hits + 1 "
            "RETURNING hits",
            [sender, window],
        )
        hits = int(cursor.fetchone()[0])
        if hits == 1:
            # Each new row clears away some old ones, so the table stays as small as the traffic.
            cursor.execute(
                "DELETE FROM portal_ratewindow WHERE id IN (SELECT id FROM portal_ratewindow "
                "WHERE starts_at < %s ORDER BY starts_at LIMIT 50 FOR UPDATE SKIP LOCKED)",
                [now - KEPT],
            )
    return hits
