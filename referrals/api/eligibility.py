# mypy: disable-error-code="misc"
# (django-filter has no types, so every subclass would need an ignore)
"""What trials and programs demand, what people answer, and what it comes to, over REST."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api.of_patient import PatientFilter
from patients.api.summaries import ConditionSummary, MeasureSummary, PatientSummary
from patients.models import Patient
from portal.core.api.filters import AnyOfFilter, IdFilter, RecordFilters, TrueOrFalseFilter
from portal.core.api.serializers import RECORD_FIELDS, RecordSerializer, StaffSummary, Summary
from portal.core.api.viewsets import BY_ID, AppendViewSet, FullViewSet
from portal.core.models import User
from referrals import criteria
from referrals.api.summaries import ProgramSummary, TrialSummary
from referrals.eligibility import Assessment
from referrals.eligibility.assessing import Finding
from referrals.models import Assessed, Criterion, CriterionAnswer

VERDICTS = Assessed.Verdict.choices


class CriterionSummary(Summary):
    """A criterion."""

    class Meta:
        model = Criterion
        fields = ("id", "kind", "excludes", "text")


class CriterionSerializer(RecordSerializer):
    """One criterion of a trial or of a program, or a group of criteria.

    Which members it may have follows from its `kind`; the others are blank.
    """

    class Meta:
        model = Criterion
        fields = (
            *RECORD_FIELDS,
            "trial",
            "program",
            "parent",
            "position",
            "kind",
            "excludes",
            "text",
            "minimum_age",
            "maximum_age",
            "sex",
            "condition",
            "countries",
            "may_travel",
            "measure",
            "minimum",
            "maximum",
            "open_ended",
            "unit",
            "choices",
            "max_days",
            "is_active",
        )
        read_only_fields = (*RECORD_FIELDS, "position", "unit", "is_active")
        fixed_fields = ("trial", "program", "kind")
        related: ClassVar[dict[str, type[Summary]]] = {
            "trial": TrialSummary,
            "program": ProgramSummary,
            "parent": CriterionSummary,
            "condition": ConditionSummary,
            "measure": MeasureSummary,
        }

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        return criteria.change(instance, by=self.context["request"].user)


class CriterionFilters(RecordFilters):
    """What the list of criteria can be narrowed by."""

    trial = IdFilter("trial_id")
    program = IdFilter("program_id")
    kind = AnyOfFilter(choices=Criterion.Kind.choices)
    is_active = TrueOrFalseFilter(help_text="False: removed, and kept with its answers.")


class CriterionViewSet(FullViewSet):
    """What trials and programs demand of their patients, as a tree.

    All criteria without a parent have to be met. New ones stand at the end of their group. When
    people have answered a question and its words change, a new record takes its place, and the
    answer to the change is that one. Deleting takes away what stands in a group; what people have
    answered stays, with `is_active` false.
    """

    queryset = Criterion.objects.all()
    serializer_class = CriterionSerializer
    filterset_class = CriterionFilters
    orderings = BY_ID
    default_ordering = "-id"

    def make(self, serializer: Any) -> UUID:
        return criteria.add(serializer.row, by=cast(User, self.request.user)).pk

    def locked(self, record_id: UUID, *, no_key: bool = True) -> Any:
        tree_of = Criterion.objects.filter(pk=record_id).first()
        if tree_of is not None:
            criteria.lock(tree_of)
        return super().locked(record_id, no_key=no_key)

    def change(self, request: Request, *, partial: bool) -> Response:
        record_id = self.record_id()
        with transaction.atomic():
            row = self.locked(record_id)
            serializer = self.get_serializer(row, data=request.data, partial=partial)
            serializer.is_valid(raise_exception=True)
            changed = serializer.save()
        return self.answer(self.one(changed.pk))

    def remove(self, row: Criterion) -> None:
        criteria.remove(row, by=cast(User, self.request.user))


class CriterionAnswerSerializer(RecordSerializer):
    """What somebody said about one question for one patient; `met` null asks for it again."""

    class Meta:
        model = CriterionAnswer
        fields = (
            *RECORD_FIELDS,
            "patient",
            "criterion",
            "met",
            "said_on",
            "source",
            "recorded_by",
        )
        read_only_fields = (*RECORD_FIELDS, "recorded_by")
        related: ClassVar[dict[str, type[Summary]]] = {
            "patient": PatientSummary,
            "criterion": CriterionSummary,
            "recorded_by": StaffSummary,
        }


class CriterionAnswerFilters(RecordFilters):
    """What the list of answers can be narrowed by."""

    patient = PatientFilter()
    criterion = IdFilter("criterion_id")


class CriterionAnswerViewSet(AppendViewSet):
    """Answers to the questions of trials and programs. The newest counts."""

    queryset = CriterionAnswer.objects.all()
    serializer_class = CriterionAnswerSerializer
    filterset_class = CriterionAnswerFilters
    subject = (Patient, "patient_id")

    def make(self, serializer: Any) -> UUID:
        said = dict(serializer.validated_data)
        patient = said.pop("patient")
        made = criteria.answer(
            patient_id=patient.pk,
            criterion=said["criterion"],
            met=said.get("met"),
            said_on=said["said_on"],
            source=said["source"],
            by=cast(User, self.request.user),
        )
        return made.pk


class FindingSerializer(serializers.Serializer[Any]):
    """One criterion and what is known about it. An exclusion reads as it counts."""

    criterion = serializers.CharField(
        help_text="Its id; age, sex, condition, country or text for what the record implies."
    )
    label = serializers.CharField(help_text="What is demanded, in words.")  # type: ignore[assignment]
    verdict = serializers.ChoiceField(choices=VERDICTS)
    fact = serializers.CharField(help_text="What is known; blank when nothing is.")
    as_of = serializers.DateField(allow_null=True, help_text="The day the fact is of.")
    source = serializers.CharField()  # type: ignore[assignment]
    question = serializers.CharField(help_text="What to ask; blank when it is known.")
    is_open = serializers.BooleanField(help_text="Whether an answer could change the verdict.")
    decides = serializers.BooleanField(help_text="Whether it made the verdict what it is.")


class EligibilitySerializer(serializers.Serializer[Any]):
    """Whether the patient of a referral or dossier fits its trial or program, now."""

    eligibility = serializers.ChoiceField(choices=VERDICTS)
    findings = FindingSerializer(many=True)


def shown(assessment: Assessment) -> dict[str, Any]:
    """The body of `GET eligibility`."""
    return {
        "eligibility": assessment.verdict.value,
        "findings": [finding(each) for each in assessment.findings],
    }


def finding(found: Finding) -> dict[str, Any]:
    """One criterion, as FindingSerializer describes it."""
    return {
        "criterion": str(found.criterion_id),
        "label": found.label,
        "verdict": found.verdict.value,
        "fact": found.fact,
        "as_of": found.as_of.isoformat() if found.as_of else None,
        "source": found.source,
        "question": found.question,
        "is_open": found.is_open,
        "decides": found.decides,
    }
