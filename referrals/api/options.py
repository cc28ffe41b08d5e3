"""A patient's options over REST. They are no records: they are worked out when asked for."""

import re
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.patients import Erased
from patients.locking import survivor_of
from patients.models import ErasedPatient, Patient
from portal.core import access
from portal.core.api.fields import Day
from portal.core.api.filters import check_parameters
from portal.core.api.invalid import InvalidParameter
from portal.core.api.viewsets import Served
from portal.core.models import AccessEvent
from referrals.api.eligibility import FindingSerializer, finding
from referrals.eligibility import Verdict
from referrals.models import Assessed, CTReferral
from referrals.options import Option, options

_DEFAULT, _MOST = 25, 100
_PARAMETERS = (
    OpenApiParameter(
        "id",
        OpenApiTypes.UUID,
        OpenApiParameter.PATH,
        description="The patient. An id that was merged away answers for the survivor.",
    ),
    OpenApiParameter("limit", OpenApiTypes.INT, description="At most 100. 25."),
    OpenApiParameter("offset", OpenApiTypes.INT, description="How many to pass over. 0."),
)
_VERDICTS = [verdict.value for verdict in Verdict]


class PlaceSerializer(serializers.Serializer[Any]):
    """Where in one country it is open."""

    country = serializers.CharField(help_text="ISO 3166-1 alpha-2.")
    sites = serializers.IntegerField(help_text="0 for a program, which has no sites.")
    cities = serializers.ListField(child=serializers.CharField())


class BegunSerializer(serializers.Serializer[Any]):
    """The newest referral or dossier of this patient, one that has ended too."""

    kind = serializers.ChoiceField(choices=["ct-referrals", "eap-dossiers"])
    id = serializers.UUIDField()
    status = serializers.CharField()


class OptionSerializer(serializers.Serializer[Any]):
    """A trial or program, and what is known of whether it fits."""

    kind = serializers.ChoiceField(choices=["clinical-trials", "expanded-access-programs"])
    id = serializers.UUIDField()
    number = serializers.CharField(help_text="The registry's, or the EAP number.")
    title = serializers.CharField()
    status = serializers.CharField(help_text="In the registry's words.")
    last_confirmed_on = Day(allow_null=True)
    registry_updated_on = Day(allow_null=True)
    verdict = serializers.ChoiceField(choices=Assessed.Verdict.choices)
    why = FindingSerializer(many=True)
    why_not = FindingSerializer(many=True, help_text="Empty as long as nothing rules it out.")
    to_ask = FindingSerializer(many=True)
    places = PlaceSerializer(many=True)
    begun = BegunSerializer(allow_null=True)


class Ranked(BasePagination):
    """For the schema: part of the list, and how long it is."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        whole = {"type": "integer"}
        counts = {
            "type": "object",
            "description": "How many there are of each verdict.",
            "required": _VERDICTS,
            "properties": dict.fromkeys(_VERDICTS, whole),
        }
        members = {
            "patient": {"type": "string", "format": "uuid"},
            "as_of": {"type": "string", "format": "date"},
            "count": whole,
            "counts": counts,
            "results": schema,
        }
        return {"type": "object", "required": list(members), "properties": members}


class OptionViewSet(Served):
    """What a patient could go for: open trials and programs for their condition, the nearest
    first, each with why, why not and what to ask. One that does not fit is at the end."""

    queryset = Patient.objects.all()
    serializer_class = OptionSerializer
    pagination_class = Ranked
    problems = {404: "There is no such record.", 410: "This person was erased."}

    @extend_schema(parameters=list(_PARAMETERS))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """They are worked out anew for each request, from what is known on that day."""
        check_parameters(request, known={"limit", "offset"}, many=())
        limit = _whole(request, "limit", _DEFAULT, least=1, most=_MOST)
        offset = _whole(request, "offset", 0, least=0, most=1_000_000)
        patient = _patient(self.kwargs["id"])
        today = timezone.localdate()
        found = options(patient, today=today)
        access.opened(
            Patient,
            [patient.pk],
            by=request.user,
            route=AccessEvent.Route.REST,
            request_id=getattr(request, "request_id", None),
        )
        page = found.detailed(found.ranked[offset : offset + limit])
        return Response(
            {
                "patient": patient.pk,
                "as_of": today,
                "count": len(found.ranked),
                "counts": {verdict.value: count for verdict, count in found.counts().items()},
                "results": [shown(option) for option in page],
            }
        )


def _patient(key: UUID) -> Patient:
    """The patient whom this id leads to. Raises Http404, and Erased."""
    patient: Patient | None = Patient.objects.filter(pk=survivor_of(key) or key).first()
    if patient is None:
        raise Erased if ErasedPatient.objects.filter(old_id=key).exists() else Http404
    return patient


def _whole(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        message = _("Write a number from %(least)d to %(most)d.") % {"least": least, "most": most}
        raise InvalidParameter(name, message, "invalid")
    return int(text)


def shown(option: Option) -> dict[str, Any]:
    """An option as JSON can hold it."""
    record = option.record
    return {
        "kind": "clinical-trials" if option.is_trial else "expanded-access-programs",
        "id": record.pk,
        "number": option.number,
        "title": record.title,
        "status": option.status,
        "last_confirmed_on": record.last_confirmed_on,
        "registry_updated_on": record.last_update_posted_on,
        "verdict": option.verdict.value,
        "why": [finding(each) for each in option.why],
        "why_not": [finding(each) for each in option.why_not],
        "to_ask": [finding(each) for each in option.to_ask],
        "places": [
            {"country": place.country, "sites": place.sites, "cities": list(place.cities)}
            for place in option.places
        ],
        "begun": _begun(option),
    }


def _begun(option: Option) -> dict[str, Any] | None:
    begun = option.begun
    if begun is None:
        return None
    if isinstance(begun, CTReferral):
        return {"kind": "ct-referrals", "id": begun.pk, "status": begun.status}
    return {"kind": "eap-dossiers", "id": begun.pk, "status": begun.state}
