"""Calls: when a navigator can be called, what is planned, and what was really said.

Free slots are computed from `WorkingHours` and `TimeOff` and never stored. A booking's status is
changed by the verbs of `bookings.scheduling` only.
"""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from portal.core.choices import validate_time_zone
from portal.core.history import tracked
from portal.core.models import Record, User


class SameId(models.Func):
    """A range that holds one id, so that && means "the same id" without btree_gist."""

    function = "portal_uuidrange"
    output_field = DateTimeRangeField()

    def __init__(self, field: str) -> None:
        self._field = field
        super().__init__(models.F(field), models.F(field), models.Value("[]"))

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Written into migrations by the one argument that it is made with."""
        return "bookings.models.SameId", [self._field], {}


class TimeSpan(models.Func):
    """From starts_at up to, and not including, ends_at."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def time_span() -> TimeSpan:
    return TimeSpan("starts_at", "ends_at", RangeBoundary())


@tracked
class WorkingHours(Record):
    """When a navigator takes calls on one weekday, in wall time of a place."""

    class Weekday(models.IntegerChoices):
        # ISO 8601 weekday numbers.
        MONDAY = 1, _("Monday")
        TUESDAY = 2, _("Tuesday")
        WEDNESDAY = 3, _("Wednesday")
        THURSDAY = 4, _("Thursday")
        FRIDAY = 5, _("Friday")
        SATURDAY = 6, _("Saturday")
        SUNDAY = 7, _("Sunday")

    navigator = models.ForeignKey(
        User,
        verbose_name=_("navigator"),
        on_delete=models.PROTECT,
        related_name="working_hours",
        limit_choices_to={"is_staff": True},
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Amsterdam", validators=[validate_time_zone]
    )

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ("navigator", "weekday", "starts", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")),
                name="bookings_workinghours_end_after_start",
                violation_error_message=_("The end must be later than the start."),
            ),
            models.CheckConstraint(
                condition=models.Q(weekday__range=(1, 7)),
                name="bookings_workinghours_weekday",
                violation_error_message=_("A weekday is 1 (Monday) to 7 (Sunday)."),
            ),
            models.UniqueConstraint(
                fields=("navigator", "weekday", "starts"),
                name="bookings_workinghours_once",
                violation_error_message=_("These hours are there already."),
            ),
        )

    class Privacy:
        none = ("navigator", "weekday", "starts", "ends", "time_zone")

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


@tracked
class TimeOff(Record):
    """A time in which a navigator takes no calls."""

    navigator = models.ForeignKey(
        User,
        verbose_name=_("navigator"),
        on_delete=models.PROTECT,
        related_name="time_off",
        limit_choices_to={"is_staff": True},
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("time off")
        verbose_name_plural = _("time off")
        ordering = ("-starts_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="bookings_timeoff_end_after_start",
                violation_error_message=_("The end must be later than the start."),
            ),
        )
        indexes = (
            # Slots: what takes time away from a navigator in a week.
            models.Index(fields=["navigator", "ends_at"], name="bookings_timeoff_navigator"),
        )

    class Privacy:
        none = ("navigator", "starts_at", "ends_at")
        free_text = ("reason",)

    def __str__(self) -> str:
        first, last = timezone.localdate(self.starts_at), timezone.localdate(self.ends_at)
        return f"{self.navigator}: {first:%Y-%m-%d}–{last:%Y-%m-%d}"


class BookingQuerySet(models.QuerySet[Any]):
    """Planned calls, in the words of the people who make them."""

    def blocking(self) -> Self:
        """Bookings that take their time away from others."""
        return self.filter(status__in=Booking.BLOCKING)

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
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="bookings"
    )
    navigator = models.ForeignKey(
        User,
        verbose_name=_("navigator"),
        on_delete=models.PROTECT,
        null=True,  # null: booked in the legacy CRM, which did not record with whom
        blank=True,
        related_name="bookings",
        limit_choices_to={"is_staff": True},
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
    reminder_at = models.DateTimeField(_("reminder"), null=True, blank=True)  # null: no reminder
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
        return f"{timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("admin:bookings_booking_change", args=[self.pk])

    def is_outcome_missing(self, *, now: datetime) -> bool:
        """Whether the call is over and nobody has said how it went."""
        return self.status == self.Status.BOOKED and self.ends_at <= now


@tracked
class Call(Record):
    """A call that was really made, with or without a booking. A second call is a second row."""

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        THIRD_PARTY = "third_party", _("Somebody else answered")
        VOICEMAIL = "voicemail", _("Voicemail")
        NO_ANSWER = "no_answer", _("No answer")
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        REFUSED = "refused", _("Does not want to talk")

    class Decision(models.TextChoices):
        PURSUE = "pursue", _("Pursue")
        DISQUALIFY = "disqualify", _("Disqualify")
        THINK = "think", _("Needs time to think")

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="calls"
    )
    booking = models.ForeignKey(
        Booking,
        verbose_name=_("booking"),
        on_delete=models.PROTECT,
        null=True,  # null: an unplanned call
        blank=True,
        related_name="calls",
    )
    navigator = models.ForeignKey(
        User,
        verbose_name=_("navigator"),
        on_delete=models.PROTECT,
        related_name="calls",
        limit_choices_to={"is_staff": True},
    )
    started_at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    summary = models.TextField(_("summary"), blank=True)
    decision = models.CharField(_("decision"), max_length=20, choices=Decision.choices, blank=True)
    next_action = models.CharField(_("next action"), max_length=300, blank=True)
    next_action_due = models.DateField(_("due"), null=True, blank=True)  # null: nothing is due

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ("-started_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(next_action_due=None) | ~models.Q(next_action=""),
                name="bookings_call_due_has_action",
                violation_error_message=_("Say what is due on that date."),
            ),
        )
        indexes = (
            # The list, newest first; a patient's calls.
            models.Index(fields=["-started_at", "-id"], name="bookings_call_newest"),
            models.Index(fields=["patient", "-started_at", "-id"], name="bookings_call_patient"),
            # Follow-ups due, by navigator.
            models.Index(
                fields=["navigator", "next_action_due"],
                condition=models.Q(next_action_due__isnull=False),
                name="bookings_call_follow_up",
            ),
        )

    class Privacy:
        none = ("patient", "booking", "navigator", "started_at", "outcome", "next_action_due")
        medical = ("decision",)
        free_text = ("summary", "next_action")

    def __str__(self) -> str:
        return f"{timezone.localtime(self.started_at):%Y-%m-%d %H:%M}, {self.get_outcome_display()}"

    def get_absolute_url(self) -> str:
        return reverse("admin:bookings_call_change", args=[self.pk])
