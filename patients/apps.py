"""The app's configuration."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = _("People")

    def ready(self) -> None:
        from patients import holdings, moving, relations

        relations.join(*moving.POLICIES)
        holdings.join(*holdings.HOLDINGS, about_others=holdings.ABOUT_OTHERS)
        checks.register(relations.check)
        checks.register(holdings.check)
