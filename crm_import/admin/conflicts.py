"""Fields with several values: all of them side by side, and one button for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, OuterRef, Subquery, Value
from django.db.models.functions import Concat
from django.http import HttpRequest
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter
from unfold.enums import ActionVariant

from crm_import import choosing
from crm_import.admin.runs import table
from crm_import.models import Entity, FieldConflict
from crm_import.tables import TABLES
from patients.models import Specialist
from portal.core.admin import Briefing, ChoicesFilter, ReadOnlyAdmin, Verb, VerbForm
from portal.core.admin.display import NOTHING, day, moment
from portal.core.permissions import may

State = FieldConflict.State

_MOMENTS = ("first_contact_at", "initial_consult_at", "referred_at")
_ARCHIVES = {one.name: one.model for one in TABLES}


def shown(conflict: FieldConflict, value: Any) -> str:
    """A value of a conflict as people read it; the dash for none."""
    if value in (None, ""):
        return NOTHING
    if conflict.field == "name":
        return f"{value['first_name']} {value['last_name']}".strip()
    if conflict.field in _MOMENTS or conflict.field == "enrolled_on":
        at = parse_datetime(str(value))
        return day(at.date()) if at else NOTHING
    model = choosing.model_of(conflict)
    if conflict.field == "product":
        model = model._meta.get_field("program").related_model  # type: ignore[assignment]
    column: Any = model._meta.get_field(conflict.field)
    if column.is_relation:
        row = column.related_model._default_manager.filter(pk=value).first()
        return str(row) if row else _("(no longer there)")
    return str(dict(column.flatchoices).get(value, value))


@dataclass(frozen=True, slots=True)
class Choice:
    """One value as the page shows it."""

    place: int
    value: str
    source: SafeString | str
    at: str
    is_held: bool
    may_be_taken: bool


def choices(conflict: FieldConflict, record: Any, user: Any) -> list[Choice]:
    """The values of a conflict; `record` is what they are about, None when it is gone."""
    return [
        Choice(
            place=place,
            value=shown(conflict, said["value"]),
            source=_source(said, user),
            at=_at(said["modified"]),
            is_held=record is not None and choosing.is_held(conflict, said["value"], record),
            may_be_taken=record is not None
            and choosing.may_be_taken(conflict, said["value"], record),
        )
        for place, said in enumerate(choosing.values_of(conflict, record))
    ]


def _source(said: Mapping[str, Any], user: Any) -> SafeString | str:
    """Where a value came from: a link to the row of the archive, for who may see it."""
    if said["source"] == "portal":
        return _("The portal")
    name = Entity(said["source"]).label
    archive: type[Model] = _ARCHIVES[said["source"]]
    if not may(user, "view", archive):
        return _("%(table)s row of the CRM") % {"table": name}
    url = reverse(f"admin:crm_import_{archive._meta.model_name}_change", args=[said["row"]])
    return format_html('<a class="portal-link" href="{}">{} {}</a>', url, name, said["legacy_id"])


def _at(modified: str | None) -> str:
    return moment(parse_datetime(modified)) if modified else NOTHING


class ChoiceForm(VerbForm):
    """Which of the values, by its place."""

    place = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class Decide(Verb):
    name = "decide"
    label = gettext_lazy("Decide")
    icon = "rule"
    variant = ActionVariant.PRIMARY
    permissions = ("crm_import.change_fieldconflict",)
    form_class = ChoiceForm
    template = "crm_import/decide.html"
    # Two who decide at once are kept apart by the verb; the second is told.
    is_versioned = False
    done_already = gettext_lazy("Somebody has decided on this already.")

    def is_offered(self, record: FieldConflict, user: Any) -> bool:
        return record.is_open and may(user, "change", choosing.model_of(record))

    def briefing(self, record: FieldConflict, user: Any) -> Briefing:
        """Each value has a button of its own."""
        return Briefing(may_go_on=False)

    def context(self, record: FieldConflict, user: Any) -> dict[str, Any]:
        target = choosing.record_of(record)
        return {"target": target, "choices": choices(record, target, user)}

    def run(self, record: FieldConflict, *, by: Any, said: Mapping[str, Any]) -> str:
        choosing.take(conflict_id=record.pk, place=said["place"], by=by)
        return _("Decided: %(field)s.") % {"field": record.get_field_display()}


class StateFilter(DropdownFilter):  # type: ignore[misc]
    """What has to be decided; without it, only that."""

    title = gettext_lazy("state")
    parameter_name = "state"
    all_option = ("", gettext_lazy("To decide"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (State.DECIDED.value, State.DECIDED.label),
            (State.SETTLED.value, State.SETTLED.label),
            ("all", _("All")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value == "all":
            return queryset
        return queryset.filter(state=value) if value in State.values else queryset.open()


@admin.register(FieldConflict)
class FieldConflictAdmin(ReadOnlyAdmin):
    """Fields on which the CRM's rows, or a row and the portal, say different things."""

    opens = ("patient",)
    verbs = (Decide(),)
    search_fields = ("patient__search",)
    list_filter = (StateFilter, ("field", ChoicesFilter))
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy("All values are kept; one is on record."),
                "fields": (
                    ("field", "state"),
                    ("about", "rule"),
                    "said",
                    ("decided_by", "decided_at"),
                    "run",
                ),
            },
        ),
    )
    readonly_fields = ("about", "said")

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        decision = "decide" if request.user.has_perms(Decide.permissions) else "state"
        return ["who", "field", "kind", "on_record", "created_at", decision]

    def rows(self, request: HttpRequest, page: Any) -> Any:
        names = Specialist.objects.filter(pk=OuterRef("target_id")).values(
            full=Concat("first_name", Value(" "), "last_name")
        )
        return (
            page.select_related("patient")
            .defer("patient__search")
            .annotate(specialist=Subquery(names))
        )

    @admin.display(description=gettext_lazy("who"))
    def who(self, conflict: Any) -> str:
        return str(conflict.patient or conflict.specialist or NOTHING)

    @admin.display(description=gettext_lazy("record"))
    def kind(self, conflict: FieldConflict) -> str:
        return str(choosing.model_of(conflict)._meta.verbose_name)

    @admin.display(description=gettext_lazy("on record by"))
    def on_record(self, conflict: FieldConflict) -> str:
        return conflict.get_rule_display()

    @admin.display(description=gettext_lazy("decide"))
    def decide(self, conflict: FieldConflict) -> str:
        if not conflict.is_open:
            return conflict.get_state_display()
        url = reverse("admin:crm_import_fieldconflict_decide", args=[conflict.pk])
        return format_html('<a class="portal-link" href="{}">{}</a>', url, Decide.label)

    @admin.display(description=gettext_lazy("about"))
    def about(self, conflict: FieldConflict) -> SafeString | str:
        record = choosing.record_of(conflict)
        if record is None:
            return _("(no longer there)")
        return format_html(
            '<a class="portal-link" href="{}">{}</a>', record.get_absolute_url(), record
        )

    @admin.display(description=gettext_lazy("values"))
    def said(self, conflict: FieldConflict) -> SafeString | str:
        return table(
            [_("Value"), _("From"), _("Changed there")],
            [
                [shown(conflict, said["value"]), self._from(said), _at(said["modified"])]
                for said in conflict.values
            ],
        )

    @staticmethod
    def _from(said: Mapping[str, Any]) -> str:
        if said["source"] == "portal":
            return _("The portal")
        return f"{Entity(said['source']).label} {said['legacy_id']}"
