"""Clinical trials, what they are for and where they are done, over REST."""

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django_filters import CharFilter

from patients.api.summaries import ConditionSummary, HospitalSummary
from portal.core.api.filters import (
    AnyOfFilter,
    CodeFilter,
    IdFilter,
    RecordFilters,
    Searched,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer
from portal.core.api.viewsets import BY_ID, FullViewSet
from referrals.api.described import (
    CONFIRMED,
    OF_THE_REGISTRY,
    ConfirmedViewSet,
    DescribedSerializer,
    ListComputed,
    TrueOrFalseComputed,
    WholeComputed,
)
from referrals.api.summaries import TrialSummary
from referrals.completeness import missing, percent
from referrals.models import ClinicalTrial, TrialCondition, TrialSite
from referrals.models.catalogue import Recruiting


class ClinicalTrialSerializer(DescribedSerializer):
    """A trial as a public registry describes it."""

    recruiting = TrueOrFalseComputed(
        lambda path: Q(**{f"{path}status": Recruiting.RECRUITING}),
        help_text="Whether it takes in new patients now.",
    )
    completeness = WholeComputed(
        lambda _path: percent(ClinicalTrial),
        help_text="How many of a hundred of the needed facts are known.",
    )
    missing = ListComputed(
        lambda _path: missing(ClinicalTrial), help_text="The needed facts that are not known."
    )

    class Meta:
        model = ClinicalTrial
        fields = (
            *RECORD_FIELDS,
            "registry",
            "registry_id",
            "title",
            "official_title",
            "org_study_id",
            "secondary_ids",
            "sponsor",
            "status",
            "recruiting",
            "study_type",
            "phases",
            "condition_texts",
            "interventions",
            "sex",
            "minimum_age",
            "maximum_age",
            "healthy_volunteers",
            "criteria_text",
            "has_expanded_access",
            "expanded_access_id",
            "first_posted_on",
            "last_update_posted_on",
            "completion_date",
            "unrecognised",
            "last_confirmed_on",
            "last_confirmed_with",
            "notes",
            "completeness",
            "missing",
        )
        read_only_fields = (*RECORD_FIELDS, *OF_THE_REGISTRY, *CONFIRMED)


class ClinicalTrialFilters(RecordFilters, Searched):
    """What the list of trials can be narrowed by."""

    registry = AnyOfFilter(choices=ClinicalTrial.Registry.choices)
    registry_id = CharFilter(max_length=50, help_text="Exactly this number.")
    status = AnyOfFilter(choices=Recruiting.choices)
    study_type = AnyOfFilter(choices=ClinicalTrial.StudyType.choices)
    phase = AnyOfFilter(
        choices=ClinicalTrial.Phase.choices, method="in_phase", help_text="In any of these phases."
    )
    condition = IdFilter("trial_conditions__condition_id", help_text="What the trial is for.")
    country = CodeFilter(method="with_site_in", help_text="With a site there; ISO 3166-1 alpha-2.")
    recruiting = TrueOrFalseFilter(method="that_recruit", help_text="Takes in new patients now.")

    def in_phase(self, queryset: Any, name: str, value: list[str]) -> Any:
        return queryset.filter(phases__overlap=value) if value else queryset

    def with_site_in(self, queryset: Any, name: str, value: str) -> Any:
        sites = TrialSite.objects.filter(trial=OuterRef("pk"), country=value)
        return queryset.filter(Exists(sites))

    def that_recruit(self, queryset: Any, name: str, value: bool) -> Any:
        wanted = Q(status=Recruiting.RECRUITING)
        return queryset.filter(wanted if value else ~wanted)


class ClinicalTrialViewSet(ConfirmedViewSet):
    """Trials. What they are for is in `trial-conditions`, where they are in `trial-sites`.

    What is changed here stays when the registry is read again.
    """

    queryset = ClinicalTrial.objects.all()
    serializer_class = ClinicalTrialSerializer
    filterset_class = ClinicalTrialFilters


class TrialConditionSerializer(RecordSerializer):
    """A condition that a trial is for."""

    class Meta:
        model = TrialCondition
        fields = (*RECORD_FIELDS, "trial", "condition", "origin")
        read_only_fields = (*RECORD_FIELDS, "origin")
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
        fields = (
            *RECORD_FIELDS,
            "trial",
            "facility",
            "hospital",
            "city",
            "state",
            "postal_code",
            "country",
            "status",
        )
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
