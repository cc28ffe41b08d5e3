"""Whose patients the rows of a list are about."""

from typing import Any, ClassVar, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from patients.models import Patient
from portal.core.models import User


class WhoseFilter(DropdownFilter):  # type: ignore[misc]
    """The viewer's own patients, and those of nobody. `path` leads to the patient."""

    title = gettext_lazy("whose")
    parameter_name = "whose"
    path: ClassVar[str] = "dossier__patient"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine_or_nobodys", _("Mine and nobody's"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "mine_or_nobodys":
            people = Patient.objects.open_to(cast(User, request.user))
            return queryset.filter(**{f"{self.path}__in": people})
        return queryset
