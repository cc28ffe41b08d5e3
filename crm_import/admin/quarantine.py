"""The quarantine: by reason, row by row beside what was understood, and putting a row right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from crm_import import correcting, deciding, settling, understanding
from crm_import.admin.links import LegacyAdmin
from crm_import.admin.rows import RawAdmin
from crm_import.admin.runs import table
from crm_import.admin.submissions import COLUMNS
from crm_import.correcting import Fix
from crm_import.models import (
    Correction,
    Entity,
    HeldRow,
    RowOutcome,
    UnreadableRecord,
)
from crm_import.understanding import Cell
from portal.core.admin import Briefing, ChoicesFilter, Fact, Verb, VerbForm
from portal.core.admin.display import NOTHING, moment, record_link
from portal.core.admin.lists import COUNT_LIMIT
from portal.core.admin.widgets import QuickSelect

LONG = {"ineligible_reason", "trial_id"}


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are in quarantine for one reason."""

    kind: str
    code: str
    rows: str
    url: str
    reason: understanding.Reason


def groups() -> list[Group]:
    """The quarantine by table and reason, the most rows first; beyond COUNT_LIMIT it stops."""
    held = HeldRow.objects.order_by().values("pk")[: COUNT_LIMIT + 1]
    counted = (
        RowOutcome.objects.filter(pk__in=held)
        .order_by()
        .values_list("entity", "reason")
        .annotate(rows=Count("pk"))
    )
    found = sorted(counted, key=lambda one: (-one[2], one[0], one[1]))
    more = "+" if sum(rows for _entity, _reason, rows in found) > COUNT_LIMIT else ""
    listed = reverse("admin:crm_import_heldrow_changelist")
    return [
        Group(
            str(Entity(entity).label),
            words(code),
            f"{rows:,}{more}",
            f"{listed}?{urlencode({'entity__exact': entity, 'reason': code})}",
            understanding.reason(code),
        )
        for entity, code, rows in found
    ]


def words(code: str) -> str:
    return code.replace("_", " ")


def label(column: str) -> str:
    """What people call a column of the CRM."""
    return str(COLUMNS.get(column, capfirst(words(column))))


