"""The one table of the shell: how often somebody has knocked at the public pages."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RateWindow(models.Model):
    """How often one sender came within one window of time. Rows are removed after a day.

    The sender is a keyed hash of an internet address (`portal.throttle`), which cannot be
    turned back into the address without the portal's secret.
    """

    sender = models.CharField(_("sender"), max_length=64)
    starts_at = models.DateTimeField(_("from"))
    hits = models.PositiveIntegerField(_("times"))

    class Meta:
        verbose_name = _("rate window")
        verbose_name_plural = _("rate windows")
        constraints = (
            models.UniqueConstraint(
                fields=("sender", "starts_at"),
                name="portal_ratewindow_sender_once",
                violation_error_message=_("This window is being counted already."),
            ),
        )
        indexes = (
            # Removing what is over.
            models.Index(fields=["starts_at"], name="portal_ratewindow_oldest"),
        )

    class Privacy:
        none = ("starts_at", "hits")
        identifying = ("sender",)

    def __str__(self) -> str:
        return f"{timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}: {self.hits}"
