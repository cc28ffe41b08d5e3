"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmImportConfig(AppConfig):
    name = "crm_import"
    verbose_name = _("Migration")
