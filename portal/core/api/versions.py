"""Two callers, one record: entity tags over the version that the database keeps (RFC 9110)."""

import re
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from portal.core.api.invalid import InvalidHeader
from portal.core.errors import StaleVersion

_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def etag(version: int) -> str:
    """The entity tag of a record at this version."""
    return f'"{version}"'


def _tags(request: Request, header: str) -> list[str] | None:
    """The tags a header lists, unquoted; None without the header; ["*"] for any."""
    value = request.headers.get(header)
    if value is None:
        return None
    if value.strip() == "*":
        return ["*"]
    parts = [part.strip() for part in value.split(",")]
    found = [_TAG.fullmatch(part) for part in parts]
    if not all(found):
        message = _('Write entity tags as they came, with their quotes: "3".')
        raise InvalidHeader(header, message)
    return [match.group(1) for match in found if match]


def not_modified(request: Request, version: int) -> bool:
    """Whether If-None-Match names this version, so that the caller has the record already."""
    tags = _tags(request, "If-None-Match")
    return tags is not None and (tags == ["*"] or str(version) in tags)


def check(request: Request, row: Any, *, shown: tuple[str, ...]) -> None:
    """Raise StaleVersion when If-Match names no current version of the locked `row`.

    A tag that a proxy has made weak counts: it names the same version.
    """
    tags = _tags(request, "If-Match")
    if tags is None or tags == ["*"] or str(row.version) in tags:
        return
    expected = int(tags[0]) if tags[0].isdecimal() and len(tags[0]) < 10 else 0
    raise StaleVersion(
        expected=expected, actual=row.version, changed=_changed(row, expected, shown)
    )


def _changed(row: Any, version: int, shown: tuple[str, ...]) -> list[str]:
    """Which of the fields `shown` differ between `version` and now; [] when it is not known."""
    events: type[models.Model] = row.pgh_event_model
    before = (
        events._default_manager.filter(pgh_obj_id=row.pk, version=version)
        .order_by("pgh_id")
        .values()
        .last()
    )
    if before is None:
        return []
    kept = {"id", "created_at", "updated_at", "version"}
    columns = {name: row._meta.get_field(name).attname for name in shown if name not in kept}
    return [
        name
        for name, column in columns.items()
        if column in before and before[column] != getattr(row, column)
    ]