class ReasonFilter(DropdownFilter):  # type: ignore[misc]
    """Why the row is in quarantine."""

    title = gettext_lazy("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, words(code)) for code in understanding.REASONS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(reason=self.value()) if self.value() else queryset


# --- putting right ------------------------------------------------------------------------------


def _why(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Why"),
        help_text=help_text,
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why. It is kept with your name.")},
    )


class LeaveOutForm(VerbForm):
    """Only why."""

    reason = _why(gettext_lazy("For example: a test of the web form."))


class FixForm(VerbForm):
    """The cells of the row, those that are odd first."""

    reason = _why(gettext_lazy("How do you know? For example: asked the clinic by phone."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = understanding.cells(correcting.table_of(self.record.entity), self.record.row)
        can_be = correcting.columns(self.record.entity)
        has_id = self.record.legacy_id is not None
        shown = [cell for cell in found if cell.name in can_be[1 if has_id else 0 :]]
        shown.sort(key=lambda cell: not cell.is_odd)
        why = self.fields.pop("reason")
        for cell in shown:
            self.fields[cell.name] = self._field(cell)
        self.fields["reason"] = why

    def _field(self, cell: Cell) -> forms.Field:
        said = _("Read as: %(value)s.") % {"value": cell.read} if cell.read else ""
        odd = " ".join(f"{words(code).capitalize()}." for code in cell.problems)
        options: dict[str, Any] = {
            "label": label(cell.name),
            "help_text": " ".join(filter(None, (said, odd))),
            "required": False,
            "initial": cell.raw,
        }
        known = deciding.meanings(cell.name) if cell.name != "medical_condition" else ()
        if known:
            names = [(name, name) for _stored, name in known if name != cell.raw]
            as_it_came = _("as it came: %(cell)s") % {"cell": cell.raw or NOTHING}
            choices = [(cell.raw, as_it_came), *names]
            return forms.ChoiceField(choices=choices, widget=QuickSelect(), **options)
        widget: Any = UnfoldAdminTextInputWidget()
        if cell.name in LONG:
            widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        return forms.CharField(widget=widget, max_length=correcting.LONGEST, strip=False, **options)


class _Settles(Verb):
    """A decision about a row in quarantine."""

    permissions = ("crm_import.change_heldrow",)
    # The row never changes; `correcting` sees to it that it is still in quarantine.
    is_versioned = False
    is_waiver = False
    done_already = gettext_lazy("The row is no longer in quarantine.")

    def is_offered(self, record: HeldRow, user: Any) -> bool:
        return True

    def settle(self, record: HeldRow, *, by: Any, said: Mapping[str, Any]) -> RowOutcome | None:
        """Carry it out and return what became of the row."""
        cells = {name: cell for name, cell in said.items() if name != "reason"}
        fix = Fix(
            entity=record.entity,
            row=record.row,
            reason=said["reason"],
            cells=cells,
            is_waiver=self.is_waiver,
        )
        done = settling.settle(by=by, reason=said["reason"], fixes=[fix])
        return done.outcome_of(done.fixed[0]) if done.fixed else None

    def back_to(self, record: HeldRow) -> Any:
        """What is the row's last word now: in quarantine once more, or an outcome."""
        fixed = Correction.objects.filter(entity=record.entity, row=record.row).first()
        row = (fixed and fixed.replacement) or record.row
        held = HeldRow.objects.filter(entity=record.entity, row=row).first()
        return held or RowOutcome.objects.last_of(record.entity, row) or record


class FixAndTry(_Settles):
    name = "fix"
    label = gettext_lazy("Fix and try again")
    icon = "build"
    variant = ActionVariant.PRIMARY
    form_class = FixForm
    submit = gettext_lazy("Try again")

    def briefing(self, record: HeldRow, user: Any) -> Briefing:
        known = understanding.reason(record.reason)
        return Briefing(
            will=(
                f"{known.meaning} {known.advice}",
                _("The row as it came is kept. What you enter counts instead of it."),
                _("A newer version of the row from the CRM counts more than your correction."),
                _("Only this row is tried again. With a large archive it takes up to a minute."),
            )
        )

    def run(self, record: HeldRow, *, by: Any, said: Mapping[str, Any]) -> str:
        became = self.settle(record, by=by, said=said)
        if became is None or became.outcome == RowOutcome.Outcome.QUARANTINED:
            known = understanding.reason(became.reason if became else record.reason)
            return _("Tried again, and still in quarantine. %(why)s") % {"why": known.meaning}
        said_now = _("Tried again: %(outcome)s. The row has left the quarantine.")
        return said_now % {"outcome": became.get_outcome_display().lower()}


class LeaveOut(_Settles):
    name = "leave-out"
    label = gettext_lazy("Leave it out")
    icon = "do_not_disturb_on"
    form_class = LeaveOutForm
    is_waiver = True

    def briefing(self, record: HeldRow, user: Any) -> Briefing:
        return Briefing(
            will=(
                _("The row counts as ignored, with your reason. Nothing is made of it."),
                _("It stays in the archive. A newer version from the CRM is looked at anew."),
            )
        )

    def run(self, record: HeldRow, *, by: Any, said: Mapping[str, Any]) -> str:
        self.settle(record, by=by, said=said)
        return _("Left out. The row counts as ignored.")


# --- pages --------------------------------------------------------------------------------------


@admin.register(HeldRow)
class HeldRowAdmin(LegacyAdmin, RawAdmin):
    """Rows of which nothing was made, until somebody puts them right or leaves them out."""

    list_display = ("named", "why", "legacy_id", "found")
    list_filter = (ReasonFilter, ("entity", ChoicesFilter))
    list_before_template = "crm_import/quarantine.html"
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "Each cell as it came, what the import reads in it, and what is wrong."
                ),
                "fields": ("compared",),
            },
        ),
    )
    readonly_fields = ("compared",)
    verbs = (FixAndTry(), LeaveOut())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        shown = {
            "groups": groups(),
            "value_maps_url": f"{reverse('admin:crm_import_optionvalue_changelist')}?state=waiting",
            "unreadable_url": reverse("admin:crm_import_unreadablerecord_changelist"),
            "has_unreadable": UnreadableRecord.objects.filter(loaded=False).exists(),
        }
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("run")

    def facts(self, request: HttpRequest, record: HeldRow) -> Sequence[Fact]:  # type: ignore[override]
        known = understanding.reason(record.reason)
        return [
            Fact(_("Why"), known.meaning),
            Fact(_("What to do"), known.advice),
            Fact(_("Proposal"), understanding.proposal(record.entity, record.row) or NOTHING),
            Fact(_("Row of the CRM"), record.legacy_id or NOTHING),
            Fact(_("Corrected"), self._corrected(record)),
        ]

    def _corrected(self, record: HeldRow) -> SafeString | str:
        """Who made this row by a correction, and a link to it."""
        made = Correction.objects.filter(entity=record.entity, replacement=record.row)
        correction = made.select_related("by").first()
        if correction is None:
            return NOTHING
        said = f"{correction.by.get_full_name()}, {moment(correction.at)}"
        return record_link(correction, said)

    @admin.display(description=gettext_lazy("row"))
    def named(self, held: HeldRow) -> str:
        return f"{held.get_entity_display()} {held.row}"

    @admin.display(description=gettext_lazy("why"))
    def why(self, held: HeldRow) -> str:
        return words(held.reason)

    @admin.display(description=gettext_lazy("found"))
    def found(self, held: HeldRow) -> str:
        return moment(held.run.started_at)

    @admin.display(description=gettext_lazy("cells"))
    def compared(self, held: HeldRow) -> SafeString | str:
        found = understanding.cells(correcting.table_of(held.entity), held.row)
        return table(
            [_("Column"), _("As it came"), _("Read as"), _("Problem")],
            [
                [label(cell.name), cell.raw or NOTHING, cell.read or NOTHING, _trouble(cell)]
                for cell in found
                if cell.raw or cell.problems
            ],
        )


def _trouble(cell: Cell) -> SafeString | str:
    if cell.problems:
        said = ", ".join(words(code) for code in cell.problems)
    elif cell.is_odd:
        said = _("not understood")
    else:
        return ""
    return format_html('<span class="portal-badge portal-badge-amber">{}</span>', said)
