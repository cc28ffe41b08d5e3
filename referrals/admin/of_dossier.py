"""What the records of a dossier have in common in the workplace."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from portal.core.admin import RecordAdmin
from portal.core.admin.display import two_lines

OF_THE_PATIENT = gettext_lazy("The patient: start of a name, e-mail or its domain, or phone digits")


class OfDossier(RecordAdmin):
    """Records of a dossier: the patient beside it, and the person in the access log."""

    search_fields = ("dossier__patient__search",)
    search_help_text = OF_THE_PATIENT
    autocomplete_fields: Sequence[str] = ("dossier",)
    opens = ("dossier.patient",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        joined = ("dossier__patient", "dossier__program")
        return page.select_related(*joined).defer(*(f"{name}__search" for name in joined))

    @admin.display(description=gettext_lazy("patient"))
    def patient_shown(self, row: Any) -> str:
        return two_lines(row.dossier.patient, row.dossier)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return (*self.readonly_fields, "dossier") if obj else self.readonly_fields
