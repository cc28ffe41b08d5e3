"""Runs with their reconciliation, and the files they read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_import.admin.verifications import RECONCILIATIONS, rolled_back
from crm_import.admin.words import sentence
from crm_import.models import Entity, ImportRun, SourceFile
from crm_import.reporting import KEYS, OUTCOMES
from crm_import.rolling_back import BUCKETS
from portal.core.admin import DateRangeFilter, Fact, ReadOnlyAdmin, RelatedTable
from portal.core.admin.display import NOTHING, moment


def table(headings: Sequence[Any], rows: Iterable[Sequence[Any]]) -> SafeString | str:
    """Rows as a table with headings; the dash when there are none. Columns of numbers end right."""
    found = [list(row) for row in rows]
    if not found:
        return NOTHING
    numbers = [all(map(_is_number, column)) for column in zip(*found, strict=True)]
    return format_html(
        '<table class="portal-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        _cells("th", numbers, headings),
        format_html_join("", "<tr>{}</tr>", ((_cells("td", numbers, row),) for row in found)),
    )


# A cell by its tag, and by whether it is in a column of numbers.
_CELL = {
    ("th", False): "<th>{}</th>",
    ("th", True): '<th class="portal-number">{}</th>',
    ("td", False): "<td>{}</td>",
    ("td", True): '<td class="portal-number">{}</td>',
}


def _cells(tag: str, numbers: Sequence[bool], cells: Sequence[Any]) -> SafeString:
    made = (
        format_html(_CELL[tag, is_number], cell)
        for is_number, cell in zip(numbers, cells, strict=True)
    )
    return format_html_join("", "{}", ((one,) for one in made))


def _is_number(cell: Any) -> bool:
    return cell == NOTHING or str(cell).replace(",", "").isdecimal()


def _counts(report: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    found = report.get(part)
    return found if isinstance(found, dict) else {}


def quarantined(run: ImportRun) -> int:
    """Rows of the run's export that are not placed."""
    tables = _counts(run.report, "tables")
    return sum(counts.get("quarantined", 0) for counts in tables.values())


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Every run that was kept, with its reconciliation."""

    list_display = ("started_at", "kind", "source", "by", "rows_read", "held", "finished_at")
    list_filter = (("started_at", DateRangeFilter),)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "Every row of the export has exactly one outcome; read is their sum."
                ),
                "fields": (
                    ("source", "by"),
                    ("started_at", "finished_at"),
                    ("plan", "scope"),
                    ("kind", "taken_back"),
                    "id",
                    "buckets",
                    "reconciliation",
                    "made",
                    "found",
                    "fingerprint",
                ),
            },
        ),
    )
    readonly_fields = ("id", "buckets", "reconciliation", "made", "found", "taken_back")
    related_tables = (
        RECONCILIATIONS,
        RelatedTable(
            relation="files",
            columns=(
                (gettext_lazy("File"), lambda row: row.name),
                (gettext_lazy("Records"), lambda row: f"{row.records:,}"),
                (gettext_lazy("Unreadable"), lambda row: f"{row.unreadable:,}"),
                (gettext_lazy("Known already"), lambda row: f"{row.known:,}"),
            ),
            can_add=False,
            empty=gettext_lazy(
                "No file: the same as in the run before, or decisions about rows that were there."
            ),
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("by")

    def facts(self, request: HttpRequest, record: ImportRun) -> list[Fact]:
        totals = _counts(record.report, "totals")
        return [
            Fact(_("Started"), moment(record.started_at)),
            Fact(_("Rows read"), f"{self._read(record):,}"),
            Fact(_("Quarantined"), f"{quarantined(record):,}"),
            Fact(_("Patients from the CRM"), f"{totals.get('patients', 0):,}"),
        ]

    @staticmethod
    def _read(run: ImportRun) -> int:
        tables = _counts(run.report, "tables")
        return sum(counts.get("read", 0) for counts in tables.values())

    @admin.display(description=gettext_lazy("rollback"))
    def taken_back(self, run: ImportRun) -> str:
        return rolled_back(run) or NOTHING

    @admin.display(description=gettext_lazy("rows read"))
    def rows_read(self, run: ImportRun) -> str:
        return f"{self._read(run):,}"

    @admin.display(description=gettext_lazy("quarantined"))
    def held(self, run: ImportRun) -> str:
        return f"{quarantined(run):,}"

    @admin.display(description=gettext_lazy("rows"))
    def reconciliation(self, run: ImportRun) -> SafeString | str:
        tables = _counts(run.report, "tables")
        return table(
            [_("Table"), *(name.replace("_", " ") for name in OUTCOMES)],
            [
                [entity.label, *(f"{tables[entity].get(name, 0):,}" for name in OUTCOMES)]
                for entity in Entity
                if any(tables.get(entity, {}).values())
            ],
        )

    @admin.display(description=gettext_lazy("taken back"))
    def buckets(self, run: ImportRun) -> SafeString | str:
        """Of a rollback: what became of the records; the dash for other runs."""
        taken = _counts(run.report, "rollback")
        labels = sorted({label for name in BUCKETS for label in taken.get(name, ())})
        return table(
            [_("Record"), *BUCKETS],
            [
                [
                    apps.get_model(label)._meta.verbose_name,
                    *(f"{taken[name].get(label, 0):,}" for name in BUCKETS),
                ]
                for label in labels
            ],
        )

    @admin.display(description=gettext_lazy("records"))
    def made(self, run: ImportRun) -> SafeString | str:
        made, totals = _counts(run.report, "created"), _counts(run.report, "totals")
        updated = _counts(run.report, "updated")
        return table(
            [_("Kind"), _("Made by this run"), _("Updated"), _("Then in the portal")],
            [
                [
                    key.replace("_", " "),
                    f"{made[key]:,}",
                    f"{updated[key]:,}" if key in updated else NOTHING,
                    f"{totals.get(key, 0):,}",
                ]
                for key in KEYS
                if key in made and run.kind == ImportRun.Kind.IMPORT
            ],
        )

    @admin.display(description=gettext_lazy("problems"))
    def found(self, run: ImportRun) -> SafeString | str:
        problems = reverse("admin:crm_import_problem_changelist")
        return table(
            [_("Problem"), _("Rows"), _("What it means")],
            [
                [
                    format_html(
                        '<a class="portal-link" href="{}?{}">{}</a>',
                        problems,
                        urlencode({"code": code}),
                        code,
                    ),
                    f"{count:,}",
                    sentence(code),
                ]
                for code, count in sorted(_counts(run.report, "problems").items())
            ],
        )


@admin.register(SourceFile)
class SourceFileAdmin(ReadOnlyAdmin):
    """The ledger: every file of every run, with its checksum and counts."""

    list_display = ("name", "run", "records", "unreadable", "known")
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("The rows themselves are in the archive."),
                "fields": (
                    ("name", "run"),
                    ("entity", "size", "is_gone"),
                    ("records", "unreadable", "known"),
                    "sha256",
                    "header",
                ),
            },
        ),
    )
    readonly_fields = ("header",)

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("run")

    @admin.display(description=gettext_lazy("columns"))
    def header(self, file: SourceFile) -> str:
        return ", ".join(file.columns)
