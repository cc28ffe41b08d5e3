"""What trials and programs have in common over REST."""

from typing import Any, ClassVar, cast

from django.db import transaction
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.core.api.fields import Computed, Day, Text
from portal.core.api.serializers import RecordSerializer, VerbSerializer
from portal.core.api.verbs import verb
from portal.core.api.viewsets import FullViewSet
from portal.core.models import User
from referrals import catalogue, reassessing

# Written by the import; what people correct are the values themselves.
OF_THE_REGISTRY = ("condition_texts", "interventions", "unrecognised")
# Said by an operation of its own.
CONFIRMED = ("last_confirmed_on", "last_confirmed_with")


@extend_schema_field({"type": "boolean"})
class TrueOrFalseComputed(Computed):
    """A condition that is worked out."""


@extend_schema_field({"type": "integer"})
class WholeComputed(Computed):
    """A number that is worked out."""


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class ListComputed(Computed):
    """Some words that are worked out."""


class InterventionSerializer(serializers.Serializer[Any]):
    """What is given or done in a study; `type` in the registry's word."""

    type = serializers.CharField()
    name = serializers.CharField()
    other_names = serializers.ListField(child=serializers.CharField())


@extend_schema_field(InterventionSerializer(many=True))
class Interventions(serializers.JSONField):
    """The interventions as the row has them."""


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
)
class Unrecognised(serializers.JSONField):
    """Lists of words by what they are of."""


class DescribedSerializer(RecordSerializer):
    """The members whose shape JSON columns do not tell."""

    interventions = Interventions(read_only=True)
    unrecognised = Unrecognised(
        read_only=True, help_text="Values of the registry that are not known here, verbatim."
    )


class ConfirmationSerializer(VerbSerializer):
    """Who confirmed that it is still so, and when."""

    on = Day(help_text="Today or earlier.")
    with_whom = Text(max_length=200, help_text="Name and role at the site or sponsor.")


class ConfirmedViewSet(FullViewSet):
    """Records that somebody outside confirms from time to time."""

    bodies: ClassVar[dict[str, type[serializers.BaseSerializer[Any]]]] = {
        "confirm": ConfirmationSerializer
    }

    def change(self, request: Request, *, partial: bool) -> Response:
        with transaction.atomic():
            answer = super().change(request, partial=partial)
            model = self.serializer_class.Meta.model
            rows: Any = model._default_manager.filter(pk=self.record_id())
            reassessing.follow_offers(rows)
        return answer

    @verb(path="confirm", summary="Confirm")
    def confirm(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say who at the site or sponsor confirmed it, and when. A later word replaces it."""
        record_id = self.record_id()
        with transaction.atomic():
            row = self.locked(record_id)
            said = self.get_serializer(data=request.data)
            said.is_valid(raise_exception=True)
            catalogue.confirm(
                type(row), record_id=record_id, by=cast(User, request.user), **said.validated_data
            )
        return self.answer(self.one(record_id))
