"""The kernel as a Django app."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "portal.core"
    label = "core"
    verbose_name = _("Administration")

    def ready(self) -> None:
        from portal.core import storage

        checks.register(storage.check_placed, checks.Tags.files, deploy=True)
