"""Referrals to clinical trials over REST."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Q
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.of_patient import OfPatientSerializer, OfPatientViewSet, PatientFilter
from patients.api.summaries import PatientSummary, SpecialistSummary
from portal.core.api.filters import (
    AnyOfFilter,
    DayFilter,
    IdFilter,
    RecordFilters,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS
from portal.core.api.verbs import verb
from portal.core.models import User
from referrals import lifecycle, reassessing, referring
from referrals.api import eligibility
from referrals.api.described import TrueOrFalseComputed
from referrals.api.eligibility import EligibilitySerializer
from referrals.api.summaries import SiteSummary, TrialSummary
from referrals.api.transitions import (
    ChaseSerializer,
    ReferSerializer,
    TakeSerializer,
    Transitions,
    TransitionSerializer,
    shown,
    taking,
)
from referrals.discarding import refuse_unless_draft
from referrals.models import CTReferral
from referrals.models.catalogue import NO_LONGER_RECRUITING


def stopped(path: str) -> Q:
    """The condition that the trial stopped recruiting before the patient was enrolled."""
    return Q(
        **{
            f"{path}status__in": CTReferral.BEFORE_ENROLMENT,
            f"{path}trial__status__in": NO_LONGER_RECRUITING,
        }
    )


class CTReferralSerializer(OfPatientSerializer):
    """One patient referred to one trial. It begins as a draft."""

    no_longer_recruiting = TrueOrFalseComputed(
        stopped, help_text="The trial takes nobody in any more, and the patient is not enrolled."
    )

    class Meta:
        model = CTReferral
        fields = (
            *RECORD_FIELDS,
            "patient",
            "trial",
            "physician",
            "status",
            "no_longer_recruiting",
            "eligible",
            "ineligible_reason",
            "ineligible_text",
            "referred_at",
            "outcome",
            "site",
            "status_since",
            "due_on",
            "enrolled_on",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            "physician",
            "status",
            "referred_at",
            "outcome",
            "site",
            "status_since",
            "due_on",
            "enrolled_on",
        )
        fixed_fields = ("patient", "trial")
        related = {
            "patient": PatientSummary,
            "trial": TrialSummary,
            "physician": SpecialistSummary,
            "site": SiteSummary,
        }


class CTReferralFilters(RecordFilters):
    """What the list of referrals can be narrowed by."""

    patient = PatientFilter()
    trial = IdFilter("trial_id")
    status = AnyOfFilter(choices=CTReferral.Status.choices)
    no_longer_recruiting = TrueOrFalseFilter(
        method="that_stopped", help_text="True: another trial has to be found."
    )

    due_before = DayFilter("due_on", "lt", help_text="Sites that should have answered before.")

    def that_stopped(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(stopped("") if value else ~stopped(""))


def _method(action: lifecycle.Action) -> str:
    return action.name.replace("-", "_")


def _body(action: lifecycle.Action) -> type[TakeSerializer]:
    return ReferSerializer if action.name == "refer" else TakeSerializer


class CTReferralViewSet(Transitions, OfPatientViewSet):
    """Referrals to clinical trials. One is active per patient and trial.

    The status is changed by operations of its own, not by writing it. Only a draft can be deleted.
    """

    queryset = CTReferral.objects.all()
    serializer_class = CTReferralSerializer
    filterset_class = CTReferralFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}
    told_as = "referral_id"
    bodies = {
        **{_method(action): _body(action) for action in lifecycle.ACTIONS},
        "chase": ChaseSerializer,
    }
    answers = {"transitions": TransitionSerializer, "eligibility": EligibilitySerializer}

    def make(self, serializer: Any) -> UUID:
        by = cast(User, self.request.user)
        return referring.begin(referral=serializer.row, by=by).pk

    def remove(self, row: CTReferral) -> None:
        refuse_unless_draft(row)
        super().remove(row)

    @action(detail=True, url_path="transitions", name="What can be done now")
    def transitions(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the status allows, and what else has to be true before each of it."""
        record_id = self.record_id()
        self.one(record_id)  # 404, and who read it
        referral = CTReferral.objects.select_related("patient__physician", "trial").get(
            pk=record_id
        )
        return Response([shown(each) for each in lifecycle.possible(referral)])

    @action(detail=True, url_path="eligibility", name="Whether the patient fits")
    def eligibility(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every criterion of the trial with what is known, worked out now.

        What nobody knows is `unknown`, never `not_met`.
        """
        record_id = self.record_id()
        self.one(record_id)  # 404, and who read it
        referral = CTReferral.objects.select_related("patient", "trial").get(pk=record_id)
        return Response(eligibility.shown(reassessing.now(referral.patient, referral.trial)))

    @verb(path=lifecycle.CHASE, summary="A silent site was asked again")
    def chase(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Write down that the site was asked again, and when it is to be asked next."""
        return self.answer(self.transition(referring.chase))


def _operation(action: lifecycle.Action) -> Any:
    """The operation of one action: `POST …/{id}/{action}/`."""

    def operation(self: CTReferralViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self.transition(taking(action)))

    operation.__name__ = _method(action)
    operation.__doc__ = f"Leads to `{action.target.value}`. Done already: the same answer."
    return verb(path=action.name, summary=str(action.label))(operation)


for _each in lifecycle.ACTIONS:
    setattr(CTReferralViewSet, _method(_each), _operation(_each))
