"""What the parts of a dossier have in common over REST: whose they are, and their moves."""

from collections.abc import Callable, Collection
from typing import Any, ClassVar, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.of_patient import PatientFilter
from patients.locking import refuse_restricted
from patients.models import Patient
from portal.core.api.fields import Day, Text
from portal.core.api.filters import IdFilter, RecordFilters
from portal.core.api.serializers import RecordSerializer, VerbSerializer
from portal.core.api.verbs import verb
from portal.core.api.viewsets import Changes, Creates
from portal.core.models import User
from referrals import moves
from referrals.api.transitions import Transitions, TransitionSerializer, shown
from referrals.moves import Move


class OfDossierSerializer(RecordSerializer):
    """A part of a dossier; refused when its patient may not be changed."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        refuse_restricted(self.row.dossier.patient)
        return attrs


class OfDossierFilters(RecordFilters):
    """What lists of parts can be narrowed by."""

    dossier = IdFilter("dossier_id")
    patient = PatientFilter("dossier__patient_id")


class MoveSerializer(VerbSerializer):
    """One step of a part of a dossier."""

    on = Day(required=False, help_text="The day it happened; today without it.")
    remark = Text(required=False, allow_blank=True, max_length=5000)


class OfDossierViewSet(Transitions, Creates, Changes):
    """Parts of dossiers. They are never deleted: what is not done is cancelled."""

    subject = (Patient, "dossier__patient_id")
    told_as = "row_id"
    moves: ClassVar[Collection[Move]] = ()
    begin: ClassVar[Callable[..., None]]

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def make(self, serializer: Any) -> UUID:
        row = serializer.row
        type(self).begin(row, by=self.user)
        return cast(UUID, row.pk)

    @extend_schema(responses=TransitionSerializer(many=True))
    @action(
        detail=True,
        url_path="transitions",
        name="What can be done now",
        pagination_class=None,
        filter_backends=(),
    )
    def transitions(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the status allows, and what else has to be true before each of it."""
        record_id = self.record_id()
        self.one(record_id)  # 404, and who read it
        row = self.get_queryset().select_related("dossier__patient").get(pk=record_id)
        return Response([shown(each) for each in moves.possible(row, self.moves)])


def method(move: Move) -> str:
    """The name of the operation of a move."""
    return move.name.replace("-", "_")


def add_operations(viewset: type[OfDossierViewSet], take: Callable[..., Any]) -> None:
    """Give a viewset one operation for each of its moves: `POST …/{id}/{move}/`.

    `take` is told the move, the id of the row, by whom, and what the body says.
    """
    for move in viewset.moves:
        setattr(viewset, method(move), _operation(move, take))


def _operation(move: Move, take: Callable[..., Any]) -> Any:
    def operation(self: OfDossierViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        def change(row_id: UUID, **said: Any) -> Any:
            return take(move, row_id, **said)

        return self.answer(self.transition(change))

    operation.__name__ = method(move)
    operation.__doc__ = f"Leads to `{move.target.value}`. Done already: the same answer."
    return verb(path=move.name, summary=str(move.label))(operation)
