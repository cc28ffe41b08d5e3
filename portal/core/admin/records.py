"""The page and the list of any record in the workplace.

`RecordAdmin` is what every admin class of the portal stands on: bounded lists, search by the
`search` column, autocompletes, optimistic locking, every constraint as a form error, history on
the page, and an access-log entry when a person's record is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import quote
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import DateTimeField
from django.forms import DateField, MultipleChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from portal.core import access, history_log
from portal.core.admin import origins
from portal.core.admin.forms import RecordForm
from portal.core.admin.lists import BoundedPaginator, PortalChangeList
from portal.core.admin.reach import deletion, is_restricted, people_shown
from portal.core.admin.readonly import OpenableForm
from portal.core.admin.refusals import REFUSALS, is_refusal, refusal_of
from portal.core.admin.related import RelatedTable, ShownTable
from portal.core.admin.verbs import Shortcut, Verb, verb_buttons, verb_urls
from portal.core.admin.widgets import QuickSelect
from portal.core.days import refuse_far
from portal.core.errors import Refused
from portal.core.models import AccessEvent

ON_THE_PAGE = 5  # history entries at the foot of a record's page
PER_HISTORY_PAGE = 25


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know at a glance, at the top of a record's page."""

    label: Any
    value: Any


class RecordAdmin(ModelAdmin):  # type: ignore[misc]
    """List and page of one kind of record. Subclasses declare; see the module's docstring."""

    form = RecordForm
    list_per_page = 25
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BoundedPaginator
    sortable_by: Sequence[str] = ()
    list_filter_submit = True
    warn_unsaved_form = True
    actions: Any = ()
    change_form_before_template = "portal/record/top.html"
    change_form_outer_after_template = "portal/record/history.html"

    # Paths to the people whose record this page shows: "" is the record itself, "patient" the
    # one it points at. Opening the page is written to the access log for each of them.
    opens: ClassVar[Sequence[str]] = ()
    # Related names of rows whose changes belong to this record's history.
    history_parts: ClassVar[Sequence[history_log.Part]] = ()
    related_tables: ClassVar[Sequence[RelatedTable]] = ()
    # What can be done to a record; each is a button on its page, with a page of its own.
    shortcuts: ClassVar[Sequence[Shortcut]] = ()
    verbs: ClassVar[Sequence[Verb]] = ()

    # --- list --------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return PortalChangeList

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset = super().get_queryset(request)
        derived = [f.name for f in self.model._meta.fields if f.name == "search"]
        return queryset.defer(*derived) if derived else queryset

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        paginator = super().get_paginator(request, *args, **kwargs)
        paginator.fresh = self.get_queryset(request)
        return paginator

    def rows(self, request: HttpRequest, page: Any) -> Any:
        """What the rows of one page need for display: joins and annotations go here."""
        return page

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Rows found by `search_fields`: "search" is the record's own tokens, "patient__search"
        those of the person it is about; anything else works as in Django."""
        term = search_term.strip()
        if not term:
            return queryset, False
        path = str(self.search_fields[0]) if self.search_fields else ""
        if path == "search":
            return queryset.search(term), False
        if path.endswith("__search"):
            relation = path.removesuffix("__search")
            target: Any = self.model
            for name in relation.split("__"):
                target = target._meta.get_field(name).related_model
            found = target._default_manager.search(term).order_by().values_list("pk", flat=True)
            return queryset.filter(**{f"{relation}__pk__among": list(found)}), False
        found_rows: tuple[Any, bool] = super().get_search_results(request, queryset, term)
        return found_rows

    # Joined for `autocomplete_label`.
    autocomplete_related: ClassVar[Sequence[str]] = ()

    @classmethod
    def autocomplete_label(cls, record: Any) -> str:
        """How a row reads among others in an autocomplete: enough to tell namesakes apart."""
        return str(record)

    @classmethod
    def kind_of(cls, record: Any) -> str:
        """What a row is, in a word: how it reads among rows of other kinds."""
        return str(capfirst(record._meta.verbose_name))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        formfield = super().formfield_for_foreignkey(db_field, request, **kwargs)
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if formfield is not None and isinstance(related, RecordAdmin):
            formfield.label_from_instance = related.autocomplete_label
            formfield.queryset = formfield.queryset.select_related(*related.autocomplete_related)
        return formfield

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A list of choices is chosen from, with search; Django would ask for commas.

        A day that lies too far ahead is refused.
        """
        if isinstance(db_field, ArrayField) and db_field.base_field.choices:
            return MultipleChoiceField(
                choices=db_field.base_field.choices,
                label=capfirst(db_field.verbose_name),
                help_text=db_field.help_text,
                required=not db_field.blank,
                widget=UnfoldAdminSelect2MultipleWidget,
            )
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(formfield, DateField):
            formfield.validators.append(refuse_far)
        return formfield

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nothing is chosen beforehand, but what the field has as its default."""
        choices = db_field.get_choices(
            include_blank=db_field.blank or not db_field.has_default(),
            blank_choice=[("", _("Select value"))],
        )
        return super().formfield_for_choice_field(
            db_field, request, **{"widget": QuickSelect(), "choices": choices, **kwargs}
        )

    # --- form --------------------------------------------------------------------------------

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_fields(request, obj) if name != "version"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address says the new record begins with, without ids that are none.

        A moment is written as in ISO 8601.
        """
        asked: dict[str, Any] = super().get_changeform_initial_data(request)
        initial = {name: value for name, value in asked.items() if self._can_be(name, value)}
        for field in self.opts.fields:
            if isinstance(field, DateTimeField) and field.name in initial:
                initial[field.name] = _moment(initial[field.name])
        return initial

    def _can_be(self, name: str, value: Any) -> bool:
        field = next((one for one in self.opts.fields if one.name == name), None)
        if field is None or not field.is_relation:
            return True
        try:
            field.target_field.to_python(value)
        except ValidationError:  # typed by hand into the address
            return False
        return True

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "portal_refusal", "")
        return form

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The record; in a POST it is locked, so that its version cannot move before the save."""
        record = super().get_object(request, object_id, from_field)
        if record is None or request.method != "POST":
            return record
        locked: Any = self.model._default_manager.select_for_update(no_key=True, of=("self",))
        with transaction.atomic():
            self.lock_before(record)
            return locked.filter(pk=record.pk).first()

    def lock_before(self, record: Any) -> None:
        """Lock what the verbs lock before the record, so that nobody waits for each other."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page. What a verb or the database refuses comes back as an error of the form."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except REFUSALS as error:
            if request.method != "POST" or not is_refusal(error):
                raise
            request.portal_refusal = refusal_of(error)  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Back to the record from whose page this one was begun; else to the list."""
        begun_from = self._begun_from(request, obj)
        if begun_from is not None:
            return HttpResponseRedirect(begun_from)
        answer: HttpResponse = super().response_post_save_add(request, obj)
        return answer

    def _begun_from(self, request: HttpRequest, obj: Any) -> str | None:
        """The page of the first record that the address names and `obj` points at, on the tab
        where `obj` now stands; None for none."""
        relations = {field.name: field for field in self.opts.fields if field.is_relation}
        for name, raw in request.GET.items():
            parent = getattr(obj, name) if name in relations else None
            if parent is not None and str(parent.pk) == raw and hasattr(parent, "get_absolute_url"):
                tab = relations[name].remote_field.related_name.replace("_", "-")
                return f"{parent.get_absolute_url()}#{tab}"
        return None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, unless it is about somebody about whom nothing may be changed.

        That person's own page decides for itself: the restriction can be lifted there.
        """
        about = [path for path in self.opens if path]
        if is_restricted(obj, about):
            raise Refused(
                _("This person's data may not be changed. Lift the restriction first."),
                code="restricted",
            )
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_delete: bool = super().has_delete_permission(request, obj)
        return may_delete and (obj is None or not is_restricted(obj, self.opens))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        context["adminform"] = OpenableForm(context["adminform"], request.user)
        if obj is not None:
            self.log_opened(request, obj)
            verbs, tables = verb_buttons(self, request, obj), self.shown_tables(request, obj)
            context.update(
                portal_verbs=[verb for verb in verbs if not verb.is_rare],
                portal_rare_verbs=[verb for verb in verbs if verb.is_rare],
                portal_facts=self.facts(request, obj),
                portal_tables=[table for table in tables if not table.is_on_top],
                portal_has_rare_tables=any(table.is_rare for table in tables),
                portal_top_tables=[table for table in tables if table.is_on_top],
                portal_history=history_log.read(
                    self.model, obj.pk, parts=self.history_parts, limit=ON_THE_PAGE
                ),
                portal_origins=origins.of(obj, request.user),
                portal_keeps_history=history_log.is_kept(self.model),
                portal_history_url=self._url("history", obj),
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_custom_urls(self) -> Any:
        return (*super().get_custom_urls(), *verb_urls(self))

    def facts(self, request: HttpRequest, record: Any) -> list[Fact]:
        """What to know at a glance about this record; shown at the top of its page."""
        return []

    def get_related_tables(self, request: HttpRequest, record: Any) -> Sequence[RelatedTable]:
        return self.related_tables

    def shown_tables(self, request: HttpRequest, record: Any) -> list[ShownTable]:
        shown = (
            table.shown(request, self.admin_site, record)
            for table in self.get_related_tables(request, record)
        )
        return [table for table in shown if table is not None]

    # History replaces Django's own log, which would keep names beyond erasure.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return None

    # --- history and access -------------------------------------------------------------------

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Every change of the record, newest first."""
        record = self.get_object(request, object_id)
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        self.log_opened(request, record)
        raw = request.GET.get("p", "1")
        number = min(int(raw), 1000) if raw.isdecimal() and int(raw) > 0 else 1
        page = history_log.read(
            self.model,
            record.pk,
            parts=self.history_parts,
            limit=PER_HISTORY_PAGE,
            offset=(number - 1) * PER_HISTORY_PAGE,
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(record)s") % {"record": record},
            "subtitle": None,
            "object": record,
            "opts": self.opts,
            "module_name": str(capfirst(self.opts.verbose_name_plural)),
            "page": page,
            "number": number,
            "record_url": self._url("change", record),
            "preserved_filters": self.get_preserved_filters(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "portal/history_page.html", context)

    def _url(self, page: str, record: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=[quote(record.pk)])

    def log_opened(self, request: HttpRequest, record: Any) -> None:
        """Write that the viewer is shown the people whose record this is."""
        for model, ids in people_shown(record, self.opens).items():
            access.opened(
                model,
                ids,
                by=request.user,
                route=AccessEvent.Route.ADMIN,
                request_id=getattr(request, "request_id", None),
            )

    # --- deleting -----------------------------------------------------------------------------

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What would go and what stands in the way; the first rows of each kind only."""
        return deletion(self.model, list(objs))


def _moment(text: str) -> datetime | None:
    """The moment that is written there, in the viewer's zone when it names none; None for none."""
    try:
        at = parse_datetime(text)
    except ValueError:  # written as a moment, such as 30 February, that there is not
        return None
    return timezone.make_aware(at) if at is not None and timezone.is_naive(at) else at
