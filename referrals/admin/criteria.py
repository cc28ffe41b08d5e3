"""A page for each criterion, and what can be done to it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from patients.models.measures import plain_number
from portal.core.admin import Briefing, ChoicesFilter, Fact, RecordAdmin, Verb, VerbForm
from portal.core.admin.display import NOTHING, record_link
from portal.core.admin.forms import RecordForm
from referrals import criteria
from referrals.admin.tree import Tree, rows_of, sentence, tree_url
from referrals.models import ClinicalTrial, Criterion, ExpandedAccessProgram
from referrals.models.criteria import SAID

CHANGE = ("referrals.change_criterion",)
Kind = Criterion.Kind


class CriterionVerb(Verb):
    """Something done to one criterion, which leads back to the tree."""

    permissions = CHANGE
    # Answers point at it, and whoever answers holds a patient, whom the verb locks afterwards.
    no_key = True

    def is_offered(self, record: Criterion, user: Any) -> bool:
        return record.is_active

    def briefing(self, record: Criterion, user: Any) -> Briefing:
        return Briefing(will=(sentence(record),))

    def back_to(self, record: Criterion) -> Any:
        return Tree(record.of)


class Shift(CriterionVerb):
    """Up or down among those it stands with."""

    is_button = False

    def __init__(self, *, name: str, label: Any, places: int) -> None:
        self.name = name
        self.label = label
        self.places = places

    def run(self, record: Criterion, *, by: Any, said: Mapping[str, Any]) -> str:
        if criteria.shift(record, places=self.places, by=by):
            return _("Moved: %(criterion)s") % {"criterion": sentence(record)}
        return _("It stands at the end already.")


class GroupForm(VerbForm):
    """What kind of group."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What has to hold"),
        choices=[(kind, kind.label) for kind in (Kind.ANY, Kind.ALL)],
        initial=Kind.ANY,
        widget=UnfoldAdminRadioSelectWidget,
    )


class Group(CriterionVerb):
    """A new group around it, to which others are added or moved."""

    name = "group"
    label = gettext_lazy("Put into a new group")
    icon = "data_object"
    form_class = GroupForm

    def run(self, record: Criterion, *, by: Any, said: Mapping[str, Any]) -> str:
        criteria.group(record, kind=said["kind"], by=by)
        return _("The criterion stands in a group now. Add others to it.")


