"""Bookings over REST."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone

from bookings.api.completing import Completes
from bookings.discarding import refuse_unless_ahead
from bookings.models import Booking
from bookings.scheduling import book
from patients.api.of_patient import OfPatientSerializer, OfPatientViewSet, PatientFilter
from patients.api.summaries import PatientSummary
from portal.core.api.filters import AnyOfFilter, IdFilter, InstantFilter, RecordFilters
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


class BookingViewSet(Completes, OfPatientViewSet):
    """Planned calls. A time that is taken is refused with `navigator_busy` or `patient_busy`.

    The answer then names the next slots that are free for both, in `free_slots`.

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
