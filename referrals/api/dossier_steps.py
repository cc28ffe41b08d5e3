"""The steps of dossiers over REST."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from patients.locking import refuse_restricted
from patients.models import Patient
from portal.core.api.fields import Id
from portal.core.api.filters import AnyOfFilter, DayFilter, IdFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.verbs import verb
from portal.core.api.viewsets import BY_ID, FullViewSet
from portal.core.models import User
from referrals import dossier_lifecycle, dossier_steps, dossiers, step_tending
from referrals.api.dossier_verbs import (
    AttachSerializer,
    DecideSerializer,
    PlanSerializer,
    SendSerializer,
    StepActionSerializer,
    StepChaseSerializer,
    StepTransitionSerializer,
    of_step,
)
from referrals.api.summaries import DossierSummary, RouteStepSummary
from referrals.api.transitions import Transitions
from referrals.discarding import refuse_what_stays
from referrals.dossier_lifecycle import Action
from referrals.dossier_steps import Said
from referrals.models import DossierStep

_OTHERS = _("Choose steps of this dossier.")


class DossierStepSerializer(RecordSerializer):
    """One step of a dossier. What moves it on are operations of its own."""

    needs = serializers.ListField(
        child=Id(),
        write_only=True,
        required=False,
        max_length=100,
        help_text="Steps of this dossier that have to be done before. Its dossier shows them.",
    )

    # What the new step waits for, once the data is valid.
    needs_of_row: list[DossierStep]

    class Meta:
        model = DossierStep
        fields = (
            *RECORD_FIELDS,
            "dossier",
            "route_step",
            "title",
            "position",
            "status",
            "status_since",
            "responsible",
            "goes_to",
            "days",
            "within_days",
            "day_kind",
            "country",
            "documents",
            "is_optional",
            "milestone",
            "valid_days",
            "due_on",
            "ask_again_on",
            "submitted_on",
            "decided_on",
            "valid_until",
            "reference",
            "needs",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            "route_step",
            "status",
            "status_since",
            "ask_again_on",
            "submitted_on",
            "decided_on",
            "valid_until",
            "reference",
        )
        # What is planned is planned anew by an operation, which asks why.
        fixed_fields = (
            "dossier",
            "responsible",
            "goes_to",
            "days",
            "within_days",
            "day_kind",
            "country",
            "documents",
            "is_optional",
            "milestone",
            "valid_days",
            "due_on",
            "needs",
        )
        related = {"dossier": DossierSummary, "route_step": RouteStepSummary}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ids = attrs.pop("needs", ())
        attrs = super().validate(attrs)
        refuse_restricted(self.row.dossier.patient)
        mine = DossierStep.objects.filter(dossier=self.row.dossier_id, pk__in=ids)
        self.needs_of_row = list(mine) if ids else []
        if len(self.needs_of_row) != len(set(ids)):
            error = ErrorDetail(_OTHERS, code="other_dossier")  # type: ignore[arg-type]
            raise ValidationError({"needs": [error]})
        return attrs


class DossierStepFilters(RecordFilters):
    """What the list of steps can be narrowed by."""

    dossier = IdFilter("dossier_id")
    status = AnyOfFilter(choices=DossierStep.Status.choices)
    due_by = DayFilter("due_on", "lte", help_text="Due by that day.")
    ask_again_by = DayFilter("ask_again_on", "lte", help_text="To be asked again by that day.")
    valid_until_before = DayFilter("valid_until", "lt", help_text="Valid until before that day.")


def _method(action: Action) -> str:
    return action.name.replace("-", "_")


def _body(action: Action) -> type[StepActionSerializer]:
    if action.sends:
        return SendSerializer
    return DecideSerializer if action.decides else StepActionSerializer


class DossierStepViewSet(Transitions, FullViewSet):
    """The steps of dossiers: what has to be done, by whom, and until when."""

    queryset = DossierStep.objects.all()
    serializer_class = DossierStepSerializer
    filterset_class = DossierStepFilters
    orderings = BY_ID
    default_ordering = "-id"
    subject = (Patient, "dossier__patient_id")
    told_as = "step_id"
    bodies = {
        **{_method(action): _body(action) for action in dossier_lifecycle.ACTIONS},
        "chase": StepChaseSerializer,
        "plan": PlanSerializer,
        "attach": AttachSerializer,
    }
    answers = {"transitions": StepTransitionSerializer}

    def make(self, serializer: Any) -> UUID:
        by = cast(User, self.request.user)
        return dossiers.add_step(step=serializer.row, needs=serializer.needs_of_row, by=by).pk

    def remove(self, row: DossierStep) -> None:
        refuse_what_stays(row)
        refuse_restricted(row.dossier.patient)
        super().remove(row)

    @action(detail=True, url_path="transitions", name="What can be done now")
    def transitions(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the status allows, and what else has to be true before each of it."""
        record_id = self.record_id()
        self.one(record_id)  # 404, and who read it
        joined = ("dossier__patient__physician", "dossier__program")
        read = DossierStep.objects.select_related(*joined)
        step = read.prefetch_related("needs__needed", "attached").get(pk=record_id)
        return Response(of_step(step))

    @verb(path=step_tending.CHASE, summary="Who has it was asked again")
    def chase(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Write down that who has it was asked again, and when they are to be asked next."""
        return self.answer(self.transition(step_tending.chase))

    @verb(path=step_tending.PLAN, summary="Plan a step anew")
    def plan(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change by when, by whom or in how many days a step is done, and say why."""
        return self.answer(self.transition(step_tending.plan))

    @verb(path=step_tending.ATTACH, summary="Attach a document")
    def attach(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put a document of the patient to what the step asks for, instead of one before it."""
        return self.answer(self.transition(step_tending.attach))


def _taking(action: Action) -> Callable[..., Any]:
    """`dossier_steps.take` for one action, told what a valid body holds."""

    def change(*, step_id: UUID, by: User, **said: Any) -> Any:
        return dossier_steps.take(action, step_id=step_id, by=by, said=Said(**said))

    return change


def _operation(action: Action) -> Any:
    """The operation of one action: `POST …/{id}/{action}/`."""

    def operation(
        self: DossierStepViewSet, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        return self.answer(self.transition(_taking(action)))

    operation.__name__ = _method(action)
    operation.__doc__ = f"Leads to `{action.target.value}`. Done already: the same answer."
    return verb(path=action.name, summary=str(action.label))(operation)


for _each in dossier_lifecycle.ACTIONS:
    setattr(DossierStepViewSet, _method(_each), _operation(_each))
