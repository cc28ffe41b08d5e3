"""How often somebody knocked at the public pages."""

from django.contrib import admin

from portal.core.admin import ReadOnlyAdmin
from portal.models import RateWindow


@admin.register(RateWindow)
class RateWindowAdmin(ReadOnlyAdmin):
    """Counted by a keyed hash of the sender; removed after a day."""

    list_display = ("starts_at", "hits")
    fields = ("starts_at", "hits")
