"""Bookings over REST."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.api.completing import Completes
from bookings.api.transitions import (
    BookingTransitionSerializer,
    CancellingSerializer,
    ConfirmingSerializer,
    MovingSerializer,
    NoShowSerializer,
    afterwards_field,
    language_field,
    refuse_for_a_hold,
    shown,
)
from bookings.calling_off import cancel, missed
from bookings.conditions import Transition, missing
from bookings.discarding import refuse_unless_discardable
from bookings.locking import locked_booking
from bookings.models import Booking
from bookings.scheduling import book, confirm, hold, reschedule
from bookings.telling import remind
from patients.api.of_patient import OfPatientSerializer, OfPatientViewSet, PatientFilter
from patients.api.summaries import PatientSummary
from portal.core.api import versions
from portal.core.api.fields import TrueOrFalse
from portal.core.api.filters import AnyOfFilter, IdFilter, InstantFilter, RecordFilters
from portal.core.api.serializers import RECORD_FIELDS, StaffSummary, Summary
from portal.core.api.verbs import verb
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
        fields: tuple[str, ...] = (
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

    def update(self, instance: Booking, validated_data: dict[str, Any]) -> Any:
        booking = super().update(instance, validated_data)
        remind(booking, now=timezone.now())
        return booking


class NewBookingSerializer(BookingSerializer):
    """A call to plan. Without a navigator, one is assigned who is free then."""

    language = language_field()
    hold = TrueOrFalse(
        required=False, help_text="Only keep the time, for ten minutes; `confirm/` books it."
    )
    entered_afterwards = afterwards_field()

    class Meta(BookingSerializer.Meta):
        fields = (*BookingSerializer.Meta.fields, "language", "hold", "entered_afterwards")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("hold"):
            refuse_for_a_hold(attrs)
        return super().validate(attrs)


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

    What becomes of a call is said by operations of its own. A time that is only held can be
    deleted; a call that is booked is cancelled, and one that is over is part of the record.
    """

    queryset = Booking.objects.all()
    serializer_class = BookingSerializer
    filterset_class = BookingFilters
    orderings = {"starts_at": ("starts_at", "id"), "updated_at": ("updated_at", "id")}
    default_ordering = "-starts_at"
    bodies = {
        **Completes.bodies,
        "create": NewBookingSerializer,
        "confirm": ConfirmingSerializer,
        "cancel": CancellingSerializer,
        "reschedule": MovingSerializer,
        "no_show": NoShowSerializer,
    }

    def make(self, serializer: Any) -> UUID:
        asked = serializer.validated_data
        navigator = asked.get("navigator")
        common: dict[str, Any] = {
            "patient_id": asked["patient"].pk,
            "navigator_id": navigator.pk if navigator else None,
            "language": asked.get("language", ""),
            "starts_at": asked["starts_at"],
            "ends_at": asked["ends_at"],
            "patient_time_zone": asked.get("patient_time_zone", ""),
            "by": cast(User, self.request.user),
        }
        if asked.get("hold"):
            return hold(**common).pk
        reminder_at, afterwards = asked.get("reminder_at"), asked.get("afterwards", False)
        return book(**common, reminder_at=reminder_at, afterwards=afterwards).pk

    def locked(self, record_id: UUID, *, no_key: bool = True) -> Any:
        """The row, locked after its patient, as the verbs do.

        Setting another time for the reminder adds a row that points at the patient. Raises as
        everywhere, and Refused for a patient who is restricted.
        """
        try:
            locked_booking(record_id)
        except Booking.DoesNotExist as error:
            raise Http404 from error
        return super().locked(record_id, no_key=no_key)

    def remove(self, row: Booking) -> None:
        refuse_unless_discardable(row, now=timezone.now())
        super().remove(row)

    @extend_schema(responses=BookingTransitionSerializer(many=True))
    @action(
        detail=True,
        url_path="transitions",
        name="What can be done now",
        pagination_class=None,
        filter_backends=(),
    )
    def transitions(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What can be done to the call, and what is in the way of the rest."""
        record_id = self.record_id()
        self.one(record_id)  # 404, and who read it
        booking = Booking.objects.select_related("patient").get(pk=record_id)
        now = timezone.now()
        return Response([shown(each, missing(each, booking, now=now)) for each in Transition])

    @verb(path="confirm", summary="Book what is held")
    def confirm(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Book a time that is held. Refused with `hold_expired` when it is not held any more."""
        return self.answer(self.one(self.transition(confirm).pk))

    @verb(path="cancel", summary="Cancel a planned call")
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Call a call off, for the patient or for us. One that is cancelled stays so."""
        return self.answer(self.one(self.transition(cancel).pk))

    @verb(path="reschedule", summary="Move a planned call")
    def reschedule(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Move a booked call. The answer is the new booking, which continues the old one.

        It has the calendar id of the old one, and the next sequence. A repetition gives the same.
        """
        return self.answer(self.one(self.transition(reschedule).pk))

    @verb(path="no-show", summary="Say that somebody did not come")
    def no_show(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say who did not come to a booked call, once it was to begin. It can be put right."""
        return self.answer(self.one(self.transition(missed).pk))

    def transition(self, change: Callable[..., Booking]) -> Booking:
        """What the verb `change` returns, which is told what the body says.

        The row is not locked here: the verbs lock the navigator and the patient before it, and ask
        again whether it can be done.
        """
        record_id = self.record_id()
        with transaction.atomic():
            row = self.get_queryset().filter(pk=record_id).first()
            if row is None:
                raise Http404
            versions.check(self.request, row, shown=self.serializer_class.Meta.fields)
            body = self.get_serializer(data=self.request.data)
            body.is_valid(raise_exception=True)
            return change(booking_id=record_id, by=self.request.user, **body.validated_data)
