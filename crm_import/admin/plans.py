"""Plans of imports: what each would do, and what somebody has to decide."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm_import.admin.runs import table
from crm_import.models import Entity, ImportPlan
from crm_import.planning import COUNTS, NAMED, told
from portal.core.admin import DateRangeFilter, Fact, ReadOnlyAdmin, RelatedTable
from portal.core.admin.display import NOTHING, badge, moment


@admin.register(ImportPlan)
class ImportPlanAdmin(ReadOnlyAdmin):
    """Every plan, with what it counted and what came of it."""

    list_display = ("made_at", "source", "by", "state")
    list_filter = (("made_at", DateRangeFilter),)
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "An import that was run and rolled back. crm_import --plan applies it as long "
                    "as nothing has changed that it was made from."
                ),
                "fields": (
                    ("source", "by"),
                    ("made_at", "state"),
                    "counts",
                    "examples",
                    "decisions",
                    "asked",
                ),
            },
        ),
    )
    readonly_fields = ("state", "counts", "examples", "decisions", "asked")
    related_tables = (
        RelatedTable(
            relation="runs",
            columns=(
                (gettext_lazy("Started"), lambda row: moment(row.started_at)),
                (gettext_lazy("Source"), lambda row: row.source),
            ),
            can_add=False,
            empty=gettext_lazy("It was not applied."),
        ),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("by")

    def facts(self, request: HttpRequest, record: ImportPlan) -> list[Fact]:
        tables = record.findings.get("tables", {}).values()
        return [
            Fact(_("Made"), moment(record.made_at)),
            *(
                Fact(label, f"{sum(counts.get(name, 0) for counts in tables):,}")
                for label, name in (
                    (_("To create"), "create"),
                    (_("To update"), "update"),
                    (_("To quarantine"), "quarantine"),
                )
            ),
        ]

    @admin.display(description=gettext_lazy("state"))
    def state(self, plan: ImportPlan) -> SafeString | str:
        if plan.is_blocked:
            return badge("blocked", _("Blocked: somebody has to decide first"), "red")
        return badge("ready", _("Not blocked"), "green")

    @admin.display(description=gettext_lazy("rows"))
    def counts(self, plan: ImportPlan) -> SafeString | str:
        tables = plan.findings.get("tables", {})
        return table(
            [_("Table"), *COUNTS],
            [
                [entity.label, *(f"{tables[entity].get(name, 0):,}" for name in COUNTS)]
                for entity in Entity
                if entity in tables
            ],
        )

    @admin.display(description=gettext_lazy("legacy ids, for example"))
    def examples(self, plan: ImportPlan) -> SafeString | str:
        found = plan.findings.get("examples", {})
        return table(
            [_("Table"), _("What"), _("Legacy ids")],
            [
                [
                    entity.label,
                    what,
                    format_html_join(
                        ", ", '<span class="portal-id">{}</span>', ((i,) for i in ids)
                    ),
                ]
                for entity in Entity
                for what in NAMED
                if (ids := found.get(entity, {}).get(what))
            ],
        )

    @admin.display(description=gettext_lazy("to decide"))
    def decisions(self, plan: ImportPlan) -> SafeString | str:
        found = plan.findings.get("decisions", [])
        if not found:
            return NOTHING
        lines = format_html_join("", "<li>{}</li>", ((told(one),) for one in found))
        return format_html("<ul>{}</ul>", lines)

    @admin.display(description=gettext_lazy("asked for with"))
    def asked(self, plan: ImportPlan) -> str:
        said = [f"{name}: {value}" for name, value in plan.options.items() if value]
        return ", ".join(said) or NOTHING
