"""What the fields that search as one types may answer, and to whom."""

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest

from portal.core.admin import RecordAdmin
from portal.core.models import User
from portal.core.permissions import may

# Longer input than any name; what is beyond it does not help to find anything.
LONGEST_TERM = 200


class PortalAutocomplete(AutocompleteJsonView):
    """As Django's, with labels that tell namesakes apart.

    Everybody who may see a record may also choose its navigator, without seeing the
    administration of accounts: of those, active staff is found by name, and nothing else is said.
    """

    def process_request(self, request: HttpRequest) -> Any:
        term, *others = super().process_request(request)
        return term[:LONGEST_TERM], *others

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        if self.source_field.remote_field.model is User:
            return may(request.user, "view", self.source_field.model)
        return bool(super().has_perm(request, obj))

    def get_queryset(self) -> Any:
        if self.source_field.remote_field.model is not User:
            return super().get_queryset()
        staff = User.objects.filter(is_active=True, is_staff=True).order_by("name", "username")
        staff = staff.complex_filter(self.source_field.get_limit_choices_to())
        for word in self.term.split():
            staff = staff.filter(name__icontains=word)
        return staff

    def paginate_queryset(self, queryset: Any, page_size: int) -> Any:
        paginator, page, found, is_paginated = super().paginate_queryset(queryset, page_size)
        rows: Any = found
        related = getattr(self.model_admin, "autocomplete_related", ())
        return paginator, page, rows.select_related(*related), is_paginated

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        result = super().serialize_result(obj, to_field_name)
        if isinstance(self.model_admin, RecordAdmin):
            result["text"] = self.model_admin.autocomplete_label(obj)
        return result
