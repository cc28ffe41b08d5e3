"""Single legacy rows: what became of them, what is odd about them, and the raw cells.

A raw row shows what the CRM knew of a person, so opening one is written to the access log.
"""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from crm_import.admin.links import LegacyAdmin, as_uuid, target_link
from crm_import.models import (
    Crosswalk,
    ImportRun,
    LegacyCondition,
    LegacyContact,
    LegacyDossier,
    LegacyHospital,
    LegacyOption,
    LegacyPatient,
    LegacyRow,
    LegacySpecialization,
    Problem,
    RowOutcome,
    UnreadableRecord,
)
from crm_import.tables import archived
from patients.models import Patient
from portal.core import access
from portal.core.admin import ChoicesFilter, ReadOnlyAdmin
from portal.core.admin.display import NOTHING, choice_badge, key_values
from portal.core.models import AccessEvent

MANY = 20


class RawAdmin(ReadOnlyAdmin):
    """A page that shows a raw row."""

    def raw(self, record: Any) -> LegacyRow | None:
        """The row of the archive that the page shows: here the one that the record is about."""
        return archived(record.entity, record.row)

    def legacy_id_of(self, record: Any) -> UUID | None:
        found: UUID | None = record.legacy_id
        return found

    def log_opened(self, request: HttpRequest, record: Any) -> None:
        """The patient the row became; a row of nobody is named by its own id."""
        legacy_id = self.legacy_id_of(record)
        people = list(
            Crosswalk.objects.filter(
                legacy_id=legacy_id, target_model=Patient._meta.label_lower
            ).values_list("target_id", flat=True)
            if legacy_id
            else ()
        )
        access.opened(
            Patient if people else self.model,
            people or [legacy_id or UUID(int=record.pk)],
            by=request.user,
            route=AccessEvent.Route.ADMIN,
            request_id=getattr(request, "request_id", None),
        )

    @admin.display(description=gettext_lazy("the row as it came"))
    def cells(self, record: Any) -> SafeString | str:
        row = self.raw(record)
        return key_values(row.cells) if row else NOTHING

    @admin.display(description=gettext_lazy("became"))
    def became(self, record: Any) -> SafeString | str:
        """Links to the records that were made of it."""
        legacy_id = self.legacy_id_of(record)
        rows = Crosswalk.objects.filter(legacy_id=legacy_id)[:MANY] if legacy_id else ()
        links = [(target_link(row),) for row in rows]
        if not links:
            return NOTHING
        return format_html(
            '<ul class="portal-ids">{}</ul>', format_html_join("", "<li>{}</li>", links)
        )


class CodeFilter(DropdownFilter):  # type: ignore[misc]
    """One kind of problem, of those that the last run found."""

    title = gettext_lazy("code")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        last = ImportRun.objects.order_by("-started_at", "-id").first()
        codes = set(last.report.get("problems", {})) if last else set()
        if chosen := request.GET.get(self.parameter_name):
            codes.add(chosen[:50])
        return [(code, code) for code in sorted(codes)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(code=self.value()) if self.value() else queryset


@admin.register(Problem)
class ProblemAdmin(LegacyAdmin, RawAdmin):
    """What somebody should know about legacy rows. Codes only in the list; the page has the row."""

    list_display = ("code", "severity_shown", "entity", "record", "field", "legacy_id", "note")
    list_filter = (CodeFilter, ("severity", ChoicesFilter), ("entity", ChoicesFilter))
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Found by a run; the row below is as the CRM had it."),
                "fields": (
                    ("code", "severity"),
                    ("entity", "record"),
                    ("field", "note"),
                    ("legacy_id", "run"),
                    "became",
                    "cells",
                ),
            },
        ),
    )
    readonly_fields = ("became", "cells")

    @admin.display(description=gettext_lazy("severity"))
    def severity_shown(self, problem: Problem) -> str:
        return choice_badge(problem, "severity")


@admin.register(RowOutcome)
class RowOutcomeAdmin(LegacyAdmin, RawAdmin):
    """What became of each legacy row. The quarantine is the filter "Quarantined"."""

    list_display = ("entity", "legacy_id", "outcome_shown", "reason", "run")
    list_filter = (("outcome", ChoicesFilter), ("entity", ChoicesFilter))
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "One line for each row; a later run adds one when it "
                    "could place the row after all."
                ),
                "fields": (
                    ("entity", "legacy_id"),
                    ("outcome", "reason"),
                    "run",
                    "became",
                    "cells",
                ),
            },
        ),
    )
    readonly_fields = ("became", "cells")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("run")

    @admin.display(description=gettext_lazy("outcome"))
    def outcome_shown(self, row: RowOutcome) -> str:
        return choice_badge(row, "outcome")


@admin.register(UnreadableRecord)
class UnreadableRecordAdmin(RawAdmin):
    """Records that are no proper CSV or no proper text, as they were read."""

    list_display = ("file", "record", "byte_offset", "reason", "loaded")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("Kept byte by byte; what is no text is escaped."),
                "fields": (("file", "record"), ("reason", "byte_offset"), "loaded", "as_read"),
            },
        ),
    )
    readonly_fields = ("as_read",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("raw")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("file")

    def legacy_id_of(self, record: Any) -> UUID | None:
        return None

    @admin.display(description=gettext_lazy("as it was read"))
    def as_read(self, record: UnreadableRecord) -> str:
        return bytes(record.raw).decode("utf-8", "backslashreplace")


class LegacyRowAdmin(RawAdmin):
    """Rows of one legacy table, in the order in which they came."""

    list_display = ("record", "file")
    ordering = ("-id",)
    fields = ("file", "record", "deleted", "written", "absent", "became", "cells")
    readonly_fields = ("became", "cells")

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("file")

    def raw(self, record: Any) -> LegacyRow | None:
        row: LegacyRow = record
        return row

    def legacy_id_of(self, record: Any) -> UUID | None:
        """The id in the table's first column."""
        own = {field.name for field in LegacyRow._meta.get_fields()} | {"id"}
        names = [f.name for f in record._meta.concrete_fields if f.name not in own]
        return as_uuid(getattr(record, names[0]) or "")


for model in (
    LegacyContact,
    LegacyPatient,
    LegacyDossier,
    LegacyCondition,
    LegacyHospital,
    LegacySpecialization,
    LegacyOption,
):
    admin.site.register(model, LegacyRowAdmin)
