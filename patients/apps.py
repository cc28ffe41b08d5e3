"""The app's configuration."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = _("People")

    def ready(self) -> None:
        from patients import moving, relations

        relations.join(*moving.POLICIES)
        checks.register(relations.check)
