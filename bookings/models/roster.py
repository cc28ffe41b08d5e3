"""When navigators take calls, and which free slots that makes.

Changed in the workplace by team leads. Free slots are computed from these rows by
`bookings.availability` and never stored.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bookings.models.ranges import SameId, WeekSpan
from portal.core.choices import validate_time_zone
from portal.core.history import tracked
from portal.core.models import Record, User

# Who can be called with: a member of staff whose account is in use.
NAVIGATORS = {"is_staff": True, "is_active": True}


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
        limit_choices_to=NAVIGATORS,
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
            ExclusionConstraint(
                name="bookings_workinghours_no_overlap",
                expressions=[
                    (SameId("navigator"), RangeOperators.OVERLAPS),
                    (WeekSpan("weekday", "starts", "ends"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The navigator has other hours at that time."),
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
        limit_choices_to=NAVIGATORS,
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


@tracked
class SlotRules(Record):
    """Which free slots are offered. There is one row, for all navigators.

    They hold for what is offered; a navigator may book any time at which nobody is busy.
    """

    minutes = models.PositiveSmallIntegerField(
        _("length of a call"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(240)],
        help_text=_("In minutes."),
    )
    buffer_minutes = models.PositiveSmallIntegerField(
        _("pause between calls"),
        default=15,
        validators=[MaxValueValidator(240)],
        help_text=_("In minutes, before and after each call."),
    )
    notice_hours = models.PositiveSmallIntegerField(
        _("minimum notice"),
        default=4,
        validators=[MaxValueValidator(720)],
        help_text=_("In hours: a slot that begins sooner is not offered."),
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("horizon"),
        default=28,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("In days: a slot that begins later is not offered."),
    )
    per_day = models.PositiveSmallIntegerField(
        _("calls per day"),
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("For each navigator: on a day with as many calls nothing more is offered."),
    )
    only = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("slot rules")
        verbose_name_plural = _("slot rules")
        constraints = (
            models.UniqueConstraint(
                fields=("only",),
                name="bookings_slotrules_one_row",
                violation_error_message=_("There are slot rules already. Change those."),
            ),
            models.CheckConstraint(
                condition=models.Q(only=True),
                name="bookings_slotrules_only_true",
                violation_error_message=_("There is one row of slot rules."),
            ),
            models.CheckConstraint(
                condition=models.Q(minutes__range=(5, 240)),
                name="bookings_slotrules_minutes",
                violation_error_message=_("A call takes 5 to 240 minutes."),
            ),
            models.CheckConstraint(
                condition=models.Q(horizon_days__range=(1, 365)),
                name="bookings_slotrules_horizon",
                violation_error_message=_("The horizon is 1 to 365 days."),
            ),
        )

    class Privacy:
        none = (
            "minutes",
            "buffer_minutes",
            "notice_hours",
            "horizon_days",
            "per_day",
            "only",
        )

    def __str__(self) -> str:
        return str(_("%(count)d minutes each") % {"count": self.minutes})
