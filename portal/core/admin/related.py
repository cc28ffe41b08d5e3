"""What belongs to a record, on the record's own page: read-only tables and editable parts.

A table shows the newest rows with a link to each and to the full list; it is never longer than
that, however many rows there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from portal.core.admin.forms import RecordForm
from portal.core.permissions import may

# How many rows of one kind a record's page shows.
SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class RelatedTable:
    """A read-only table of the newest rows that point at a record.

    `relation` is the related name on the record's model. Each column is a heading and what is
    shown of a row; the first one becomes the link to it.
    """

    relation: str
    columns: Sequence[tuple[Any, Callable[[Any], Any]]]
    title: Any = ""
    select_related: Sequence[str] = ()
    prefetch_related: Sequence[str] = ()
    defer: Sequence[str] = ()  # large columns that no cell shows
    ordering: Sequence[str] = ()
    can_add: bool = True
    empty: Any = field(default=_("None yet."))
    is_on_top: bool = False  # at the top of the page, and not on a tab of its own
    is_rare: bool = False  # its tab stands in the menu of further ones

    def shown(
        self, request: HttpRequest, site: AdminSite, record: models.Model
    ) -> "ShownTable | None":
        """The table for one record; None when the viewer may not see such rows."""
        manager: Any = getattr(record, self.relation)
        model: type[models.Model] = manager.model
        if not may(request.user, "view", model):
            return None
        name = f"{site.name}:{model._meta.app_label}_{model._meta.model_name}"
        to_record = manager.field.name
        rows = list(
            manager.order_by(*(self.ordering or model._meta.ordering or ()))
            .select_related(*self.select_related)
            .prefetch_related(*self.prefetch_related)
            .defer(*self.defer)[: SHOWN + 1]
        )
        everything = urlencode({f"{to_record}__id__exact": str(record.pk)})
        may_add = self.can_add and may(request.user, "add", model)
        return ShownTable(
            name=self.relation.replace("_", "-"),
            title=str(self.title or capfirst(model._meta.verbose_name_plural)),
            kind=str(model._meta.verbose_name),
            headings=tuple(heading for heading, _cell in self.columns),
            rows=tuple(
                (
                    reverse(f"{name}_change", args=[row.pk]),
                    tuple(cell(row) for _heading, cell in self.columns),
                )
                for row in rows[:SHOWN]
            ),
            has_more=len(rows) > SHOWN,
            all_url=f"{reverse(f'{name}_changelist')}?{everything}",
            add_url=f"{reverse(f'{name}_add')}?{urlencode({to_record: record.pk})}"
            if may_add
            else "",
            empty=str(self.empty),
            is_on_top=self.is_on_top,
            is_rare=self.is_rare,
        )


@dataclass(frozen=True, kw_only=True)
class ShownTable:
    """A table ready for the template."""

    name: str
    title: str
    kind: str
    headings: Sequence[Any]
    rows: Sequence[tuple[str, Sequence[Any]]]
    has_more: bool
    all_url: str
    add_url: str
    empty: str
    is_on_top: bool
    is_rare: bool

    @property
    def count(self) -> str:
        return f"{SHOWN}+" if self.has_more else str(len(self.rows))


class NewestFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """The newest rows only; in a form that came back, exactly the rows that it was shown with."""

    limit = 50
    _queryset: Any

    def get_queryset(self) -> Any:
        if not hasattr(self, "_queryset"):
            rows: Any = BaseInlineFormSet.get_queryset(self)
            del self._queryset
            if self.is_bound:
                self._queryset = rows.filter(pk__in=self._posted_keys())
            else:
                self._queryset = rows[: self.limit]
        return self._queryset

    def _posted_keys(self) -> list[Any]:
        key = self.model._meta.pk
        found = []
        for index in range(min(self.initial_form_count(), self.limit)):
            raw = self.data.get(f"{self.add_prefix(index)}-{key.name}", "")
            try:
                found.append(key.to_python(raw))
            except (ValueError, ValidationError):  # no id at all
                continue
        return [value for value in found if value is not None]


class PartInline(TabularInline):  # type: ignore[misc]
    """Rows that are part of a record and are edited on its page."""

    form = RecordForm
    formset = NewestFormSet
    extra = 0
    hide_title = True


class AddOnlyInline(TabularInline):  # type: ignore[misc]
    """Rows that can be added and never changed. Those there are, a `RelatedTable` shows."""

    form = RecordForm
    formset = NewestFormSet
    extra = 1
    max_num = 1

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).none()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
