"""Calendar links: a navigator makes one for their own calendar, and it is stopped at any time.

Who has the link reads the calls, so it is shown once, kept as a hash only, and dead as soon as it
is stopped, its user's account is switched off, or the user may not see calls any more.
"""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.models import Booking, CalendarFeed
from portal.core.errors import Refused
from portal.core.history import acting
from portal.core.models import User
from portal.core.permissions import may


def make(*, by: User) -> tuple[CalendarFeed, str]:
    """Make a link to the calls of `by`, and return it with its secret, which is kept nowhere.

    A link they have already stops working.
    """
    secret = token_urlsafe(32)
    with transaction.atomic(), acting(by=by):
        User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two clicks make one link
        for earlier in CalendarFeed.objects.filter(user=by, stopped_at=None):
            _stop(earlier)
        feed = CalendarFeed.objects.create(user=by, secret_hash=_hashed(secret))
    return feed, secret


def stop(*, feed_id: UUID, by: User) -> CalendarFeed:
    """Stop a link for good; one that was stopped before is left as it is.

    Raises Refused when it is somebody else's, unless `by` may change calendar links.
    """
    with transaction.atomic(), acting(by=by):
        feed: CalendarFeed = CalendarFeed.objects.select_for_update(of=("self",)).get(pk=feed_id)
        if not may_stop(feed, by):
            message = _("This link is somebody else's. Ask them or a team lead to stop it.")
            raise Refused(message, code="not_yours")
        if feed.is_working:
            _stop(feed)
        return feed


def may_stop(feed: CalendarFeed, user: User) -> bool:
    """Whether it is the user's own, or they look after those of others."""
    return feed.user_id == user.pk or may(user, "change", CalendarFeed)


def found(secret: str) -> CalendarFeed | None:
    """The link with this secret, as long as it works and its user may see calls; else None."""
    feeds = CalendarFeed.objects.working().filter(secret_hash=_hashed(secret))
    feed: CalendarFeed | None = feeds.select_related("user").first()
    if feed is None or not may(feed.user, "view", Booking):
        return None
    return feed


def note_reading(feed: CalendarFeed, *, content_hash: str, now: datetime) -> datetime:
    """Note that it was read, and return since when it has had this content."""
    if feed.content_hash != content_hash or feed.content_changed_at is None:
        feed.content_hash, feed.content_changed_at = content_hash, now
    feed.last_read_at = now
    feed.save(update_fields=("last_read_at", "content_hash", "content_changed_at"))
    return feed.content_changed_at


def _stop(feed: CalendarFeed) -> None:
    feed.stopped_at = timezone.now()
    feed.save(update_fields=("stopped_at",))


def _hashed(secret: str) -> str:
    # 256 random bits: a slow hash would add nothing.
    return sha256(secret.encode()).hexdigest()
