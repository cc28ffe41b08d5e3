"""The page and the list of any record in the workplace.

`RecordAdmin` is what every admin class of the portal stands on: bounded lists, search by the
`search` column, autocompletes, optimistic locking, every constraint as a form error, history on
the page, and an access-log entry when a person's record is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.apps import apps
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models.deletion import CASCADE, PROTECT, RESTRICT
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from portal.core import access, history_log
from portal.core.admin.forms import RecordForm
from portal.core.admin.lists import BoundedPaginator, PortalChangeList
from portal.core.admin.related import RelatedTable, ShownTable
from portal.core.errors import Refused
from portal.core.models import AccessEvent

ON_THE_PAGE = 5  # history entries at the foot of a record's page
PER_HISTORY_PAGE = 25
DELETION_LIMIT = 20  # rows named when something cannot be deleted, or goes with it


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
    history_parts: ClassVar[Sequence[str]] = ()
    related_tables: ClassVar[Sequence[RelatedTable]] = ()

    # --- list --------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return PortalChangeList

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset = super().get_queryset(request)
        derived = [f.name for f in self.model._meta.fields if f.name == "search"]
        return queryset.defer(*derived) if derived else queryset

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
            target: Any = self.model._meta.get_field(relation).related_model
            found = target._default_manager.search(term).order_by().values_list("pk", flat=True)
            return queryset.filter(**{f"{relation}__in": list(found)}), False
        found_rows: tuple[Any, bool] = super().get_search_results(request, queryset, term)
        return found_rows

    @classmethod
    def autocomplete_label(cls, record: Any) -> str:
        """How a row reads among others in an autocomplete: enough to tell namesakes apart."""
        return str(record)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        formfield = super().formfield_for_foreignkey(db_field, request, **kwargs)
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if formfield is not None and isinstance(related, RecordAdmin):
            formfield.label_from_instance = related.autocomplete_label
        return formfield

    # --- form --------------------------------------------------------------------------------

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_fields(request, obj) if name != "version"]

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
            return locked.filter(pk=record.pk).first()

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
        except (Refused, ValidationError, IntegrityError) as error:
            if request.method != "POST":
                raise
            request.portal_refusal = refusal_of(error)  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj is not None:
            self._log_opened(request, obj)
            context.update(
                portal_facts=self.facts(request, obj),
                portal_tables=self.shown_tables(request, obj),
                portal_history=history_log.read(
                    self.model, obj.pk, parts=self.history_parts, limit=ON_THE_PAGE
                ),
                portal_keeps_history=history_log.is_kept(self.model),
                portal_history_url=self._url("history", obj),
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

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
        self._log_opened(request, record)
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

    def _log_opened(self, request: HttpRequest, record: Any) -> None:
        for model, ids in self._people(record).items():
            access.opened(
                model,
                ids,
                by=request.user,
                route=AccessEvent.Route.ADMIN,
                request_id=getattr(request, "request_id", None),
            )

    def _people(self, record: Any) -> dict[type[models.Model], list[UUID]]:
        """The people whose record is shown, by kind."""
        people: dict[type[models.Model], list[UUID]] = {}
        for path in self.opens:
            model: Any = self.model
            target: Any = record
            *through, last = path.split(".") if path else [""]
            for name in through:
                target = getattr(target, name)
                model = type(target)
            if last:
                field = model._meta.get_field(last)
                model, key = field.related_model, getattr(target, field.attname)
            else:
                key = target.pk
            if key is not None:
                people.setdefault(model, []).append(key)
        return people

    # --- deleting -----------------------------------------------------------------------------

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What would go and what stands in the way; the first rows of each kind only."""
        goes: list[Any] = [str(record) for record in objs]
        protected: list[Any] = []
        for relation in self.opts.related_objects:
            on_delete = getattr(relation, "on_delete", None)
            target: Any = relation.related_model
            if on_delete not in (CASCADE, PROTECT, RESTRICT) or hasattr(target, "pgh_obj"):
                continue
            named = f"{relation.field.name}__in"
            rows = target._base_manager.filter(**{named: list(objs)})[:DELETION_LIMIT]
            kind = capfirst(target._meta.verbose_name)
            into = goes if on_delete is CASCADE else protected
            into += [format_html("{}: {}", kind, row) for row in rows]
        return goes, {self.opts.verbose_name_plural: len(goes)}, set(), protected


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


def refusal_of(error: Exception) -> str:
    """The sentence for a person about what a verb or the database refused.

    An integrity error is explained by the constraint's own message.
    """
    if isinstance(error, Refused):
        return error.message
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    return _constraint_messages().get(name) or str(NOT_SAVED)


NOT_SAVED = gettext_lazy("The database refused this change. Open the page again and repeat it.")


def _constraint_messages() -> dict[str, str]:
    return {
        constraint.name: str(constraint.violation_error_message or "")
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }
