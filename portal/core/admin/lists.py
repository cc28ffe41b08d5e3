"""Lists that stay fast with a million rows: bounded counts, and pages by id.

A page is fetched in two steps: first the ids of its rows by the list's order, then those rows
with everything that is shown of them. Without that a late page joins every row before it.
"""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import InvalidPage, Page, Paginator
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

# No list counts further; beyond it the whole table's estimate is shown, or "more than".
COUNT_LIMIT = 10_000


class BoundedPaginator(Paginator):
    """Counts at most COUNT_LIMIT rows. A whole table that is larger is estimated."""

    # Where the rows of a page are fetched from by id; without it, from the list itself. A list
    # that was searched names up to a thousand ids, which need not be sent once more.
    fresh: QuerySet[Any] | None = None

    @cached_property
    def _counted(self) -> tuple[int, bool]:
        """The number of rows, and whether it is the real number or the table's estimate."""
        queryset: Any = self.object_list
        if not isinstance(queryset, QuerySet):
            return len(queryset), True
        seen = queryset.order_by().select_related(None)[: COUNT_LIMIT + 1].count()
        if seen <= COUNT_LIMIT:
            return seen, True
        if not queryset.query.where:
            estimate = _estimated_rows(queryset.model._meta.db_table)
            if estimate > COUNT_LIMIT:
                return estimate, True
        return COUNT_LIMIT, False

    @cached_property
    def count(self) -> int:
        """Rows that can be paged through: all, or the first COUNT_LIMIT of many more."""
        return self._counted[0]

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than `count` says."""
        return not self._counted[1]

    def page(self, number: int | str) -> Page:
        """One page. The far half of a list is read from its end, so the last page is cheap."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        stop = min(start + self.per_page, self.count)
        queryset: Any = self.object_list
        if not isinstance(queryset, QuerySet):
            return Page(queryset[start:stop], number, self)
        ids = queryset.order_by(*queryset.query.order_by).select_related(None)
        if not self.is_capped and start > self.count // 2:
            keys = list(
                ids.reverse().values_list("pk", flat=True)[self.count - stop : self.count - start]
            )
        else:
            keys = list(ids.values_list("pk", flat=True)[start:stop])
        source = queryset if self.fresh is None else self.fresh
        rows = source.filter(pk__in=keys).order_by(*queryset.query.order_by)
        return Page(rows, number, self)


def _estimated_rows(table: str) -> int:
    """The planner's idea of how many rows a table has; -1 before it was ever analyzed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])


class PortalChangeList(ChangeList):  # type: ignore[misc]
    """A list whose rows are fetched by id, with what is shown of them added to those rows only."""

    def get_results(self, request: HttpRequest) -> None:
        paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        try:
            page = paginator.page(self.page_num)
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        self.result_count = paginator.count
        self.is_capped = paginator.is_capped
        self.show_full_result_count = False
        self.show_admin_actions = bool(self.result_count)
        self.full_result_count = None
        self.result_list = self.model_admin.rows(request, page.object_list)
        self.can_show_all = False
        self.multi_page = self.result_count > self.list_per_page
        self.paginator = paginator
