"""The home page's list of what waits for a decision: numbers that lead to their lists."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from portal.core.admin import waiting
from portal.core.admin.waiting import Waiting
from portal.core.models import User
from portal.core.permissions import may
from portal.site.blocks import Block, Line, added, counted, list_url


def blocks(user: User) -> Iterator[Block]:
    """One list, and none when nothing waits for the viewer."""
    counts = {one: counted(one.rows()) for one in waiting.lists() if may(user, "change", one.model)}
    lines = [
        Line(lead=count, name=one.title, url=_url(one), detail=one.what_to_do)
        for one, count in counts.items()
        if count != "0"
    ]
    if lines:
        yield Block(
            key="decisions",
            title=_("To decide"),
            icon="rule",
            count=added(line.lead for line in lines),
            note=_("left over by the migration"),
            url=lines[0].url,
            lines=lines,
            empty="",
        )


def _url(one: Waiting) -> str:
    meta = one.model._meta
    return list_url(f"{meta.app_label}_{meta.model_name}", **one.filters)
