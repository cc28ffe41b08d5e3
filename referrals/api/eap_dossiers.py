"""Dossiers of expanded access over REST."""

from typing import Any, cast
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.of_patient import OfPatientSerializer, OfPatientViewSet, PatientFilter
from patients.api.summaries import HospitalSummary, PatientSummary, SpecialistSummary
from portal.core.api.fields import Computed
from portal.core.api.filters import AnyOfFilter, IdFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS
from portal.core.api.verbs import reading, verb
from portal.core.models import User
from referrals import conditions, dossier_closing, dossiers, forecasting, reassessing
from referrals.api import eligibility
from referrals.api.dossier_verbs import (
    CloseSerializer,
    DossierTransitionsSerializer,
    ReopenSerializer,
    RouteSerializer,
    TimelineSerializer,
    WhatIfAnswerSerializer,
    WhatIfSerializer,
    of_dossier,
    of_step,
    timeline,
)
from referrals.api.summaries import ProgramSummary, RouteSummary
from referrals.api.transitions import Transitions
from referrals.discarding import refuse_when_closed
from referrals.models import DossierStep, DossierStepDependency, EAPDossier

_OF_A_STEP = (
    "id",
    "title",
    "position",
    "status",
    "responsible",
    "goes_to",
    "due_on",
    "submitted_on",
    "decided_on",
    "valid_until",
    "reference",
)


class NestedStepSerializer(serializers.ModelSerializer[DossierStep]):
    """A step as its dossier shows it; `needs` are the steps that have to be done before."""

    needs = serializers.ListField(child=serializers.UUIDField())

    class Meta:
        model = DossierStep
        fields = (*_OF_A_STEP, "needs")
        read_only_fields = fields


def steps(path: str) -> ArraySubquery:
    """The steps of the dossier, in their order."""
    needs = DossierStepDependency.objects.filter(step=OuterRef("pk")).order_by("needed__position")
    told = JSONObject(
        **{name: name for name in _OF_A_STEP}, needs=ArraySubquery(needs.values("needed_id"))
    )
    mine = DossierStep.objects.filter(dossier=OuterRef(f"{path}id")).order_by("position", "id")
    return ArraySubquery(mine.values(told=told))


@extend_schema_field(NestedStepSerializer(many=True))
class StepsComputed(Computed):
    """The steps, in their order."""


class EAPDossierSerializer(OfPatientSerializer):
    """One patient's way into one expanded access program."""

    steps = StepsComputed(steps, help_text="In their order; changed at `dossier-steps`.")

    class Meta:
        model = EAPDossier
        fields = (
            *RECORD_FIELDS,
            "patient",
            "program",
            "number",
            "physician",
            "hospital",
            "route",
            "urgency",
            "enrolled_on",
            "state",
            "closed_reason",
            "progressed_at",
            "steps",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            "physician",
            "hospital",
            "enrolled_on",
            "state",
            "closed_reason",
            "progressed_at",
        )
        fixed_fields = ("patient", "program", "route")
        related = {
            "patient": PatientSummary,
            "program": ProgramSummary,
            "physician": SpecialistSummary,
            "hospital": HospitalSummary,
            "route": RouteSummary,
        }


class EAPDossierFilters(RecordFilters):
    """What the list of dossiers can be narrowed by."""

    patient = PatientFilter()
    program = IdFilter("program_id")
    state = AnyOfFilter(choices=EAPDossier.State.choices)


class EAPDossierViewSet(Transitions, OfPatientViewSet):
    """Dossiers of expanded access. One is open per patient and program.

    A dossier is begun with the steps of its `route`; what is done with a step is at
    `dossier-steps`. Only an open dossier without steps can be deleted.
    """

    queryset = EAPDossier.objects.all()
    serializer_class = EAPDossierSerializer
    filterset_class = EAPDossierFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}
    told_as = "dossier_id"
    bodies = {
        "close": CloseSerializer,
        "reopen": ReopenSerializer,
        "choose_route": RouteSerializer,
        "what_if": WhatIfSerializer,
    }
    answers = {
        "transitions": DossierTransitionsSerializer,
        "eligibility": eligibility.EligibilitySerializer,
        "timeline": TimelineSerializer,
        "what_if": WhatIfAnswerSerializer,
    }

    def make(self, serializer: Any) -> UUID:
        by = cast(User, self.request.user)
        return dossiers.open_dossier(dossier=serializer.row, by=by).pk

    def remove(self, row: EAPDossier) -> None:
        refuse_when_closed(row)
        super().remove(row)

    @verb(path=dossier_closing.CLOSE, summary="Close the dossier")
    def close(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End the dossier, and cancel the steps that wait.

        Shipments that have not left and open follow-ups with the patient are called off; reports
        stay owed. Closed already: the same answer.
        """
        return self.answer(self.transition(dossier_closing.close))

    @verb(path=dossier_closing.REOPEN, summary="Open the dossier again")
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Go on with the dossier; steps that the closing cancelled are as they were before.

        Shipments and follow-ups that it called off stay so.
        """
        return self.answer(self.transition(dossier_closing.reopen))

    @verb(path=dossiers.CHOOSE_ROUTE, summary="Choose a route")
    def choose_route(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add the steps of a route to a dossier that has none, such as one of the legacy CRM."""
        return self.answer(self.transition(dossiers.choose_route))

    @action(detail=True, url_path="transitions", name="What can be done now")
    def transitions(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the dossier and each of its steps allow, and what has to be true before."""
        dossier = self.shown_dossier()
        conditions.read_decisions(dossier.patient)
        return Response(
            {
                "transitions": of_dossier(dossier),
                "steps": [
                    {"step": step.pk, "transitions": of_step(step)}
                    for step in forecasting.steps_of(dossier)
                ],
            }
        )

    @action(detail=True, url_path="timeline", name="When the first dose can be")
    def timeline(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The critical path, who holds the case, and when the first dose is expected."""
        found = forecasting.outlook(self.shown_dossier(), today=timezone.localdate())
        return Response(timeline(found))

    @action(detail=True, url_path="eligibility", name="Whether the patient fits")
    def eligibility(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every criterion of the program with what is known, worked out now.

        What nobody knows is `unknown`, never `not_met`.
        """
        dossier = self.shown_dossier()
        return Response(eligibility.shown(reassessing.now(dossier.patient, dossier.program)))

    @reading(path="what-if", summary="What would be if")
    def what_if(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The timeline with other days, dates or statuses of some steps. Changes nothing."""
        dossier = self.shown_dossier()
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        changes = {
            said["step"]: {name: value for name, value in said.items() if name != "step"}
            for said in body.validated_data["changes"]
        }
        today = timezone.localdate()
        now = forecasting.outlook(dossier, today=today)
        if set(changes) - {step.pk for step in now.steps}:
            message = _("That is a step of another dossier. Choose one of this dossier.")
            raise ValidationError({"changes": ValidationError(message, code="other_dossier")})
        then = forecasting.what_if(dossier, changes, today=today)
        return Response({"now": timeline(now), "then": timeline(then)})

    def shown_dossier(self) -> EAPDossier:
        """The dossier, of which it is written down who read it. Raises Http404."""
        record_id = self.record_id()
        self.one(record_id)
        joined = ("patient__physician", "program")
        return EAPDossier.objects.select_related(*joined).get(pk=record_id)
