"""Free slots over REST. They are no records: nothing is stored, so there is one page of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.availability import MAX_RANGE, free_slots
from bookings.models import Booking
from portal.core.api.fields import Instant, parse_id, parse_instant
from portal.core.api.filters import check_parameters
from portal.core.api.invalid import InvalidParameter
from portal.core.api.serializers import StaffSummary
from portal.core.api.viewsets import Served
from portal.core.choices import language_choices

# Beyond them a week more or less is no date.
_YEARS = range(1970, 9000)
_DEFAULT_RANGE = timedelta(days=7)
_PARAMETERS = (
    OpenApiParameter("from", OpenApiTypes.DATETIME, description="Begins then or later. Now."),
    OpenApiParameter(
        "to",
        OpenApiTypes.DATETIME,
        description="Begins before then: at most 31 days after `from`. A week after it.",
    ),
    OpenApiParameter(
        "language", str, description="Of navigators who speak it with patients, such as `nl`."
    ),
    OpenApiParameter("navigator", OpenApiTypes.UUID, description="Of this navigator only."),
)


class SlotSerializer(serializers.Serializer[Any]):
    """A time at which a navigator can be booked."""

    navigator = StaffSummary(read_only=True)
    starts_at = Instant(read_only=True)
    ends_at = Instant(read_only=True)


class WholeRange(BasePagination):
    """For the schema: all there is, on one page."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "required": ["results"], "properties": {"results": schema}}


class SlotViewSet(Served):
    """Free slots: when a navigator can be booked. They are worked out when asked for."""

    queryset = Booking.objects.all()  # who may see bookings may see when there is room for one
    serializer_class = SlotSerializer
    pagination_class = WholeRange

    @extend_schema(parameters=list(_PARAMETERS))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The slots that begin in a range of at most 31 days, by time."""
        check_parameters(request, known={each.name for each in _PARAMETERS}, many=())
        now = timezone.now()
        asked = request.query_params
        start = _instant(asked, "from") or now
        end = _instant(asked, "to") or start + _DEFAULT_RANGE
        if end <= start:
            raise InvalidParameter("to", _("`to` must be later than `from`."), "before_from")
        if end - start > MAX_RANGE:
            message = _("Ask for %(days)d days at most.") % {"days": MAX_RANGE.days}
            raise InvalidParameter("to", message, "range_too_long")
        language = asked.get("language", "")
        if language and language not in dict(language_choices()):
            message = _("This is no code of a language that is known here.")
            raise InvalidParameter("language", message, "unknown_code")
        found = free_slots(
            start=start,
            end=end,
            now=now,
            navigator_id=_id(asked, "navigator"),
            language=language,
        )
        return Response({"results": [slot.shown() for slot in found]})


def _instant(asked: Any, name: str) -> datetime | None:
    text = asked.get(name)
    if text is None:
        return None
    try:
        # A plus sign that was not percent-encoded arrives as a blank.
        found = parse_instant(text[:-6] + text[-6:].replace(" ", "+"))
        if found.year not in _YEARS:
            raise ValueError("too far away to count from")
    except ValueError as error:
        message = _("Write the moment with its offset, like 2026-05-31T10:30:00Z.")
        raise InvalidParameter(name, message, "invalid") from error
    return found


def _id(asked: Any, name: str) -> UUID | None:
    text = asked.get(name)
    try:
        return parse_id(text) if text else None
    except ValueError as error:
        raise InvalidParameter(name, _("Write an id, a UUID."), "invalid") from error
