"""How lists over REST are cut into pages: by a cursor, never by counting."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """50 records a page, newest first, up to 200 with `page_size`."""

    ordering = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