class PutForm(VerbForm):
    """Which group it goes to."""

    into = forms.ModelChoiceField(
        label=gettext_lazy("Group"),
        queryset=Criterion.objects.none(),
        required=False,
        empty_label=gettext_lazy("out of all groups"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, record: Criterion, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        into: Any = self.fields["into"]
        groups = Criterion.objects.in_use().filter(kind__in=(Kind.ALL, Kind.ANY))
        same = groups.filter(trial=record.trial, program=record.program)
        into.queryset = same.exclude(pk=record.pk)
        into.label_from_instance = self._label

    def _label(self, group: Criterion) -> str:
        inside = [
            sentence(row.criterion)
            for row in rows_of(self.record.of)
            if row.criterion.parent_id == group.pk
        ]
        return f"{sentence(group)} {' · '.join(inside)[:80]}".strip()


class Put(CriterionVerb):
    """Into a group that is there, or out of all of them."""

    name = "put"
    label = gettext_lazy("Move to a group")
    icon = "move_item"
    form_class = PutForm

    def run(self, record: Criterion, *, by: Any, said: Mapping[str, Any]) -> str:
        criteria.put(record, into=said["into"], by=by)
        return _("Moved: %(criterion)s") % {"criterion": sentence(record)}


class Remove(CriterionVerb):
    """Away, with what stands in it."""

    name = "remove"
    label = gettext_lazy("Remove")
    icon = "delete"
    variant = ActionVariant.DANGER

    def briefing(self, record: Criterion, user: Any) -> Briefing:
        will = [_("Removed: %(criterion)s") % {"criterion": sentence(record)}]
        if record.is_group:
            will.append(_("What stands in the group is removed with it."))
        will.append(_("Answers that people gave are kept."))
        return Briefing(will=will)

    def run(self, record: Criterion, *, by: Any, said: Mapping[str, Any]) -> str:
        criteria.remove(record, by=by)
        return _("The criterion was removed.")


class CriterionForm(RecordForm):
    """A criterion; a new one begins where the address says."""

    begun: Mapping[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("minimum", "maximum"):
            limit = self.initial.get(name)
            if isinstance(limit, Decimal):
                self.initial[name] = plain_number(limit)
        if self.instance._state.adding:
            for name, value in self.begun.items():
                setattr(self.instance, name, value)


@admin.register(Criterion)
class CriterionAdmin(RecordAdmin):
    """One criterion. The tree is on the page of the trial or program."""

    form = CriterionForm
    list_display = ("sentence_shown", "trial", "program", "is_active")
    list_filter = (("kind", ChoicesFilter),)
    search_fields = ("trial__search",)
    search_help_text = gettext_lazy("The trial: start of its number, or of words of its title")
    ordering = ("-created_at", "-id")
    autocomplete_fields = ("trial", "program", "condition", "measure")
    verbs = (
        Group(),
        Put(),
        Remove(),
        Shift(name="up", label=gettext_lazy("Up"), places=-1),
        Shift(name="down", label=gettext_lazy("Down"), places=1),
    )

    def rows(self, request: HttpRequest, page: Any) -> Any:
        return page.select_related("trial", "program", "measure", "condition").defer(
            "trial__search", "program__search", "trial__criteria_text", "program__criteria_text"
        )

    autocomplete_related = ("condition", "measure")

    def lock_before(self, record: Criterion) -> None:
        criteria.lock(record)

    @classmethod
    def autocomplete_label(cls, record: Criterion) -> str:
        return sentence(record)

    @admin.display(description=gettext_lazy("criterion"))
    def sentence_shown(self, criterion: Criterion) -> str:
        return sentence(criterion)

    def facts(self, request: HttpRequest, record: Criterion) -> list[Fact]:
        return [
            Fact(_("Criterion"), sentence(record)),
            Fact(_("Of"), record_link(record.of) if record.of else NOTHING),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        related = ("trial", "program", "measure", "condition", "parent")
        return super().get_queryset(request).select_related(*related)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        begun = self._begun(request) if obj is None else {}
        kind = obj.kind if obj is not None else begun.get("kind", Kind.QUESTION)
        where = () if obj is not None or begun else (("trial", "program"),)
        fields = (*where, *_lines(kind), "excludes")
        described = DESCRIBED.get(kind, "")
        if begun:
            described = format_html("{} {}", described, _other_kinds(request, kind))
        return ((Kind(kind).label, {"description": described, "fields": fields}),)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The answers of a fact are few: a small box."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "choices":
            formfield.widget.attrs["rows"] = 2
        return formfield

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.begun = self._begun(request) if obj is None else {}
        if obj is None and not form.begun:
            form.begun = {"kind": Kind.QUESTION}
        return form

    def _begun(self, request: HttpRequest) -> dict[str, Any]:
        """What the address says of a new criterion: kind, whose it is, its group; empty for no
        trial or program."""
        trial = _row(ClinicalTrial.objects.defer("search"), request.GET.get("trial"))
        program = None
        if trial is None:
            program = _row(
                ExpandedAccessProgram.objects.defer("search"), request.GET.get("program")
            )
        if trial is None and program is None:
            return {}
        kind = request.GET.get("kind", "")
        return {
            "kind": kind if kind in Kind.values else Kind.QUESTION,
            "trial": trial,
            "program": program,
            "parent": _row(Criterion.objects.all(), request.GET.get("parent")),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            criteria.change(obj, by=request.user)  # type: ignore[arg-type]
            return
        after = _row(Criterion.objects.all(), request.GET.get("after"))
        criteria.add(obj, by=request.user, after=after)  # type: ignore[arg-type]

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(tree_url(obj.of))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(tree_url(obj.of))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        criteria.remove(obj, by=request.user)  # type: ignore[arg-type]


DESCRIBED = {
    Kind.ALL: gettext_lazy("A group. Criteria are added to it on the page of the trial."),
    Kind.ANY: gettext_lazy("A group. Criteria are added to it on the page of the trial."),
    Kind.AGE: gettext_lazy("Written like 18 Years or 6 Months; both ends belong to it."),
    Kind.MEASURED: gettext_lazy(
        "Limits are in the unit of the fact. A fact of yes or no is met by yes."
    ),
    Kind.QUESTION: gettext_lazy("People answer it for each patient."),
}


def _other_kinds(request: HttpRequest, kind: str) -> SafeString:
    """Links to the same page for a criterion of another kind."""
    where = {name: value for name, value in request.GET.items() if isinstance(value, str)}
    links = [
        (urlencode(sorted({**where, "kind": other.value}.items())), other.label)
        for other in Kind
        if other != kind
    ]
    joined = format_html_join(" · ", '<a class="portal-link" href="?{}">{}</a>', links)
    return format_html(_("Another kind: {}"), joined)


def _lines(kind: str) -> Sequence[Any]:
    """The fields of a kind as the form shows them."""
    if kind == Kind.MEASURED:
        return ("measure", ("minimum", "maximum"), "open_ended", "max_days", "choices")
    if kind == Kind.AGE:
        return (("minimum_age", "maximum_age"),)
    return SAID[kind]


def _row(rows: Any, raw: str | None) -> Any:
    """The row of this id; None for no id, or for one that is none."""
    try:
        return rows.filter(pk=raw).first() if raw else None
    except ValidationError:  # typed by hand into the address
        return None
