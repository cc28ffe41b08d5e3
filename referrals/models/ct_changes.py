"""How a referral came to its status: each step of its way, and what was sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.history import append_only, tracked
from portal.core.models import Record, User
from referrals.models.ct import CTReferral
from referrals.models.reasons import Reason


@append_only
@tracked
class ReferralChange(Record):
    """One thing that happened to a referral: what, why, when, and by whom it was said."""

    referral = models.ForeignKey(
        CTReferral, verbose_name=_("referral"), on_delete=models.PROTECT, related_name="changes"
    )
    action = models.SlugField(_("what happened"), max_length=30)
    from_status = models.CharField(_("from"), max_length=15, choices=CTReferral.Status.choices)
    to_status = models.CharField(_("to"), max_length=15, choices=CTReferral.Status.choices)
    happened_on = models.DateField(_("when"))
    reason = models.CharField(_("why"), max_length=20, choices=Reason.choices, blank=True)
    remark = models.TextField(_("in words"), blank=True)
    packet = models.JSONField(
        _("what was sent"),
        default=dict,
        blank=True,
        db_default={},
        help_text=_("Names of fields and documents and their values on that day."),
    )
    changed_by = models.ForeignKey(
        User, verbose_name=_("by"), on_delete=models.PROTECT, related_name="referral_changes"
    )

    class Meta:
        verbose_name = _("step of a referral")
        verbose_name_plural = _("steps of referrals")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(reason="other") | ~models.Q(remark=""),
                name="referrals_referralchange_other_in_words",
                violation_error_message=_("Say in words what the other reason is."),
            ),
        )
        indexes = (
            # The way of one referral, newest first.
            models.Index(fields=["referral", "-created_at"], name="referrals_referralchange_of"),
        )

    class Privacy:
        none = ("referral", "action", "from_status", "to_status", "happened_on", "changed_by")
        medical = ("reason",)
        free_text = ("remark", "packet")

    def __str__(self) -> str:
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"
