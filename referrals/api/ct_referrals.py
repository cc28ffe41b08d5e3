"""Referrals to clinical trials over REST."""

from typing import Any

from django.db.models import Q

from patients.api.of_patient import OfOpenPatientViewSet, OfPatientSerializer, PatientFilter
from patients.api.summaries import PatientSummary, SpecialistSummary
from portal.core.api.filters import (
    AnyOfFilter,
    IdFilter,
    RecordFilters,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS
from referrals.api.described import TrueOrFalseComputed
from referrals.api.summaries import TrialSummary
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
        )
        read_only_fields = (*RECORD_FIELDS, "physician", "status", "referred_at", "outcome")
        fixed_fields = ("patient", "trial")
        related = {
            "patient": PatientSummary,
            "trial": TrialSummary,
            "physician": SpecialistSummary,
        }


class CTReferralFilters(RecordFilters):
    """What the list of referrals can be narrowed by."""

    patient = PatientFilter()
    trial = IdFilter("trial_id")
    status = AnyOfFilter(choices=CTReferral.Status.choices)
    no_longer_recruiting = TrueOrFalseFilter(
        method="that_stopped", help_text="True: another trial has to be found."
    )

    def that_stopped(self, queryset: Any, name: str, value: bool) -> Any:
        return queryset.filter(stopped("") if value else ~stopped(""))


class CTReferralViewSet(OfOpenPatientViewSet):
    """Referrals to clinical trials. One is active per patient and trial.

    The status is changed by operations of its own, not by writing it. Only a draft can be deleted.
    """

    queryset = CTReferral.objects.all()
    serializer_class = CTReferralSerializer
    filterset_class = CTReferralFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}

    def remove(self, row: CTReferral) -> None:
        refuse_unless_draft(row)
        super().remove(row)
