"""Whose time it is, in the words of pages and mails."""

from django.utils.translation import gettext as _

UTC = "UTC"


def place(zone: str) -> str:
    """The place a zone is named for: "New York" of America/New_York."""
    return zone.rpartition("/")[2].replace("_", " ")


def clock(zone: str) -> str:
    """Whose time it is, to be written behind one."""
    return zone if zone == UTC else _("time in %(place)s") % {"place": place(zone)}
