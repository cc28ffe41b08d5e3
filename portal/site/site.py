"""The admin site that navigators work in."""

from unfold.sites import UnfoldAdminSite


class PortalSite(UnfoldAdminSite):
    """The workplace."""
