"""A report as an HTML page that stands alone: nothing is fetched, so it reads the same for ever."""

from django.template.loader import render_to_string

from referrals.reporting.content import Content


def page(content: Content) -> str:
    """The whole page."""
    return render_to_string("referrals/report.html", {"report": content})
