"""Referrals to clinical trials over REST."""

from patients.api.of_patient import OfOpenPatientViewSet, OfPatientSerializer, PatientFilter
from patients.api.summaries import PatientSummary, SpecialistSummary
from portal.core.api.filters import AnyOfFilter, IdFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS
from referrals.api.summaries import TrialSummary
from referrals.discarding import refuse_unless_draft
from referrals.models import CTReferral


class CTReferralSerializer(OfPatientSerializer):
    """One patient referred to one trial. It begins as a draft."""

    class Meta:
        model = CTReferral
        fields = (
            *RECORD_FIELDS,
            "patient",
            "trial",
            "physician",
            "status",
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
