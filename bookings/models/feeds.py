"""Links by which the calendars of navigators read what is planned. Made and stopped by verbs."""

from typing import Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.core.history import tracked
from portal.core.models import Record, User


class CalendarFeedQuerySet(models.QuerySet[Any]):
    """Calendar links, in the words of the people who use them."""

    def working(self) -> Self:
        """Links that were not stopped, of people whose account is in use."""
        return self.filter(stopped_at=None, user__is_active=True, user__is_staff=True)


@tracked
class CalendarFeed(Record):
    """A secret link to the calls of one member of staff. Of the secret only a hash is kept."""

    user = models.ForeignKey(
        User, verbose_name=_("whose calls"), on_delete=models.PROTECT, related_name="calendar_feeds"
    )
    secret_hash = models.CharField(
        _("hash of the secret"), max_length=64, unique=True, editable=False
    )
    stopped_at = models.DateTimeField(
        _("stopped"), null=True, blank=True, editable=False
    )  # null: it works
    last_read_at = models.DateTimeField(
        _("last read"), null=True, blank=True, editable=False
    )  # null: never read
    # What was read last, as a hash, and since when it reads so: the Last-Modified of the feed.
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    content_changed_at = models.DateTimeField(null=True, editable=False)  # null: never read

    objects: ClassVar[CalendarFeedQuerySet] = CalendarFeedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("calendar link")
        verbose_name_plural = _("calendar links")
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("user",),
                condition=models.Q(stopped_at=None),
                name="bookings_calendarfeed_one_works",
                violation_error_message=_("They have a calendar link already. Stop it first."),
            ),
        )

    class Privacy:
        none = (
            "user",
            "secret_hash",
            "stopped_at",
            "last_read_at",
            "content_hash",
            "content_changed_at",
        )
        # History shows what it holds, and nobody needs the hash; that a calendar reads every few
        # minutes is no change of the link.
        not_in_history = ("secret_hash", "last_read_at", "content_hash", "content_changed_at")

    def __str__(self) -> str:
        return str(_("Calendar link of %(name)s") % {"name": self.user})

    def get_absolute_url(self) -> str:
        return reverse("admin:bookings_calendarfeed_change", args=[self.pk])

    @property
    def is_working(self) -> bool:
        """Whether nobody stopped it; that its user may still log in is another matter."""
        return self.stopped_at is None
