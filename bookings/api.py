"""Bookings and calls over REST."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError

from bookings.discarding import refuse_unless_ahead
from bookings.models import Booking, Call
from bookings.scheduling import book
from patients.api.of_patient import (
    OfOpenPatientViewSet,
    OfPatientSerializer,
    OfPatientViewSet,
    PatientFilter,
)
from patients.api.summaries import PatientSummary
from portal.core.api.filters import AnyOfFilter, DayFilter, IdFilter, InstantFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, StaffSummary, Summary
from portal.core.models import User


class BookingSummary(Summary):
    """A planned call."""

    class Meta:
        model = Booking
        fields = ("id", "starts_at", "ends_at", "status")


class BookingSerializer(OfPatientSerializer):
    """A call that is planned, or was. `status` says what became of it."""

    class Meta:
        model = Booking
        fields = (
            *RECORD_FIELDS,
            "patient",
            "navigator",
            "starts_at",
            "ends_at",
            "status",
            "held_until",
            "no_show_by",
            "cancelled_by",
            "cancel_reason",
            "rescheduled_to",
            "reminder_at",
            "patient_time_zone",
            "ics_uid",
            "ics_sequence",
        )
        read_only_fields = (
            *RECORD_FIELDS,
            "status",
            "held_until",
            "no_show_by",
            "cancelled_by",
            "cancel_reason",
            "rescheduled_to",
            "ics_uid",
            "ics_sequence",
        )
        fixed_fields = ("patient", "navigator", "starts_at", "ends_at")
        related = {
            "patient": PatientSummary,
            "navigator": StaffSummary,
            "rescheduled_to": BookingSummary,
        }
        # A legacy call may be without a navigator; a new one is not.
        extra_kwargs = {"navigator": {"required": True, "allow_null": False}}


class BookingFilters(RecordFilters):
    """What the list of bookings can be narrowed by."""

    patient = PatientFilter()
    navigator = IdFilter("navigator_id")
    status = AnyOfFilter(choices=Booking.Status.choices)
    starts_after = InstantFilter("starts_at", "gte", help_text="Begins then or later.")
    starts_before = InstantFilter("starts_at", "lt", help_text="Begins before then.")


class BookingViewSet(OfPatientViewSet):
    """Planned calls. A time that is taken is refused with `navigator_busy` or `patient_busy`.

    The times and the people of a booking are fixed: another time is another booking. A booking
    can be deleted while it is ahead; one that is over is part of the record.
    """

    queryset = Booking.objects.all()
    serializer_class = BookingSerializer
    filterset_class = BookingFilters
    orderings = {"starts_at": ("starts_at", "id"), "updated_at": ("updated_at", "id")}
    default_ordering = "-starts_at"

    def make(self, serializer: Any) -> UUID:
        asked = serializer.validated_data
        booking = book(
            patient_id=asked["patient"].pk,
            navigator_id=asked["navigator"].pk,
            starts_at=asked["starts_at"],
            ends_at=asked["ends_at"],
            patient_time_zone=asked.get("patient_time_zone", ""),
            reminder_at=asked.get("reminder_at"),
            by=cast(User, self.request.user),
        )
        return booking.pk

    def remove(self, row: Booking) -> None:
        refuse_unless_ahead(row, now=timezone.now())
        super().remove(row)


class CallSerializer(OfPatientSerializer):
    """A call that was really made, with or without a booking."""

    class Meta:
        model = Call
        fields = (
            *RECORD_FIELDS,
            "patient",
            "booking",
            "navigator",
            "started_at",
            "outcome",
            "summary",
            "decision",
            "next_action",
            "next_action_due",
        )
        read_only_fields = RECORD_FIELDS
        fixed_fields = ("patient", "navigator", "booking")
        related = {
            "patient": PatientSummary,
            "booking": BookingSummary,
            "navigator": StaffSummary,
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if self.row.booking is not None and self.row.booking.patient_id != self.row.patient_id:
            message = ErrorDetail(_("This booking is another patient's."), code="other_patient")
            raise ValidationError({"booking": [message]})
        return attrs


class CallFilters(RecordFilters):
    """What the list of calls can be narrowed by."""

    patient = PatientFilter()
    navigator = IdFilter("navigator_id")
    booking = IdFilter("booking_id")
    outcome = AnyOfFilter(choices=Call.Outcome.choices)
    started_after = InstantFilter("started_at", "gte")
    started_before = InstantFilter("started_at", "lt")
    due_by = DayFilter("next_action_due", "lte", help_text="A next action is due by that day.")


class CallViewSet(OfOpenPatientViewSet):
    """Calls that were made. A second call is a second record; none is overwritten by another.

    Write down the call that closes somebody before closing them: afterwards it is refused.
    """

    queryset = Call.objects.all()
    serializer_class = CallSerializer
    filterset_class = CallFilters
    orderings = {"started_at": ("started_at", "id")}
    default_ordering = "-started_at"
