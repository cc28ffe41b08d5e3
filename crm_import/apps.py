"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmImportConfig(AppConfig):
    name = "crm_import"
    verbose_name = _("Migration")

    def ready(self) -> None:
        from crm_import import erasing, moving, remembering
        from patients import holdings, relations, reviewing

        lists = ("LegacyCondition", "LegacyHospital", "LegacyOption", "LegacySpecialization")
        relations.join(*moving.POLICIES)
        holdings.join(
            erasing.CONFLICTS,
            parts=(erasing.PART,),
            about_others={
                **{f"crm_import.{name}": "lists of the CRM" for name in lists},
                "crm_import.VerificationSignature": "remarks of staff on the migration",
            },
        )
        reviewing.join(*remembering.STEPS)
