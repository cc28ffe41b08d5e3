"""Calls that are planned. A booking's status is changed by the verbs of `bookings` only."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from bookings.models.ranges import SameId, time_span
from bookings.models.roster import NAVIGATORS
from patients.models import Patient, Submission
from portal.core.choices import validate_time_zone
from portal.core.constraints import one_of
from portal.core.history import tracked
from portal.core.models import Record, User


class BookingQuerySet(models.QuerySet[Any]):
    """Planned calls, in the words of the people who make them."""

    def blocking(self) -> Self:
        """Bookings that take their time away from others."""
        return self.filter(status__in=Booking.BLOCKING)

    def between(self, start: datetime, end: datetime) -> Self:
        """Calls that begin from `start` to before `end` and were not called off."""
        off = (Booking.Status.CANCELLED, Booking.Status.RESCHEDULED)
        return self.filter(starts_at__gte=start, starts_at__lt=end).exclude(status__in=off)

    def planned(self) -> Self:
        """Calls that were booked at some time; not times that are, or were, only held."""
        # Cancelling a call that was booked raises its sequence; the end of a hold does not.
        let_go = models.Q(
            status=Booking.Status.CANCELLED, cancelled_by=Booking.Party.PATIENT, ics_sequence=0
        )
        return self.exclude(let_go | models.Q(status=Booking.Status.HELD))

    def expired(self, *, now: datetime) -> Self:
        """Slots that were held and that nobody booked in time."""
        return self.filter(status=Booking.Status.HELD, held_until__lte=now)

    def upcoming(self, *, now: datetime) -> Self:
        return self.filter(status=Booking.Status.BOOKED, ends_at__gt=now)

    def outcome_missing(self, *, now: datetime) -> Self:
        """Booked calls that are over and of which nobody has said how they went."""
        # What has ended has begun: said so that the index by start leaves out what is to come.
        return self.filter(status=Booking.Status.BOOKED, starts_at__lt=now, ends_at__lte=now)


@tracked
class Booking(Record):
    """A call that is planned, or was. Moving one makes a new row that continues the old one."""

    class Status(models.TextChoices):
        HELD = "held", _("Held")
        BOOKED = "booked", _("Booked")
        COMPLETED = "completed", _("Completed")
        NO_SHOW = "no_show", _("No-show")
        CANCELLED = "cancelled", _("Cancelled")
        RESCHEDULED = "rescheduled", _("Rescheduled")

    class Party(models.TextChoices):
        PATIENT = "patient", _("Patient")
        NAVIGATOR = "navigator", _("Navigator")

    BLOCKING: ClassVar[tuple[str, ...]] = ("held", "booked")

    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        related_name="bookings",
        db_index=False,  # an index of Meta begins with it
    )
    navigator = models.ForeignKey(
        User,
        verbose_name=_("navigator"),
        on_delete=models.PROTECT,
        null=True,  # null: booked in the legacy CRM, which did not record with whom
        blank=True,
        related_name="bookings",
        limit_choices_to=NAVIGATORS,
        db_index=False,  # an index of Meta begins with it
    )
    submission = models.ForeignKey(
        Submission,
        verbose_name=_("booked on the landing page"),
        on_delete=models.PROTECT,
        null=True,  # null: not booked by a visitor
        blank=True,
        related_name="bookings",
        editable=False,
        help_text=_("The form after which the visitor picked the time."),
    )
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.BOOKED
    )
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)  # null: not held
    no_show_by = models.CharField(
        _("who did not show"), max_length=10, choices=Party.choices, blank=True
    )
    cancelled_by = models.CharField(
        _("cancelled by"), max_length=10, choices=Party.choices, blank=True
    )
    cancel_reason = models.CharField(_("reason for cancelling"), max_length=300, blank=True)
    rescheduled_to = models.OneToOneField(
        "self",
        verbose_name=_("moved to"),
        on_delete=models.PROTECT,
        null=True,  # null: not moved
        blank=True,
        related_name="rescheduled_from",
    )
    reminder_at = models.DateTimeField(_("reminder"), null=True, blank=True)  # null: a day before
    patient_time_zone = models.CharField(
        _("the patient's time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    ics_uid = models.UUIDField(_("calendar id"), default=uuid4, editable=False)
    ics_sequence = models.PositiveIntegerField(
        _("calendar sequence"), default=0, db_default=0, editable=False
    )

    objects: ClassVar[BookingQuerySet] = BookingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ("-starts_at", "-id")
        constraints = (
            one_of(
                *("status", "held", "booked", "completed", "no_show", "cancelled", "rescheduled"),
                name="bookings_booking_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="bookings_booking_end_after_start",
                violation_error_message=_("The end must be later than the start."),
            ),
            models.CheckConstraint(
                condition=models.Q(status="held", held_until__isnull=False)
                | (~models.Q(status="held") & models.Q(held_until=None)),
                name="bookings_booking_held_has_end",
                violation_error_message=_("A held slot says until when."),
            ),
            models.CheckConstraint(
                condition=models.Q(status="no_show", no_show_by__gt="")
                | (~models.Q(status="no_show") & models.Q(no_show_by="")),
                name="bookings_booking_no_show_says_who",
                violation_error_message=_("Say who did not show up."),
            ),
            models.CheckConstraint(
                condition=models.Q(status="cancelled", cancelled_by__gt="")
                | (~models.Q(status="cancelled") & models.Q(cancelled_by="")),
                name="bookings_booking_cancelled_says_who",
                violation_error_message=_("Say who cancelled."),
            ),
            models.CheckConstraint(
                condition=models.Q(status="rescheduled", rescheduled_to__isnull=False)
                | (~models.Q(status="rescheduled") & models.Q(rescheduled_to=None)),
                name="bookings_booking_rescheduled_says_where",
                violation_error_message=_("A moved call points at the new one."),
            ),
            ExclusionConstraint(
                name="bookings_booking_navigator_free",
                expressions=[
                    (SameId("navigator"), RangeOperators.OVERLAPS),
                    (time_span(), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(status__in=("held", "booked"), navigator__isnull=False),
                violation_error_message=_("The navigator has another call at that time."),
            ),
            ExclusionConstraint(
                name="bookings_booking_patient_free",
                expressions=[
                    (SameId("patient"), RangeOperators.OVERLAPS),
                    (time_span(), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(status__in=("held", "booked")),
                violation_error_message=_("The patient has another call at that time."),
            ),
            models.UniqueConstraint(
                fields=("submission",),
                condition=models.Q(status__in=("held", "booked")),
                name="bookings_booking_one_per_visitor",
                violation_error_message=_("The visitor has a call already. Move that one."),
            ),
        )
        indexes = (
            # The list, newest first.
            models.Index(fields=["-starts_at", "-id"], name="bookings_booking_newest"),
            # A patient's calls; the last booked one on the patient list.
            models.Index(fields=["patient", "-starts_at", "-id"], name="bookings_booking_patient"),
            # A navigator's day and week.
            models.Index(fields=["navigator", "starts_at"], name="bookings_booking_navigator"),
            models.Index(fields=["status", "-starts_at", "-id"], name="bookings_booking_status"),
            # REST: "what changed since".
            models.Index(fields=["updated_at", "id"], name="bookings_booking_changed"),
        )

    class Privacy:
        none = (
            "patient",
            "navigator",
            "submission",
            "starts_at",
            "ends_at",
            "status",
            "held_until",
            "no_show_by",
            "cancelled_by",
            "rescheduled_to",
            "reminder_at",
            "patient_time_zone",
            "ics_uid",
            "ics_sequence",
        )
        free_text = ("cancel_reason",)

    def __str__(self) -> str:
        return date_format(timezone.localtime(self.starts_at), "D j M Y, H:i")

    def get_absolute_url(self) -> str:
        return reverse("admin:bookings_booking_change", args=[self.pk])

    def is_outcome_missing(self, *, now: datetime) -> bool:
        """Whether the call is over and nobody has said how it went."""
        return self.status == self.Status.BOOKED and self.ends_at <= now
