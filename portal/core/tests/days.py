"""Days as members of staff see them, who are in Amsterdam unless they say otherwise.

From 22:00 or 23:00 UTC on their day is not the one that a test without anybody has.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from portal.core.models import User

ZONE = ZoneInfo(User._meta.get_field("time_zone").default)


def today() -> date:
    return timezone.localdate(timezone=ZONE)


def shown(moment: datetime) -> str:
    """The day of a moment, as pages write it."""
    return f"{moment.astimezone(ZONE):%-d %b %Y}"
