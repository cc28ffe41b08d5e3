"""The shell as Django apps: the portal itself, and the admin with our own site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from patients import holdings

        holdings.join(about_others={"portal.RateWindow": "hashes, gone after a day"})


class PortalAdminConfig(AdminConfig):
    default_site = "portal.site.site.PortalSite"
