"""Records that nobody edits: those that are only read here, and those that are said once."""

from typing import Any

from django.http import HttpRequest

from portal.core.admin.records import RecordAdmin


class ReadOnlyAdmin(RecordAdmin):
    """Records that people read here and that are written elsewhere."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AppendOnlyAdmin(RecordAdmin):
    """Records that are said once: they can be added, and never changed or deleted."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
