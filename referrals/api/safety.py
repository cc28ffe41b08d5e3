"""Safety reports over REST."""

from typing import Any
from uuid import UUID

from portal.core.api.fields import Choice, Instant, Text
from portal.core.api.filters import AnyOfFilter, InstantFilter, TrueOrFalseFilter
from portal.core.api.serializers import RECORD_FIELDS, Summary, VerbSerializer
from referrals import safety_reporting
from referrals.api.parts import (
    OfDossierFilters,
    OfDossierSerializer,
    OfDossierViewSet,
    add_operations,
)
from referrals.api.summaries import DossierSummary
from referrals.models import SafetyReport
from referrals.moves import Move


class SafetyReportSummary(Summary):
    """A safety report."""

    class Meta:
        model = SafetyReport
        fields = ("id", "aware_at", "status")


class SafetyReportSerializer(OfDossierSerializer):
    """One adverse event as we heard of it, and whom we told.

    `sponsor_due_at` and `authority_due_at` follow from `aware_at`, `seriousness`, `expectedness`
    and `relatedness`; `due_at` is the next of them that nobody has met, null when there is none.
    What is learnt later is a further report that `follows` this one, with clocks of its own.
    """

    class Meta:
        model = SafetyReport
        fields = (
            *RECORD_FIELDS,
            "dossier",
            "follows",
            "description",
            "seriousness",
            "expectedness",
            "relatedness",
            "onset_on",
            "aware_at",
            "status",
            "sponsor_due_at",
            "authority_due_at",
            "due_at",
            "sponsor_told_at",
            "sponsor_reference",
            "authority_told_at",
            "authority",
            "authority_reference",
            "outcome",
            "closing_remark",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            "status",
            "sponsor_due_at",
            "authority_due_at",
            "due_at",
            "sponsor_told_at",
            "sponsor_reference",
            "authority_told_at",
            "authority",
            "authority_reference",
            "outcome",
            "closing_remark",
        )
        fixed_fields = ("dossier", "follows")
        related = {"dossier": DossierSummary, "follows": SafetyReportSummary}

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """Save the correction; a closed report is not rewritten."""
        safety_reporting.refuse_closed(instance)
        safety_reporting.refuse_moment(instance)
        return super().update(instance, validated_data)


class SafetyReportFilters(OfDossierFilters):
    """What the list of safety reports can be narrowed by."""

    status = AnyOfFilter(choices=SafetyReport.Status.choices)
    due_before = InstantFilter("due_at", "lt", help_text="Somebody has to be told before then.")
    waiting = TrueOrFalseFilter(
        "due_at", "isnull", exclude=True, help_text="Whether somebody has still to be told."
    )


class TellSponsorSerializer(VerbSerializer):
    """The sponsor was told."""

    at = Instant(required=False, help_text="When; now without it.")
    reference = Text(required=False, allow_blank=True, max_length=100)
    remark = Text(required=False, allow_blank=True, max_length=5000)


class TellAuthoritySerializer(TellSponsorSerializer):
    """The authority was told, by the sponsor or by a physician who is the sponsor."""

    authority = Text(max_length=100, help_text="Which one.")


class CloseSafetyReportSerializer(VerbSerializer):
    """The end of a report."""

    outcome = Choice(choices=SafetyReport.Outcome.choices, help_text="Of the event.")
    remark = Text(required=False, allow_blank=True, max_length=5000)
    override = Text(
        required=False,
        allow_blank=True,
        max_length=5000,
        help_text="Why a rule is set aside. Team leads and data stewards may.",
    )


def _take(move: Move, report_id: UUID, **said: Any) -> SafetyReport:
    return safety_reporting.take(move, report_id=report_id, **said)


class SafetyReportViewSet(OfDossierViewSet):
    """Safety reports of expanded access: also for a closed dossier, and for who has died.

    The portal sends none: the operations write down who was told, when, and what they were told.
    No consent is asked for, as the law demands the reports; what is told has no names.
    """

    queryset = SafetyReport.objects.all()
    serializer_class = SafetyReportSerializer
    filterset_class = SafetyReportFilters
    orderings = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id")}
    bodies = {
        "tell_sponsor": TellSponsorSerializer,
        "tell_authority": TellAuthoritySerializer,
        "close": CloseSafetyReportSerializer,
    }
    moves = safety_reporting.MOVES
    begin = safety_reporting.raise_report


add_operations(SafetyReportViewSet, _take)
