"""Calls that were made, over REST: recorded once, and corrected by recording them again."""

from typing import Any, cast
from uuid import UUID

from bookings.api.planned import BookingSummary
from bookings.calling import record
from bookings.models import Call
from patients.api.of_patient import OfPatientSerializer, PatientFilter
from patients.api.summaries import PatientSummary
from patients.models import Patient
from portal.core.api.fields import Text
from portal.core.api.filters import (
    AnyOfFilter,
    DayFilter,
    IdFilter,
    InstantFilter,
    RecordFilters,
    TrueOrFalseFilter,
)
from portal.core.api.serializers import RECORD_FIELDS, StaffSummary, Summary
from portal.core.api.viewsets import Changes, Creates
from portal.core.models import User


class CallSummary(Summary):
    """A call that was made."""

    class Meta:
        model = Call
        fields = ("id", "started_at", "outcome")


class CallSerializer(OfPatientSerializer):
    """A call that was really made, with or without a booking.

    `supersedes` is the record of the same call that this one corrects.
    """

    class Meta:
        model = Call
        fields: tuple[str, ...] = (
            *RECORD_FIELDS,
            "patient",
            "booking",
            "supersedes",
            "navigator",
            "started_at",
            "outcome",
            "summary",
            "decision",
            "next_action",
            "next_action_due",
        )
        read_only_fields = RECORD_FIELDS
        fixed_fields = (
            "patient",
            "navigator",
            "booking",
            "supersedes",
            "started_at",
            "outcome",
        )
        related = {
            "patient": PatientSummary,
            "booking": BookingSummary,
            "supersedes": CallSummary,
            "navigator": StaffSummary,
        }


class NewCallSerializer(CallSerializer):
    """A call to record, and why it was made when the patient had said no to being contacted."""

    although = Text(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=5000,
        help_text="Why there was a call, for somebody who had said no to being contacted.",
    )

    class Meta(CallSerializer.Meta):
        fields = (*CallSerializer.Meta.fields, "although")


class CallFilters(RecordFilters):
    """What the list of calls can be narrowed by."""

    patient = PatientFilter()
    navigator = IdFilter("navigator_id")
    booking = IdFilter("booking_id")
    outcome = AnyOfFilter(choices=Call.Outcome.choices)
    started_after = InstantFilter("started_at", "gte")
    started_before = InstantFilter("started_at", "lt")
    superseded = TrueOrFalseFilter(
        "superseded_by", "isnull", exclude=True, help_text="Whether a later record corrects it."
    )
    due_by = DayFilter("next_action_due", "lte", help_text="A next action is due by that day.")


class CallViewSet(Creates, Changes):
    """Calls that were made. A second call is a second record; none is overwritten or deleted.

    A call that reached the patient is their initial consult, and completes its booking; one in
    vain makes it a no-show. When and with what outcome is said once: to correct it, record the
    call again with `supersedes`.

    Write down the call that closes somebody before closing them: afterwards it is refused.
    """

    queryset = Call.objects.all()
    serializer_class = CallSerializer
    filterset_class = CallFilters
    bodies = {"create": NewCallSerializer}
    orderings = {"started_at": ("started_at", "id")}
    default_ordering = "-started_at"
    subject = (Patient, "patient_id")

    def make(self, serializer: Any) -> UUID:
        made = serializer.row
        call = record(
            patient_id=made.patient_id,
            navigator_id=made.navigator_id,
            booking_id=made.booking_id,
            supersedes_id=made.supersedes_id,
            started_at=made.started_at,
            outcome=made.outcome,
            summary=made.summary,
            decision=made.decision,
            next_action=made.next_action,
            next_action_due=made.next_action_due,
            although=serializer.validated_data.get("although", ""),
            by=cast(User, self.request.user),
        )
        return call.pk
