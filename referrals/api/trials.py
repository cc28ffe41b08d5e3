"""Clinical trials, what they are for and where they are done, over REST."""

from patients.api.summaries import ConditionSummary, HospitalSummary
from portal.core.api.filters import AnyOfFilter, CodeFilter, IdFilter, RecordFilters, Searched
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, FullViewSet
from referrals.api.summaries import TrialSummary
from referrals.models import ClinicalTrial, TrialCondition, TrialSite
from referrals.models.catalogue import Recruiting


class ClinicalTrialSerializer(RecordSerializer):
    """A trial as a public registry describes it."""

    class Meta:
        model = ClinicalTrial
        fields = (
            *RECORD_FIELDS,
            "registry",
            "registry_id",
            "title",
            "sponsor",
            "status",
            "phases",
            "sex",
            "minimum_age",
            "maximum_age",
            "criteria_text",
            "last_confirmed_on",
            "last_confirmed_with",
        )
        read_only_fields = RECORD_FIELDS


class ClinicalTrialFilters(RecordFilters, Searched):
    """What the list of trials can be narrowed by."""

    registry = AnyOfFilter(choices=ClinicalTrial.Registry.choices)
    status = AnyOfFilter(choices=Recruiting.choices)
    condition = IdFilter("trial_conditions__condition_id", help_text="What the trial is for.")


class ClinicalTrialViewSet(FullViewSet):
    """Trials. What they are for is in `trial-conditions`, where they are in `trial-sites`."""

    queryset = ClinicalTrial.objects.all()
    serializer_class = ClinicalTrialSerializer
    filterset_class = ClinicalTrialFilters


class TrialConditionSerializer(RecordSerializer):
    """A condition that a trial is for."""

    class Meta:
        model = TrialCondition
        fields = (*RECORD_FIELDS, "trial", "condition")
        read_only_fields = RECORD_FIELDS
        fixed_fields = ("trial",)
        related = {"trial": TrialSummary, "condition": ConditionSummary}


class TrialConditionFilters(RecordFilters):
    """What the list can be narrowed by."""

    trial = IdFilter("trial_id")
    condition = IdFilter("condition_id")


class TrialConditionViewSet(FullViewSet):
    """Which conditions trials are for: one record for each trial and condition."""

    queryset = TrialCondition.objects.all()
    serializer_class = TrialConditionSerializer
    filterset_class = TrialConditionFilters
    orderings = BY_ID
    default_ordering = "-id"


class TrialSiteSerializer(RecordSerializer):
    """A place where a trial is done."""

    class Meta:
        model = TrialSite
        fields = (*RECORD_FIELDS, "trial", "facility", "hospital", "city", "country", "status")
        read_only_fields = RECORD_FIELDS
        fixed_fields = ("trial",)
        related = {"trial": TrialSummary, "hospital": HospitalSummary}


class TrialSiteFilters(RecordFilters):
    """What the list of sites can be narrowed by."""

    trial = IdFilter("trial_id")
    hospital = IdFilter("hospital_id")
    country = CodeFilter(help_text="ISO 3166-1 alpha-2.")
    status = AnyOfFilter(choices=Recruiting.choices)


class TrialSiteViewSet(FullViewSet):
    """Where trials are done."""

    queryset = TrialSite.objects.all()
    serializer_class = TrialSiteSerializer
    filterset_class = TrialSiteFilters
    orderings = BY_ID
    default_ordering = "-id"
