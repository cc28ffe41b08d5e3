"""How single values are shown in lists, tables and summaries of the workplace."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.phones import for_people

NOTHING = "–"

# Tones a badge can have; the colours are in static/portal/portal.css.
TONES: Mapping[str, str] = {
    "lead": "blue",
    "patient": "green",
    "closed": "grey",
    "open": "green",
    "later": "amber",
    "same": "grey",
    "different": "grey",
    "held": "amber",
    "booked": "blue",
    "completed": "green",
    "no_show": "red",
    "cancelled": "grey",
    "rescheduled": "grey",
    "reached": "green",
    "third_party": "amber",
    "voicemail": "amber",
    "no_answer": "amber",
    "wrong_number": "red",
    "refused": "red",
    "draft": "grey",
    "eligible": "blue",
    "ineligible": "red",
    "referred": "blue",
    "acknowledged": "blue",
    "screening": "blue",
    "enrolled": "green",
    "given": "green",
    "withdrawn": "red",
    "urgent": "amber",
    "emergency": "red",
    "RECRUITING": "green",
    "AVAILABLE": "green",
    "in_preparation": "blue",
    "submitted": "blue",
    "questions": "amber",
    "approved": "green",
    "rejected": "red",
    "planned": "amber",
    "released": "blue",
    "shipped": "blue",
    "delivered": "green",
    "lost": "red",
    "returned": "red",
    "done": "green",
    "sending": "amber",
    "sent": "green",
    "set_aside": "red",
    "failed": "red",
    "files_left": "red",
    "erased": "amber",
    "traces_left": "red",
    "verified": "green",
}


def badge(value: str, label: Any, tone: str = "") -> SafeString | str:
    """A coloured label for a stored value; the dash for none."""
    if not value:
        return NOTHING
    return format_html(
        '<span class="portal-badge portal-badge-{}">{}</span>',
        tone or TONES.get(value, "grey"),
        label,
    )


def choice_badge(record: Any, field: str) -> SafeString | str:
    """The badge of a field that has choices."""
    return badge(getattr(record, field), getattr(record, f"get_{field}_display")())


def two_lines(first: Any, second: Any) -> SafeString:
    """A main line with a quieter one below it, for a cell of a list."""
    if not second:
        return format_html('<span class="portal-cell-main">{}</span>', first)
    return format_html(
        '<span class="portal-cell-main">{}</span><span class="portal-cell-sub">{}</span>',
        first,
        second,
    )


def phone_link(e164: str) -> SafeString | str:
    """A phone number as people write it, which dials when clicked."""
    if not e164:
        return NOTHING
    return format_html('<a class="portal-link" href="tel:{}">{}</a>', e164, for_people(e164))


def email_link(address: str) -> SafeString | str:
    if not address:
        return NOTHING
    return format_html('<a class="portal-link" href="mailto:{}">{}</a>', address, address)


def moment(at: datetime | None) -> str:
    """An instant in the viewer's zone: `23 Nov 2026, 10:30`; the dash for none."""
    return date_format(timezone.localtime(at), "j M Y, H:i") if at else NOTHING


def day(on: date | None) -> str:
    return date_format(on, "j M Y") if on else NOTHING


def short_day(on: date | None, *, now: datetime) -> str:
    """A day without its year when that is this year; the dash for none."""
    if on is None:
        return NOTHING
    return date_format(on, "j M" if on.year == timezone.localdate(now).year else "j M Y")


def clock_in(zone: str) -> str:
    """What the clock says in an IANA zone, `10:30 in New York`; blank without one."""
    if not zone:
        return ""
    there = timezone.now().astimezone(ZoneInfo(zone))
    place = zone.rpartition("/")[2].replace("_", " ")
    return _("%(time)s in %(place)s") % {"time": time_format(there, "H:i"), "place": place}


def waiting(since: datetime, *, now: datetime) -> str:
    """How long somebody has waited, in the one unit that matters: `3 days`, `5 h`, `20 min`."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return _("%(count)d min") % {"count": minutes}
    if minutes < 48 * 60:
        return _("%(count)d h") % {"count": minutes // 60}
    days = minutes // (24 * 60)
    if days >= 730:
        return _("%(count)d years") % {"count": days // 365}
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def key_values(
    values: Mapping[str, Any], *, names: Mapping[str, Any] | None = None
) -> SafeString | str:
    """A JSON object as a list of names and values; what is nested stays JSON.

    `names` are the words for its names; one without a word is shown as it is.
    """
    words = names or {}
    if not values:
        return NOTHING
    shown = (
        (
            words.get(name, name),
            json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value,
        )
        for name, value in values.items()
    )
    rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", shown)
    return format_html('<dl class="portal-values">{}</dl>', rows)


def record_link(record: Any, text: Any = "") -> SafeString | str:
    """The record's name, leading to its page; the dash for none."""
    if record is None:
        return NOTHING
    return format_html(
        '<a class="portal-link" href="{}">{}</a>', record.get_absolute_url(), text or record
    )
