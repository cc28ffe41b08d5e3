"""What the values of the CRM's option sets mean here, and a person's decision about each."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import DropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from crm_import import deciding, settling
from crm_import.deciding import Verdict
from crm_import.meanings import INVENTED
from crm_import.models import ASKED_ABOUT, OptionValue
from portal.core.admin import Briefing, Fact, ReadOnlyAdmin, Verb, VerbForm
from portal.core.admin.display import NOTHING, badge, moment
from portal.core.admin.widgets import QuickSelect

State = OptionValue.State
NO_MEANING = "-"
TONES: Mapping[str, str] = {
    State.PROPOSED: "amber",
    State.APPROVED: "green",
    State.REJECTED: "grey",
}


class WaitingFilter(DropdownFilter):  # type: ignore[misc]
    """What has to be decided, and what was."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting for a decision")), *State.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "waiting":
            return queryset.waiting()
        return queryset.filter(state=self.value()) if self.value() in State.values else queryset


class OptionSetFilter(DropdownFilter):  # type: ignore[misc]
    """One option set, of those that rows are understood by."""

    title = gettext_lazy("option set")
    parameter_name = "option_set"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.replace("_", " ")) for name in ASKED_ABOUT]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(option_set=self.value()) if self.value() else queryset


class DecideForm(VerbForm):
    """What it means, of all that it can mean."""

    meaning = forms.ChoiceField(
        label=gettext_lazy("It means"),
        widget=QuickSelect(),
        error_messages={
            "required": gettext_lazy("Choose what it means, or that it means nothing.")
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Kept with your name. Blank when it speaks for itself."),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["meaning"]
        known = [("", _("Select value")), *deciding.meanings(self.record.option_set)]
        is_name = self.record.option_set == INVENTED
        nothing = _("A person: import them") if is_name else _("Nothing: leave it out")
        field.choices = [*known, (NO_MEANING, nothing)]
        is_rejected = self.record.state == State.REJECTED
        self.initial["meaning"] = NO_MEANING if is_rejected else self.record.meaning


class Decide(Verb):
    name = "decide"
    label = gettext_lazy("Decide what it means")
    icon = "rule"
    permissions = ("crm_import.change_optionvalue",)
    form_class = DecideForm

    def look(self, record: OptionValue) -> ActionVariant:
        is_waiting = record.state == State.PROPOSED
        return ActionVariant.PRIMARY if is_waiting else ActionVariant.DEFAULT

    def is_offered(self, record: OptionValue, user: Any) -> bool:
        return record.option_set in ASKED_ABOUT

    def briefing(self, record: OptionValue, user: Any) -> Briefing:
        rows = ngettext("%(count)s row has it.", "%(count)s rows have it.", record.seen) % {
            "count": f"{record.seen:,}"
        }
        if record.option_set == INVENTED:
            then = _(
                "As a test record, new rows of this name and those in quarantine are left out and "
                "counted. Rows that have become records stay."
            )
        elif record.option_set in deciding.ROUTING:
            then = _("Rows that wait in quarantine because of it are tried again at once.")
        else:
            then = _("Records that it left open are filled in, unless somebody has changed them.")
        return Briefing(will=(rows, then, _("With a large archive this takes up to a minute.")))

    def run(self, record: OptionValue, *, by: Any, said: Mapping[str, Any]) -> str:
        meaning = "" if said["meaning"] == NO_MEANING else said["meaning"]
        done = settling.settle(
            by=by,
            reason=said["reason"] or _("value map"),
            verdicts=[Verdict(record.option_set, record.value, meaning)],
        )
        counts = {"placed": f"{done.placed:,}", "filled": f"{done.filled:,}"}
        return (
            _("Decided. Rows that left the quarantine: %(placed)s; records filled in: %(filled)s.")
            % counts
        )


@admin.register(OptionValue)
class OptionValueAdmin(ReadOnlyAdmin):
    """The values of the legacy option sets, with what they mean here."""

    list_display = ("__str__", "names", "in_words", "state_shown", "rows_shown")
    list_filter = (WaitingFilter, OptionSetFilter)
    list_before_template = "crm_import/value_maps.html"
    fieldsets = (
        (
            None,
            {
                "description": gettext_lazy(
                    "Known words are approved by the rule. What is only proposed has no effect."
                ),
                "fields": (
                    ("option_set", "value"),
                    "names",
                    ("in_words", "state_shown"),
                    ("decided_by", "decided_at"),
                    "run",
                ),
            },
        ),
    )
    readonly_fields = ("names", "in_words", "state_shown")
    verbs = (Decide(),)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        waiting = OptionValue.objects.waiting().count()  # some hundred values at most
        shown = {"waiting": waiting, "waiting_url": f"{_list_url()}?state=waiting"}
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def facts(self, request: HttpRequest, record: OptionValue) -> Sequence[Fact]:  # type: ignore[override]
        return [
            Fact(_("Rows that have it"), f"{record.seen:,}"),
            Fact(_("Means"), self.in_words(record)),
            Fact(_("State"), self.state_shown(record)),
            Fact(_("Decided"), moment(record.decided_at)),
        ]

    @admin.display(description=gettext_lazy("labels"))
    def names(self, value: OptionValue) -> str:
        return ", ".join(value.labels) or NOTHING

    @admin.display(description=gettext_lazy("meaning"))
    def in_words(self, value: OptionValue) -> str:
        """What it means; of a value that waits, what is proposed."""
        said = deciding.in_words(value.option_set, value.meaning) or NOTHING
        if value.state == State.PROPOSED and value.meaning:
            return _("%(meaning)s?") % {"meaning": said}
        return said

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, value: OptionValue) -> str:
        by_rule = value.state == State.APPROVED and value.decided_at is None
        label = _("By the rule") if by_rule else value.get_state_display()
        if value.state == State.PROPOSED and not value.meaning:
            label = _("Not known")
        return badge(value.state, label, TONES[value.state])

    @admin.display(description=gettext_lazy("rows"))
    def rows_shown(self, value: OptionValue) -> str:
        return f"{value.seen:,}"


def _list_url() -> str:
    return reverse("admin:crm_import_optionvalue_changelist")
